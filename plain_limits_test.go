package tickwire_test

import (
	"testing"
	"time"

	"github.com/tickwire/tickwire"
)

// TestPlainTooFast: Config.Inbound holds for plain peers, who do not know of it: what is beyond it is
// dropped and counted, and twice as much ends the connection.
func TestPlainTooFast(t *testing.T) {
	for rate, ends := range map[int]bool{40: false, 90: false, 200: true} {
		w := newWorld(t)
		at := w.address()
		srv := w.serve(at, func(cfg *tickwire.ServerConfig) {
			allowPlain(cfg)
			cfg.Inbound = tickwire.Limits{PacketsPerSecond: 50}
		})
		peer := w.plainClient(w.mint(8, forPlain, at))
		w.until("connected", func() bool { return len(players(srv)) == 1 })
		player := players(srv)[0]
		taken, sent := 0, 0
		began := w.nw.Now()
		for sent < 10*rate && !peer.over {
			peer.send("faster")
			sent++
			w.run(began.Add(time.Duration(sent)*time.Second/time.Duration(rate)).Sub(w.nw.Now()), nil)
			taken += len(raw(player))
		}
		w.run(100*time.Millisecond, nil)
		taken += len(raw(player))
		dropped := int(player.Stats().PlainDropped)
		switch {
		case ends:
			wantCode(t, player.Reason(), tickwire.CodeTooFast, false)
			if sent > 3*rate {
				t.Errorf("%d a second: ended after %d", rate, sent)
			}
		case !player.Open() || taken+dropped != sent || taken > 50*11+10 || taken < min(sent, 500):
			t.Errorf("%d a second: sent %d, taken %d, dropped %d, %v", rate, sent, taken, dropped, player.Reason())
		}
	}
}
