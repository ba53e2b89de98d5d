package netcode

import (
	"bytes"
	"net/netip"
	"slices"
	"testing"
	"time"
)

// The life of a token at a server, where our rules are stricter or kinder
// than older texts of the standard.

// confirmed joins a client and lets its first packet confirm it.
func (w *world) confirmed(token *Token, port uint16) (*player, *Seat) {
	w.t.Helper()
	p := w.join(token, port, nil)
	w.step(0)
	w.wantState(p, StateConnected)
	seat := w.last().Seat
	w.toServer(p.at, p.data(0, ""))
	if !seat.Confirmed() {
		w.t.Fatal("not confirmed")
	}
	return p, seat
}

func (w *world) request(token *Token, port uint16) Event {
	c := Client{token: token}
	return w.server.HandleDatagram(w.now, w.unix(), source(port), c.appendRequest(nil), make([]byte, 0, 1500))
}

func TestTokenPendingAnswersAnySource(t *testing.T) {
	w := newWorld(t, nil)
	token := w.mint(1, nil)
	for port := range uint16(100) {
		if ev := w.request(token, port); len(ev.Reply) != 333 || ev.Drop != DropNone {
			t.Fatalf("request %d: %v, %d bytes of answer", port, ev.Drop, len(ev.Reply))
		}
	}
	if c := w.server.Counters(); c.Decryptions != 1 || c.Challenges != 100 {
		t.Fatalf("%d decryptions for one token, %d challenges", c.Decryptions, c.Challenges)
	}
	if n := w.server.Admission().Tokens(); n != 1 {
		t.Fatalf("%d entries for one token", n)
	}
}

// TestTokenSniffed: whoever replays a request from elsewhere gets a challenge
// that he cannot read, and its owner still connects.
func TestTokenSniffed(t *testing.T) {
	for _, plain := range []bool{false, true} {
		w := newWorld(t, func(c *ServerConfig) { c.Plain = PlainAllow })
		token := w.mint(1, func(c *MintConfig) { c.Plain = plain })
		for port := range uint16(20) {
			w.request(token, 100+port)
		}
		policy := PlainRefuse
		if plain {
			policy = PlainOnly
		}
		p := w.join(token, 1, func(c *ClientConfig) { c.Plain = policy })
		w.step(0)
		w.wantState(p, StateConnected)
	}
}

func TestTokenConsumedAdmitsNothing(t *testing.T) {
	w := newWorld(t, nil)
	token := w.mint(1, nil)
	_, seat := w.confirmed(token, 1)
	for range 2 {
		ev := w.request(token, 1)
		if ev.Drop != DropUsed {
			t.Fatalf("dropped as %v", ev.Drop)
		}
		w.server.Release(w.now, seat) // nor after the connection is over
	}
	p := w.join(token, 2, nil)
	w.step(0)
	w.step(200 * ms)
	w.wantState(p, StateDenied)
	if r := p.last().Refusal; r.Code != CodeUsed {
		t.Fatalf("refused with %v", r)
	}
}

func TestTokenConsumedByLeavingUnconfirmed(t *testing.T) {
	w := newWorld(t, nil)
	token := w.mint(1, nil)
	w.join(token, 1, nil)
	w.step(0)
	seat := w.last().Seat
	for range 11 {
		w.step(second)
	}
	if ev := w.last(); ev.Kind != EventDisconnected || ev.Why != WhyTimeout || ev.Seat != seat {
		t.Fatalf("event %+v", ev)
	}
	w.server.Release(w.now, seat)
	if ev := w.request(token, 1); ev.Drop != DropUsed {
		t.Fatalf("dropped as %v", ev.Drop)
	}
}

func TestTokenExpires(t *testing.T) {
	w := newWorld(t, nil)
	token := w.mint(1, func(c *MintConfig) { c.Lifetime = 5 * time.Second })
	w.now += 4 * second
	if ev := w.request(token, 1); ev.Drop != DropNone {
		t.Fatalf("dropped as %v in its last second", ev.Drop)
	}
	w.now += second
	ev := w.request(token, 1)
	if ev.Drop != DropExpired || w.server.Admission().Tokens() != 0 {
		t.Fatalf("dropped as %v, %d entries", ev.Drop, w.server.Admission().Tokens())
	}
	if r := w.readReason(token, ev.Reply); r.Code != CodeExpired {
		t.Fatalf("explained as %v", r)
	}
}

