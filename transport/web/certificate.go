//go:build !js

package web

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/tickwire/tickwire/internal/config"
)

// A certificate is what WebTransport proves the server by, and HTTPS where that is served. It comes
// from one of three places:
//
//   - made here, for development: browsers take it because the signalling tells them its hash
//   - files, read again when they change
//   - a function, such as that of autocert
//
// It has no goroutine: whoever asks finds out that a newer one is due.
type certificate struct {
	clock func() time.Time
	get   func(*tls.ClientHelloInfo) (*tls.Certificate, error) // the caller's; nil: one of the others
	note  func(error)                                          // is told that files were not taken

	mu            sync.Mutex
	made          bool
	current, next *madeCertificate // those made here; next is nil until it is published
	edition       uint64           // of their hashes: counts changes
	files         certificateFiles
}

// newCertificate finds out which of the three it is; cert and key are paths, or both empty.
func newCertificate(cert, key string, get func(*tls.ClientHelloInfo) (*tls.Certificate, error), clock func() time.Time) (*certificate, error) {
	c := &certificate{clock: clock, get: get, note: func(error) {}, files: certificateFiles{cert: cert, key: key}}
	switch {
	case get != nil && (cert != "" || key != ""):
		return nil, config.Wrong("GetCertificate", "set beside CertFile and KeyFile", "one or the other")
	case get != nil:
		return c, nil
	case cert == "" && key == "":
		c.made = true
		return c, c.rotate()
	case cert == "":
		return nil, config.Wrong("CertFile", "", "the file with the certificate for "+key+", or neither file for one that is made for development")
	case key == "":
		return nil, config.Wrong("KeyFile", "", "the file with the key of "+cert+", or neither file for one that is made for development")
	}
	return c, c.files.load(clock())
}

// tls is a configuration with the certificate, whichever is current.
func (c *certificate) tls() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS13, GetCertificate: c.choose}
}

// choose returns the certificate for a handshake.
func (c *certificate) choose(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if c.get != nil {
		return c.get(withSuites(hello))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.made {
		return c.files.latest(c.clock(), c.note), nil
	}
	if err := c.rotate(); err != nil {
		return nil, err
	}
	return &c.current.tls, nil
}

// withSuites is a handshake for functions that pick by its suites, as that of autocert does. QUIC has those of
// TLS 1.3 alone, which say nothing of keys (RFC 8446, section 1.2), so that autocert would have another
// certificate issued, as for somebody who knows RSA only. Which keys the other end knows its signature schemes say.
func withSuites(hello *tls.ClientHelloInfo) *tls.ClientHelloInfo {
	older := func(suite uint16) bool { return suite>>8 != 0x13 }
	if slices.ContainsFunc(hello.CipherSuites, older) {
		return hello
	}
	told := *hello
	told.CipherSuites = append(slices.Clone(hello.CipherSuites), tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256)
	return &told
}

// hashes are what a browser is to be told, so that it takes the certificate that it will see; none if
// it is one that browsers take anyway.
func (c *certificate) hashes() ([][sha256.Size]byte, error) {
	if !c.made {
		return nil, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.rotate(); err != nil {
		return nil, err
	}
	all := [][sha256.Size]byte{c.current.hash}
	if c.next != nil {
		all = append(all, c.next.hash)
	}
	return all, nil
}

// latest is the edition of the hashes: who was told those of another one is to be told again.
func (c *certificate) latest() uint64 {
	if !c.made {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = c.rotate() // who shows one will be told
	return c.edition
}

const (
	// madeFor is how long a certificate that is made here lasts. Browsers want it to be two weeks at
	// most (WebTransport, section 3.1), from its first day on, which is behind clocks that are late.
	madeFor   = 13 * 24 * time.Hour
	madeEarly = 6 * time.Hour
	// publishBefore is how long before the end of one the next is published, and takeBefore when it is
	// used: whoever was told the hashes within the time between has both.
	publishBefore = 3 * 24 * time.Hour
	takeBefore    = 24 * time.Hour
)

// A madeCertificate is one that was made here.
type madeCertificate struct {
	tls          tls.Certificate
	hash         [sha256.Size]byte // of its DER
	begins, ends time.Time
}

// lasts reports whether a browser takes it for a while yet. One that has not begun is of a clock that was set back since.
func (m *madeCertificate) lasts(now time.Time, while time.Duration) bool {
	return !now.Before(m.begins) && now.Before(m.ends.Add(-while))
}

// rotate makes those that are due. The lock is held, or nobody else knows c yet.
func (c *certificate) rotate() (err error) {
	now := c.clock().Round(0) // the calendar's, as browsers look at it: the monotonic clock stands still while a machine sleeps
	if c.next != nil && !c.current.lasts(now, takeBefore) {
		c.current, c.next = c.next, nil
		c.edition++
	}
	if c.current == nil || !c.current.lasts(now, takeBefore) { // the first, or nobody asked for days
		if c.current, err = c.make(now); err != nil {
			return err
		}
	}
	if c.next == nil && !c.current.lasts(now, publishBefore) {
		c.next, err = c.make(now)
	}
	return err
}

func (c *certificate) make(now time.Time) (*madeCertificate, error) {
	c.edition++
	return makeCertificate(now)
}

// makeCertificate makes one that browsers take for its hash: ECDSA over P-256, two weeks at most.
// Chromium wants an extension besides, whichever it is.
func makeCertificate(now time.Time) (*madeCertificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("web: the key of a certificate for development: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, fmt.Errorf("web: the number of a certificate for development: %w", err)
	}
	begins := now.Add(-madeEarly)
	form := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: "tickwire, for development"},
		NotBefore:    begins,
		NotAfter:     begins.Add(madeFor),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:     []string{"localhost"},
	}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("web: a certificate for development: %w", err)
	}
	return &madeCertificate{
		tls:    tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key},
		hash:   sha256.Sum256(der),
		begins: form.NotBefore,
		ends:   form.NotAfter,
	}, nil
}

