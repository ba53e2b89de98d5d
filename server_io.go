package tickwire

import (
	"github.com/tickwire/tickwire/internal/wire"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/transport"
)

const wireInternal = wire.CodeInternal

// handle implements owner: netcode says what a datagram is.
func (s *Server) handle(now int64, p *port, d *transport.Datagram) {
	buf := p.begin()
	ev := s.guard.HandleDatagram(now, s.unix, source(d.Path), d.Bytes, buf)
	if len(ev.Reply) > 0 {
		p.commit(d.Path, ev.Reply)
	}
	switch ev.Kind {
	case netcode.EventPacket:
		c := s.table[ev.Seat.Handle]
		if ev.First {
			s.opened(c)
		}
		c.end.HandlePacket(now, ev.Path, ev.Number, ev.Frames)
		s.touch(c)
		s.markDirty(c)
	case netcode.EventConnected:
		s.connected(p, d.Path, ev)
	case netcode.EventRenewed:
		s.renewed(p, d.Path, ev)
	case netcode.EventMoved: // not confirmed yet, and challenged anew where it is now
		c := s.table[ev.Seat.Handle]
		c.port, c.path = p, d.Path
	case netcode.EventPayload:
		c := s.table[ev.Seat.Handle]
		c.plain.push(&c.plain.arrived, ev.Frames)
		s.touch(c)
	default:
		s.handshakeEvent(ev, d.Path)
	}
}

// connected gives a seat its Conn.
func (s *Server) connected(p *port, path transport.Path, ev netcode.Event) {
	c := s.newConn(p, path)
	c.seat, c.clientID, c.userData = ev.Seat, ev.Seat.ClientID(), ev.Seat.UserData()
	ev.Seat.Handle = s.handleFor(c)
	if ev.Replaced != nil {
		s.replaced(s.table[ev.Replaced.Handle])
	}
	if ev.Seat.Plain() {
		c.plain = &plainConn{core: &s.core}
		if len(ev.Frames) > 0 {
			c.plain.push(&c.plain.arrived, ev.Frames)
		}
		s.opened(c)
		return
	}
	s.adopt(c, ev)
}

// adopt gives a Conn the endpoint that was made when its OFFER was judged.
func (s *Server) adopt(c *Conn, ev netcode.Event) {
	c.end, s.judged = s.judged, nil
	c.end.SetTimeout(endpointTimeout(ev.Seat.Timeout()))
	c.sealer = ev.Seat.Sealer()
	c.deadline = c.end.Deadline()
	if ev.First {
		s.opened(c)
	}
}

// replaced ends the older connection of a player who came again.
func (s *Server) replaced(c *Conn) {
	if c.state == connOpening {
		s.abandon(c)
		return
	}
	c.close(CodeReplaced, "")
}

// renewed: a client that was started anew takes its unconfirmed seat again.
// The game has not seen the Conn yet.
func (s *Server) renewed(p *port, path transport.Path, ev netcode.Event) {
	c := s.table[ev.Seat.Handle]
	c.end.Release()
	c.port, c.path = p, path
	s.adopt(c, ev)
}

// handshakeEvent handles what did not concern a connection.
func (s *Server) handshakeEvent(ev netcode.Event, path transport.Path) {
	if ev.Kind == netcode.EventDisconnected {
		s.seatLost(ev)
	}
	if ev.Drop != netcode.DropNone {
		s.notices.drop(s, ev.Drop, path)
	}
}

// seatLost: a plain client left or fell silent, or a seat was not confirmed in time.
func (s *Server) seatLost(ev netcode.Event) {
	c := s.table[ev.Seat.Handle]
	switch {
	case c.state == connOpening:
		s.abandon(c)
	case ev.Why == netcode.WhyTimeout:
		s.ended(c, Reason{Code: CodeTimeout})
	default:
		s.ended(c, Reason{Code: CodeNone, Remote: true})
	}
}

// abandon forgets a Conn that the game never saw.
func (s *Server) abandon(c *Conn) {
	c.state = connGone
	if c.end != nil {
		c.end.Release()
	}
}

// timeout implements owner.
func (s *Server) timeout(now int64) {
	for {
		ev := s.guard.HandleTimeout(now, s.unix)
		if ev.Kind == netcode.EventNone {
			break
		}
		if ev.Kind == netcode.EventDisconnected {
			s.seatLost(ev)
		}
	}
	s.drain()
}

// drain sends what netcode has to send: keep-alives and goodbyes of plain connections.
func (s *Server) drain() {
	for {
		p := s.ports[0]
		b, to, ok := s.guard.NextDatagram(p.begin())
		if !ok {
			return
		}
		p, path := s.wayTo(to)
		p.send(path, b)
	}
}

// wayTo finds the socket and path of a source that netcode names.
func (s *Server) wayTo(to netcode.Source) (*port, transport.Path) {
	for _, c := range s.live {
		if source(c.path) == to {
			return c.port, c.path
		}
	}
	if to.Kind() == 0 {
		return s.ports[0], transport.PathTo(to.AddrPort())
	}
	return s.ports[0], transport.Path{Kind: transport.Kind(to.Kind()), Association: to.Association()}
}

// deadline implements owner.
func (s *Server) deadline() int64 { return s.guard.Deadline() }

// beforeData implements owner: until a connection is confirmed ACCEPT goes first, or the
// client could not read what follows.
func (s *Server) beforeData(c *Conn) {
	if c.seat.Confirmed() {
		return
	}
	if accept := s.guard.AppendAccept(s.now, c.seat, s.reply[:0]); len(accept) > 0 {
		s.reply = accept
		c.port.insert(c.path, accept)
	}
}

// appendPayload implements owner.
func (s *Server) appendPayload(c *Conn, dst, payload []byte) ([]byte, error) {
	return s.guard.AppendPayload(s.now, c.seat, dst, payload)
}

// closePlain implements owner.
func (s *Server) closePlain(c *Conn) {
	s.guard.Disconnect(s.now, c.seat)
	s.drain()
}

// release implements owner.
func (s *Server) release(c *Conn) {
	s.guard.Release(s.now, c.seat)
	s.table[c.seat.Handle] = nil
	s.free = append(s.free, c.seat.Handle)
}

func (s *Server) handleFor(c *Conn) int {
	if n := len(s.free); n > 0 {
		h := s.free[n-1]
		s.free = s.free[:n-1]
		s.table[h] = c
		return h
	}
	s.table = append(s.table, c)
	return len(s.table) - 1
}
