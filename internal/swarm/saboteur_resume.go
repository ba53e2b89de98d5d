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

// haunts remembers a message, and passes it on again when both sides of its connection have begun
// anew, if the fault is that.
func (s *saboteur) haunts(l *world.Lane, payload []byte, pass func([]byte)) {
	if s.fault != Ghost {
		return
	}
	g := s.echo.lane
	switch {
	case g == nil && len(payload) >= world.StampBytes && l.Channel().Delivery == tickwire.ReliableUnordered:
		s.echo = echo{lane: l, payload: bytes.Clone(payload)}
	case g != nil && g != l && g.String() == l.String():
		pass(s.echo.payload)
		s.echo.lane = nil
	}
}
