package netcode

import (
	"bytes"
	"slices"
	"testing"

	"github.com/tickwire/tickwire/internal/wire"
)

// Whatever comes to a client in whatever state, it is taken, or dropped for one reason, which is
// counted; and what is dropped changes nothing.

// A droppedCase is a datagram, and why a client drops it.
type droppedCase struct {
	name string
	b    []byte
	want Drop
}

// wantDrops hands datagrams to a client, which is to stay in its state.
func (p *player) wantDrops(t *testing.T, when string, cases []droppedCase) {
	t.Helper()
	for _, c := range cases {
		state, before := p.c.State(), p.c.Counters()
		ev := p.receive(bytes.Clone(c.b))
		before.Drops[c.want]++
		if ev.Drop != c.want || ev.Kind != ClientNone || p.c.Counters() != before {
			t.Errorf("%s: %s: %v (event %v), want %v", when, c.name, ev.Drop, ev.Kind, c.want)
		}
		if p.c.State() != state {
			t.Fatalf("%s: %s: the client is in state %v, and was in %v", when, c.name, p.c.State(), state)
		}
	}
}

// plainly are standard packets that the server of p's token has sealed, each under another sequence.
func (p *player) plainly(kind packetKind, body int) []byte {
	return p.was.in.append(nil, kind, 1<<40|uint64(kind)<<16|uint64(body), make([]byte, body))
}

// long is a handshake packet with nothing good in it.
func long(kind byte) []byte { return append([]byte{wire.PrefixHandshake, kind}, make([]byte, 498)...) }

// senseless are datagrams that no client reads, in any state.
func (p *player) senseless() []droppedCase {
	short := make([]byte, minStandardBytes-1)
	short[0] = 0x14
	cases := []droppedCase{
		{"nothing", nil, DropEmpty},
		{"a request", make([]byte, requestBytes), DropWrongRole},
		{"prefix 3", []byte{3, 0}, DropWrongRole},
		{"prefix 4", []byte{4, 0}, DropReserved},
		{"prefix 6", []byte{6, 0}, DropReserved},
		{"half a GONE", make([]byte, goneBytes-1), DropMalformed},
		{"a handshake packet without a kind", []byte{wire.PrefixHandshake}, DropTooShort},
		{"handshake packet 0", long(0), DropReserved},
		{"an OFFER", long(longOffer), DropWrongRole},
		{"a RESUME", long(longResume), DropWrongRole},
		{"handshake packet 6", long(longRetry + 1), DropReserved},
	}
	cases[5].b[0] = wire.PrefixGone
	if p.was.ticket != nil {
		return cases
	}
	forged, size := DropForged, DropBodySize
	if p.c.approach == nil { // the keys are forgotten
		forged, size = DropUnexpected, DropUnexpected
	}
	return slices.Concat(cases, []droppedCase{
		{"17 bytes", short, DropTooShort},
		{"a request with a sequence", standardOf(0x10), DropWrongRole},
		{"a response", standardOf(0x13), DropWrongRole},
		{"standard packet 7", standardOf(0x17), DropUnknownType},
		{"nine bytes of sequence", standardOf(0x91), DropSequenceBytes},
		{"the largest sequence", append([]byte{0x84}, bytes.Repeat([]byte{255}, 60)...), DropSequenceBytes},
		{"a forged challenge", standardOf(0x12), forged},
		{"Denied with a body", p.plainly(kindDenied, 1), size},
		{"a short challenge", p.plainly(kindChallenge, challengeBody-1), size},
	})
}

func standardOf(prefix byte) []byte { return append([]byte{prefix}, make([]byte, 400)...) }

// unexpected are packets that only a connected client of our dialect reads.
func unexpected() []droppedCase {
	gone := make([]byte, goneBytes)
	gone[0] = wire.PrefixGone
	return []droppedCase{
		{"DATA", append([]byte{wire.PrefixData}, make([]byte, 60)...), DropUnexpected},
		{"DATA of the other epoch, with a long number", append([]byte{wire.PrefixData | 7}, make([]byte, 60)...), DropUnexpected},
		{"GONE", gone, DropUnexpected},
	}
}

