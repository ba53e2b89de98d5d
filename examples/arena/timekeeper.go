package arena

import "time"

// A timekeeper knows when the ticks are. A step that comes late changes nothing, for those after it come in time; if
// they all do, the server has left out some.
type timekeeper struct {
	anchor Anchor
	told   bool // to everybody
	off    int  // steps in a row that were not when they should have been
}

// tellTicks says when the ticks are, to everybody, if somebody does not know it.
func (g *Game) tellTicks(now time.Time) {
	k, tick := &g.ticks, g.world.Tick()
	at := max(g.srv.Clock(now), 0)
	due := time.Duration(k.anchor.Microseconds)*time.Microsecond + time.Duration(tick-k.anchor.Tick)*time.Second/Rate
	if k.off++; (at - due).Abs() <= time.Second/Rate/2 {
		k.off = 0
	}
	if k.anchor.Tick == 0 || k.off >= Rate/4 {
		k.anchor, k.told, k.off = Anchor{tick, uint64(at.Microseconds())}, false, 0
	}
	if !k.told {
		toAll(Anchors, g.srv, k.anchor)
		k.told = true
	}
}
