package tickwire

import (
	"bytes"

	"github.com/tickwire/tickwire/endpoint"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/transport"
)

// handle implements owner: netcode says what a datagram is.
func (s *Server) handle(now int64, p *port, d *transport.Datagram) {
	w := p.wayBack(d)
	s.near = w
	ev := s.guard.HandleDatagram(now, s.unix, source(d.Path), d.Bytes, s.answer[:0])
	if len(ev.Reply) > 0 {
		s.answer = ev.Reply
		w.send(ev.Reply)
	}
	switch ev.Kind {
	case netcode.EventPacket:
		s.packet(now, w, ev)
	case netcode.EventConnected:
		s.connected(w, ev)
	case netcode.EventRenewed:
		s.renewed(w, ev)
	case netcode.EventResuming:
		s.resuming(w, ev)
	case netcode.EventResumed:
		s.resumed(now, w, ev)
	case netcode.EventMoved: // not confirmed yet, and challenged anew where it is now
		s.table[ev.Seat.Handle].aimAt(w)
	case netcode.EventPayload:
		c := s.table[ev.Seat.Handle]
		c.plain.push(&c.plain.arrived, ev.Frames)
		s.heard(c)
	default:
		s.handshake(w, ev)
	}
}

// packet hands a packet of ours to its endpoint. The first one opens the Conn.
func (s *Server) packet(now int64, w way, ev netcode.Event) {
	c := s.table[ev.Seat.Handle]
	if ev.First {
		if !ev.Moved {
			c.aimAt(w)
		}
		if c.state == connOpening { // not replaced meanwhile
			s.opened(c)
			s.giveTickets(c)
			s.tellAddresses(c)
		}
	}
	s.frames(now, w, c, ev)
}

// frames hands the frames of a packet to the endpoint.
func (s *Server) frames(now int64, w way, c *Conn, ev netcode.Event) {
	c.end.HandlePacket(now, endpoint.Incoming{
		Path: ev.Path, From: c.route(w), ECN: s.mark, Number: ev.Number, Frames: ev.Frames,
	})
	if ev.Moved {
		s.settle(c, ev.Path, w)
	}
	c.seat.Absent = false
	for _, _, ok := c.nextControl(); ok; _, _, ok = c.nextControl() {
		continue // nothing that a player says there concerns a server
	}
	s.heard(c)
	s.markDirty(c)
}

// settle tells netcode, and the Conn, where a player is whom the endpoint has found
// to be on a path by another way. Until then whatever comes by it counts as moved.
func (s *Server) settle(c *Conn, path uint8, w way) {
	st := c.end.PathStats(path)
	if at := c.wayBy(st.Route); at == nil || *at != w || st.State != PathActive {
		return
	}
	s.guard.Settled(c.seat, path, source(w.path))
	if w.reliable() && !st.Reliable {
		// Of a path that this end has, so that it cannot fail.
		_ = c.end.SetPath(s.now, path, endpoint.PathConfig{
			Route: st.Route, Reliable: true, Use: st.Use, Weight: st.Weight,
		})
	}
	c.follow()
}

// connected gives a seat its Conn.
func (s *Server) connected(w way, ev netcode.Event) {
	c := s.newConn(w)
	c.seat, c.clientID = ev.Seat, ev.Seat.ClientID()
	c.userData = bytes.Clone(ev.Seat.UserData()) // the seat will be someone else's
	ev.Seat.Handle = s.handleFor(c)
	s.replace(ev.Replaced)
	if !ev.Seat.Plain() {
		s.adopt(c)
		return
	}
	c.plain = new(plainConn)
	if len(ev.Frames) > 0 {
		c.plain.push(&c.plain.arrived, ev.Frames)
	}
	s.remember(w)
	s.opened(c)
	if s.shutBy != never { // it was answered before
		c.close(CodeGoingAway, serverClosed)
	}
}

// adopt gives a Conn the endpoint that was made when its OFFER was judged.
func (s *Server) adopt(c *Conn) {
	c.end, s.judged = s.judged, nil
	c.end.SetTimeout(endpointTimeout(c.seat.Timeout()))
	c.end.SetKeepFor(s.cfg.KeepSeats)
	c.seal(c.seat.Sealer())
	c.renewAt = never
	s.due.set(c, c.deadline())
}

// replace ends the older connection of a player who came again, if there is one.
func (s *Server) replace(old *netcode.Seat) {
	if old != nil {
		s.table[old.Handle].close(CodeReplaced, "")
	}
}

// renewed: a client that was started anew takes its unconfirmed seat again.
// The game has not seen the Conn yet.
func (s *Server) renewed(w way, ev netcode.Event) {
	c := s.table[ev.Seat.Handle]
	c.end.Release()
	c.aimAt(w)
	s.adopt(c)
}

// handshake handles what does not concern a connection, or ends one.
func (s *Server) handshake(w way, ev netcode.Event) {
	if ev.Kind == netcode.EventDisconnected {
		s.seatLost(ev)
	}
	if ev.Drop != netcode.DropNone {
		s.notices.drop(s, ev.Drop, w.path)
	}
	if ev.Undecided {
		s.remember(w) // a plain client may be about to be seated; a stranger is not remembered
	}
	s.drain()
}

