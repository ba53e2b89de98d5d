package netcode

import (
	"encoding/binary"
	"net/netip"
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
func (s *Server) handleRequest(unix int64, from Source, b, reply []byte) Event {
	if len(b) != requestBytes {
		return dropped(DropRequestSize)
	}
	if string(b[requestVersionAt:requestProtocolAt]) != versionInfo {
		return dropped(DropVersion)
	}
	if binary.LittleEndian.Uint64(b[requestProtocolAt:]) != s.cfg.ProtocolID {
		return dropped(DropProtocolID)
	}
	expires := binary.LittleEndian.Uint64(b[requestExpiresAt:])
	if expires <= seconds(unix) {
		return s.explain(b, reply, DropExpired, CodeExpired, 0)
	}
	if expires < s.adm.notBefore {
		wait := s.adm.notBefore - expires
		return s.explain(b, reply, DropTooEarly, CodeTooEarly, uint16(min(wait, 1<<16-1)))
	}
	e := s.adm.find((*[macBytes]byte)(b[requestMACAt:]))
	if e == nil {
		var refused Event
		if e, refused = s.showToken(expires, b, reply); e == nil {
			return refused
		}
	}
	if e.state == tokenConsumed {
		return s.explain(b, reply, DropUsed, CodeUsed, 0)
	}
	return s.answerRequest(from, e, reply)
}

// showToken opens a token that was not seen before and remembers it.
func (s *Server) showToken(expires uint64, b, reply []byte) (*tokenEntry, Event) {
	mac := [macBytes]byte(b[requestMACAt:])
	if drop := s.openToken(expires, b); drop != DropNone {
		return nil, dropped(drop)
	}
	p := &s.private
	refuse := func(d Drop, code Code, text string) (*tokenEntry, Event) {
		ev := dropped(d)
		ev.Reply = s.reasonTo(newHandshakeKeys(&p.keys, s.cfg.ProtocolID), reply, Refusal{Code: code, Text: text})
		return nil, ev
	}
	if lacking := p.pad.unfit(s.cfg.LeastProtection); lacking != "" {
		return refuse(DropSuite, CodeSuite, "the token asks for "+lacking)
	}
	if !slices.ContainsFunc(p.addresses, func(a netip.AddrPort) bool { return slices.Contains(s.addresses, a) }) {
		return refuse(DropWrongAddress, CodeWrongAddress, "")
	}
	if e := s.adm.remember(&mac, expires, p); e != nil {
		return e, Event{}
	}
	return refuse(DropHistoryFull, CodeFull, "too many tokens; try again later")
}

// openToken opens the private token of a request into the scratch.
func (s *Server) openToken(expires uint64, b []byte) Drop {
	s.counters.Decryptions++
	sealed := b[requestTokenAt:]
	p, err := s.tokenKey.Open(sealed[:0], b[requestNonceAt:requestTokenAt], sealed, tokenAD(s.cfg.ProtocolID, expires))
	if err != nil {
		return DropTokenForged
	}
	return s.private.read(p)
}

// explain refuses a request whose token has to be opened only to say why,
// which is done so many times a second and no more.
func (s *Server) explain(b, reply []byte, d Drop, code Code, retryAfter uint16) Event {
	ev := dropped(d)
	expires := binary.LittleEndian.Uint64(b[requestExpiresAt:])
	if s.cfg.Plain != PlainOnly && s.explained.take(s.now) && s.openToken(expires, b) == DropNone {
		ev.Reply = s.reasonTo(newHandshakeKeys(&s.private.keys, s.cfg.ProtocolID), reply, Refusal{Code: code, RetryAfter: retryAfter})
	}
	return ev
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
func (s *Server) answerRequest(from Source, e *tokenEntry, reply []byte) Event {
	other := s.adm.clients[e.clientID]
	if !e.pad.Present && s.cfg.Plain != PlainRefuse {
		if s.plain[from] != nil {
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
		s.deny(from, e)
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
	k := newPacketKey(&e.keys.serverToClient, s.cfg.ProtocolID)
	s.post(to, k, kindDenied, s.adm.nextGlobal())
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
func (s *Server) challenge(to Source, e *tokenEntry, reply []byte) Event {
	sequence, ok := s.adm.nextChallenge(e)
	if !ok {
		return dropped(DropNoRandom)
	}
	var body [challengeBody]byte
	binary.LittleEndian.PutUint64(body[:], sequence)
	appendChallengeToken(body[:8], s.adm.challengeKey, sequence, e, to)
	k := newPacketKey(&e.keys.serverToClient, s.cfg.ProtocolID)
	s.counters.Challenges++
	return Event{Reply: k.append(reply, kindChallenge, s.adm.nextGlobal(), body[:])}
}
