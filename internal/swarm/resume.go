package swarm

import (
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet/world"
)

// Resumes are about players who are gone for longer than their timeout. The zero value keeps nobody.
type Resumes struct {
	KeepSeats time.Duration // as in ServerConfig
	Gone      float64       // chance in a second that somebody's lines die in both directions, for longer than that
	Tickets   float64       // share of those whose process crashed that come back with the ticket that it had stored
}

// addResumes has a server keep those who are gone: mostly for longer than a scenario lasts, so that
// each comes back to the connection that he had; or for so short a time that who is gone for longer
// has none. Some games do not want what was under way, and some servers are started again.
func (s *Scenario) addResumes(g generator) {
	if g.IntN(4) == 0 {
		return
	}
	keeps := []time.Duration{50 * time.Second, time.Minute}
	s.Resumes = Resumes{KeepSeats: keeps[g.IntN(2)], Gone: g.share(0.5)}
	if s.Resumes.Gone > 0 {
		s.For += mostAbsence // so that some are back within it; the others are when all heals
	}
	s.Resumes.Tickets = g.share(1)
	if g.IntN(4) == 0 {
		s.Resumes.KeepSeats = time.Duration(1+g.IntN(10)) * time.Second
	}
	if g.IntN(4) == 0 {
		s.Game.Resume = tickwire.LoseMessages
	}
}

// comesAgain starts the process of a player again who is over.
func (r *run) comesAgain(id uint64, before *world.Player) *world.Player {
	if before != nil && r.absences.Float64() < r.Resumes.Tickets {
		if p, err := r.world.Resume(before); err == nil {
			return p
		}
	}
	return r.newPlayer(id)
}

// makeAbsences lets somebody be gone who is there, and comes back.
func (r *run) makeAbsences() {
	if r.absences.Float64() >= r.Resumes.Gone/float64(r.TickRate) || len(r.seats) == 0 {
		return
	}
	p := r.seats[r.absences.IntN(len(r.seats))]
	if present(p) {
		p.Cut(true, true)
		r.later = append(r.later, later{r.ticks + ticksOf(r.absences.absence(), r.TickRate), p.Heal})
	}
}

// present reports whether a player and the server know of each other, and nothing is known to stand
// between them.
func present(p *world.Player) bool {
	return p.Client.Open() && p.Server.Open() && !p.CutOff() && !p.Client.Away() && !p.Server.Away()
}

// patience is how long nothing reliable may get on over healed links: seats of those who crashed are
// kept as well.
func (s *Scenario) patience() time.Duration { return patience + s.Resumes.KeepSeats }

const (
	// leastAbsence is longer than a timeout, and the longest absence is well within the time for
	// which seats are kept.
	leastAbsence = 12 * time.Second
	mostAbsence  = 25 * time.Second
)

// absence is how long somebody is gone.
func (g generator) absence() time.Duration {
	return leastAbsence + time.Duration(g.Int64N(int64(mostAbsence-leastAbsence)))
}

// ticksOf is how many ticks a time has.
func ticksOf(d time.Duration, rate int) int { return int(d.Seconds() * float64(rate)) }
