package tickwire

import (
	"bytes"
	"log/slog"
	"time"

	"github.com/tickwire/tickwire/endpoint"
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

// giveFirstTickets gives a player who has just connected, or returned, two resume tickets: should his line die when he has used
// one, and before he gets others, he has the second.
func (p *player) giveFirstTickets() {
	p.giveTicket()
	p.giveTicket()
}

// giveTicket gives a player a resume ticket, and notes when he needs the next one: when half of its life
// is over. The other half lasts as long as he may be silent and still be here: he may hold, and
// is given none meanwhile, and then be away.
func (p *player) giveTicket() {
	c, s := p.conn, p.server
	if p.renewAt = never; s.cfg.KeepSeats <= 0 || c.end == nil {
		return
	}
	life := max(2*(c.end.MaxHold()+p.seat.Timeout()+s.cfg.KeepSeats), leastTicketLife)
	ticket, err := s.netcode.AppendTicket(s.unix.Load(), p.seat, life, s.body[:0])
	s.body = ticket
	if err == nil {
		err = c.end.SendControl(wire.ControlTicket, ticket)
	}
	if err != nil && c.end.Open() { // else it is over anyway
		s.notice(noticeTicket, slog.LevelWarn, "no resume ticket", "client", c.clientID, "err", err)
	}
	p.renewAt = s.now + int64(life/2)
	s.markDirty(c)
}

// resumedBy is the Conn of which a ticket is; nil if there is none.
func resumedBy(o *netcode.Offer) *Conn {
	if p := playerOn(o.Resumes); p != nil {
		return p.conn
	}
	return nil
}

// canContinue reports whether the endpoints of both ends are those that the other one knows,
// and both sides want to go on with them.
func (c *Conn) canContinue(o *netcode.Offer) bool {
	if c.core.cfg.Resume != KeepMessages || c.state != connOpen || c.end == nil || o.Continues != c.end.Instance() {
		return false
	}
	h, ok := wire.ConsumeHello(o.Hello)
	return ok && h.Instance == c.end.PeerInstance()
}

// An expected is what is known of who has a seat, until there is an endpoint for him. One who
// resumes gets that with his first packet: until then the seat keeps this.
type expected struct {
	at    way
	since int64  // when he was let in
	seed  uint64 // of the endpoint whose HELLO was the answer to his
	hello []byte // his
}

// expect is who was let in by the datagram that was just judged.
func (s *Server) expect(w way, ev netcode.Event) expected {
	return expected{at: w, since: s.now, seed: ev.Note, hello: ev.Hello}
}

// endpointFor makes the endpoint of who is expected on a seat, of which his HELLO was answered.
func (s *Server) endpointFor(e *expected, seat *netcode.Seat) *endpoint.Endpoint {
	end := s.plan.New(e.since, endpoint.Life{
		Seed: e.seed, Path: endpoint.PathConfig{Reliable: e.at.reliable()}, Timeout: endpointTimeout(seat.Timeout()),
	})
	_ = end.HandleHello(e.since, e.hello) // it was compared before it was answered
	end.SetKeepFor(s.cfg.KeepSeats)
	return end
}

// expectReturn notes who has shown a ticket, until his first packet comes.
func (s *Server) expectReturn(w way, ev netcode.Event) {
	e := s.expect(w, ev)
	e.hello = bytes.Clone(e.hello)
	ev.Seat.Owner = &e
}

// playerReturned: a player is back, on a seat that is new.
func (s *Server) playerReturned(in reading, w way, ev netcode.Event) {
	e := ev.Seat.Owner.(*expected)
	if !ev.Moved {
		e.at = w
	}
	s.closeReplaced(ev.Replaced)
	p := playerOn(ev.Old)
	switch {
	case p == nil:
		p = s.returnAnew(e, ev.Seat)
	case !p.returnTo(ev.Seat, e, ev.Continue):
		s.netcode.Release(s.now, ev.Seat)
		return
	}
	s.counts.Resumed++
	p.handlePacket(in, w, &ev)
	p.giveFirstTickets()
	if !ev.Continue {
		p.tellAddresses()
	}
}

// returnAnew makes a Conn of a player whose former one is over, or of an earlier run.
func (s *Server) returnAnew(e *expected, seat *netcode.Seat) *player {
	p := s.seated(seat, e.at)
	p.conn.resumed = true
	p.begin(*e)
	s.connected(p.conn)
	if s.parting { // he was answered before
		p.conn.close(CodeGoingAway, serverClosed)
	}
	return p
}

// returnTo moves a player to the seat on which he is back, and reports whether he does: a Conn that
// the game has closed meanwhile stays closed.
func (p *player) returnTo(seat *netcode.Seat, e *expected, continues bool) bool {
	c, s := p.conn, p.server
	if c.state != connOpen || continues && c.continueAt(e.at) != nil {
		return false
	}
	s.netcode.Release(s.now, p.seat)
	p.seat, seat.Owner = seat, p
	if !continues {
		c.replaceEnd(s.endpointFor(e, seat), e.at)
	}
	c.seal(seat.Sealer())
	return true
}