// seatLost: a plain client left or fell silent, or a seat was not confirmed in time.
func (s *Server) seatLost(ev netcode.Event) {
	c := s.table[ev.Seat.Handle]
	switch {
	case c.waits:
		s.forgetWaiting(c)
	case c.state == connOpening:
		s.abandon(c)
	case ev.Why == netcode.WhyTimeout:
		s.ended(c, Reason{Code: CodeTimeout})
	default:
		s.ended(c, Reason{Code: CodeNone, Remote: true})
	}
}

// abort implements owner: the client, which may have its ACCEPT or get it again, is
// told as every other one is, until it has confirmed that. The game never saw the Conn.
func (s *Server) abort(c *Conn, r Reason) {
	s.guard.Leave(c.seat)
	c.end.Close(s.now, r.Code, r.Text)
	s.abandoned(c)
	s.markDirty(c)
}

// abandon forgets a Conn that the game never saw and whose client fell silent.
func (s *Server) abandon(c *Conn) {
	c.end.Release()
	s.due.remove(c)
	s.release(c)
	s.abandoned(c)
}

// timeout implements owner.
func (s *Server) timeout(now int64) {
	for {
		ev := s.guard.HandleTimeout(now, s.unix)
		if ev.Kind == netcode.EventNone {
			break
		}
		switch ev.Kind {
		case netcode.EventDisconnected:
			s.seatLost(ev)
		case netcode.EventUnheard:
			s.core.cfg.Logger.Info("plain client was let in and said nothing until its timeout",
				"client", ev.Seat.ClientID(), "from", ev.Seat.Source().AddrPort())
			s.guard.Release(now, ev.Seat)
		}
	}
	s.drain()
}

// drain sends what netcode has to send: keep-alives and goodbyes of plain
// connections.
func (s *Server) drain() {
	for {
		b, to, ok := s.guard.NextDatagram(s.answer[:0])
		if !ok {
			return
		}
		s.answer = b
		w := s.wayTo(to)
		w.send(b)
	}
}

// remember notes by which way a source is reached. It matters only to plain
// clients of a server with several sockets or addresses.
func (s *Server) remember(w way) {
	if len(s.ports) == 1 && !w.local.IsValid() || s.cfg.Config.plain(s.cfg.Plain) == netcode.PlainRefuse {
		return
	}
	if s.ways == nil || len(s.ways) > maxWays {
		s.ways = make(map[netcode.Source]way)
		for _, c := range s.live {
			if c.plain != nil {
				s.ways[source(c.at.path)] = c.at
			}
		}
	}
	s.ways[source(w.path)] = w
}

// maxWays bounds the sources that are remembered and have no connection.
const maxWays = 1 << 16

// wayTo finds the socket and path of a source that netcode names.
func (s *Server) wayTo(to netcode.Source) way {
	if s.near.port != nil && source(s.near.path) == to {
		return s.near
	}
	if w, ok := s.ways[to]; ok {
		return w
	}
	path := transport.Path{Kind: transport.Kind(to.Kind()), Association: to.Association()}
	if to.Kind() == 0 {
		path = transport.PathTo(to.AddrPort())
	}
	return way{port: s.ports[0], path: path}
}

// deadline implements owner.
func (s *Server) deadline() int64 { return s.guard.Deadline() }

// beforeData implements owner: until a connection is confirmed ACCEPT goes
// first, or the client could not read what follows.
func (s *Server) beforeData(c *Conn) {
	if c.seat.Confirmed() {
		return
	}
	if accept := s.guard.AppendAccept(s.now, c.seat, s.hello[:0]); len(accept) > 0 {
		s.hello = accept
		c.at.port.insert(&c.at, accept)
	}
}

// lapsed implements owner: a server's players find it, not the other way round.
func (s *Server) lapsed(c *Conn) {
	if c.seat == nil {
		return
	}
	if c.seat.Absent = c.end.Away(); s.now >= c.renewAt && c.open() && !c.end.Away() {
		s.giveTicket(c)
	}
}

// failed implements owner: a server needs each of its sockets.
func (s *Server) failed(*port) bool { return false }

// appendPayload implements owner.
func (s *Server) appendPayload(c *Conn, dst, payload []byte) ([]byte, error) {
	return s.guard.AppendPayload(s.now, c.seat, dst, payload)
}

// closePlain implements owner.
func (s *Server) closePlain(c *Conn) {
	s.guard.Disconnect(s.now, c.seat)
	s.drain()
}

// dismiss implements owner.
func (s *Server) dismiss() {
	for s.guard.Dismiss(s.now) {
		s.drain()
	}
}

// left implements owner. Whom the server has sent away does not come back with a ticket.
func (s *Server) left(c *Conn) {
	if !c.reason.Remote && c.reason.Code != CodeTimeout && c.reason.Code != CodeGoingAway {
		if !s.guard.Revoke(c.seat) {
			s.core.cfg.Logger.Error("no room to remember that a player was sent away: his resume tickets stay good", "client", c.clientID)
		}
	}
	s.guard.Leave(c.seat)
}

// release implements owner.
func (s *Server) release(c *Conn) {
	if c.seat == nil {
		return
	}
	handle := c.seat.Handle
	s.guard.Release(s.now, c.seat)
	c.seat, c.sealer = nil, nil
	s.table[handle] = nil
	s.free = append(s.free, handle)
}

// retire implements owner.
func (s *Server) retire() {
	s.forgetJudged()
	for _, c := range s.table {
		if c != nil && c.waits && c.end != nil {
			c.end.Release()
		}
	}
}

// handleFor puts a Conn into the table.
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
