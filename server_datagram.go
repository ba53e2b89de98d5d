package tickwire

import (
	"log/slog"

	"github.com/tickwire/tickwire/endpoint"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/transport"
)

// handle implements role: netcode says what a datagram is.
func (s *Server) handle(in reading) {
	w := in.port.wayBack(in.Datagram)
	ev := s.netcode.HandleDatagram(in.at, s.unix.Load(), sourceOf(in.Path), in.Bytes, s.reply[:0])
	if len(ev.Reply) > 0 {
		s.reply = ev.Reply
		w.send(ev.Reply)
	}
	switch ev.Kind {
	case netcode.EventPacket:
		if ev.First {
			s.seatConfirmed(w, ev)
		}
		playerOn(ev.Seat).handlePacket(in, w, &ev)
	case netcode.EventConnected:
		s.seatTaken(w, ev)
	case netcode.EventRenewed:
		s.seatRenewed(w, ev)
	case netcode.EventResuming:
		s.expectReturn(w, ev)
	case netcode.EventResumed:
		s.playerReturned(in, w, ev)
	case netcode.EventMoved: // not confirmed yet, and challenged anew where it is now
		ev.Seat.Owner.(aimer).aimAt(w)
	case netcode.EventPayload:
		playerOn(ev.Seat).conn.handlePayload(in.at, ev.Frames)
	default:
		s.handleOther(w, ev)
	}
}

// An aimer is what a seat that is not confirmed belongs to: a player, or one who is expected.
type aimer interface{ aimAt(way) }

func (p *player) aimAt(w way) { p.conn.aimAt(w) }

func (e *expected) aimAt(w way) { e.at = w }

// seatConfirmed: the first packet has come of a player who has a seat. It opens his Conn.
func (s *Server) seatConfirmed(w way, ev netcode.Event) {
	p := playerOn(ev.Seat)
	if !ev.Moved {
		p.conn.aimAt(w)
	}
	if p.conn.state == connOpening { // not replaced meanwhile
		s.connected(p.conn)
		p.giveFirstTickets()
		p.tellAddresses()
	}
}

// handlePacket hands a packet to the player's endpoint.
func (p *player) handlePacket(in reading, w way, ev *netcode.Event) {
	p.newest = max(p.newest, in.came)
	p.conn.handlePacket(p.newest, endpoint.Incoming{
		Path: ev.Path, From: p.conn.route(w), ECN: endpoint.ECN(in.ECN), Number: ev.Number, Frames: ev.Frames,
	})
	if ev.Moved {
		p.foundAt(w, ev.Path)
	}
}

// seatTaken gives a player who has a seat his Conn.
func (s *Server) seatTaken(w way, ev netcode.Event) {
	p := s.seated(ev.Seat, w)
	s.closeReplaced(ev.Replaced)
	if !ev.Seat.Plain() {
		p.begin(s.expect(w, ev))
		return
	}
	c := p.conn
	c.plain = s.newPlain(p)
	if len(ev.Frames) > 0 {
		c.handlePayload(s.now, ev.Frames)
	}
	s.plainWays.remember(sourceOf(w.path), w, true)
	s.connected(c)
	if s.parting { // it was answered before
		c.close(CodeGoingAway, serverClosed)
	}
}

// closeReplaced ends the older connection of a player who came again, if there is one.
func (s *Server) closeReplaced(old *netcode.Seat) {
	if p := playerOn(old); p != nil {
		p.conn.close(CodeReplaced, "")
	}
}

// seatRenewed: a client that was started anew takes its unconfirmed seat again.
// The game has not seen the Conn yet.
func (s *Server) seatRenewed(w way, ev netcode.Event) {
	p := playerOn(ev.Seat)
	p.conn.end.Release()
	p.conn.aimAt(w)
	p.begin(s.expect(w, ev))
}

// handleOther handles what does not concern a connection, or ends one.
func (s *Server) handleOther(w way, ev netcode.Event) {
	if ev.Kind == netcode.EventDisconnected {
		s.seatLost(ev)
	}
	if ev.Drop != netcode.DropNone {
		s.noticeDrop(ev, w.path)
	}
	if ev.Undecided { // a plain client may be about to be seated; a stranger is not remembered
		s.plainWays.remember(sourceOf(w.path), w, false)
	}
	s.sendDue(w)
}

// seatLost: a plain client left or fell silent, or a seat was not confirmed in time.
func (s *Server) seatLost(ev netcode.Event) {
	p := playerOn(ev.Seat)
	switch {
	case p == nil: // he who was expected did not come, or not in time
		s.netcode.Release(s.now, ev.Seat)
	case p.conn.state == connOpening:
		p.neverConnected()
	case ev.Why == netcode.WhyTimeout:
		s.disconnected(p.conn, Reason{Code: CodeTimeout})
	default:
		s.disconnected(p.conn, Reason{Code: CodeNone, Remote: true})
	}
}

// timeout implements role.
func (s *Server) timeout(now int64) {
	for {
		ev := s.netcode.HandleTimeout(now, s.unix.Load())
		if ev.Kind == netcode.EventNone {
			break
		}
		switch ev.Kind {
		case netcode.EventDisconnected:
			s.seatLost(ev)
		case netcode.EventUnheard:
			s.notice(noticeUnheard, slog.LevelInfo, "plain client was let in and said nothing until its timeout",
				"client", ev.Seat.ClientID(), "from", ev.Seat.Source().AddrPort())
			s.netcode.Release(now, ev.Seat)
		}
	}
	if s.netcode.Deadline() <= now {
		s.sendDue(way{})
	}
}

// deadline implements role.
func (s *Server) deadline() int64 { return s.netcode.Deadline() }

// sendDue sends what netcode has to send: keep-alives and goodbyes of plain
// connections. Near is the way that is most likely, if any is.
func (s *Server) sendDue(near way) {
	for {
		b, to, ok := s.netcode.NextDatagram(s.reply[:0])
		if !ok {
			return
		}
		s.reply = b
		if near.port == nil || sourceOf(near.path) != to {
			near = s.plainWays.to(to)
		}
		near.send(b)
	}
}

// doesWithout implements role: a server needs each of its sockets.
func (s *Server) doesWithout(*port) bool { return false }

// climb implements role: ladders are for clients.
func (s *Server) climb(*port, []transport.Ending) {}

// sayGoodbye implements role: plain clients that were answered, and did not speak since.
func (s *Server) sayGoodbye() {
	for s.netcode.Dismiss(s.now) {
		s.sendDue(way{})
	}
}
