package netcode

import (
	"encoding/binary"
	"slices"
)

// A request, the only packet in the clear:
//
//	00 | 13 "NETCODE 1.02\0" | u64 protocol id | u64 expires | 24 nonce | 1024 private token, sealed
const (
	requestVersionAt  = 1
	requestProtocolAt = requestVersionAt + len(versionInfo)
	requestExpiresAt  = requestProtocolAt + 8
	requestNonceAt    = requestExpiresAt + 8
	requestTokenAt    = requestNonceAt + nonceXBytes
	requestMACAt      = requestBytes - macBytes
)

// handleRequest makes the checks of the standard in its order, except that a
// token which was shown before is found by its MAC and not opened again. The
// answer is a challenge; a refusal is explained to whoever holds the token.
func (s *Server) handleRequest(unix int64, from *Source, b, reply []byte) Event {
	if len(b) != requestBytes {
		return dropped(DropRequestSize)
	}
	if string(b[requestVersionAt:requestProtocolAt]) != versionInfo {
		return dropped(DropVersion)
	}
	if id := binary.LittleEndian.Uint64(b[requestProtocolAt:]); id != s.cfg.ProtocolID {
		return Event{Drop: DropProtocolID, ProtocolID: id}
	}
	expires := binary.LittleEndian.Uint64(b[requestExpiresAt:])
	if expires <= seconds(unix) {
		return s.explain(from, b, reply, DropExpired, CodeExpired, 0)
	}
	if expires < s.adm.notBefore {
		wait := s.adm.notBefore - expires
		return s.explain(from, b, reply, DropTooEarly, CodeTooEarly, uint16(min(wait, 1<<16-1)))
	}
	switch s.adm.tooLong(unix, expires) {
	case DropTooLong:
		return s.explain(from, b, reply, DropTooLong, CodeTooLong, 0)
	case DropAhead:
		return dropped(DropAhead) // he asks again, until its time has come
	}
	e := s.adm.find((*[macBytes]byte)(b[requestMACAt:]))
	if e == nil {
		return s.showToken(from, expires, b, reply)
	}
	if e.state == tokenConsumed {
		return s.explain(from, b, reply, DropUsed, CodeUsed, 0)
	}
	if drop := s.adm.gate.passKnown(s.now, from, &e.paid); drop != DropNone {
		return dropped(drop)
	}
	return s.answerRequest(from, e, reply)
}

// showToken opens a token that was not seen before, remembers it and answers. What
// cannot be remembered, and would have to be opened again, is charged.
func (s *Server) showToken(from *Source, expires uint64, b, reply []byte) Event {
	if drop := s.adm.gate.pass(s.now, from); drop != DropNone {
		return dropped(drop)
	}
	mac := [macBytes]byte(b[requestMACAt:])
	if drop := s.openToken(b); drop != DropNone {
		s.adm.gate.charge(s.now, from)
		return dropped(drop)
	}
	p := s.private()
	refuse := func(d Drop, code Code, text string) Event {
		s.adm.gate.charge(s.now, from)
		ev := dropped(d)
		ev.Reply = s.reasonTo(newHandshakeKeys(&p.keys, s.cfg.ProtocolID), reply, Refusal{Code: code, Text: text})
		return ev
	}
	if lacking := p.pad.unfit(s.cfg.LeastProtection); lacking != "" {
		return refuse(DropSuite, CodeSuite, "the token asks for "+lacking)
	}
	if !slices.ContainsFunc(p.addresses, s.named) {
		return refuse(DropWrongAddress, CodeWrongAddress, "")
	}
	if s.adm.crowded(p.clientID) {
		s.adm.gate.charge(s.now, from) // one is forgotten, which could be shown again, and so on
	}
	if e := s.adm.remember(&mac, expires, p); e != nil {
		return s.answerRequest(from, e, reply)
	}
	return refuse(DropHistoryFull, CodeFull, "too many tokens; try again later")
}

