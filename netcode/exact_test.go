package netcode

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"

	"github.com/tickwire/tickwire/internal/account"
)

// A diary is what a client, or a server, does in the course of time.
type diary []string

func (d *diary) note(now int64, format string, args ...any) {
	*d = append(*d, fmt.Sprintf("%6d ms: ", (now-second)/ms)+fmt.Sprintf(format, args...))
}

// TestDeadlinesOfClients: called at its Deadline alone, a client does what it does when it is asked each
// millisecond, at the same times, and asks to be called for nothing else.
func TestDeadlinesOfClients(t *testing.T) {
	for name, c := range map[string]struct {
		plain    bool
		lifetime time.Duration
		cfg      ClientConfig
		hears    map[int64]func(c *Client) []byte // at milliseconds
	}{
		"silence":                 {cfg: ClientConfig{Patience: 1234 * time.Millisecond}},
		"silence, and no timeout": {plain: true, lifetime: 3 * time.Second, cfg: ClientConfig{Plain: PlainOnly, Patience: time.Hour}},
		"nothing is repeated":     {cfg: ClientConfig{Reliable: true, Patience: 700 * time.Millisecond}},
		"denied":                  {plain: true, cfg: ClientConfig{Plain: PlainAllow}, hears: map[int64]func(*Client) []byte{250: said(kindDenied, 0)}},
		"a plain server":          {plain: true, cfg: ClientConfig{Plain: PlainAllow, PlainWait: 333 * time.Millisecond}, hears: map[int64]func(*Client) []byte{150: said(kindChallenge, challengeBody), 280: said(kindKeepAlive, keepAliveBody), 3000: said(kindPayload, 5)}},
		"a plain server, refused": {plain: true, cfg: ClientConfig{}, hears: map[int64]func(*Client) []byte{150: said(kindChallenge, challengeBody), 280: said(kindKeepAlive, keepAliveBody)}},
	} {
		play := func(eager bool) (d diary) {
			w := newWorld(t, nil)
			token := w.mint(7, func(m *MintConfig) { m.Plain, m.Lifetime, m.Timeout = c.plain, c.lifetime, 4*time.Second })
			c.cfg.Random = newSeeded(3)
			p := w.join(token, 1, func(cfg *ClientConfig) { *cfg = c.cfg })
			look := func() {
				for ev := p.c.HandleTimeout(w.now, w.unix()); ev.Kind != ClientNone; ev = p.c.HandleTimeout(w.now, w.unix()) {
					d.note(w.now, "%v, %v", ev.State, ev.Refusal)
				}
				for b, _, ok := p.c.NextDatagram(nil); ok; b, _, ok = p.c.NextDatagram(nil) {
					d.note(w.now, "says %d bytes, %#x", len(b), b[0])
				}
			}
			for n := range int64(9000) {
				if w.now = second + n*ms; c.hears[n] != nil {
					ev := p.receive(c.hears[n](p.c))
					d.note(w.now, "hears: %v", ev.Drop)
				}
				if before := len(d); eager || w.now >= p.c.Deadline() {
					if look(); !eager && len(d) == before {
						t.Errorf("%s: called at %d ms for nothing", name, n)
					}
				}
			}
			return d
		}
		if eager, lazy := play(true), play(false); !slices.Equal(eager, lazy) || len(eager) < 2 {
			t.Errorf("%s:\n%s\nat its deadlines:\n%s", name, strings.Join(eager, "\n"), strings.Join(lazy, "\n"))
		}
	}
}

// said is a packet of a plain server with zeros in it, but for a keep-alive to client 1 of 2.
func said(kind packetKind, n int) func(c *Client) []byte {
	return func(c *Client) []byte {
		body := make([]byte, n)
		if kind == kindKeepAlive {
			body[0], body[4] = 1, 2
		}
		return c.in.append(nil, kind, 1<<50, body)
	}
}

