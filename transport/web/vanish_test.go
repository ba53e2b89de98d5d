//go:build !js

package web

import (
	"net/netip"
	"testing"
	"time"

	"github.com/tickwire/tickwire/transport"
)

// TestLongVanished: pages that have gone without a word cost nothing more a few seconds after the owner has given
// them up, as a Conn does at its timeout; before that he still writes, which nobody takes.
func TestLongVanished(t *testing.T) {
	for _, kind := range []string{"webrtc", "webtransport"} {
		t.Run(kind, func(t *testing.T) {
			e := newEdge(t, func(c *Config, udp netip.AddrPort) {
				c.Advertise, c.AdvertiseHost, c.AdvertisePort = []netip.Addr{udp.Addr()}, udp.Addr().String(), udp.Port()
				c.MaxPerAddress = -1
			})
			answerAll(e.socket)
			url := "ws" + e.site.URL[len("http"):] + DefaultPath
			bring(t, url, kind, 2)() // what is made once
			eventually(t, "the first have left", func() bool { return len(e.socket.paths()) == 0 })
			time.Sleep(time.Second) // quic-go remembers closed connections for a moment
			bytes, goroutines := used()
			const players = 30
			leave := bring(t, url, kind, players)
			eventually(t, "all play by UDP alone", func() bool { return len(e.socket.paths()) == players })
			e.udp.Cut()
			full, many := used()
			all, state := e.socket.paths(), make([]byte, 1000)
			for range 40 {
				for _, p := range all {
					e.socket.Write([]transport.Datagram{{Path: p, Bytes: state}})
				}
				time.Sleep(20 * time.Millisecond)
			}
			_ = e.udp.Close() // it has goroutines for each of them
			began := time.Now()
			for _, p := range all {
				e.socket.End(p)
			}
			for left := many; left > goroutines+players/2; _, left = used() {
				if time.Since(began) > goneWithin {
					t.Fatalf("%v after the end there are %d goroutines, %d before they came, %d with them", goneWithin, left, goroutines, many)
				}
				time.Sleep(50 * time.Millisecond)
			}
			took := time.Since(began)
			now, _ := used()
			t.Logf("%d players with %d bytes were gone in %v, %d bytes stayed", players, full-bytes, took, now-bytes)
			if now-bytes > (full-bytes)/3 {
				t.Errorf("of %d bytes %d are still there", full-bytes, now-bytes)
			}
			leave()
		})
	}
}

// goneWithin is how long an association lasts that was ended and whose peer is silent: what was written
// has a while to go out, then the peer has one to say that it has heard, and the sweep comes once a second.
const goneWithin = leavePatience + sweepEvery + closePatience + time.Second

// paths are those of the associations that are open, but for WebSockets.
func (b *board) paths() (all []transport.Path) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, a := range b.open {
		if a.path.Kind != transport.KindWebSocket {
			all = append(all, a.path)
		}
	}
	return all
}
