package netcode

import (
	"bytes"
	"crypto/subtle"

	"github.com/tickwire/tickwire/internal/wire"
)

// handleOffer reads a client's answer to a challenge. It names its token's
// entry in the clear; the token's keys open it; the challenge token inside
// proves that it comes from where the challenge went.
func (s *Server) handleOffer(from Source, b, reply []byte) Event {
	if len(b) < minOfferBytes || len(b) > maxOfferBytes {
		return dropped(DropOfferSize)
	}
	sequence := offerSequence(b)
	e := s.adm.entry(sequence)
	if e == nil {
		return dropped(DropUnknownToken)
	}
	if e.state == tokenConsumed {
		return dropped(DropUsed)
	}
	if drop := s.adm.gate.passKnown(s.now, &from, &e.paid); drop != DropNone {
		return dropped(drop)
	}
	ev := s.openOffer(from, e, sequence, b, reply)
	if ev.Kind == EventNone {
		s.adm.gate.chargeKnown(s.now, &from, &e.paid)
	}
	return ev
}

// openOffer reads an OFFER that names the token e.
func (s *Server) openOffer(from Source, e *tokenEntry, sequence uint64, b, reply []byte) Event {
	o := &s.offer
	*o = offer{}
	if drop := o.open(e.keysOf(s.cfg.ProtocolID), b); drop != DropNone {
		return dropped(drop)
	}
	c, ok := s.adm.challengeKey.open(o.challenge, sequence)
	if !ok || c.clientID != e.clientID {
		return dropped(DropChallengeForged)
	}
	if c.source != from {
		ev := s.challenge(&from, e, reply)
		ev.Drop = DropChallengeMoved
		return ev
	}
	a := admitting{e: e, o: o, applicant: applicant{
		s: s, keys: e.keysOf(s.cfg.ProtocolID), pad: &e.pad, clientID: e.clientID,
		share: o.share, wireID: o.wireID, from: from, reply: reply, limit: len(b),
	}}
	if o.version != wire.Version {
		return a.refuse(DropWireVersion, Refusal{Code: CodeVersion})
	}
	if !bytes.Equal(o.padItems, e.pad.raw()) {
		return a.refuse(DropPadMismatch, Refusal{Code: CodePad})
	}
	return a.admit()
}

// admitting is a valid OFFER on its way to a seat.
type admitting struct {
	applicant
	e *tokenEntry
	o *offer
}

// admit takes a seat, or the token's unconfirmed one again: with the same
// share the same ACCEPT, with another, ten times a second at most, other keys. A
// seat that was replaced is repeated, so that the client can hear that it was, and
// given to no other share.
func (a *admitting) admit() Event {
	seat := a.e.seat
	switch {
	case seat == nil || seat.state != seatOurs:
	case subtle.ConstantTimeCompare(seat.share[:], a.share[:]) == 1:
		return a.repeat(seat)
	case !seat.counted:
		return a.refuse(DropUsed, Refusal{Code: CodeUsed})
	case a.s.now-seat.sent < sendInterval:
		return dropped(DropTooOften)
	}
	other := a.s.older(a.e.clientID, seat)
	if other != nil && other.stays() && a.s.cfg.KeepOldest {
		return a.refuse(DropClientConnected, Refusal{Code: CodeConnected, RetryAfter: wholeSeconds(other.timeout)})
	}
	if other == nil && seat == nil && !a.s.adm.hasRoom(a.e.clientID) {
		return a.refuse(DropFull, a.s.adm.refusal(a.s.now))
	}
	if !a.e.mayAsk(a.s.now) {
		return dropped(DropTooOften)
	}
	if drop, refusal := a.judge(seat, other); drop != DropNone {
		return a.refuse(drop, refusal)
	}
	if drop := a.agree(); drop != DropNone {
		return dropped(drop)
	}
	kind, wasPlain := EventConnected, seat != nil && seat.state == seatUndecided
	if seat == nil {
		if seat = a.s.takeSeat(a.e, a.from); seat == nil {
			return a.noSlot()
		}
	} else if seat.state == seatOurs {
		kind = EventRenewed
	}
	ev := Event{Kind: kind, Seat: seat, Note: a.note}
	if !a.connect(seat) {
		ev.Drop = DropNoRandom
		if kind == EventConnected {
			a.giveBack(seat, wasPlain)
			return dropped(DropNoRandom)
		}
	}
	ev.Hello, ev.Replaced = a.o.hello, a.s.seatClient(seat)
	if len(seat.accept) > 0 {
		ev.Reply = append(a.reply, seat.accept...)
	}
	return ev
}

