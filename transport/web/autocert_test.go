//go:build !js

package web_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"

	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/web"
)

// A server with a certificate of Let's Encrypt, which is asked for when the first player comes, and renewed.
// What proves the name comes by HTTP on port 80; a server whose game is on port 443 needs no more than that.
func ExampleConfig_autocert() {
	certificates := &autocert.Manager{
		Prompt:     autocert.AcceptTOS,
		HostPolicy: autocert.HostWhitelist("game.example"),
		Cache:      autocert.DirCache("certificates"),
	}
	server, err := web.Listen("127.0.0.1:0", web.Config{GetCertificate: certificates.GetCertificate})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	port80 := httptest.NewServer(certificates.HTTPHandler(nil)) // http.ListenAndServe(":80", …)
	defer port80.Close()
	fmt.Println(server.URL()[:len("wss://")])
	// Output: wss://
}

// autocertOf is what a Manager has that got a certificate before: the files of its cache.
func autocertOf(t *testing.T, name string) (*autocert.Manager, *x509.Certificate) {
	t.Helper()
	dir := t.TempDir()
	own := issue(t, dir, name, name)
	issue(t, dir, name+"+token", name) // what it shows while it proves the name by TLS
	if err := os.WriteFile(filepath.Join(dir, "proof+http-01"), []byte("the name is mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	return &autocert.Manager{
		Prompt: autocert.AcceptTOS, Cache: autocert.DirCache(dir), HostPolicy: autocert.HostWhitelist(name),
		Client: &acme.Client{DirectoryURL: "http://127.0.0.1:9/nobody"},
	}, own
}

// issue writes a certificate for a name, and its key, as autocert keeps them.
func issue(t *testing.T, dir, file, name string) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(0, 3, 0), // later than it would be renewed
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	b := pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: secret})
	b = append(b, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	if err := os.WriteFile(filepath.Join(dir, file), b, 0o600); err != nil {
		t.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// TestAutocert: with an autocert.Manager the WebSocket and WebTransport show its certificate, which
// browsers take without a hash; the name can be proved by TLS on the same port, and by HTTP beside the
// game's own pages; another name has no certificate.
func TestAutocert(t *testing.T) {
	const name = "game.example"
	manager, own := autocertOf(t, name)
	server, err := web.Listen("127.0.0.1:0", web.Config{GetCertificate: manager.GetCertificate})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	trust := x509.NewCertPool()
	trust.AddCert(own)
	player, err := web.Dial(t.Context(), server.URL(), web.DialConfig{TLS: &tls.Config{RootCAs: trust, ServerName: name}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { player.Close() })
	session := func(p transport.Path) bool { return p.Kind == transport.KindWebTransport }
	for deadline := time.Now().Add(web.Patience); !slices.ContainsFunc(player.Rungs(nil), session); {
		if ready, err := player.Wait(deadline); !ready || err != nil {
			t.Fatalf("no session: %v, %v", player.Rungs(nil), err)
		}
		player.Read(make([]transport.Datagram, 4))
	}
	shown := func(name, protocol string) ([]byte, error) {
		dialer := tls.Dialer{Config: &tls.Config{ServerName: name, NextProtos: []string{protocol}, InsecureSkipVerify: true}}
		c, err := dialer.DialContext(t.Context(), "tcp", server.LocalAddr().String())
		if err != nil {
			return nil, err
		}
		defer c.Close()
		return c.(*tls.Conn).ConnectionState().PeerCertificates[0].Raw, nil
	}
	if b, err := shown(name, "http/1.1"); !bytes.Equal(b, own.Raw) {
		t.Errorf("it shows another certificate, %v", err)
	}
	if b, err := shown(name, acme.ALPNProto); err != nil || bytes.Equal(b, own.Raw) {
		t.Errorf("who is to see the proof by TLS sees the certificate, %v", err)
	}
	if _, err := shown("other.example", "http/1.1"); err == nil {
		t.Error("another name has a certificate")
	}
}

// TestAutocertByHTTP: the handler of the pages can prove the name, too.
func TestAutocertByHTTP(t *testing.T) {
	const name = "game.example"
	manager, _ := autocertOf(t, name)
	pages := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "the game") })
	server, err := web.Listen("127.0.0.1:0", web.Config{Handler: manager.HTTPHandler(pages)}) // port 80, say
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	for path, want := range map[string]string{"/.well-known/acme-challenge/proof": "the name is mine", "/": "the game"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+server.LocalAddr().String()+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = name
		answer, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if string(b) != want {
			t.Errorf("%s has %q, want %q", path, b, want)
		}
	}
}