func (w *world) readReason(token *Token, b []byte) Refusal {
	w.t.Helper()
	r, e, drop := openReason(newHandshakeKeys(token.keys(), testProtocol), bytes.Clone(b), wireID{})
	if drop != DropNone || e != (echo{}) {
		w.t.Fatalf("REASON of %d bytes: %v, echo %x", len(b), drop, e)
	}
	return r
}

// TestTokenAfterRestart: a token that an earlier run may have seen admits
// nobody, whether it was used or not; a newer one does.
func TestTokenAfterRestart(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.MaxTokenLifetime = 0 })
	w.now += second
	token := w.mint(1, nil)
	w.confirmed(token, 1)
	w.now += 10 * second
	w.restart()
	ev := w.request(token, 1)
	if ev.Drop != DropTooEarly {
		t.Fatalf("dropped as %v", ev.Drop)
	}
	if r := w.readReason(token, ev.Reply); r.Code != CodeTooEarly || r.RetryAfter != 11 {
		t.Fatalf("explained as %+v", r)
	}
	w.now += second
	w.confirmed(w.mint(1, nil), 1)
}

// TestTokenAfterRestartAtOnce: a server that is started again within the second in which
// it ended cannot tell that second's tokens, used and new; the next second's it takes.
func TestTokenAfterRestartAtOnce(t *testing.T) {
	for _, lifetime := range []time.Duration{0, time.Nanosecond, time.Second, 1500 * time.Millisecond, time.Hour} {
		w := newWorld(t, func(c *ServerConfig) { c.MaxTokenLifetime = lifetime })
		longest := func(c *MintConfig) { c.Lifetime = lifetime }
		w.now += second
		used := w.mint(1, longest)
		w.confirmed(used, 1)
		w.restart()
		for _, token := range []*Token{used, w.mint(2, longest)} {
			ev := w.request(token, 1)
			if ev.Drop != DropTooEarly {
				t.Fatalf("lifetime %v: dropped as %v", lifetime, ev.Drop)
			}
			if r := w.readReason(token, ev.Reply); r.RetryAfter != 1 {
				t.Errorf("lifetime %v: explained as %+v", lifetime, r)
			}
		}
		w.now += second // as the refusal says
		w.confirmed(w.mint(2, longest), 1)
	}
}

func TestTokenHistoryFull(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.MaxTokens = 3 })
	var tokens []*Token
	for i := range 4 {
		tokens = append(tokens, w.mint(uint64(i), func(c *MintConfig) { c.Lifetime = time.Duration(10+i) * time.Second }))
	}
	for _, token := range tokens[:3] {
		if ev := w.request(token, 1); ev.Drop != DropNone {
			t.Fatal(ev.Drop)
		}
	}
	if ev := w.request(tokens[3], 1); ev.Drop != DropHistoryFull || w.readReason(tokens[3], ev.Reply).Code != CodeFull {
		t.Fatalf("dropped as %v", ev.Drop)
	}
	if ev := w.request(tokens[0], 1); ev.Drop != DropNone {
		t.Fatalf("a token in the table was dropped as %v", ev.Drop)
	}
	w.now += 10 * second // the first one expires
	if ev := w.request(tokens[3], 1); ev.Drop != DropNone {
		t.Fatalf("dropped as %v although there is room", ev.Drop)
	}
}

// TestTokenExpiryOrder fills and empties the heap behind the history.
func TestTokenExpiryOrder(t *testing.T) {
	a, err := NewAdmission(0, AdmissionConfig{Random: newSeeded(2)})
	if err != nil {
		t.Fatal(err)
	}
	r := newSeeded(3)
	for i := range 500 {
		mac := [macBytes]byte{byte(i), byte(i >> 8)}
		a.remember(&mac, 1+r.Uint64()%100, &privateToken{clientID: uint64(i)})
	}
	for unix := range int64(101) {
		for e := a.expired(unix); e != nil; e = a.expired(unix) {
			if e.expires != uint64(unix) {
				t.Fatalf("expired at %d, was due at %d", unix, e.expires)
			}
		}
	}
	if a.Tokens() != 0 || len(a.free) != 500 {
		t.Fatalf("%d tokens left, %d entries free", a.Tokens(), len(a.free))
	}
}

