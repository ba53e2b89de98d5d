package netcode

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// TestPlainClientTalks: a plain client speaks as soon as it is connected, ten times a second from then
// on, however often it is asked, and not where a payload has just said that it is there.
func TestPlainClientTalks(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.Plain = PlainOnly })
	said := 0
	w.onServer = func(_ Source, b []byte) bool {
		if packetKind(b[0]&15) == kindKeepAlive && b[0] != 0 {
			said++
		}
		return true
	}
	p := w.join(w.mint(7, plainToken), 1, func(c *ClientConfig) { c.Plain = PlainOnly })
	w.step(0)
	w.wantState(p, StateConnected)
	if ev := p.last(); ev.Kind != ClientConnected || ev.State != StateConnected {
		t.Errorf("the client hears %+v", ev)
	}
	if ev := w.last(); said != 1 || ev.Kind != EventConnected || !ev.First {
		t.Errorf("said %d times that it is there; the server hears %+v", said, ev)
	}
	for range 100 {
		w.step(10 * ms)
	}
	if said != 11 {
		t.Errorf("%d keep-alives in a second, and one at its begin", said)
	}
	w.step(50 * ms)
	b, err := p.c.AppendPayload(w.now, nil, []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	w.toServer(p.at, b)
	if w.step(99 * ms); said != 11 {
		t.Error("a keep-alive right behind a payload")
	}
	if w.step(ms); said != 12 {
		t.Error("no keep-alive a tenth of a second after a payload")
	}
}

// TestPlainClientDeadline: a plain client wants to be called for its next keep-alive, or for its end if
// that is sooner.
func TestPlainClientDeadline(t *testing.T) {
	w, p, _ := plainPair(t, func(c *MintConfig) { c.Timeout = time.Second })
	w.onClient = func(Source, []byte) bool { return false }
	heard := p.c.heard
	for w.now < heard+second-100*ms {
		w.step(10 * ms)
		if got := p.c.Deadline(); got <= w.now || got > w.now+sendInterval || got > heard+second {
			t.Fatalf("%v after the last word: in %v", time.Duration(w.now-heard), time.Duration(got-w.now))
		}
	}
	w.step(50 * ms)
	b, _ := p.c.AppendPayload(w.now, nil, []byte("x"))
	w.toServer(p.at, b)
	if got := p.c.Deadline(); got != heard+second {
		t.Errorf("the end comes in %v, and it waits for %v", time.Duration(heard+second-w.now), time.Duration(got-w.now))
	}
}

// TestServerDeadlineOfKeepAlives: with keep-alives to be taken, a server waits for nothing.
func TestServerDeadlineOfKeepAlives(t *testing.T) {
	full := newWorld(t, func(c *ServerConfig) { c.Plain, c.MaxClients = PlainOnly, 1 })
	full.join(full.mint(1, plainToken), 1, func(c *ClientConfig) { c.Plain = PlainOnly })
	full.step(0)
	full.request(full.mint(2, plainToken), 2)
	if got := full.server.Deadline(); got != full.now {
		t.Errorf("waits for %v, with a Denied to send", time.Duration(got-full.now))
	}
	w, _, _ := plainPair(t, nil)
	w.now += second
	w.server.HandleTimeout(w.now, w.unix())
	if got := w.server.Deadline(); got != w.now {
		t.Errorf("waits for %v, with a keep-alive to send", time.Duration(got-w.now))
	}
	for _, _, ok := w.server.NextDatagram(nil); ok; _, _, ok = w.server.NextDatagram(nil) {
	}
	if got := w.server.Deadline(); got != w.now+sendInterval {
		t.Errorf("then waits for %v", time.Duration(got-w.now))
	}
}

// TestPlainIsJudged: the application is told who is plain.
func TestPlainIsJudged(t *testing.T) {
	for _, plain := range []bool{true, false} {
		var asked []Offer
		w := newWorld(t, func(c *ServerConfig) {
			c.Plain = PlainAllow
			c.Judge = func(o Offer) Verdict { asked = append(asked, o); return Verdict{Admit: true} }
		})
		p := w.join(w.mint(7, func(c *MintConfig) { c.Plain = plain }), 1, func(c *ClientConfig) {
			if plain {
				c.Plain = PlainOnly
			}
		})
		w.step(0)
		w.step(100 * ms)
		w.wantState(p, StateConnected)
		if len(asked) != 1 || asked[0].Plain != plain || asked[0].ClientID != 7 {
			t.Errorf("plain %v: asked about %+v", plain, asked)
		}
	}
}

