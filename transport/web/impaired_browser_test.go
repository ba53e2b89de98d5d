//go:build linux

package web_test

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/browser"
	"github.com/tickwire/tickwire/internal/netns"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/web"
)

// A tale is what came of numbers that were sent 60 times a second.
type tale struct {
	lateness []float64 // milliseconds beyond the fastest, sorted
	overtook int       // came after a later one
	twice    int
}

// taleOf takes for each that came its number, when it was sent, and when it came.
func taleOf(heard [][3]float64) (s tale) {
	seen, last, fastest := map[float64]bool{}, -1.0, 1e9
	for _, h := range heard {
		if seen[h[0]] {
			s.twice++
		}
		if h[0] < last {
			s.overtook++
		}
		seen[h[0]], last = true, max(last, h[0])
		fastest = min(fastest, h[2]-h[1])
	}
	for _, h := range heard {
		s.lateness = append(s.lateness, h[2]-h[1]-fastest)
	}
	slices.Sort(s.lateness)
	return s
}

// quantile is how late so many are at most; 0 if none came.
func (s tale) quantile(q float64) float64 {
	if len(s.lateness) == 0 {
		return 0
	}
	return s.lateness[int(q*float64(len(s.lateness)-1))]
}

func (s tale) String() string {
	return fmt.Sprintf("%d came, %d overtaken, %d twice; late by %.1f (half), %.1f (95 %%), %.1f (99 %%), %.1f ms", len(s.lateness), s.overtook, s.twice,
		s.quantile(0.5), s.quantile(0.95), s.quantile(0.99), s.quantile(1))
}

// check is told how many were sent over a link like lossy, how many may be lost at most, and how many must have come behind a
// later one. It looks at no time: a busy machine makes all of them late.
func (s tale) check(t *testing.T, way string, n, lost, overtaken int) {
	t.Helper()
	t.Logf("%s: %v", way, s)
	if least, most := n-lost, n*985/1000; len(s.lateness) < least || len(s.lateness) > most {
		t.Errorf("%s: %d of %d came, want %d to %d: 5 %% are lost, and nobody is to send them again", way, len(s.lateness), n, least, most)
	}
	if s.overtook < overtaken || s.twice > 0 {
		t.Errorf("%s: %d came behind a later one, want %d, and %d twice", way, s.overtook, overtaken, s.twice)
	}
}

// lossy loses 5 % of the packets, and lets others overtake as many.
var lossy = simnet.LinkConfig{Delay: 50 * time.Millisecond, Reorder: 0.05, ReorderBy: 40 * time.Millisecond, Loss: 0.05}

// talkers are associations that a server tells n numbers each, 60 a second, and what it hears of them.
type talkers struct {
	socket *web.Socket
	n      int
	began  time.Time
	heard  map[transport.Kind][][3]float64
	work   sync.WaitGroup
}

// talk answers who says something, until the socket is closed.
func talk(s *web.Socket, n int) *talkers {
	k := &talkers{socket: s, n: n, began: time.Now(), heard: map[transport.Kind][][3]float64{}}
	k.work.Go(func() {
		ds := make([]transport.Datagram, 64)
		for {
			if _, err := s.Wait(time.Time{}); err != nil {
				return
			}
			came, _ := s.Read(ds)
			for _, d := range ds[:came] {
				k.hear(d)
			}
		}
	})
	return k
}

func (k *talkers) clock() float64 { return float64(time.Since(k.began)) / float64(time.Millisecond) }

func (k *talkers) hear(d transport.Datagram) {
	now := k.clock()
	if path := d.Path; k.heard[path.Kind] == nil {
		k.work.Go(func() { k.tell(path) })
	}
	var number, sent float64
	_, _ = fmt.Sscan(string(d.Bytes), &number, &sent) // what is none counts as one that came twice
	k.heard[d.Path.Kind] = append(k.heard[d.Path.Kind], [3]float64{number, sent, now})
}

func (k *talkers) tell(path transport.Path) {
	tick := time.NewTicker(time.Second / 60)
	defer tick.Stop()
	for i := range k.n {
		b := append(fmt.Appendf(nil, "%d %.3f", i, k.clock()), strings.Repeat(" 0", 100)...)
		_, _ = k.socket.Write([]transport.Datagram{{Path: path, Bytes: b}})
		<-tick.C
	}
}

// TestLongUnreliable: over a network that loses and reorders packets a data channel and a session carry datagrams as UDP
// does, both ways: what is lost stays lost, and what is late makes nothing else wait. By the WebSocket beside them all comes, in order.
func TestLongUnreliable(t *testing.T) {
	const n = 300
	netns.Run(t, func(ns *netns.Net) {
		host := ns.Host("server")
		wire := ns.Wire(host, "eth0", "10.5.0.1/24", ns.Here(), "wlan0", "10.5.0.2/24", simnet.Links{}, 1)
		site := httptest.NewServer(pages(t)) // on loopback, where a page may have WebTransport
		defer site.Close()
		s := netns.Open(host, func() (*web.Socket, error) { return web.Listen("10.5.0.1:0", web.Config{Origins: []string{"*"}}) })
		server := talk(s, n)
		p := browser.Start(t).Open(site.URL + "/echo.html?server=" + s.LocalAddr().String())
		kinds := []transport.Kind{transport.KindWebSocket, transport.KindWebRTC, transport.KindWebTransport}
		for _, kind := range kinds {
			browser.Eval[float64](p, fmt.Sprintf("connect(%q)", kind))
		}
		wire.Set(simnet.Links{Up: lossy, Down: lossy})
		tales := make([]tale, len(kinds))
		var all sync.WaitGroup
		for i, kind := range kinds {
			all.Go(func() {
				heard, err := browser.Try[[][3]float64](p, fmt.Sprintf("stream(%q, %d)", kind, n))
				if err != nil {
					t.Error(err)
				}
				tales[i] = taleOf(heard)
			})
		}
		all.Wait()
		s.Close()
		server.work.Wait()
		// SCTP of pion tells the page with each packet to forget what is older (RFC 3758): what is overtaken is lost.
		tales[1].check(t, "webrtc, down", n, n/5, 0)
		taleOf(server.heard[transport.KindWebRTC]).check(t, "webrtc, up", n, n/8, 3)
		tales[2].check(t, "webtransport, down", n, n/8, 3)
		taleOf(server.heard[transport.KindWebTransport]).check(t, "webtransport, up", n, n/8, 3)
		if ws := tales[0]; len(ws.lateness) != n || ws.overtook+ws.twice > 0 {
			t.Errorf("websocket: %v", ws)
		}
	})
}
