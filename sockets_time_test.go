package tickwire_test

import (
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet"
)

// A ticking server looks at its sockets in each tick of the game, and never between two.
type ticking struct{ *tickwire.Server }

func (ticking) Service(time.Time) time.Time { return time.Time{} }

// TestEachSocketHasItsTime: of what came by two sockets between two ticks the one that is read first is no
// earlier. The other's player measures the same round trip as if he were alone.
func TestEachSocketHasItsTime(t *testing.T) {
	w := newWorld(t)
	cfg := tickwire.ServerConfig{Config: config(), PrivateKey: testKey, MaxTokenLifetime: -1}
	w.simulate(&cfg.Config)
	first, second := w.socket(w.address()), w.socket(w.address())
	srv, err := tickwire.Listen(cfg, first, second)
	must(t, err)
	w.add(ticking{srv})
	delays := []time.Duration{6 * time.Millisecond, 0} // beside 10 ms: both arrive before the next tick
	var conns []*tickwire.Conn
	for i, at := range []*simnet.Socket{first, second} {
		near := w.socket(w.address())
		link := simnet.LinkConfig{Delay: delays[i]}
		must(t, w.nw.SetHost(near.LocalAddr().Addr(), simnet.Links{Up: link, Down: link}))
		client := w.joinOver(nil, near)
		conn, err := client.Connect(w.mint(uint64(i+1), nil, at.LocalAddr()))
		must(t, err)
		conns = append(conns, conn)
	}
	w.until("both open", func() bool { return conns[0].Open() && conns[1].Open() })
	for range 180 {
		for _, c := range conns {
			must(t, inputs.Send(c, input{1, 2}))
		}
		w.run(time.Second/60, nil)
	}
	for i, c := range conns {
		if got, want := c.Stats().RTT, 2*(10*time.Millisecond+delays[i]); got < want || got > want+time.Millisecond {
			t.Errorf("by socket %d: a round trip of %v, want %v", i, got, want)
		}
	}
}
