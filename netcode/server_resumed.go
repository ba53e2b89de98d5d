package netcode

import (
	"bytes"
	"crypto/subtle"
)

// wait takes a seat, or the one that waits already, and builds the ACCEPT.
func (in *resuming) wait(seat *Seat) Event {
	s := in.s
	if drop := in.agree(); drop != DropNone {
		return dropped(drop)
	}
	if seat == nil {
		if seat = s.seats.takeFor(in.clientID, s.now, s.adm.withheld(in.clientID), s.adm.reserved[in.clientID] != nil); seat == nil {
			return in.noSlot()
		}
		seat.home = s
		s.adm.returning++
	}
	c := &returning{who: in.who, begun: in.who.begun, issued: in.t.issued, pad: in.t.pad, continues: in.continues(), given: in.t.connectionID}
	c.ends = seconds(s.adm.unix) + ticketLifetime(in.ticket)
	c.answer = in.applicant
	c.answer.pad, c.answer.hello, c.answer.reply = &c.pad, bytes.Clone(in.hello), nil
	if c.continues {
		c.answer.flags = flagContinue
	}
	if in.old != nil {
		c.old, c.oldID = in.old, in.old.id
	}
	seat.state, seat.coming, in.who.seat = seatOurs, c, seat
	seat.clientID, seat.userData = in.clientID, keepData(&in.t.userData)
	seat.timeout = timeoutOf(in.t.timeoutSeconds)
	seat.source, seat.heard = in.from, s.now
	c.answer.key(seat)
	c.answer.agreed = nil
	s.watch(seat)
	ev := Event{Kind: EventResuming, Seat: seat, Hello: in.r.hello, Continue: c.continues, Note: in.note}
	var ok bool
	if c.accept, ok = c.answer.accept(seat, nil); !ok {
		c.accept, ev.Drop = nil, DropNoRandom // until it is asked for again
	}
	ev.Reply = append(in.reply, c.accept...)
	return ev
}

// repeat answers a RESUME that was answered before. If the client has moved meanwhile, which
// its cookie has proven, the same ACCEPT names the new source.
func (in *resuming) repeat(seat *Seat) Event {
	if subtle.ConstantTimeCompare(seat.share[:], in.share[:]) != 1 {
		return dropped(DropResumeOld)
	}
	c, ev := seat.coming, dropped(DropRepeated)
	if in.from != seat.Source() || len(c.accept) == 0 {
		c.answer.from = in.from
		accept, ok := c.answer.accept(seat, nil)
		if !ok {
			return dropped(DropNoRandom)
		}
		if c.accept = accept; in.from != seat.Source() {
			seat.source, ev = in.from, Event{Kind: EventMoved, Seat: seat}
		}
	}
	ev.Reply = append(in.reply, c.accept...)
	return ev
}

// placeFor says whether a player may come in the place of other, who is old if that is the
// connection that he resumes, and nil if he is not here.
func (s *Server) placeFor(clientID uint64, other, old *Seat) (Drop, Refusal) {
	switch {
	case other != nil && other != old && other.stays() && s.cfg.KeepOldest:
		return DropClientConnected, Refusal{Code: CodeConnected, RetryAfter: wholeSeconds(other.timeout)}
	case other == nil && !s.adm.hasRoom(clientID):
		return DropFull, s.adm.refusal(s.now)
	}
	return DropNone, Refusal{}
}

// resumed moves a player to the seat that waited for him: the first DATA under its keys
// has opened. If there is no place for him any more he is not let in, and may
// show his ticket again.
func (s *Server) resumed(from *Source, seat *Seat, b, reply []byte) Event {
	c := seat.coming
	other := s.older(seat.clientID, seat)
	old := other
	if old == nil || old != c.old || old.id != c.oldID {
		old = nil
	}
	drop, _ := s.placeFor(seat.clientID, other, old)
	switch {
	case c.who.seat != seat, c.issued <= c.who.used:
		drop = DropResumeOld
	case c.continues && old == nil:
		drop = DropResumeLate
	}
	if drop != DropNone {
		s.leave(seat)
		return Event{Kind: EventDisconnected, Seat: seat, Why: WhyRefused, Drop: drop, Reply: s.sayGone(from, b, reply)}
	}
	c.who.use(c.issued)
	s.notWaiting(seat)
	seat.before = origin{id: c.given, over: true}
	if old != nil {
		seat.issued, seat.ticketEnds, seat.before = old.issued, old.ticketEnds, old.origin
	} else { // where he was given others is forgotten: all until now count as those of this seat
		seat.issued, seat.ticketEnds = s.adm.issue(s.adm.unix), max(c.ends, s.adm.ticketsEnd)
	}
	ev := Event{Kind: EventResumed, Seat: seat, Continue: c.continues, Old: old}
	if replaced := s.seatClient(seat); replaced != old {
		ev.Replaced = replaced
	}
	return ev
}

// notWaiting notes that a seat does not wait for a player who resumes any more.
func (s *Server) notWaiting(seat *Seat) {
	if seat.coming == nil {
		return
	}
	if who := seat.coming.who; who.seat == seat {
		who.seat = nil
	}
	seat.coming = nil
	s.adm.returning--
}
