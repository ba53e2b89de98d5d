//go:build !js

package web

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// A calendar is a clock that a test moves.
type calendar struct{ at time.Time }

func (c *calendar) now() time.Time { return c.at }

func serving(t *testing.T, c *certificate) *x509.Certificate {
	t.Helper()
	chosen, err := c.choose(&tls.ClientHelloInfo{})
	if err != nil {
		t.Fatal(err)
	}
	x, err := x509.ParseCertificate(chosen.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// TestDevelopmentCertificate: over two months, asked each hour, a browser is always shown a
// certificate that is valid, lasts no longer than browsers allow, and whose hash everybody was told
// who asked within the last day.
func TestDevelopmentCertificate(t *testing.T) {
	day := &calendar{at: time.Date(2026, 2, 25, 12, 0, 0, 0, time.UTC)}
	c, err := newCertificate("", "", nil, day.now)
	if err != nil {
		t.Fatal(err)
	}
	var told [][][sha256.Size]byte // each hour
	seen := map[[sha256.Size]byte]bool{}
	for range 60 * 24 {
		hashes, err := c.hashes()
		if err != nil {
			t.Fatal(err)
		}
		told = append(told, hashes)
		x := serving(t, c)
		hash := sha256.Sum256(x.Raw)
		seen[hash] = true
		if day.at.Before(x.NotBefore) || day.at.After(x.NotAfter) {
			t.Fatalf("at %v it shows one of %v to %v", day.at, x.NotBefore, x.NotAfter)
		}
		if x.NotAfter.Sub(x.NotBefore) >= 14*24*time.Hour || x.PublicKeyAlgorithm != x509.ECDSA || len(x.Extensions) == 0 {
			t.Fatalf("browsers refuse it: %v to %v, %v, %d extensions", x.NotBefore, x.NotAfter, x.PublicKeyAlgorithm, len(x.Extensions))
		}
		for _, then := range told[max(0, len(told)-25):] {
			if !slices.Contains(then, hash) {
				t.Fatalf("at %v it shows one that a page of the last day was not told", day.at)
			}
		}
		day.at = day.at.Add(time.Hour)
	}
	if len(seen) < 5 || len(seen) > 7 {
		t.Errorf("%d certificates in 60 days, want one each 10 to 12", len(seen))
	}
}

// TestHelloAgain: pages that are open are told the hash of the next certificate before it is used, and
// that of the last no more once it is not.
func TestHelloAgain(t *testing.T) {
	s := listen(t, Config{})
	ws := byHand(t, s.URL(), nil)
	first := readSignal(t, ws).Hello.WebTransport.Hashes
	cert := s.udp.cert
	later := func(d time.Duration) [][]byte {
		cert.mu.Lock()
		cert.clock = func() time.Time { return time.Now().Add(d) }
		cert.mu.Unlock()
		return readSignal(t, ws).Hello.WebTransport.Hashes
	}
	both := later(madeFor - madeEarly - publishBefore + time.Minute)
	if len(first) != 1 || len(both) != 2 || !bytes.Equal(both[0], first[0]) {
		t.Errorf("hello has the hashes %x, and later %x, want another one behind the first", first, both)
	}
	last := later(madeFor - madeEarly - takeBefore + time.Minute)
	if len(last) != 1 || !bytes.Equal(last[0], both[1]) {
		t.Errorf("of the hashes %x are left %x, want the second", both, last)
	}
	if hash := sha256.Sum256(serving(t, cert).Raw); !bytes.Equal(last[0], hash[:]) {
		t.Errorf("it shows %x and tells %x", hash, last)
	}
}

// TestDevelopmentCertificateAfterSleep: a machine that slept for a month shows a valid one at once.
func TestDevelopmentCertificateAfterSleep(t *testing.T) {
	day := &calendar{at: time.Date(2026, 2, 25, 12, 0, 0, 0, time.UTC)}
	c, err := newCertificate("", "", nil, day.now)
	if err != nil {
		t.Fatal(err)
	}
	for _, slept := range []time.Duration{11 * 24 * time.Hour, 14 * 24 * time.Hour, 40 * 24 * time.Hour} {
		day.at = day.at.Add(slept)
		x := serving(t, c)
		if hashes, _ := c.hashes(); !slices.Contains(hashes, sha256.Sum256(x.Raw)) || day.at.After(x.NotAfter.Add(-12*time.Hour)) {
			t.Errorf("after %v it shows one that ends on %v", slept, x.NotAfter)
		}
	}
}

// TestDevelopmentCertificateAfterClockIsSet: a clock that was years ahead, or behind, when the certificate was made, as of a
// board without a battery, leaves nobody out once it is right.
func TestDevelopmentCertificateAfterClockIsSet(t *testing.T) {
	right := time.Date(2026, 2, 25, 12, 0, 0, 0, time.UTC)
	for _, wrong := range []time.Time{right.AddDate(1, 0, 0), right.Add(-madeFor), right.AddDate(-56, 0, 0), right.Add(8 * 24 * time.Hour)} {
		day := &calendar{at: wrong}
		c, err := newCertificate("", "", nil, day.now)
		if err != nil {
			t.Fatal(err)
		}
		before := c.latest()
		day.at = right
		after := c.latest()
		x := serving(t, c)
		if right.Before(x.NotBefore) || right.After(x.NotAfter) {
			t.Errorf("made on %v it shows on %v one of %v to %v", wrong, right, x.NotBefore, x.NotAfter)
		}
		if hashes, _ := c.hashes(); hashes[0] != sha256.Sum256(x.Raw) || after == before {
			t.Errorf("made on %v: pages are told %x in edition %d after %d", wrong, hashes, after, before)
		}
	}
}

// TestCertificateGoesByTheCalendar: the days of a certificate are those of the calendar, and no reading of a monotonic clock, which
// stands still on a machine that sleeps, comes between.
func TestCertificateGoesByTheCalendar(t *testing.T) {
	c, err := newCertificate("", "", nil, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if m := c.current; m.ends != m.ends.Round(0) || m.begins != m.begins.Round(0) {
		t.Errorf("it lasts from %v to %v", m.begins, m.ends)
	}
}

// writeCertificate puts a certificate that begins at a time, and its key, into files.
func writeCertificate(t *testing.T, cert, key string, begins time.Time) [sha256.Size]byte {
	t.Helper()
	made, err := makeCertificate(begins)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(made.tls.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{
		cert: {Type: "CERTIFICATE", Bytes: made.tls.Certificate[0]},
		key:  {Type: "PRIVATE KEY", Bytes: der},
	} {
		if name == "" {
			continue
		}
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return made.hash
}

// TestCertificateFilesReload: what is renewed on disk is shown within seconds, without a restart;
// while the two files do not fit together the old one stays, and it is told why.
func TestCertificateFilesReload(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	day := &calendar{at: time.Date(2026, 2, 25, 12, 0, 0, 0, time.UTC)}
	first := writeCertificate(t, cert, key, day.at)
	c, err := newCertificate(cert, key, nil, day.now)
	if err != nil {
		t.Fatal(err)
	}
	var told error
	c.note = func(err error) { told = err }
	shown := func() [sha256.Size]byte {
		day.at = day.at.Add(reloadEach)
		return sha256.Sum256(serving(t, c).Raw)
	}
	if shown() != first {
		t.Error("it does not show what is in the files")
	}
	if hashes, err := c.hashes(); hashes != nil || err != nil {
		t.Errorf("hashes of a real certificate: %v, %v", hashes, err)
	}
	writeCertificate(t, cert, "", day.at) // the new certificate is there, and its key is not yet
	if shown() != first {
		t.Error("it shows a certificate whose key it does not have")
	}
	if told == nil || !strings.Contains(told.Error(), key) {
		t.Errorf("what does not fit is told as %v", told)
	}
	told = nil
	second := writeCertificate(t, cert, key, day.at)
	if shown() != second {
		t.Error("what was renewed is not shown")
	}
	if told != nil {
		t.Error(told)
	}
	if err := os.Remove(cert); err != nil {
		t.Fatal(err)
	}
	if shown() != second || told == nil || !strings.Contains(told.Error(), cert) {
		t.Errorf("the file is gone: %v", told)
	}
	told = nil
	if shown(); told != nil {
		t.Errorf("it is told again: %v", told)
	}
}

// TestCertificateFunction: what the caller's function returns is shown, and no hash is told.
func TestCertificateFunction(t *testing.T) {
	mine, err := makeCertificate(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	get := func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		if hello.ServerName != "game.example" {
			return nil, errors.New("no such host")
		}
		return &mine.tls, nil
	}
	c, err := newCertificate("", "", get, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := c.tls().GetCertificate(&tls.ClientHelloInfo{ServerName: "game.example"}); got != &mine.tls || err != nil {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := c.tls().GetCertificate(&tls.ClientHelloInfo{ServerName: "other.example"}); err == nil {
		t.Error("another host has a certificate")
	}
	if hashes, err := c.hashes(); hashes != nil || err != nil {
		t.Errorf("hashes %v, %v", hashes, err)
	}
}

// TestCertificateErrors name the file or the field, and the way out.
func TestCertificateErrors(t *testing.T) {
	dir := t.TempDir()
	cert, key, none, other := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), filepath.Join(dir, "none.pem"), filepath.Join(dir, "other.pem")
	day := &calendar{at: time.Date(2026, 2, 25, 12, 0, 0, 0, time.UTC)}
	writeCertificate(t, cert, key, day.at)
	writeCertificate(t, "", other, day.at)
	old := filepath.Join(dir, "old.pem")
	writeCertificate(t, old, filepath.Join(dir, "oldkey.pem"), day.at.AddDate(0, -1, 0))
	get := func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, nil }
	for _, x := range []struct {
		cert, key string
		get       func(*tls.ClientHelloInfo) (*tls.Certificate, error)
		want      []string
	}{
		{none, key, nil, []string{"CertFile", none, "no such file", "want a PEM file", "development"}},
		{cert, none, nil, []string{"KeyFile", none, "no such file"}},
		{cert, "", nil, []string{"KeyFile", cert}},
		{"", key, nil, []string{"CertFile", key}},
		{cert, other, nil, []string{cert, other, "its own key"}},
		{key, key, nil, []string{key, "PEM"}},
		{old, filepath.Join(dir, "oldkey.pem"), nil, []string{old, "ended on 2026-02-", "renew"}},
		{cert, key, get, []string{"GetCertificate", "CertFile"}},
	} {
		_, err := newCertificate(x.cert, x.key, x.get, day.now)
		if err == nil {
			t.Errorf("%s with %s is taken", x.cert, x.key)
			continue
		}
		for _, word := range x.want {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("%q does not say %q", err, word)
			}
		}
	}
}

// TestDataChannelsHaveACertificateForEver: pion makes none with one that has ended, and the clock may have been wrong when it was made.
func TestDataChannelsHaveACertificateForEver(t *testing.T) {
	c, err := rtcCertificate()
	if err != nil {
		t.Fatal(err)
	}
	if c.Expires().Year() < 9999 {
		t.Errorf("it ends on %v", c.Expires())
	}
}
