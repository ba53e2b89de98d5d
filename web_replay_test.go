//go:build linux

package tickwire_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/internal/browser"
	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/udp"
	"github.com/tickwire/tickwire/transport/web"
)

// A sniffer notes what is written to the socket that it stands in front of, and may keep it from there.
type sniffer struct {
	transport.Socket
	keeps atomic.Bool
	mu    sync.Mutex
	seen  [][]byte
}

func (s *sniffer) Write(ds []transport.Datagram) (int, error) {
	s.mu.Lock()
	for _, d := range ds {
		s.seen = append(s.seen, bytes.Clone(d.Bytes))
	}
	s.mu.Unlock()
	if s.keeps.Load() {
		return len(ds), nil
	}
	return s.Socket.Write(ds)
}

func (s *sniffer) all() [][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.seen)
}

// A thief is a page that sends what somebody else has sent.
type thief struct {
	*browser.Page
	house *webHouse
	kind  string
}

// thief opens an association by a kind of transport, with what is no client.
func (h *webHouse) thief(b *browser.Browser, kind string) *thief {
	h.t.Helper()
	p := &thief{b.Open("http://" + h.web.LocalAddr().String() + "/echo.html"), h, kind}
	for _, k := range slices.Compact([]string{"websocket", kind}) {
		browser.Eval[float64](p.Page, fmt.Sprintf("connect(%q)", k))
	}
	return p
}

// stats are those of its kind.
func (p *thief) stats() web.KindStats {
	st := p.house.web.Stats()
	return map[string]web.KindStats{"websocket": st.WebSocket, "webrtc": st.WebRTC, "webtransport": st.WebTransport}[p.kind]
}

// replay sends all of it that each transport can carry, and waits until it has come.
func (p *thief) replay(all [][]byte) {
	t := p.house.t
	t.Helper()
	before := p.stats()
	all = slices.DeleteFunc(all, func(b []byte) bool { return len(b) > web.MaxWebRTCDatagram-50 })
	if len(all) == 0 {
		t.Fatal("nothing was seen")
	}
	text, err := json.Marshal(all) // in base64
	must(t, err)
	if _, err := browser.Try[bool](p.Page, fmt.Sprintf(`(async () => {
		for (const b of %s) {
			await ways[%q].send(Uint8Array.from(atob(b), c => c.charCodeAt(0)));
			await new Promise(soon => setTimeout(soon, 2));
		}
		return true;
	})()`, text, p.kind)); err != nil {
		t.Fatalf("%s: %v", p.kind, err)
	}
	for ctx := patiently(t); p.stats().Received-before.Received < uint64(len(all)); time.Sleep(time.Millisecond) {
		if ctx.Err() != nil {
			t.Fatalf("%s: of %d datagrams %d came", p.kind, len(all), p.stats().Received-before.Received)
		}
	}
	time.Sleep(50 * time.Millisecond)
	if after := p.stats(); after.SentBytes-before.SentBytes > after.ReceivedBytes-before.ReceivedBytes {
		t.Errorf("%s: %d bytes came back for %d", p.kind, after.SentBytes-before.SentBytes, after.ReceivedBytes-before.ReceivedBytes)
	}
}

// TestLongReplay: who has seen everything that a player sent by UDP, his request first of all, gets nowhere with it by any
// transport of browsers, neither when the player is in the game nor before: he is no player, the player's messages do not
// go to him, and he is sent no more than he sends.
func TestLongReplay(t *testing.T) {
	t.Parallel()
	inPages(t, func(b *browser.Browser) { replays(t, b) })
}

func replays(t *testing.T, b *browser.Browser) {
	site := http.FileServerFS(os.DirFS("transport/web/testdata/pages"))
	h := newWebHouse(t, tickwire.ServerConfig{Development: true}, web.Config{Handler: site})
	other := h.native(1)
	for i, kind := range pageKinds {
		p := h.thief(b, kind)
		socket, err := udp.Listen("127.0.0.1:0")
		must(t, err)
		line := &sniffer{Socket: socket}
		line.keeps.Store(true)
		var victim *tickwire.Session
		var comes sync.WaitGroup
		comes.Go(func() { victim, err = h.dial(h.token(uint64(2+i)), line) })
		for ctx := patiently(t); len(line.all()) == 0; time.Sleep(time.Millisecond) {
			must(t, ctx.Err())
		}
		p.replay(line.all())
		if n := len(h.hub.Conns()); n != 1+i {
			t.Errorf("%s: %d players, and the request alone was seen", kind, n)
		}
		line.keeps.Store(false)
		comes.Wait()
		must(t, err)
		defer victim.Close()
		must(t, victim.Send(5, []byte("some move")))
		for round := range 3 {
			h.talk(other, victim, round)
			p.replay(line.all())
		}
		h.talk(other, victim, 3)
		if n := h.connected(); n != 2+i {
			t.Errorf("%s: %d players have come, want %d", kind, n, 2+i)
		}
		for _, c := range h.hub.Conns() {
			for path := range c.Paths() {
				if path.Kind != transport.KindUDP || c.ClientID() == uint64(2+i) && path.Remote != socket.LocalAddr() {
					t.Errorf("%s: player %d has a path to %v", kind, c.ClientID(), path.Remote)
				}
			}
		}
	}
}

// talk has a player say a number, which another one has to hear.
func (h *webHouse) talk(says, hears *tickwire.Session, n int) {
	h.t.Helper()
	must(h.t, says.Send(5, []byte{byte(n)}))
	ctx, done := context.WithTimeout(h.t.Context(), patience)
	defer done()
	for ev := range hears.Events(ctx) {
		if ev.Kind == tickwire.Message && ev.Channel == 5 && len(ev.Payload) == 1 && ev.Payload[0] == byte(n) {
			return
		}
	}
	h.t.Fatalf("the player does not hear message %d", n)
}