// TestTokenEntryReused: the entry of an expired token may be given to another;
// an answer to the old challenge is then none of its own, and costs no decryption.
func TestTokenEntryReused(t *testing.T) {
	w := newWorld(t, nil)
	var late []byte
	w.onServer = func(_ Source, b []byte) bool {
		if b[0] == 7 {
			late = bytes.Clone(b)
			return false
		}
		return true
	}
	w.join(w.mint(1, func(c *MintConfig) { c.Lifetime = time.Second }), 1, nil)
	w.step(0)
	w.now += second
	if ev := w.server.HandleDatagram(w.now, w.unix(), source(1), bytes.Clone(late), nil); ev.Drop != DropUnknownToken {
		t.Fatalf("dropped as %v", ev.Drop)
	}
	w.request(w.mint(2, nil), 2)
	if ev := w.server.HandleDatagram(w.now, w.unix(), source(1), bytes.Clone(late), nil); ev.Drop != DropUnknownToken {
		t.Fatalf("dropped as %v", ev.Drop)
	}
}

// TestChallengeKeyChanges: the challenge sequence is the nonce, so the key
// changes before its 40 bits of counter begin again.
func TestChallengeKeyChanges(t *testing.T) {
	w := newWorld(t, nil)
	a := w.server.Admission()
	old := a.challengeKey.aead
	a.challenges = maxChallenges - 1
	w.request(w.mint(1, nil), 1)
	if a.challengeKey.aead != old || a.challenges != maxChallenges {
		t.Fatal("the key changed too early")
	}
	p := w.join(w.mint(2, nil), 2, nil)
	w.step(0)
	w.wantState(p, StateConnected)
	if a.challengeKey.aead == old || a.challenges != 1 {
		t.Fatal("the counter began again under the same key")
	}
}

// TestPlainSources: a plain response is tried with the eight newest tokens that were shown from
// its source, however many of them were shown elsewhere, and with none that is gone.
func TestPlainSources(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.Plain = PlainOnly; c.FailuresPerSecond = -1 })
	plain := func(c *ClientConfig) { c.Plain = PlainOnly }
	ids := func(port uint16) (ids []uint64) {
		from := source(port)
		for _, e := range w.server.Admission().shownFrom(&from) {
			if e != nil {
				ids = append(ids, e.clientID)
			}
		}
		return ids
	}
	first, second := w.mint(1, plainToken), w.mint(2, plainToken)
	w.request(first, 5)
	w.request(second, 5)
	w.request(first, 5) // again
	for port := range uint16(500) {
		w.request(first, 100+port)
	}
	if got := ids(5); !slices.Equal(got, []uint64{1, 2}) || !slices.Equal(ids(599), []uint64{1}) {
		t.Fatalf("from 5: %d", got)
	}
	for id := range uint64(6) {
		w.request(w.mint(10+id, plainToken), 5)
	}
	if got := ids(5); !slices.Equal(got, []uint64{15, 14, 13, 12, 11, 10, 1, 2}) {
		t.Fatalf("from 5: %d", got)
	}
	p := w.join(second, 5, plain) // still among them
	w.step(0)
	w.step(100 * ms)
	w.wantState(p, StateConnected)
	if got := ids(5); len(got) != 7 || slices.Contains(got, 2) {
		t.Fatalf("from 5, one being consumed: %d", got)
	}
	w.now += 46 * int64(time.Second)
	w.step(0)
	if got := ids(5); len(got) != 0 || w.server.Admission().Tokens() != 0 {
		t.Fatalf("from 5: %d; %d tokens", got, w.server.Admission().Tokens())
	}
}

