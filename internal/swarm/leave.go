package swarm

import (
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet/world"
)

// addLeaves adds who leaves after his last words, and who falls silent for a while and says so.
// Like all that was added later it has a generator of its own, so that the rest of a scenario
// stays what its seed made before.
func (s *Scenario) addLeaves(g generator) {
	s.Game.MaxHold = time.Duration(g.sometimes(4, 20)) * time.Second
	if g.IntN(8) == 0 {
		s.Game.MaxHold = -1
	}
	if g.IntN(5) == 0 {
		return
	}
	s.Trouble.Drain = g.share(0.3)
	s.Trouble.Hold = g.share(0.3)
	s.Trouble.HoldServer = g.share(0.1)
}

// makeLeaves lets somebody leave, or fall silent.
func (r *run) makeLeaves() {
	t := &r.Trouble
	for _, kind := range []struct {
		chance float64
		happen func(*world.Player)
	}{{t.Drain, r.drain}, {t.Hold, r.hold}, {t.HoldServer, r.holdServer}} {
		if r.leaves.Float64() < kind.chance/float64(r.TickRate) && len(r.seats) > 0 {
			kind.happen(r.seats[r.leaves.IntN(len(r.seats))])
		}
	}
}

// drain lets one end leave, or both: there may be no time for it, or a lot.
func (r *run) drain(p *world.Player) {
	within := []time.Duration{0, 100 * time.Millisecond, time.Second, 20 * time.Second}[r.leaves.IntN(4)]
	leave := func(e *world.End) {
		e.Drain(tickwire.CodeApplication+tickwire.Code(100+r.leaves.IntN(100)), "that was enough, after this", within)
	}
	ends := [2]*world.End{p.Client, p.Server}
	leave(ends[r.leaves.IntN(2)])
	if r.leaves.IntN(4) == 0 {
		leave(ends[r.leaves.IntN(2)])
	}
}

// loading is how long a game loads, which may be longer than its peer grants.
func (r *run) loading() time.Duration {
	return time.Duration(1+r.leaves.IntN(30_000)) * time.Millisecond
}

func (r *run) hold(p *world.Player) {
	_ = p.Hold(r.loading()) // more than is granted: then it does not load
}

func (r *run) holdServer(*world.Player) {
	_ = r.world.HoldServer(r.loading() / 3) // likewise
}