// TestClientRepeats: an attempt says the same ten times a second, and nothing else.
func TestClientRepeats(t *testing.T) {
	for _, responding := range []bool{false, true} {
		w := newWorld(t, nil)
		p := w.join(w.mint(7, plainToken), 1, func(c *ClientConfig) { c.Plain = PlainOnly })
		if responding {
			p.receive(p.c.in.append(nil, kindChallenge, 1<<63, binaryChallenge(1)))
		}
		kinds := map[byte]int{}
		for range 100 {
			w.now += 10 * ms
			p.c.HandleTimeout(w.now, w.unix())
			for b, _, ok := p.c.NextDatagram(nil); ok; b, _, ok = p.c.NextDatagram(nil) {
				kinds[b[0]&15]++
			}
		}
		want := map[bool]byte{false: byte(kindRequest), true: byte(kindResponse)}[responding]
		if len(kinds) != 1 || kinds[want] < 10 || kinds[want] > 11 {
			t.Errorf("responding %v: kinds of packets %v", responding, kinds)
		}
	}
}

// TestClientSaysGoodbye: who has heard that its response was taken says goodbye; before that there is
// nobody to say it to.
func TestClientSaysGoodbye(t *testing.T) {
	for name, c := range map[string]struct {
		hears []packetKind
		want  int
	}{"requesting": {nil, 0}, "responding": {[]packetKind{kindChallenge}, 0}, "taken": {[]packetKind{kindChallenge, kindKeepAlive}, 10}} {
		w := newWorld(t, nil)
		p := w.join(w.mint(7, plainToken), 1, func(c *ClientConfig) { c.Plain = PlainAllow })
		for _, kind := range c.hears {
			size := map[packetKind]int{kindChallenge: challengeBody, kindKeepAlive: keepAliveBody}[kind]
			if ev := p.receive(said(kind, size)(p.c)); ev.Drop != DropNone {
				t.Fatal(ev.Drop)
			}
		}
		if index, most := p.c.Index(); name == "taken" && (index != 1 || most != 2) {
			t.Errorf("client %d of %d", index, most)
		}
		p.c.Disconnect(w.now)
		said := 0
		for b, _, ok := p.c.NextDatagram(nil); ok; b, _, ok = p.c.NextDatagram(nil) {
			said++
			if packetKind(b[0]&15) != kindDisconnect {
				t.Errorf("%s: says %x", name, b[0])
			}
		}
		if said != c.want || p.c.State() != StateDisconnected {
			t.Errorf("%s: %d goodbyes, %v", name, said, p.c.State())
		}
	}
}

// TestRefusalOfOneServer: what one server of a foreign token has said is no word of the next one.
func TestRefusalOfOneServer(t *testing.T) {
	w := newWorld(t, nil)
	w.onServer = func(Source, []byte) bool { return false }
	p := w.join(w.foreign(nil), 1, func(c *ClientConfig) { c.Plain = PlainAllow })
	p.c.HandleDatagram(w.now, w.unix(), 0, SourceFrom(otherAddr), p.denied())
	w.step(100 * ms)
	w.wantState(p, StateRequesting)
	if p.c.Server() != SourceFrom(serverAddr) {
		t.Fatalf("still at %v", p.c.Server())
	}
	for range 15 {
		w.step(100 * ms)
	}
	w.wantState(p, StateRequesting)
}

// TestSecondChallengeByLot: of two challenges that wait for an answer either is answered as often.
func TestSecondChallengeByLot(t *testing.T) {
	second := 0
	for seed := range uint64(200) {
		w := newWorld(t, nil)
		p := w.join(w.mint(7, nil), 1, func(c *ClientConfig) { c.Random = newSeeded(seed) })
		for n := range uint64(2) {
			p.receive(p.c.in.append(nil, kindChallenge, 1<<63+n, binaryChallenge(n<<entryBits)))
		}
		second += int(p.c.challenge >> entryBits)
	}
	if second < 60 || second > 140 {
		t.Errorf("the second of two is answered %d times of 200", second)
	}
}

// TestSecondRetry: a second cookie is used, and is no news to the owner.
func TestSecondRetry(t *testing.T) {
	w := newWorld(t, nil)
	p, seat := w.confirmed(w.mint(7, nil), 1)
	q := w.comeBack(w.ticket(p, seat), 2, nil)
	for n := range 3 {
		b, _ := w.server.adm.cookies.appendRetry(w.random, q.c.handshake, nil, q.c.wireID, &q.c.share, make([]byte, cookieBytes))
		w.now += 10 * ms
		before := q.c.attempt
		ev := q.receive(b)
		if want := n == 0; ev.Drop != DropNone || (ev.Kind == ClientState) != want || (q.c.attempt != before) != want {
			t.Errorf("RETRY %d: %+v", n, ev)
		}
	}
}

