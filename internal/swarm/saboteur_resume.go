package swarm

import (
	"bytes"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet/world"
)

// An echo is a message that somebody got before his peer was away, and gets again when he is back.
type echo struct {
	lane    *world.Lane
	payload []byte
	before  int // comebacks of the end that got it
}

// echoes remembers a reliable message, and passes it on again after a comeback, if the fault is that.
func (s *saboteur) echoes(l *world.Lane, payload []byte, pass func([]byte)) {
	if s.fault != Echo || l.Channel().Delivery != tickwire.ReliableUnordered {
		return
	}
	p := l.From().Player()
	to := p.Server
	if l.From() == to {
		to = p.Client
	}
	switch {
	case s.echo.lane == nil && len(payload) >= world.StampBytes:
		s.echo = echo{l, bytes.Clone(payload), to.Comebacks()}
	case s.echo.lane == l && to.Comebacks() > s.echo.before:
		pass(s.echo.payload)
		s.echo.lane = nil
	}
}