func TestDropsWhileRequesting(t *testing.T) {
	w := newWorld(t, nil)
	w.onServer = func(Source, []byte) bool { return false }
	p := w.join(w.mint(7, plainToken), 1, func(c *ClientConfig) { c.Plain = PlainAllow })
	w.step(0)
	p.wantDrops(t, "requesting", slices.Concat(p.senseless(), unexpected(), []droppedCase{
		{"ACCEPT", long(longAccept), DropUnexpected},
		{"RETRY", long(longRetry), DropUnexpected},
		{"a forged REASON", long(longReason), DropForged},
		{"keep-alive", p.plainly(kindKeepAlive, keepAliveBody), DropUnexpected},
		{"payload", p.plainly(kindPayload, 9), DropUnexpected},
		{"payload again", p.plainly(kindPayload, 9), DropReplay},
		{"an empty payload", p.plainly(kindPayload, 0), DropBodySize},
		{"disconnect", p.plainly(kindDisconnect, 0), DropUnexpected},
	}))
	q := w.join(w.mint(8, nil), 2, nil)
	q.wantDrops(t, "with a pad", slices.Concat(q.senseless(), []droppedCase{
		{"keep-alive", q.plainly(kindKeepAlive, keepAliveBody), DropNotPlain},
		{"payload", q.plainly(kindPayload, 9), DropNotPlain},
		{"disconnect", q.plainly(kindDisconnect, 0), DropNotPlain},
	}))
	ev := q.c.HandleDatagram(w.now, w.unix(), 0, source(99), q.denied())
	if ev.Drop != DropOtherSource {
		t.Errorf("from elsewhere: %v", ev.Drop)
	}
}

func TestDropsWhileResponding(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.Plain = PlainAllow })
	w.onServer = func(_ Source, b []byte) bool { return b[0] == wire.PrefixRequest }
	p := w.join(w.mint(7, plainToken), 1, func(c *ClientConfig) { c.Plain = PlainAllow })
	w.step(0)
	w.wantState(p, StateResponding)
	first := p.was.in.append(nil, kindChallenge, 1<<63, binaryChallenge(p.was.challenge))
	beyond := p.was.in.append(nil, kindKeepAlive, 77, []byte{4, 0, 0, 0, 4, 0, 0, 0})
	p.wantDrops(t, "responding", slices.Concat(p.senseless(), unexpected(), []droppedCase{
		{"the same challenge", first, DropRepeated},
		{"a forged ACCEPT", long(longAccept), DropForged},
		{"RETRY", long(longRetry), DropUnexpected},
		{"client 4 of 4", beyond, DropMalformed},
		{"payload", p.plainly(kindPayload, 9), DropUnexpected},
		{"the end, from a server that has said nothing else", p.plainly(kindDisconnect, 0), DropUnexpected},
	}))
	before := p.was.attempt
	w.now += 50 * ms
	if ev := p.receive(p.was.in.append(nil, kindChallenge, 1<<63+1, binaryChallenge(1<<50))); ev.Kind != ClientNone || ev.Drop != DropNone {
		t.Errorf("another challenge is an event: %+v", ev)
	}
	if p.was.attempt != before {
		t.Error("another challenge makes the client more patient")
	}
}

// TestReasonForAnotherID: a REASON that names another id than the client's is not for this client,
// though its keys open it.
func TestReasonForAnotherID(t *testing.T) {
	w := newWorld(t, nil)
	w.onServer = func(_ Source, b []byte) bool { return b[0] == wire.PrefixRequest }
	p := w.join(w.mint(7, nil), 1, func(c *ClientConfig) { c.WireID = []byte{0x10, 2} })
	w.step(0)
	to := func(id wireID) []byte {
		b, _ := appendReason(w.random, p.was.handshake, nil, Refusal{Code: CodeFull}, id, echo(p.was.share[:8]), 400)
		return b
	}
	p.wantDrops(t, "responding", []droppedCase{
		{"for another", to(wireID{b: [4]byte{0x10, 3}, n: 2}), DropForged},
		{"for one without an id", to(wireID{}), DropForged},
		{"for a longer id", to(wireID{b: [4]byte{0x10, 2, 0}, n: 3}), DropForged},
	})
	if ev := p.receive(to(p.c.wireID)); ev.Kind != ClientEnded || ev.Refusal.Code != CodeFull {
		t.Errorf("its own: %+v", ev)
	}
}

