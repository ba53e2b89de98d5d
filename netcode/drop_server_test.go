package netcode

import (
	"bytes"
	"testing"

	"github.com/tickwire/tickwire/internal/wire"
)

// Whatever comes to a server, it is taken, or dropped for one reason, which is counted; and what
// is dropped changes nothing.

// wantDrops hands datagrams from a source to the server.
func (w *world) wantDrops(t *testing.T, when string, from Source, cases []droppedCase) {
	t.Helper()
	for _, c := range cases {
		clients, tokens, before := w.server.Admission().Clients(), w.server.Admission().Tokens(), w.server.Counters().Drops
		ev := w.server.HandleDatagram(w.now, w.unix(), from, bytes.Clone(c.b), make([]byte, 0, 1500))
		before[c.want]++
		if ev.Drop != c.want || ev.Kind != EventNone || w.server.Counters().Drops != before {
			t.Errorf("%s: %s: %v (event %v), want %v", when, c.name, ev.Drop, ev.Kind, c.want)
		}
		if a := w.server.Admission(); a.Clients() != clients || a.Tokens() != tokens {
			t.Errorf("%s: %s: %d clients and %d tokens, before %d and %d", when, c.name, a.Clients(), a.Tokens(), clients, tokens)
		}
	}
}

// requestBut is a request for a token with one byte changed.
func requestBut(token *Token, at int) []byte {
	b := (&Client{token: token}).appendRequest(nil)
	b[at] ^= 1
	return b
}

func TestServerDropsStrangers(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.Plain, c.Shard = PlainAllow, 3 })
	token := w.mint(7, nil)
	data := func(n int, id ...byte) []byte {
		return append(append([]byte{wire.PrefixData | 1}, id...), make([]byte, n-1-len(id))...)
	}
	w.wantDrops(t, "from a stranger", source(1), []droppedCase{
		{"nothing", nil, DropEmpty},
		{"a request that is cut", requestBut(token, 1)[:requestBytes-1], DropRequestSize},
		{"a request of another standard", requestBut(token, requestProtocolAt-2), DropVersion},
		{"a request for another game", requestBut(token, requestProtocolAt+7), DropProtocolID},
		{"a forged request", requestBut(token, requestTokenAt), DropTokenForged},
		{"prefix 1", standardOf(1), DropSequenceBytes},
		{"prefix 3", standardOf(3), DropSequenceBytes},
		{"prefix 4", standardOf(4), DropReserved},
		{"GONE", standardOf(wire.PrefixGone), DropWrongRole},
		{"prefix 6", standardOf(6), DropReserved},
		{"a handshake packet without a kind", []byte{wire.PrefixHandshake}, DropTooShort},
		{"handshake packet 0", long(0), DropReserved},
		{"an ACCEPT", long(longAccept), DropWrongRole},
		{"a REASON", long(longReason), DropWrongRole},
		{"a RETRY", long(longRetry), DropWrongRole},
		{"handshake packet 6", long(longRetry + 1), DropReserved},
		{"a short OFFER", long(longOffer)[:minOfferBytes-1], DropOfferSize},
		{"a long OFFER", append(long(longOffer), make([]byte, maxOfferBytes-499)...), DropOfferSize},
		{"an OFFER of nobody", long(longOffer)[:minOfferBytes], DropUnknownToken},
		{"a short RESUME", long(longResume)[:minResumeBytes-1], DropResumeSize},
		{"short DATA", data(1+connectionIDBytes+1+MinTagBytes-1, 3, 0, 0, 8), DropTooShort},
		{"DATA for another shard", data(60, 2, 0, 0, 8), DropOtherShard},
		{"DATA for nobody", data(60, 3, 0, 0, 8), DropUnknownID},
		{"DATA for nobody, of the other epoch", append([]byte{wire.PrefixData | 7, 3, 0, 0, 8}, make([]byte, 60)...), DropUnknownID},
		{"17 bytes", standardOf(0x13)[:minStandardBytes-1], DropTooShort},
		{"a request with a sequence", standardOf(0x10), DropWrongRole},
		{"a challenge", standardOf(0x12), DropWrongRole},
		{"standard packet 7", standardOf(0x17), DropUnknownType},
		{"nine bytes of sequence", standardOf(0x93), DropSequenceBytes},
		{"a response of nobody", standardOf(0x13), DropUnknownSource},
	})
	if ev := w.request(token, 2); ev.Drop != DropNone {
		t.Errorf("after all that, who asks is told %v", ev.Drop)
	}
}

// TestServerDropsPlain: of what has a standard's prefix, a server reads what the sender's state, and
// its own policy, lets it have.
func TestServerDropsPlain(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.Plain = PlainAllow })
	token := w.mint(7, plainToken)
	w.request(token, 1)
	sealed := func(kind packetKind, n int) []byte {
		return newPacketKey(&token.keys().clientToServer, testProtocol).append(nil, kind, uint64(n), make([]byte, n))
	}
	cases := []droppedCase{
		{"a keep-alive", sealed(kindKeepAlive, keepAliveBody), DropUnexpected},
		{"a payload", sealed(kindPayload, 5), DropUnexpected},
		{"a short response", sealed(kindResponse, challengeBody-1), DropBodySize},
		{"a response that is forged", standardOf(0x13)[:2+challengeBody+macBytes], DropForged},
		{"a response to no challenge", sealed(kindResponse, challengeBody), DropChallengeForged},
	}
	w.wantDrops(t, "who has shown a token", source(1), cases)
	w.server.cfg.Plain = PlainRefuse
	w.wantDrops(t, "where plain clients are refused", source(1), []droppedCase{
		{"a response", sealed(kindResponse, challengeBody), DropPlainRefused},
		{"a payload of nobody", sealed(kindPayload, 5), DropUnknownSource},
		// The same first byte as a response with four bytes of sequence, and another size.
		{"QUIC of an earlier server's player", append([]byte{0x43}, make([]byte, 60)...), DropUnknownSource},
		{"DTLS of an earlier server's player", append([]byte{0x16, 0xFE, 0xFD}, make([]byte, 60)...), DropUnknownSource},
	})
	only := newWorld(t, func(c *ServerConfig) { c.Plain = PlainOnly })
	only.wantDrops(t, "where all are plain", source(1), []droppedCase{
		{"an OFFER", long(longOffer), DropUnknownType},
		{"DATA", standardOf(wire.PrefixData), DropUnknownType},
		{"GONE", standardOf(wire.PrefixGone), DropUnknownType},
	})
	if ev := only.request(only.mint(8, nil), 1); ev.Drop != DropPad {
		t.Errorf("a token of ours where all are plain: %v", ev.Drop)
	}
}