// judge asks the application.
func (a *admitting) judge(renews, replaces *Seat) (Drop, Refusal) {
	if renews != nil && renews.state != seatOurs {
		renews = nil
	}
	return a.ask(Offer{UserData: a.e.userData.append(nil), Hello: a.o.hello, Replaces: replaces, Renews: renews})
}

// connect gives the seat fresh keys and builds its ACCEPT. Without randomness
// the seat matches no share, so that the next OFFER tries again.
func (a *admitting) connect(seat *Seat) bool {
	s := a.s
	if s.plain[seat.Source()] == seat {
		delete(s.plain, seat.Source())
	}
	seat.state = seatOurs
	seat.plainSeat = nil
	seat.source, seat.heard, seat.sent = a.from, s.now, s.now
	a.key(seat)
	s.watch(seat)
	seat.accept = nil
	return a.buildAccept(seat)
}

// giveBack undoes takeSeat: the slot rests, and the token is good for the next OFFER. Where a plain
// client was expected the token is used up: its keys have sealed from number zero on.
func (a *admitting) giveBack(seat *Seat, wasPlain bool) {
	if !wasPlain {
		seat.token, a.e.seat, a.e.state = nil, nil, tokenPending
	}
	a.s.Release(a.s.now, seat)
}

func (a *admitting) buildAccept(seat *Seat) bool {
	var ok bool
	if seat.accept, ok = a.accept(seat, seat.accept[:0]); !ok {
		seat.accept, seat.share = nil, [shareBytes]byte{}
	}
	return ok
}

// repeat answers an OFFER that was answered before. If the client has moved
// meanwhile, which a fresh challenge has proven, the same ACCEPT names the new
// source.
func (a *admitting) repeat(seat *Seat) Event {
	ev := Event{Drop: DropRepeated}
	seat.heard = a.s.now
	if seat.Source() != a.from {
		var old accept
		if old.open(a.keys, seat.accept, seat.wireID, &seat.share) != DropNone {
			return dropped(DropMalformed)
		}
		seat.source = a.from
		a.hello, a.ours = bytes.Clone(old.hello), old.share
		if !a.buildAccept(seat) {
			return dropped(DropNoRandom)
		}
		ev = Event{Kind: EventMoved, Seat: seat}
	}
	seat.sent = a.s.now
	ev.Reply = append(a.reply, seat.accept...)
	return ev
}

// takeSeat takes a seat for a token, nil if there is none.
func (s *Server) takeSeat(e *tokenEntry, from Source) *Seat {
	seat := s.seats.takeFor(e.clientID, s.now, s.adm.withheld(e.clientID), s.adm.reserved[e.clientID] != nil)
	if seat == nil {
		return nil
	}
	seat.home = s
	seat.clientID, seat.userData, seat.source = e.clientID, e.userData, from
	seat.timeout = timeoutOf(e.timeoutSeconds)
	seat.token, e.seat, e.state = e, seat, tokenAccepted
	s.adm.settle(e)
	return seat
}

// seatClient counts the seat's client as connected and returns the seat of the
// same client id that is replaced by it.
func (s *Server) seatClient(seat *Seat) (replaced *Seat) {
	if seat.counted {
		return nil
	}
	if replaced = s.adm.clients[seat.clientID]; replaced != nil {
		s.uncount(replaced)
	}
	seat.counted = true
	s.adm.connected++
	s.adm.clients[seat.clientID] = seat
	s.adm.came(seat.clientID)
	return replaced
}

// AppendAccept appends the ACCEPT that has to precede data to an unconfirmed
// seat, at most ten times a second; nothing if there is none to send now.
func (s *Server) AppendAccept(now int64, seat *Seat, dst []byte) []byte {
	if len(seat.accept) == 0 || now-seat.sent < sendInterval {
		return dst
	}
	seat.sent = now
	return append(dst, seat.accept...)
}