// reloadEach is how often the files are looked at, if somebody asks for the certificate.
const reloadEach = 5 * time.Second

// certificateFiles are a certificate and its key on disk. What is renewed there, as by an ACME client,
// is taken without a restart; until both files fit together, and if they never do, the last ones that
// did are used.
type certificateFiles struct {
	cert, key string
	loaded    *tls.Certificate
	seen      [2]stamp // of the files that were tried last
	looked    time.Time
	err       error // of that try
}

// A stamp tells one version of a file from another.
type stamp struct {
	changed time.Time
	size    int64
}

func (f *certificateFiles) latest(now time.Time, note func(error)) *tls.Certificate {
	if now.Sub(f.looked) < reloadEach {
		return f.loaded
	}
	f.looked = now
	if seen, err := f.stamps(); err == nil && seen == f.seen && f.err == nil {
		return f.loaded
	}
	before := f.err
	if f.err = f.load(now); f.err != nil && (before == nil || before.Error() != f.err.Error()) {
		note(f.err)
	}
	return f.loaded
}

// load reads both files. If that fails, what was loaded before stays.
func (f *certificateFiles) load(now time.Time) error {
	f.looked = now
	seen, err := f.stamps()
	if err != nil {
		return err
	}
	f.seen = seen
	pair, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		return fmt.Errorf("%w (%w)", config.Wrong("CertFile", f.cert+" with KeyFile "+f.key, "a certificate with its chain and its own key, both PEM, or neither file for development"), err)
	}
	if ends := pair.Leaf.NotAfter; now.After(ends) {
		return config.Wrong("CertFile", f.cert+", which ended on "+ends.UTC().Format(time.DateTime), "it renewed, or neither file for development")
	}
	f.loaded = &pair
	return nil
}

func (f *certificateFiles) stamps() (seen [2]stamp, err error) {
	for i, x := range []struct{ field, name, holds string }{
		{"CertFile", f.cert, "the certificate with its chain"}, {"KeyFile", f.key, "its key"},
	} {
		info, err := os.Stat(x.name)
		if err != nil {
			return seen, fmt.Errorf("%w (%w)", config.Wrong(x.field, x.name, "a PEM file with "+x.holds+" that this process may read, or neither file for development"), err)
		}
		seen[i] = stamp{info.ModTime(), info.Size()}
	}
	return seen, nil
}