// TestClockStep: the wall clock goes ahead by a minute and comes back. Neither a token that was used
// nor a resume ticket admits again, and no number seals twice.
func TestClockStep(t *testing.T) {
	for _, plain := range []bool{false, true} {
		w := newWorld(t, func(c *ServerConfig) { c.Plain = PlainAllow })
		change := func(c *ClientConfig) {
			if plain {
				c.Plain = PlainOnly
			}
		}
		token := w.mint(7, func(c *MintConfig) { c.Plain = plain })
		p := w.join(token, 1, change)
		w.step(100 * ms)
		w.step(100 * ms)
		w.wantState(p, StateConnected)
		if plain {
			b, _ := p.c.AppendPayload(w.now, nil, []byte("first"))
			w.toServer(p.at, b)
		} else {
			w.toServer(p.at, p.data(0, "first"))
		}
		w.server.Release(w.now, w.last().Seat)
		w.clients = nil
		w.unix0 += 60
		w.server.HandleTimeout(w.now, w.unix())
		if n := w.server.Admission().Tokens(); n != 0 {
			t.Fatalf("%d tokens are remembered after their time", n)
		}
		w.unix0 -= 60
		if ev := w.request(token, 1); ev.Drop != DropExpired {
			t.Errorf("plain %v: the token is dropped as %v", plain, ev.Drop)
		}
	}
	t.Run("ticket", func(t *testing.T) {
		w := newWorld(t, nil)
		p, seat := w.confirmed(w.mint(7, nil), 1)
		ticket := w.ticketFor(30*time.Second, p, seat)
		w.server.Revoke(seat)
		w.server.Leave(seat)
		w.server.Release(w.now, seat)
		w.clients = nil
		w.unix0 += 60
		w.server.HandleTimeout(w.now, w.unix())
		w.unix0 -= 60
		back := w.comeBack(ticket, 3, nil)
		w.step(0)
		w.step(second)
		if back.c.State() == StateConnected || w.drops(DropExpired) == 0 {
			t.Errorf("a ticket that was used: %v", back.c.State())
		}
	})
}

// TestTokenTooLong: a token that the restart rule of the next run would not know is refused by this
// one; who has one of a clock that is ahead by what clocks may differ by waits for as long.
func TestTokenTooLong(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.MaxTokenLifetime = 0 })
	w.now += 60 * second
	for seconds, want := range map[time.Duration]Drop{45: DropNone, 46: DropAhead, 50: DropAhead, 51: DropTooLong, 3600: DropTooLong, 1 << 30: DropTooLong} {
		token := w.mint(7, func(c *MintConfig) { c.Lifetime = seconds * time.Second })
		ev := w.request(token, 1)
		if ev.Drop != want {
			t.Errorf("%d s: dropped as %v", seconds, ev.Drop)
		}
		if want == DropAhead {
			w.now += int64(seconds-45) * second
			if ev := w.request(token, 1); ev.Drop != DropNone {
				t.Errorf("%d s, asked again in time: dropped as %v", seconds, ev.Drop)
			}
		}
		if want == DropTooLong && w.readReason(token, ev.Reply).Code != CodeTooLong {
			t.Errorf("%d s: no reason", seconds)
		}
		w.now += second
	}
}

// TestTokenWithoutEnd: without a restart rule a token lives for a year at most, since it is remembered as
// long; so one that was made in milliseconds for seconds is found too, and one that never ends.
func TestTokenWithoutEnd(t *testing.T) {
	w := newWorld(t, nil)
	const year = int64(MaxLifetime / time.Second)
	for lifetime, want := range map[int64]Drop{year: DropNone, year + 5: DropNone, year + 6: DropTooLong, 999 * testUnix: DropTooLong} {
		cfg := MintConfig{ProtocolID: testProtocol, Key: testKey(), ClientID: 7, Addresses: []netip.AddrPort{serverAddr}, Random: w.random}
		token, err := cfg.withDefaults().mint(uint64(testUnix + lifetime - int64(DefaultLifetime/time.Second)))
		if err != nil {
			t.Fatal(err)
		}
		if ev := w.request(token, 1); ev.Drop != want {
			t.Errorf("%d s: dropped as %v", lifetime, ev.Drop)
		}
	}
}