func TestServerDropsOfConnected(t *testing.T) {
	w, p, seat := plainPair(t, nil)
	payload := p.payload(1<<20, "x")
	if ev := w.toServer(p.at, bytes.Clone(payload)); ev.Kind != EventPayload {
		t.Fatalf("a payload: %+v", ev)
	}
	changed := p.payload(1<<21, "y")
	changed[len(changed)-1] ^= 1
	w.wantDrops(t, "of a plain client", p.at, []droppedCase{
		{"a payload again", payload, DropReplay},
		{"a payload that was changed", changed, DropForged},
		{"an empty payload", p.payload(1<<22, ""), DropBodySize},
		{"an answer to a challenge", p.was.out.append(nil, kindResponse, 1<<23, make([]byte, challengeBody)), DropSourceConnected},
	})
	for range 2 {
		w.server.Release(w.now, seat) // a second time it is nobody's, and stays so
	}
	if n := w.server.seats.free.len(); n != 1 {
		t.Errorf("a seat that was released twice is free %d times", n)
	}

	v := newWorld(t, nil)
	var offered []byte
	v.onServer = func(_ Source, b []byte) bool {
		if b[0] == wire.PrefixHandshake {
			offered = bytes.Clone(b)
		}
		return true
	}
	q, _ := v.confirmed(v.mint(7, nil), 1)
	v.wantDrops(t, "of a client of ours", q.at, []droppedCase{
		{"its OFFER", offered, DropUsed},
		{"its request", (&Client{token: q.token}).appendRequest(nil), DropUsed},
		{"DATA without a tag", q.data(5, "")[:1+connectionIDBytes+2+macBytes-1], DropTooShort},
	})
}

// TestInventedChallenges: a challenge token that the server has not made is told from one that went
// to another place, also for the player whose id is zero; and numbers that are not of a token's
// challenges name no token.
func TestInventedChallenges(t *testing.T) {
	w := newWorld(t, nil)
	w.request(w.mint(1, nil), 9) // takes the first numbers
	token := w.mint(0, nil)
	p := w.join(token, 1, nil)
	w.onServer = func(_ Source, b []byte) bool { return b[0] == wire.PrefixRequest }
	w.step(0)
	o := offer{sequence: p.was.challenge, version: wire.Version, share: p.was.share, padItems: token.Pad.raw()}
	o.challenge = bytes.Clone(p.was.challengeBy[:])
	o.challenge[7] ^= 1
	forged, _ := o.append(w.random, p.was.handshake, nil)
	changed := bytes.Clone(forged)
	changed[len(changed)-1] ^= 1
	o.challenge, o.sequence = p.was.challengeBy[:], p.was.challenge+1<<entryBits
	next, _ := o.append(w.random, p.was.handshake, nil)
	o.sequence = p.was.challenge - 1<<entryBits
	last, _ := o.append(w.random, p.was.handshake, nil)
	w.wantDrops(t, "client 0", p.at, []droppedCase{
		{"an OFFER that was changed", changed, DropForged},
		{"an invented challenge", forged, DropChallengeForged},
		{"the number of the next challenge", next, DropUnknownToken},
		{"the number of the challenge before", last, DropUnknownToken},
	})
}

// TestRefusedWithForeignCode: a code that the game uses for itself cannot travel in a REASON; the
// client is told that it was refused.
func TestRefusedWithForeignCode(t *testing.T) {
	for code, want := range map[Code]Code{CodePlainServer: CodeRefused, 200: CodeRefused, CodeBanned: CodeBanned, wire.CodeTimeout - 1: wire.CodeTimeout - 1} {
		w := newWorld(t, func(c *ServerConfig) {
			c.Judge = func(Offer) Verdict { return Verdict{Refusal: Refusal{Code: code}} }
		})
		p := w.join(w.mint(7, nil), 1, nil)
		w.step(0)
		w.wantState(p, StateDenied)
		if got := p.last().Refusal.Code; got != want {
			t.Errorf("refused with %d, the client reads %v, want %v", code, got, want)
		}
	}
}

// TestRepeatedWithoutRandomness: a client that moved before it heard ACCEPT gets it there when there is
// randomness again, and until then nothing.
func TestRepeatedWithoutRandomness(t *testing.T) {
	w := newWorld(t, nil)
	w.onClient = func(_ Source, b []byte) bool { return b[0] != wire.PrefixHandshake }
	p := w.join(w.mint(7, nil), 1, nil)
	w.step(0)
	p.at, w.server.random = source(2), &failing{}
	w.step(100 * ms) // answered by a challenge for the new place, and that by another OFFER
	if n := w.drops(DropNoRandom); n == 0 || w.last().Kind == EventMoved {
		t.Errorf("%d drops, %+v", n, w.last())
	}
	w.server.random, w.onClient = w.random, nil
	w.step(100 * ms)
	w.wantState(p, StateConnected)
}
