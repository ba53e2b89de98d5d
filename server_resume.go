package tickwire

import (
	"bytes"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
	"github.com/tickwire/tickwire/netcode"
)

// A player who resumes shows a ticket that he was given, and is answered (SPEC.md, 3.6):
//
//	RESUME → judged → a seat waits with what was prepared → its first packet → the Conn moves in
//
// Until that packet nothing is moved. The Conn is the same as before, with a seat, keys and a way
// that are new; or a new one, if there is none any more, as after a restart of the server.

// leastTicketLife bounds the life of tickets from below: a server may take a while to be
// started anew.
const leastTicketLife = 2 * time.Minute

// giveTickets gives a player who is connected two tickets: should his line die when he has used
// one, and before he gets others, he has the second.
func (s *Server) giveTickets(c *Conn) {
	s.giveTicket(c)
	s.giveTicket(c)
}

// giveTicket gives a player a ticket, and notes when he needs the next one: when half of its life
// is over. The other half lasts as long as he may be silent and still be here: he may hold, and
// is given none meanwhile, and then be away.
func (s *Server) giveTicket(c *Conn) {
	if c.renewAt = never; s.cfg.KeepSeats <= 0 || c.end == nil {
		return
	}
	life := max(2*(c.end.MaxHold()+c.seat.Timeout()+s.cfg.KeepSeats), leastTicketLife)
	ticket, err := s.guard.AppendTicket(s.unix, c.seat, life, s.scratch[:0])
	s.scratch = ticket
	if err == nil {
		err = c.end.SendControl(wire.ControlTicket, ticket)
	}
	if err != nil && c.end.Open() { // else it is over anyway
		s.core.cfg.Logger.Warn("no resume ticket", "client", c.clientID, "err", err)
	}
	c.renewAt = s.now + int64(life/2)
	s.markDirty(c)
}

// resumes is the Conn of which a ticket is; nil if there is none.
func (s *Server) resumes(o *netcode.Offer) *Conn {
	if o.Resumes == nil {
		return nil
	}
	return s.table[o.Resumes.Handle]
}

// continues reports whether the endpoints of both ends are those that the other one knows,
// and both sides want to go on with them.
func (s *Server) continues(c *Conn, o *netcode.Offer) bool {
	if s.core.cfg.Resume != KeepMessages || c.state != connOpen || c.end == nil || o.Continues != c.end.Instance() {
		return false
	}
	h, ok := wire.ConsumeHello(o.Hello)
	return ok && h.Instance == c.end.PeerInstance()
}

// resuming notes what was prepared for a seat that waits for its first packet.
func (s *Server) resuming(w way, ev netcode.Event) {
	c := s.waiting(ev.Seat)
	if c == nil {
		c = &Conn{core: &s.core, seat: ev.Seat, waits: true, renewAt: never}
		ev.Seat.Handle = s.handleFor(c)
	}
	if c.end != nil {
		c.end.Release()
	}
	c.end = nil
	if !ev.Continue {
		c.end, s.judged = s.judged, nil
	}
	c.aimAt(w)
}

// waiting is what was prepared for a seat; nil if nothing was yet.
func (s *Server) waiting(seat *netcode.Seat) *Conn {
	if h := seat.Handle; h < len(s.table) && s.table[h] != nil && s.table[h].seat == seat {
		return s.table[h]
	}
	return nil
}

// forgetWaiting: the player who resumes did not come, or not in time.
func (s *Server) forgetWaiting(c *Conn) {
	if c.end != nil {
		c.end.Release()
	}
	s.release(c)
}

// resumed: the player is back, on a seat that is new.
func (s *Server) resumed(now int64, w way, ev netcode.Event) {
	waited := s.table[ev.Seat.Handle]
	if !ev.Moved {
		waited.aimAt(w)
	}
	s.replace(ev.Replaced)
	c := waited
	if ev.Old == nil {
		s.returned(c)
	} else if c = s.table[ev.Old.Handle]; !s.moveIn(c, waited, ev) {
		return
	}
	s.counts.Resumed++
	s.frames(now, w, c, ev)
	s.giveTickets(c)
	if !ev.Continue {
		s.tellAddresses(c)
	}
}

// returned makes a Conn of a player whose former one is over, or of an earlier run.
func (s *Server) returned(c *Conn) {
	c.waits, c.resumed = false, true
	c.clientID, c.userData = c.seat.ClientID(), bytes.Clone(c.seat.UserData())
	s.enlist(c)
	s.judged = c.end
	s.adopt(c)
	s.opened(c)
	if s.shutBy != never { // he was answered before
		c.close(CodeGoingAway, serverClosed)
	}
}

// moveIn moves a Conn to the seat on which its player is back. One that the game has closed
// meanwhile stays closed.
func (s *Server) moveIn(c, waited *Conn, ev netcode.Event) bool {
	if c.state != connOpen || ev.Continue && c.continues(waited.at) != nil {
		s.forgetWaiting(waited)
		return false
	}
	old, handle := c.seat, c.seat.Handle
	c.seat = ev.Seat
	s.table[ev.Seat.Handle], s.table[handle] = c, nil
	s.free = append(s.free, handle)
	s.guard.Release(s.now, old)
	if !ev.Continue {
		c.follows(waited.end, waited.at)
		c.end.SetTimeout(endpointTimeout(c.seat.Timeout()))
		c.end.SetKeepFor(s.cfg.KeepSeats)
	}
	c.seal(c.seat.Sealer())
	return true
}
