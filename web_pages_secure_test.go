//go:build linux

package tickwire_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/internal/browser"
	"github.com/tickwire/tickwire/transport/web"
)

// writePEM writes one block of PEM into a file.
func writePEM(t *testing.T, name, kind string, der []byte) {
	t.Helper()
	must(t, os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
}

// writePair writes a certificate for 127.0.0.1 that lasts as long as an authority's, and its key.
func writePair(t *testing.T, cert, key string) *x509.Certificate {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	form := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		NotBefore:    time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(0, 3, 0),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &private.PublicKey, private)
	must(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	must(t, err)
	writePEM(t, cert, "CERTIFICATE", der)
	writePEM(t, key, "PRIVATE KEY", secret)
	made, err := x509.ParseCertificate(der)
	must(t, err)
	return made
}

// TestLongPagesSecure: with a certificate from files, as in production, pages come by HTTPS and play by each transport.
func TestLongPagesSecure(t *testing.T) {
	t.Parallel()
	cert, key := filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	made := writePair(t, cert, key)
	browser.Run(t, func(b *browser.Browser) { pagesSecure(t, b, cert, key) }, browser.Trusts(made)...)
}

func pagesSecure(t *testing.T, b *browser.Browser, cert, key string) {
	w := newPageWorld(t, tickwire.ServerConfig{}, web.Config{CertFile: cert, KeyFile: key})
	for _, p := range w.onEach(b, entry{}) {
		if at := browser.Eval[string](p.Page, "location.protocol"); at != "https:" {
			t.Errorf("%s: the page came by %s", p.name, at)
		}
		p.catchesUp(p.tells())
	}
}
