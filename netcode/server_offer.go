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
	if drop := s.adm.gate.passKnown(s.now, &from, e); drop != DropNone {
		return dropped(drop)
	}
	ev := s.openOffer(from, e, sequence, b, reply)
	if ev.Kind == EventNone {
		s.adm.gate.chargeKnown(s.now, &from, e)
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
	a := admitting{s: s, e: e, o: o, from: from, reply: reply, limit: len(b)}
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
	s     *Server
	e     *tokenEntry
	o     *offer
	from  Source
	reply []byte
	limit int // no answer is larger than the OFFER
	hello []byte

	share  [shareBytes]byte // ours
	agreed []byte           // what both shares come to, with forward secrecy
}

// refuse answers with a REASON that only the sender of the OFFER can read.
func (a *admitting) refuse(d Drop, r Refusal) Event {
	ev := dropped(d)
	b, ok := appendReason(a.s.random, a.e.keysOf(a.s.cfg.ProtocolID), a.reply, r, a.o.wireID, echo(a.o.share[:8]), a.limit)
	if !ok {
		return dropped(DropNoRandom)
	}
	a.s.counters.Reasons++
	ev.Reply = b
	return ev
}

// admit takes a seat, or the token's unconfirmed one again: with the same
// share the same ACCEPT, with another, ten times a second at most, other keys. A
// seat that was replaced is repeated, so that the client can hear that it was, and
// given to no other share.
func (a *admitting) admit() Event {
	seat := a.e.seat
	switch {
	case seat == nil || seat.state != seatOurs:
	case subtle.ConstantTimeCompare(seat.share[:], a.o.share[:]) == 1:
		return a.repeat(seat)
	case !seat.counted:
		return a.refuse(DropUsed, Refusal{Code: CodeUsed})
	case a.s.now-seat.sent < sendInterval:
		return dropped(DropTooOften)
	}
	other := a.older(seat)
	if other != nil && other.confirmed && a.s.cfg.KeepOldest {
		return a.refuse(DropClientConnected, Refusal{Code: CodeConnected, RetryAfter: wholeSeconds(other.timeout)})
	}
	if other == nil && seat == nil && !a.s.adm.hasRoom(a.e.clientID) {
		return a.refuse(DropFull, a.s.adm.refusal(a.s.now))
	}
	if drop, refusal := a.judge(seat, other); drop != DropNone {
		return a.refuse(drop, refusal)
	}
	if drop := a.agree(); drop != DropNone {
		return dropped(drop)
	}
	kind := EventConnected
	if seat == nil {
		if seat = a.s.takeSeat(a.e, a.from); seat == nil {
			return a.refuse(DropFull, Refusal{Code: CodeFull, RetryAfter: uint16(slotRest / 1e9)})
		}
	} else if seat.state == seatOurs {
		kind = EventRenewed
	}
	ev := Event{Kind: kind, Seat: seat}
	if !a.connect(seat) {
		ev.Drop = DropNoRandom
		if kind == EventConnected {
			a.s.Release(a.s.now, seat)
			return dropped(DropNoRandom)
		}
	}
	ev.Hello, ev.Replaced = a.o.hello, a.s.seatClient(seat)
	if len(seat.accept) > 0 {
		ev.Reply = append(a.reply, seat.accept...)
	}
	return ev
}

// older returns the seat of the same client that this one would replace; nil if
// there is none. One of which nobody has heard gives way at once.
func (a *admitting) older(seat *Seat) *Seat {
	other := a.s.adm.clients[a.e.clientID]
	switch {
	case other == nil || other == seat:
		return nil
	case other.state == seatUndecided:
		other.home.Release(a.s.now, other)
		return nil
	}
	return other
}

func (a *admitting) judge(renews, replaces *Seat) (Drop, Refusal) {
	if a.s.cfg.Judge == nil {
		return DropNone, Refusal{}
	}
	if renews != nil && renews.state != seatOurs {
		renews = nil
	}
	_, reserved := a.s.adm.Reserved(a.s.now, a.e.clientID)
	hello, refusal, ok := a.s.cfg.Judge(Offer{
		ClientID: a.e.clientID, UserData: a.e.userData[:], Source: a.from,
		Hello: a.o.hello, Replaces: replaces, Renews: renews, Reserved: reserved,
	})
	if !ok {
		return DropRefused, refusal
	}
	if len(hello) > wire.MaxHelloBytes {
		return DropRefused, Refusal{Code: CodeInternal, Text: "the server's HELLO is too long"}
	}
	a.hello = hello
	return DropNone, Refusal{}
}

// agree draws our share, before anything is given that would have to be taken
// back.
func (a *admitting) agree() Drop {
	share, private, ok := newShare(a.s.random, &a.e.pad)
	if !ok {
		return DropNoRandom
	}
	agreed, ok := agree(private, &a.o.share)
	if !ok {
		return DropShare
	}
	if len(agreed) > 0 {
		a.s.adm.gate.exert(a.s.now, exchangeWork)
	}
	a.share, a.agreed = share, agreed
	return DropNone
}

// connect gives the seat fresh keys and builds its ACCEPT. Without randomness
// the seat matches no share, so that the next OFFER tries again.
func (a *admitting) connect(seat *Seat) bool {
	s := a.s
	if s.plain[seat.Source()] == seat {
		delete(s.plain, seat.Source())
	}
	seat.state = seatOurs
	seat.in, seat.out = nil, nil
	seat.sources[0], seat.share, seat.wireID = a.from, a.o.share, a.o.wireID
	seat.heard, seat.sent = s.now, s.now
	k := a.e.keysOf(s.cfg.ProtocolID)
	toServer, toClient := k.traffic(&seat.share, &a.share, a.agreed, &trafficContext{
		protocolID: s.cfg.ProtocolID, pad: a.e.pad, connectionID: seat.id, wireID: seat.wireID,
	})
	seat.opener = newOpener(toServer)
	seat.sealer = newSealer(toClient, seat.wireID.bytes(), 0, s.cfg.EpochPackets)
	s.watch(seat)
	seat.accept = nil
	return a.buildAccept(seat, a.share)
}

func (a *admitting) buildAccept(seat *Seat, share [shareBytes]byte) bool {
	acc := accept{
		connectionID: seat.id, share: share, padItems: a.e.pad.raw(),
		index: uint32(seat.index), max: uint32(a.s.adm.maxClients), source: seat.Source(), hello: a.hello,
	}
	var ok bool
	seat.accept, ok = acc.append(a.s.random, a.e.keysOf(a.s.cfg.ProtocolID), seat.accept[:0], seat.wireID, &seat.share)
	if !ok {
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
		k := a.e.keysOf(a.s.cfg.ProtocolID)
		if old.open(k, seat.accept, seat.wireID, &seat.share) != DropNone {
			return dropped(DropMalformed)
		}
		seat.sources[0] = a.from
		a.hello = bytes.Clone(old.hello)
		if !a.buildAccept(seat, old.share) {
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
	seat := s.seats.take(s.now, s.adm.withheld(e.clientID))
	if seat == nil {
		return nil
	}
	seat.home = s
	seat.clientID, seat.userData, seat.sources[0] = e.clientID, e.userData, from
	seat.timeout = timeoutOf(e.timeoutSeconds)
	seat.token, e.seat, e.state = e, seat, tokenAccepted
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
