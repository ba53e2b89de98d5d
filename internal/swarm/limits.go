package swarm

import (
	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet/world"
)

// Budgets are what a game does about the budgets of its connections. The zero value is nothing.
type Budgets struct {
	Change float64 // chance in a tick that an end gets another limit for each flush
	Most   int     // of so many bytes at most
	Fill   bool    // ends send nothing while their budget is used up
}

// addLimits gives a scenario limits: of what each end takes of its peers, of what it takes on its
// channels, and of what it sends in a flush. Half of the scenarios have none of a kind. All of
// them let through what is queued before anybody loses patience.
func (s *Scenario) addLimits(g generator) {
	if g.IntN(2) == 0 {
		s.Game.Inbound = tickwire.Limits{
			PacketsPerSecond:  g.sometimes(2, 60<<g.IntN(5)),
			BytesPerSecond:    g.sometimes(2, 60_000<<g.IntN(5)),
			MessagesPerSecond: g.sometimes(2, 300<<g.IntN(5)),
		}
	}
	if g.IntN(2) == 0 {
		for i := range s.Channels {
			s.Channels[i].Inbound = tickwire.ChannelLimits{
				BytesPerSecond:    g.sometimes(3, 40_000<<g.IntN(5)),
				MessagesPerSecond: g.sometimes(3, 200<<g.IntN(5)),
			}
		}
	}
	if g.IntN(2) == 0 {
		s.Budgets = Budgets{Change: []float64{1, 0.1, 0.01}[g.IntN(3)], Most: 300 << g.IntN(8)}
	}
	s.Budgets.Fill = g.IntN(3) == 0
}

// ration changes what an end may send in a flush, now and then: to nothing, to something, or to
// all that its line takes.
func (r *run) ration(e *world.End) {
	b := &r.Budgets
	if b.Change == 0 || r.limits.Float64() >= b.Change {
		return
	}
	switch r.limits.IntN(8) {
	case 0:
		e.LimitBudget(-1)
	case 1:
		e.LimitBudget(0)
	default:
		e.LimitBudget(r.limits.IntN(b.Most))
	}
}

// used reports whether an end that keeps to its budget has used it up.
func (r *run) used(e *world.End) bool { return r.Budgets.Fill && e.Conn().Budget() == 0 }