// TestOwnSourceIsNotCharged: who forges packets in the name of a connected player costs him nothing.
func TestOwnSourceIsNotCharged(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.FailuresPerSecond = 64 * 4 })
	p, _ := w.confirmed(w.mint(7, nil), 1)
	for n := range uint64(50) {
		b := p.data(1+n, "forged")
		b[len(b)-1] ^= 1
		w.toServer(p.at, bytes.Clone(b))
	}
	if drop := w.server.adm.gate.indebted(w.now, &p.at); drop != DropNone {
		t.Errorf("the player is in debt: %v", drop)
	}
	elsewhere := source(9)
	for n := range uint64(50) {
		b := p.data(100+n, "forged")
		b[len(b)-1] ^= 1
		w.toServer(elsewhere, b)
	}
	if drop := w.server.adm.gate.indebted(w.now, &elsewhere); drop != DropSourceLimit {
		t.Errorf("who forges from elsewhere: %v", drop)
	}
}

// TestReplacedTokenIsUsed: a token whose seat was given to another of the same player admits no other
// client.
func TestReplacedTokenIsUsed(t *testing.T) {
	w := newWorld(t, nil)
	first := w.mint(7, nil)
	w.join(first, 1, nil)
	w.step(0)
	w.confirmed(w.mint(7, nil), 2)
	w.clients = nil
	w.now += 200 * ms
	p := w.join(first, 3, nil)
	w.step(0)
	w.wantState(p, StateDenied)
	if r := p.last().Refusal; r.Code != CodeUsed || r.RetryAfter != 0 || w.drops(DropUsed) != 1 {
		t.Errorf("refused with %v, drops %v", r, dropNames(w.server.Counters()))
	}
}

// TestJudgedAgain: of a client that begins anew the application hears which seat it takes again.
func TestJudgedAgain(t *testing.T) {
	var renews []*Seat
	w := newWorld(t, func(c *ServerConfig) {
		c.Judge = func(o Offer) Verdict { renews = append(renews, o.Renews); return Verdict{Admit: true} }
	})
	token := w.mint(7, nil)
	w.join(token, 1, nil)
	w.step(0)
	seat := w.last().Seat
	w.clients = nil
	w.now += 100 * ms
	w.join(token, 2, nil)
	w.step(0)
	if len(renews) != 2 || renews[0] != nil || renews[1] != seat {
		t.Errorf("renews %v", renews)
	}
}

// TestNoSlotsLost: clients that got no keys, for want of randomness, hold no place.
func TestNoSlotsLost(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.MaxTokens = 1000 })
	for i := range uint64(60) { // twice as many as there are slots
		w.server.random = &failing{after: shareBytes}
		w.join(w.mint(i, nil), uint16(i), nil)
		w.step(0)
		w.clients = nil
	}
	w.server.random = w.random
	w.now += slotRest
	w.confirmed(w.mint(99, nil), 999)
}

// TestPlainResponses: a plain client that the application refuses is asked about ten times a second at
// most.
func TestPlainResponses(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) {
		c.Plain, c.Judge = PlainOnly, func(Offer) Verdict { return Verdict{} }
	})
	p := w.join(w.mint(7, plainToken), 1, func(c *ClientConfig) { c.Plain = PlainOnly })
	w.onClient = func(_ Source, b []byte) bool { return packetKind(b[0]&15) != kindDenied }
	w.step(0)
	if w.drops(DropRefused) != 1 {
		t.Fatalf("drops %v", dropNames(w.server.Counters()))
	}
	p.c.owe(dueResponse)
	w.exchange()
	if w.drops(DropTooOften) != 1 || w.drops(DropRefused) != 1 {
		t.Errorf("at once again: drops %v", dropNames(w.server.Counters()))
	}
}

