package swarm

import (
	"time"

	"github.com/tickwire/tickwire/simnet/world"
)

// keepFor is how long a seat of a soak is kept beyond the timeout.
const keepFor = 30 * time.Second

// keepSeats is ServerConfig.KeepSeats of a soak.
func (c *SoakConfig) keepSeats() time.Duration {
	if c.Resume > 0 || c.Restart > 0 {
		return keepFor
	}
	return 0
}

// An absence is that of a player whose lines are dead until a tick.
type absence struct {
	player *world.Player
	until  int
}

// loseTouch has somebody's lines die in both directions, now and then, and brings those back to life
// whose time has come.
func (s *soak) loseTouch() {
	kept := s.gone[:0]
	for _, a := range s.gone {
		switch {
		case a.until > s.ticks:
			kept = append(kept, a)
			continue
		case a.player.CutOff():
			a.player.Heal()
		}
	}
	s.gone = kept
	every := int(s.cfg.Resume * tickRate / time.Second)
	if every <= 0 || s.ticks%every != 0 {
		return
	}
	if p := s.players[s.absences.IntN(len(s.players))]; present(p) {
		p.Cut(true, true)
		s.gone = append(s.gone, absence{p, s.ticks + ticksOf(s.absences.absence(), tickRate)})
	}
}

// downFor is how long a server of a soak is down that has crashed.
const downFor = 2 * time.Second

// restart has the server crash now and then, and run again.
func (s *soak) restart() {
	every := ticksOf(s.cfg.Restart, tickRate)
	if every <= 0 {
		return
	}
	switch s.ticks % every {
	case 0:
		s.world.CrashServer()
	case ticksOf(downFor, tickRate):
		s.start()
	}
}

// start starts the server, unless it runs.
func (s *soak) start() {
	if s.world.Server() != nil {
		return
	}
	if err := s.world.StartServer(); err != nil {
		panic(err) // it could be started before
	}
}