// TestExpiredUnanswered: whose token is over says whether anything came that its keys open, which a server
// with another key never sends.
func TestExpiredUnanswered(t *testing.T) {
	for _, key := range []Key{testKey(), KeyFrom(rawKey{9})} {
		w := newWorld(t, nil)
		token := w.mint(7, func(c *MintConfig) { c.Key, c.Lifetime = key, 2*time.Second })
		c, err := NewClient(w.now, w.unix(), token, ClientConfig{Random: w.random})
		if err != nil {
			t.Fatal(err)
		}
		request, _, _ := c.NextDatagram(nil)
		if ev := w.server.HandleDatagram(w.now, w.unix(), source(1), request, nil); len(ev.Reply) > 0 {
			c.HandleDatagram(w.now, w.unix(), 0, SourceFrom(serverAddr), ev.Reply)
		}
		if ev := c.HandleTimeout(w.now+2*second-1, w.unix()); ev.Kind != ClientNone {
			t.Errorf("before its time: %+v", ev)
		}
		ev := c.HandleTimeout(w.now+2*second, w.unix())
		if ev.Kind != ClientEnded || ev.State != StateTokenExpired || ev.Unanswered == key.Equal(testKey()) {
			t.Errorf("%+v", ev)
		}
	}
}

// TestTimersFire: what Deadline tells is what HandleTimeout does: at it something is done or owed, and not
// a moment earlier, whatever the clock shows, zero too.
func TestTimersFire(t *testing.T) {
	for _, start := range []int64{-3 * second, 0, 1, 90 * second} {
		w := newWorld(t, nil)
		w.now = start
		token := w.mint(7, plainToken)
		c, err := NewClient(w.now, testUnix, token, ClientConfig{Random: w.random, Plain: PlainAllow})
		if err != nil {
			t.Fatal(err)
		}
		c.HandleTimeout(start, testUnix)
		for c.State() >= StateDisconnected {
			for _, _, ok := c.NextDatagram(nil); ok; _, _, ok = c.NextDatagram(nil) {
			}
			at := c.Deadline()
			if at <= w.now || at-w.now > sendInterval {
				t.Fatalf("from %d: at %d the deadline is %d", start, w.now, at)
			}
			if ev := c.HandleTimeout(at-1, testUnix); ev.Kind != ClientNone || c.dueMask != 0 {
				t.Fatalf("from %d: a moment before %d: %+v", start, at, ev)
			}
			w.now = at
			if ev := c.HandleTimeout(at, testUnix); ev.Kind == ClientNone && c.dueMask == 0 {
				t.Fatalf("from %d: nothing was done at %d", start, at)
			}
		}
		if c.State() != StateRequestTimedOut || w.now != start+10*second || c.Deadline() != never {
			t.Errorf("from %d: %v at %d, then %d", start, c.State(), w.now, c.Deadline())
		}
	}
}

// TestTooEarlyForLong: a wait of more than the seconds that fit two bytes is told as the longest.
func TestTooEarlyForLong(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.MaxTokenLifetime = 24 * time.Hour })
	for wait, want := range map[time.Duration]uint16{40_000 * time.Second: 40_000, 70_000 * time.Second: 1<<16 - 1} {
		token := w.mint(1, func(c *MintConfig) { c.Lifetime = 24*time.Hour - wait + time.Second })
		ev := w.request(token, 1)
		if r := w.readReason(token, ev.Reply); ev.Drop != DropTooEarly || r.RetryAfter != want {
			t.Errorf("a wait of %v: %v, explained as %+v", wait, ev.Drop, r)
		}
	}
}

// TestUsedTokenWillNotBeGood: whoever shows a token that was used is told so, and not to come again with it.
func TestUsedTokenWillNotBeGood(t *testing.T) {
	w := newWorld(t, nil)
	token := w.mint(1, nil)
	_, seat := w.confirmed(token, 1)
	w.server.Release(w.now, seat)
	w.now += second
	ev := w.request(token, 2)
	if r := w.readReason(token, ev.Reply); ev.Drop != DropUsed || r.Code != CodeUsed || r.RetryAfter != 0 {
		t.Errorf("%v, explained as %+v", ev.Drop, r)
	}
}
