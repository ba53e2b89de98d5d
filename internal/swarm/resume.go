package swarm

import (
	"time"

	"github.com/tickwire/tickwire/simnet/world"
)

// Resumes are about players who are gone for longer than their timeout. The zero value keeps nobody.
type Resumes struct {
	KeepSeats time.Duration // as in ServerConfig
	Gone      float64       // chance in a second that somebody's lines die in both directions, for longer than that
}

// addResumes has a server keep those who are gone: for longer than a scenario lasts, so that each comes
// back to the connection that he had. Those servers run all the time.
func (s *Scenario) addResumes(g generator) {
	if s.Trouble.Restart > 0 || s.Trouble.Stop > 0 || g.IntN(4) == 0 {
		return
	}
	s.Resumes = Resumes{KeepSeats: []time.Duration{50 * time.Second, time.Minute}[g.IntN(2)], Gone: g.share(0.5)}
	if s.Resumes.Gone > 0 {
		s.For += mostAbsence // so that some are back within it; the others are when all heals
	}
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