// TestLaterRefusalCounts: of two refusals while the client still waits for a challenge, the later one
// is told; one without a reason does not take the place of one with it.
func TestLaterRefusalCounts(t *testing.T) {
	w := newWorld(t, nil)
	w.onServer = func(Source, []byte) bool { return false }
	p := w.join(w.mint(7, plainToken), 1, func(c *ClientConfig) { c.Plain = PlainAllow })
	for _, code := range []Code{CodeFull, CodeGoingAway} {
		b, _ := appendReason(w.random, p.was.handshake, nil, Refusal{Code: code}, wireID{}, echo{}, 1078)
		p.receive(b)
	}
	p.receive(p.denied())
	w.step(100 * ms)
	if r := p.last().Refusal; p.c.State() != StateDenied || r.Code != CodeGoingAway || r.Text != "" {
		t.Errorf("%v, refused with %v", p.c.State(), r)
	}
}

// TestRefusalOfTextAlone: a REASON without a code is told with its text.
func TestRefusalOfTextAlone(t *testing.T) {
	w := newWorld(t, nil)
	w.onServer = func(Source, []byte) bool { return false }
	p := w.join(w.mint(7, nil), 1, nil)
	b, _ := appendReason(w.random, p.was.handshake, nil, Refusal{Text: "come back at eight"}, wireID{}, echo{}, 1078)
	p.receive(b)
	w.step(100 * ms)
	if r := p.last().Refusal; r.Text != "come back at eight" {
		t.Errorf("refused with %v", r)
	}
}

// TestChallengeOfTheNextServer: what came of one server has no part in what is answered to the next,
// though nothing was sent in between.
func TestChallengeOfTheNextServer(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.Plain = PlainOnly })
	p := w.join(w.foreign(nil), 1, func(c *ClientConfig) { c.Plain, c.Patience = PlainAllow, time.Second })
	for i := range uint64(50) {
		b := p.was.in.append(nil, kindChallenge, 1<<63+i, binaryChallenge(i<<entryBits))
		if ev := p.c.HandleDatagram(w.now, w.unix(), 0, SourceFrom(otherAddr), b); ev.Drop != DropNone {
			t.Fatalf("challenge %d: %v", i, ev.Drop)
		}
	}
	w.now += second
	if ev := p.c.HandleTimeout(w.now, w.unix()); ev.Kind != ClientState || ev.State != StateRequesting || p.c.Server() != SourceFrom(serverAddr) {
		t.Fatalf("%+v at %v", ev, p.c.Server())
	}
	const next = 99 << entryBits
	p.receive(p.was.in.append(nil, kindChallenge, 1<<63, binaryChallenge(next)))
	if p.was.challenge != next {
		t.Errorf("answers challenge %#x, was asked %#x", p.was.challenge, uint64(next))
	}
}

// TestPayloadErrorTellsTheWayOut: what a plain packet carries is in the text.
func TestPayloadErrorTellsTheWayOut(t *testing.T) {
	_, p, _ := plainPair(t, nil)
	_, err := p.c.AppendPayload(0, nil, make([]byte, MaxPayloadBytes+1))
	if err == nil || !strings.Contains(err.Error(), "1201 bytes") || !strings.Contains(err.Error(), "1 to 1200") {
		t.Errorf("%v", err)
	}
}

// TestPlainSeatWithoutRandomness: where a plain client was expected, and has been spoken to, and an OFFER
// shows that it is one of ours while there is no randomness for its ACCEPT, the token is used up: a
// plain seat of it would count from zero again under its keys.
func TestPlainSeatWithoutRandomness(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.Plain = PlainAllow })
	sealed := make(map[uint64]int)
	w.onClient = func(_ Source, b []byte) bool {
		if h, drop := readStandardHeader(b, clientReads); drop == DropNone {
			sealed[h.sequence]++
		}
		return true
	}
	var offers [][]byte
	w.onServer = func(_ Source, b []byte) bool {
		if b[0] == wire.PrefixHandshake {
			offers = append(offers, bytes.Clone(b))
			return false
		}
		return true
	}
	token := w.mint(7, plainToken)
	p := w.join(token, 1, nil)
	w.step(0)
	w.step(100 * ms)
	if len(offers) == 0 || len(w.server.watched) != 1 || w.server.watched[0].state != seatUndecided {
		t.Fatalf("%d OFFERs, %d seats", len(offers), len(w.server.watched))
	}
	w.onServer, w.server.random = nil, &failing{after: shareBytes}
	if ev := w.toServer(p.at, offers[0]); ev.Drop != DropNoRandom || len(w.server.watched) != 0 {
		t.Fatalf("without randomness: %+v", ev)
	}
	w.clients, w.server.random = nil, w.random
	w.join(token, 2, func(c *ClientConfig) { c.Plain = PlainOnly })
	for range 5 {
		w.step(100 * ms)
	}
	for sequence, n := range sealed {
		if n > 1 {
			t.Errorf("number %#x sealed %d times under one key", sequence, n)
		}
	}
	if w.drops(DropUsed) == 0 || w.server.Admission().Clients() != 0 {
		t.Errorf("the token goes on: drops %v", dropNames(w.server.Counters()))
	}
}
