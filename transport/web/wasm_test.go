//go:build linux

package web_test

import (
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/browser"
	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/web"
)

// TestLongGoInTheBrowser: a client in Go that is compiled for the browser has all its transports.
func TestLongGoInTheBrowser(t *testing.T) { browser.Run(t, func(c *browser.Browser) { playGo(t, c) }) }

func playGo(t *testing.T, chromium *browser.Browser) {
	full := listenAlone(t, web.Config{MaxPlayers: 1, Origins: []string{"*"}, HandshakeTimeout: time.Hour}) // full until then
	first, err := web.Dial(t.Context(), full.URL(), web.DialConfig{})
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	tests := browser.BuildTests(t, "InBrowser", map[string]string{"TICKWIRE_FULL_URL": full.URL()})
	s := listenAlone(t, web.Config{Handler: tests})
	go echoAll(s)
	tests.Play(chromium, "http://"+s.LocalAddr().String()+"/", 5)
}

func listenAlone(t *testing.T, cfg web.Config) *web.Socket {
	t.Helper()
	s, err := web.Listen("127.0.0.1:0", cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// echoAll sends back what comes, as it is, until the socket is closed.
func echoAll(s *web.Socket) {
	ds := make([]transport.Datagram, 16)
	for {
		if _, err := s.Wait(time.Time{}); err != nil {
			return
		}
		n, _ := s.Read(ds)
		for i := range ds[:n] {
			for k := 0; k == 0; {
				var err error
				if k, err = s.Write(ds[i : i+1]); err != nil {
					return
				}
			}
		}
	}
}
