package tickwire_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/netcode"
)

// TestHandOverNowhere: a server sends its players to where nobody answers, with tokens that say that they
// never end. After a minute at most they ask no more, and have left that server, too.
func TestHandOverNowhere(t *testing.T) {
	for _, n := range []int{1, 7} {
		w := newWorld(t)
		a := w.stage(nil)
		m := w.mover(a.srv, 7, nil)
		w.until("in", func() bool { return len(players(a.srv)) == 1 && m.conn.Open() })
		var tokens netcode.TokenList
		for range n {
			cfg := netcode.MintConfig{ProtocolID: 7, Key: testKey, ClientID: 7, Addresses: []netip.AddrPort{w.address()}, Timeout: -1, Lifetime: netcode.MaxLifetime}
			token, err := netcode.Mint(w.nw.Now(), cfg)
			must(t, err)
			tokens = append(tokens, token)
		}
		must(t, players(a.srv)[0].HandOver(tokens.Append(nil), time.Hour))
		began := w.nw.Now()
		if w.run(62*time.Second, func() bool { m.listen(); a.tick(false); return len(m.ended) == 2 }); len(m.ended) != 2 {
			t.Fatalf("%d tokens: after %v it still asks", n, w.nw.Now().Sub(began))
		}
		if took, why := w.nw.Now().Sub(began), m.ended[0].Reason; why.Code != tickwire.CodeTimeout || took < 58*time.Second {
			t.Errorf("%d tokens: ended after %v: %v", n, took, why)
		}
	}
}

// TestHandOverAround: two servers hand a player to and fro, as fast as they can. He follows sixty times,
// and then no more.
func TestHandOverAround(t *testing.T) {
	w := newWorld(t)
	a, b := w.stage(nil), w.stage(nil)
	m := w.mover(a.srv, 7, func(cfg *tickwire.ClientConfig) { cfg.WireIDBytes = 2 })
	w.until("in", func() bool { return len(players(a.srv)) == 1 && m.conn.Open() })
	at := map[*stage]*stage{a: b, b: a}
	w.run(40*time.Second, func() bool {
		m.listen()
		for s, other := range at {
			s.tick(false)
			for _, player := range players(s.srv) {
				if player.Open() && m.conn.Open() {
					_ = player.HandOver(w.mint(7, nil, other.srv.PublicAddresses()...), time.Second) // he may be leaving already
				}
			}
		}
		left := 0
		for range m.c.Conns() {
			left++
		}
		return left == 0
	})
	if n := len(m.froms); n < 50 || n > 65 || len(m.ended) != n+1 {
		t.Errorf("followed %d times; ended %d", n, len(m.ended))
	}
}
