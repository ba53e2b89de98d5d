package netcode

import "github.com/tickwire/tickwire/internal/wire"

// An applicant is a client on its way to a seat, by an OFFER or by a RESUME that has
// opened.
type applicant struct {
	s        *Server
	keys     *handshakeKeys
	pad      *Pad
	clientID uint64
	share    [shareBytes]byte // the client's
	wireID   wireID
	from     Source
	reply    []byte
	limit    int    // no answer is larger than what it answers
	hello    []byte // ours
	note     uint64 // of who judged

	ours   [shareBytes]byte // our share
	agreed []byte           // what both shares come to, with forward secrecy
	flags  uint8            // of ACCEPT
}

// refuse answers with a REASON that only the applicant can read.
func (a *applicant) refuse(d Drop, r Refusal) Event {
	b, ok := appendReason(a.s.random, a.keys, a.reply, r, a.wireID, echo(a.share[:8]), a.limit)
	if !ok {
		return dropped(DropNoRandom)
	}
	a.s.counters.Reasons++
	ev := dropped(d)
	ev.Reply = b
	return ev
}

// noSlot refuses who would have a place if there were a slot that has rested.
func (a *applicant) noSlot() Event {
	r := Refusal{Code: CodeFull, RetryAfter: uint16(slotRest / 1e9)}
	if a.s.seats.crowded(a.s.now, a.clientID) {
		r.Text = "too many connections of this player within ten seconds"
	}
	return a.refuse(DropFull, r)
}

// older returns the seat of a client that another one, nil if it has none yet, would
// replace; nil if there is none. One of which nobody has heard gives way at once.
func (s *Server) older(clientID uint64, seat *Seat) *Seat {
	other := s.adm.clients[clientID]
	switch {
	case other == nil || other == seat:
		return nil
	case other.state == seatUndecided:
		other.home.Release(s.now, other)
		return nil
	}
	return other
}

// ask has the application judge. The offer lacks what every applicant has.
func (a *applicant) ask(o Offer) (Drop, Refusal) {
	if a.s.cfg.Judge == nil {
		return DropNone, Refusal{}
	}
	o.ClientID, o.Source = a.clientID, a.from
	_, o.Reserved = a.s.adm.Reserved(a.s.now, a.clientID)
	v := a.s.cfg.Judge(o)
	if !v.Admit {
		return DropRefused, v.Refusal
	}
	if len(v.Hello) > wire.MaxHelloBytes {
		return DropRefused, Refusal{Code: CodeInternal, Text: "the server's HELLO is too long"}
	}
	a.hello, a.note = v.Hello, v.Note
	return DropNone, Refusal{}
}

// agree draws our share, before anything is given that would have to be taken
// back.
func (a *applicant) agree() Drop {
	share, private, ok := newShare(a.s.random, a.pad)
	if !ok {
		return DropNoRandom
	}
	agreed, ok := agree(private, &a.share)
	if !ok {
		return DropShare
	}
	if len(agreed) > 0 {
		a.s.adm.gate.exert(a.s.now, exchangeWork)
	}
	a.ours, a.agreed = share, agreed
	return DropNone
}

// key gives the seat the keys that both shares make.
func (a *applicant) key(seat *Seat) {
	seat.share, seat.wireID, seat.pad = a.share, a.wireID, *a.pad
	t := a.keys.traffic(&a.share, &a.ours, a.agreed, &trafficContext{
		protocolID: a.s.cfg.ProtocolID, pad: *a.pad, connectionID: seat.id, wireID: a.wireID,
	})
	seat.opener = newOpener(t.toServer)
	seat.sealer = newSealer(t.toClient, seat.wireID.bytes(), 0, a.s.cfg.EpochPackets)
	seat.resumption = t.resumption
}

// accept appends the ACCEPT of a seat to where the applicant is.
func (a *applicant) accept(seat *Seat, dst []byte) ([]byte, bool) {
	acc := accept{
		connectionID: seat.id, share: a.ours, flags: a.flags, padItems: a.pad.raw(),
		index: uint32(seat.index), max: uint32(a.s.adm.maxClients), source: a.from, hello: a.hello,
	}
	return acc.append(a.s.random, a.keys, dst, a.wireID, &a.share)
}