// openToken opens the private token of a request into the scratch. What is authenticated
// beside it, see tokenAD, is how a request begins.
func (s *Server) openToken(b []byte) Drop {
	s.counters.Decryptions++
	sealed := b[requestTokenAt:]
	p, err := s.tokenKey.Open(sealed[:0], b[requestNonceAt:requestTokenAt], sealed, b[requestVersionAt:requestNonceAt])
	if err != nil {
		return DropTokenForged
	}
	drop := s.private().read(p)
	clear(p) // it lies in the buffer of the socket
	return drop
}

// explain refuses a request whose token has to be opened only to say why, the operator in any case,
// which is done so many times a second and no more, and charged.
func (s *Server) explain(from *Source, b, reply []byte, d Drop, code Code, retryAfter uint16) Event {
	ev := dropped(d)
	if s.mayExplain(from) && s.openToken(b) == DropNone {
		ev.Opened = true
		ev.Reply = s.reasonTo(newHandshakeKeys(&s.private().keys, s.cfg.ProtocolID), reply, Refusal{Code: code, RetryAfter: retryAfter})
	}
	return ev
}

// mayExplain reports whether a stranger's token or ticket is opened to tell him what is
// wrong with it, and charges him for it.
func (s *Server) mayExplain(from *Source) bool {
	g := &s.adm.gate
	if g.indebted(s.now, from) != DropNone || !g.hint(s.now, from, &g.explained) {
		return false
	}
	g.charge(s.now, from)
	return true
}

// reasonTo builds a REASON towards a request.
func (s *Server) reasonTo(k *handshakeKeys, reply []byte, r Refusal) []byte {
	if s.cfg.Plain == PlainOnly {
		return nil
	}
	b, ok := appendReason(s.random, k, reply, r, wireID{}, echo{}, requestBytes)
	if !ok {
		s.counters.Drops[DropNoRandom]++
		return nil
	}
	s.counters.Reasons++
	return b
}

// answerRequest challenges the source of a request whose token is good.
func (s *Server) answerRequest(from *Source, e *tokenEntry, reply []byte) Event {
	s.adm.gate.chargeKnown(s.now, from, &e.paid)
	other := s.adm.clients[e.clientID]
	if !e.pad.Present && s.cfg.Plain != PlainRefuse {
		if s.plain[*from] != nil {
			return dropped(DropSourceConnected)
		}
		if other != nil && other.Plain() && other.token != e {
			return dropped(DropClientConnected)
		}
	}
	if e.pad.Present && s.cfg.Plain == PlainOnly {
		return dropped(DropPad)
	}
	if other == nil && e.seat == nil && !s.adm.hasRoom(e.clientID) {
		ev := dropped(DropFull)
		ev.Reply = s.reasonTo(e.keysOf(s.cfg.ProtocolID), reply, s.adm.refusal(s.now))
		s.deny(*from, e)
		return ev
	}
	if !e.pad.Present && s.cfg.Plain != PlainRefuse {
		s.adm.showFrom(e, from)
	}
	return s.challenge(from, e, reply)
}

// deny queues the standard's Denied. Tokens with a pad get a REASON only.
func (s *Server) deny(to Source, e *tokenEntry) {
	if e.pad.Present {
		return
	}
	s.post(to, e.sendKey(s.cfg.ProtocolID), kindDenied, s.adm.nextGlobal())
}

// post queues a standard packet without content.
func (s *Server) post(to Source, k *packetKey, kind packetKind, sequence uint64) {
	if s.parcels.len() >= maxParcels {
		s.counters.Drops[DropQueueFull]++
		return
	}
	p := parcel{to: to}
	p.n = uint8(len(k.append(p.b[:0], kind, sequence, nil)))
	s.parcels.push(p)
}

// challenge asks whoever is at the source to answer.
func (s *Server) challenge(to *Source, e *tokenEntry, reply []byte) Event {
	sequence, ok := s.adm.nextChallenge(e)
	if !ok {
		return dropped(DropNoRandom)
	}
	binary.LittleEndian.PutUint64(s.body[:], sequence)
	s.adm.challengeKey.append(s.body[:8], sequence, e, *to)
	s.counters.Challenges++
	k := e.sendKey(s.cfg.ProtocolID)
	return Event{Reply: k.append(reply, kindChallenge, s.adm.nextGlobal(), s.body[:])}
}
