//go:build !js

package web

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// cutOff is how long it takes until the server ends a connection by which nothing more is sent; what comes there is read.
func cutOff(t *testing.T, c net.Conn) time.Duration {
	t.Helper()
	began := time.Now()
	c.SetReadDeadline(began.Add(patience))
	if _, err := io.Copy(io.Discard, c); err != nil && strings.Contains(err.Error(), "timeout") {
		t.Error("the server did not end it")
	}
	return time.Since(began)
}

// tcp opens a connection to the port, and says something there.
func tcp(t *testing.T, s *Socket, say string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", s.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if _, err := io.WriteString(c, say); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestBodyThatNeverComes: who announces more than he sends is cut off as who sends half a request is, whoever was to read it.
func TestBodyThatNeverComes(t *testing.T) {
	t.Parallel()
	pages := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/read" {
			_, _ = io.Copy(io.Discard, r.Body)
		}
	})
	again(t, func() error {
		s := listen(t, Config{HandshakeTimeout: 300 * time.Millisecond, Handler: pages})
		said := []string{"GET /", ""}
		for _, path := range []string{DefaultPath, "/read", "/unread"} {
			for _, length := range []string{"Content-Length: 100", "Transfer-Encoding: chunked"} {
				said = append(said, "POST "+path+" HTTP/1.1\r\nHost: x\r\n"+length+"\r\n\r\n")
			}
		}
		var all []net.Conn
		for _, say := range said {
			all = append(all, tcp(t, s, say))
		}
		for i, c := range all {
			if took := cutOff(t, c); took > 3*time.Second {
				return fmt.Errorf("%q was kept for %v", said[i], took)
			}
		}
		if n := s.Stats().Slow; n != uint64(len(all)) {
			t.Errorf("Slow = %d, want %d", n, len(all))
		}
		return nil
	})
	s := listen(t, Config{Handler: pages})
	cutOff(t, tcp(t, s, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
	if n := s.Stats().Slow; n != 0 {
		t.Errorf("who is not slow counts as %d who are", n)
	}
}

// TestPageThatNobodyReads: who asks for a page and takes nothing of it is cut off after Config.WriteTimeout.
func TestPageThatNobodyReads(t *testing.T) {
	t.Parallel()
	over := make(chan error, 1)
	page := make([]byte, 64<<20)
	s := listen(t, Config{WriteTimeout: 300 * time.Millisecond, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := io.Copy(w, bytes.NewReader(page))
		over <- err
	})})
	began := time.Now()
	c := tcp(t, s, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	select {
	case err := <-over:
		if took := time.Since(began); err == nil || took < 300*time.Millisecond || s.Stats().Slow != 1 {
			t.Errorf("it ended with %v after %v, %d were slow", err, took, s.Stats().Slow)
		}
	case <-time.After(patience):
		t.Error("the server still waits for somebody to read it")
	}
	c.Close()
}

// TestPageReadSlowly: who takes a page slowly gets it all, though it lasts longer than Config.WriteTimeout.
func TestPageReadSlowly(t *testing.T) {
	t.Parallel()
	page := make([]byte, 8<<20)
	s := listen(t, Config{WriteTimeout: 300 * time.Millisecond, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(page)))
		_, _ = w.Write(page)
	})})
	again(t, func() error {
		began := time.Now()
		c := tcp(t, s, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		n, b := 0, make([]byte, 512<<10)
		for ; ; time.Sleep(60 * time.Millisecond) {
			more, err := io.ReadFull(c, b)
			if n += more; err == nil {
				continue
			}
			if n < len(page) || time.Since(began) < 600*time.Millisecond {
				return fmt.Errorf("%d bytes after %v: %w", n, time.Since(began), err)
			}
			return nil
		}
	})
}

// A connectionFrom is one of an address, of which nothing else is asked.
type connectionFrom struct {
	net.Conn
	at string
}

func (c connectionFrom) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(c.at))
}
func (c connectionFrom) Close() error { return nil }

// TestConnectionsInAll: many addresses hold a bounded number of connections together, and a trusted proxy its own beside them.
func TestConnectionsInAll(t *testing.T) {
	s := &Socket{cfg: Config{MaxPlayers: 2, MaxPerAddress: 1, TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}}
	g := s.newGate(nil)
	var all []*entered
	for i := 0; ; i++ {
		e := g.enter(connectionFrom{at: fmt.Sprintf("192.0.%d.%d:5000", i/256, i%256)})
		if e == nil {
			break
		}
		all = append(all, e)
	}
	if want := 2 + spareInAll; len(all) != want || s.refuse.full.Load() != 1 || s.refuse.crowded.Load() != 0 {
		t.Fatalf("%d connections, want %d", len(all), want)
	}
	if g.enter(connectionFrom{at: "10.0.0.1:5000"}) == nil {
		t.Error("a trusted proxy has no room")
	}
	for range 2 {
		all[0].Close() // counts once
	}
	if g.enter(connectionFrom{at: "198.51.100.1:1"}) == nil || g.enter(connectionFrom{at: "198.51.100.2:1"}) != nil {
		t.Error("one that was closed does not leave room for one")
	}
}

// TestNoHTTP2: by TLS the port offers HTTP/1.1 alone.
func TestNoHTTP2(t *testing.T) {
	made, err := makeCertificate(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	s := listen(t, Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &made.tls, nil }})
	c, err := tls.Dial("tcp", s.LocalAddr().String(), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2", "http/1.1"}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if p := c.ConnectionState().NegotiatedProtocol; p != "http/1.1" {
		t.Errorf("the port speaks %q", p)
	}
}