// binaryChallenge is the body of a challenge with a sequence.
func binaryChallenge(sequence uint64) []byte {
	b := make([]byte, challengeBody)
	for i := range 8 {
		b[i] = byte(sequence >> (8 * i))
	}
	return b
}

func TestDropsWhileConnected(t *testing.T) {
	w := newWorld(t, nil)
	p := w.join(w.mint(7, nil), 1, func(c *ClientConfig) { c.WireID = []byte{0x10, 2, 3} })
	w.step(0)
	w.wantState(p, StateConnected)
	seat := w.last().Seat
	w.toServer(p.at, p.data(0, ""))
	good := seal(seat.Sealer(), 0, 9, "news")
	other := bytes.Clone(good)
	other[3] ^= 1
	if ev := p.receive(bytes.Clone(good)); ev.Kind != ClientPacket {
		t.Fatalf("a packet: %+v", ev)
	}
	changed := seal(seat.Sealer(), 0, 10, "more news")
	changed[len(changed)-1] ^= 1
	p.wantDrops(t, "connected", slices.Concat(p.senseless(), []droppedCase{
		{"ACCEPT", long(longAccept), DropRepeated},
		{"RETRY", long(longRetry), DropUnexpected},
		{"REASON", long(longReason), DropUnexpected},
		{"Denied", p.plainly(kindDenied, 0), DropUnexpected},
		{"a challenge", p.plainly(kindChallenge, challengeBody), DropUnexpected},
		{"keep-alive", p.plainly(kindKeepAlive, keepAliveBody), DropNotPlain},
		{"DATA without a tag", good[:1+3+2+macBytes-1], DropTooShort},
		{"one byte of DATA", good[:1], DropTooShort},
		{"DATA again", good, DropReplay},
		{"DATA with another id", other, DropUnknownID},
		{"DATA that was changed", changed, DropForged},
	}))
	p.c.Disconnect(w.now)
	p.wantDrops(t, "disconnected", slices.Concat(p.senseless(), unexpected(), []droppedCase{
		{"ACCEPT", long(longAccept), DropUnexpected},
		{"REASON", long(longReason), DropUnexpected},
		{"Denied", p.plainly(kindDenied, 0), DropUnexpected},
	}))
}

func TestDropsWhilePlain(t *testing.T) {
	w, p, seat := plainPair(t, nil)
	payload, err := w.server.AppendPayload(w.now, seat, nil, []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	if ev := p.receive(bytes.Clone(payload)); ev.Kind != ClientPayload {
		t.Fatalf("a payload: %+v", ev)
	}
	p.wantDrops(t, "plain only", []droppedCase{
		{"DATA", append([]byte{wire.PrefixData}, make([]byte, 60)...), DropUnknownType},
		{"ACCEPT", long(longAccept), DropUnknownType},
		{"GONE", append([]byte{wire.PrefixGone}, make([]byte, goneBytes-1)...), DropUnknownType},
		{"a challenge", p.plainly(kindChallenge, challengeBody), DropUnexpected},
		{"Denied", p.plainly(kindDenied, 0), DropUnexpected},
		{"the payload again", payload, DropReplay},
		{"an empty payload", p.plainly(kindPayload, 0), DropBodySize},
	})
	p.c.plainOnly = false // as if the server had turned out to be a plain one
	p.wantDrops(t, "plain after all", slices.Concat(unexpected(), []droppedCase{
		{"ACCEPT", long(longAccept), DropUnexpected},
		{"RETRY", long(longRetry), DropUnexpected},
	}))
}

func TestDropsWhileResuming(t *testing.T) {
	w := newWorld(t, nil)
	p, seat := w.confirmed(w.mint(7, nil), 1)
	q := w.comeBack(w.ticket(p, seat), 2, nil)
	denied := p.plainly(kindDenied, 0)
	q.wantDrops(t, "resuming", slices.Concat(q.senseless(), unexpected(), []droppedCase{
		{"Denied", denied, DropNotPlain},
		{"a challenge", standardOf(0x12), DropNotPlain},
		{"ACCEPT", long(longAccept), DropUnexpected},
		{"a forged RETRY", long(longRetry), DropForged},
		{"a forged REASON", long(longReason), DropForged},
	}))
}
