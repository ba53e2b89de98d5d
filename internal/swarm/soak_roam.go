package swarm

import (
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/simnet/world"
)

// clean reports whether the links lose nothing and are wide, so that whatever pauses is the
// library's doing.
func (c *SoakConfig) clean() bool {
	delay := simnet.LinkConfig{Delay: c.Link.Delay, Jitter: c.Link.Jitter}
	return c.Link == delay && c.Holds == 0
}

// keepPaths opens paths where there are too few, and has somebody watch those who are to be watched.
func (s *soak) keepPaths() {
	for i, p := range s.players {
		if !p.Client.Open() || !p.Server.Open() {
			continue
		}
		if i < s.cfg.Watched && !p.Watched() {
			watch(p, s.roams)
		}
		have := 0
		for range p.Client.Conn().Paths() {
			have++
		}
		for ; have < s.cfg.Paths; have++ {
			s.openPath(p)
		}
	}
}

// openPath opens a path that is slower than the one before: the second shares, the third is a
// stream in reserve, the fourth carries copies, and so on.
func (s *soak) openPath(p *world.Player) {
	n := len(p.Lines())
	link := s.cfg.Link
	link.Delay += time.Duration(n%4) * pathsApart
	cfg := world.LineConfig{Links: simnet.Links{Up: link, Down: link}}
	switch n % 3 {
	case 2:
		cfg.Use, cfg.Reliable = tickwire.UseReserve, true
	case 0:
		cfg.Use = tickwire.UseCopy
	}
	_, _ = p.OpenPath(cfg) // or the peer takes no more
}

// getAbout has players roam, and lines die that have another beside them.
func (s *soak) getAbout() {
	for _, p := range s.players {
		if s.cfg.Roam > 0 && s.happens(s.cfg.Roam) {
			l := p.Lines()[s.roams.IntN(len(p.Lines()))]
			if err := l.Roam(s.roams.IntN(2) == 0, s.roams.keeps()); err != nil {
				panic(err) // nobody else has those addresses
			}
		}
		if s.cfg.Paths > 1 && s.happens(diesEach) {
			s.die(p)
		}
	}
}

// happens draws whether something happens in this tick that does so each time on average.
func (s *soak) happens(each time.Duration) bool {
	return s.roams.Float64() < float64(time.Second)/float64(each)/tickRate
}

// die takes one of the paths down that a player has, for a while, if another is whole.
func (s *soak) die(p *world.Player) {
	lines := p.Lines()
	l := lines[s.roams.IntN(len(lines))]
	if l.Whole() && p.Spare(l) {
		l.Cut()
		s.down = append(s.down, downLine{l, s.ticks + int(s.roams.Float64()*deadFor.Seconds()*tickRate)})
	}
}

// A downLine is one that comes up again.
type downLine struct {
	line *world.Line
	at   int
}

// revive brings lines up whose time has come.
func (s *soak) revive() {
	kept := s.down[:0]
	for _, d := range s.down {
		if d.at <= s.ticks {
			d.line.Heal()
		} else {
			kept = append(kept, d)
		}
	}
	s.down = kept
}

const (
	// pathsApart is how much slower each further path of a player is.
	pathsApart = 20 * time.Millisecond
	// diesEach is how often a line goes down on average, and deadFor how long at most.
	diesEach = 10 * time.Second
	deadFor  = 8 * time.Second
)