// TestPlainEvents: what a plain client's packets are to the owner.
func TestPlainEvents(t *testing.T) {
	w, p, seat := plainPair(t, nil)
	alive := p.c.out.append(nil, kindKeepAlive, 1<<20, make([]byte, keepAliveBody))
	if ev := w.toServer(p.at, alive); ev.Kind != EventNone || ev.Seat != nil || ev.Drop != DropNone {
		t.Errorf("a keep-alive: %+v", ev)
	}
	if ev := w.toServer(p.at, p.c.out.append(nil, kindDisconnect, 1<<21, nil)); ev.Kind != EventDisconnected || ev.Why != WhyPeer || ev.Seat != seat {
		t.Errorf("a goodbye: %+v", ev)
	}
	for _, policy := range []PlainPolicy{PlainAllow, PlainOnly} {
		w := newWorld(t, func(c *ServerConfig) { c.Plain = policy })
		w.join(w.mint(7, plainToken), 1, func(c *ClientConfig) { c.Plain = PlainOnly })
		w.step(0)
		w.step(100 * ms)
		if ev := w.request(w.mint(8, plainToken), 1); ev.Drop != DropSourceConnected {
			t.Errorf("policy %v: another client from there: %v", policy, ev.Drop)
		}
		if ev := w.request(w.mint(7, plainToken), 2); ev.Drop != DropClientConnected {
			t.Errorf("policy %v: the same client from elsewhere: %v", policy, ev.Drop)
		}
	}
}

// TestOldestPendingIsForgotten: of the tokens that a player has waiting, a further one pushes out the
// oldest.
func TestOldestPendingIsForgotten(t *testing.T) {
	w := newWorld(t, nil)
	var tokens []*Token
	for range 2 * maxPending {
		tokens = append(tokens, w.mint(7, nil))
		w.request(tokens[len(tokens)-1], 1)
	}
	for i, token := range tokens {
		known := w.server.adm.find((*[macBytes]byte)(token.private[privateTokenBytes-macBytes:])) != nil
		if known != (i >= maxPending) {
			t.Errorf("token %d is known: %v", i, known)
		}
	}
}

// TestLotteryForgets: who asked is forgotten slice by slice, in the end all of them, and nobody before
// his time.
func TestLotteryForgets(t *testing.T) {
	l := newLottery(1000, rand.NewChaCha8([32]byte{}))
	l.forget(50)
	l.asked = 100
	if l.forget(51); l.asked != 100-13 {
		t.Errorf("after a slice %d of 100 are left", l.asked)
	}
	if l.forget(51); l.asked != 87 {
		t.Errorf("in the same slice %d are left", l.asked)
	}
	if l.forget(200); l.asked != 0 {
		t.Errorf("long after %d are left", l.asked)
	}
	f, full := newFairShares(8), account.New(1<<20, second)
	claims := func(slice int64, network uint64) (n int) {
		for f.claim(slice*workBurst, network*0x9e3779b97f4a7c15, &full) {
			n++
		}
		return n
	}
	got := []int{claims(10, 1), claims(10, 2), claims(10, 3), claims(11, 4), claims(13, 5)}
	if want := []int{4, 2, 2, 2, 4}; !slices.Equal(got, want) {
		t.Errorf("shares of 8 pieces: %v, want %v: all alone, beside another, two others, after three, after nobody", got, want)
	}
}

// TestMalformedResume: a RESUME whose client id overlaps the path's bits is malformed.
func TestMalformedResume(t *testing.T) {
	for first, want := range map[byte]Drop{0x10: DropNone, 0x11: DropMalformed, 0x14: DropMalformed} {
		w := newWorld(t, nil)
		p, seat := w.confirmed(w.mint(7, nil), 1)
		q := w.comeBack(w.ticket(p, seat), 2, nil)
		q.c.wireID = wireID{b: [4]byte{first}, n: 1}
		b, _, _ := q.c.NextDatagram(nil)
		if ev := w.toServer(q.at, b); ev.Drop != want {
			t.Errorf("client id %#x: %v", first, ev.Drop)
		}
	}
}

// TestResumeLayout: a RESUME that is cut behind its seal, or has a cookie of another size, is malformed.
func TestResumeLayout(t *testing.T) {
	k, random := newResumeKeys(&rawKey{1}, testProtocol), newSeeded(1)
	ticket := make([]byte, minTicketBytes)
	for n, want := range map[int]Drop{0: DropNone, cookieBytes: DropNone, cookieBytes + 1: DropMalformed} {
		r := resume{version: 1, cookie: make([]byte, n)}
		b, _ := r.append(random, k, nil, ticket)
		_, nonce, ok := splitResume(b)
		if drop := new(resume).open(k, b, nonce); !ok || drop != want {
			t.Errorf("a cookie of %d bytes: %v", n, drop)
		}
	}
	head := append([]byte{wire.PrefixHandshake, longResume, byte(len(ticket)), byte(len(ticket) >> 8)}, ticket...)
	for n := range resumeFixed {
		b, _ := sealLong(random, k.offer, append(append(bytes.Clone(head), make([]byte, nonceXBytes)...), make([]byte, n)...), len(head), head)
		if drop := new(resume).open(k, b, len(head)); drop != DropMalformed {
			t.Errorf("%d bytes: %v", n, drop)
		}
	}
}

// TestPayloadsKeepAlive: a plain client that hears nothing but payloads knows that its server lives.
func TestPayloadsKeepAlive(t *testing.T) {
	w, p, seat := plainPair(t, func(c *MintConfig) { c.Timeout = time.Second })
	w.onClient = func(_ Source, b []byte) bool { return packetKind(b[0]&15) == kindPayload }
	for range 30 {
		w.step(100 * ms)
		b, err := w.server.AppendPayload(w.now, seat, nil, []byte("news"))
		if err != nil {
			t.Fatal(err)
		}
		w.toClient(p.at, b)
	}
	w.wantState(p, StateConnected)
	w.step(second)
	w.wantState(p, StateTimedOut)
}

// TestOneSeatForAToken: a token whose client has left admits no plain one under the same keys.
func TestOneSeatForAToken(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.Plain = PlainAllow })
	p := w.join(w.mint(7, plainToken), 1, func(c *ClientConfig) { c.Plain = PlainAllow })
	w.onServer = func(_ Source, b []byte) bool { return packetKind(b[0]&15) != kindResponse || b[0] < minPlainPrefix }
	w.step(0)
	w.wantState(p, StateConnected)
	w.server.Leave(w.last().Seat)
	w.onServer = nil
	if ev := w.toServer(p.at, (&Client{approach: p.was}).appendResponse(nil)); ev.Drop != DropClientConnected || len(ev.Reply) != 0 {
		t.Errorf("%+v", ev)
	}
}

// TestTimesBeforeTheEpoch: a clock before 1970 shows 1970.
func TestTimesBeforeTheEpoch(t *testing.T) {
	for unix, want := range map[int64]uint64{-5: 0, 0: 0, 5: 5} {
		if got := seconds(unix); got != want {
			t.Errorf("%d: %d", unix, got)
		}
	}
}

// TestRowsFillAReason: as many rows go along as there is room for.
func TestRowsFillAReason(t *testing.T) {
	k := newHandshakeKeys(&tokenKeys{}, 1)
	r := Refusal{Code: CodeMismatch, Text: strings.Repeat("x", 130), Rows: make([]byte, 20*wire.ChannelRowSize)}
	for limit := reasonFixed + 131; limit < 500; limit++ {
		b, ok := appendReason(newSeeded(1), k, nil, r, wireID{}, echo{1}, limit)
		if !ok {
			t.Fatalf("limit %d", limit)
		}
		got, _, _ := openReason(k, bytes.Clone(b), wireID{})
		if got.Text != r.Text || len(got.Rows) < len(r.Rows) && limit-len(b) >= wire.ChannelRowSize || len(b) > limit {
			t.Errorf("limit %d: %d bytes, %d of rows", limit, len(b), len(got.Rows))
		}
	}
}

// TestWholeSeconds: what a client is told to wait is rounded up, and never more than fits.
func TestWholeSeconds(t *testing.T) {
	for d, want := range map[int64]uint16{-second: 0, 0: 0, 1: 1, second / 2: 1, second: 1, second + 1: 2, 3 * second / 2: 2, 65535 * second: 65535, 1 << 62: 65535} {
		if got := wholeSeconds(d); got != want {
			t.Errorf("%v: %d, want %d", time.Duration(d), got, want)
		}
	}
}
