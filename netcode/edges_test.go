package netcode

import (
	"bytes"
	"fmt"
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// The ends of what is allowed: the last that is good, and the first that is not.

// TestHelloOfEverySize: a HELLO may have 256 bytes on every way that it goes, and a RESUME is as long as a
// server asks for, whatever is in it.
func TestHelloOfEverySize(t *testing.T) {
	for n := 0; n <= wire.MaxHelloBytes; n += 16 {
		hello := bytes.Repeat([]byte{byte(n)}, n)
		w := newWorld(t, func(c *ServerConfig) {
			c.Judge = func(o Offer) Verdict {
				if !bytes.Equal(o.Hello, hello) {
					t.Errorf("the server reads %d bytes of %d", len(o.Hello), n)
				}
				return Verdict{Admit: true, Hello: hello}
			}
		})
		p := w.join(w.mint(7, nil), 1, func(c *ClientConfig) { c.Hello = hello })
		w.step(0)
		w.wantState(p, StateConnected)
		if ev := p.last(); !bytes.Equal(ev.Hello, hello) {
			t.Errorf("the client reads %d bytes of %d", len(ev.Hello), n)
		}
		seat := w.last().Seat
		w.toServer(p.at, p.data(0, ""))
		q := w.comeBack(w.ticket(p, seat), 2, func(c *ClientConfig) { c.Hello, c.Continue = hello, 0 })
		w.step(0)
		w.wantState(q, StateConnected)
		if ev := q.last(); !bytes.Equal(ev.Hello, hello) {
			t.Errorf("who comes back reads %d bytes of %d", len(ev.Hello), n)
		}
	}
	w := newWorld(t, func(c *ServerConfig) {
		c.Judge = func(Offer) Verdict { return Verdict{Admit: true, Hello: make([]byte, wire.MaxHelloBytes+1)} }
	})
	p := w.join(w.mint(7, nil), 1, nil)
	w.step(0)
	if w.wantState(p, StateDenied); p.last().Refusal.Code != CodeInternal {
		t.Errorf("refused with %v", p.last().Refusal)
	}
	_, err := NewClient(0, 0, w.mint(7, nil), ClientConfig{Hello: make([]byte, wire.MaxHelloBytes+1)})
	if err == nil || !strings.Contains(err.Error(), "Hello is 257 bytes: want at most 256") {
		t.Errorf("%v", err)
	}
}

// TestResumeIsLongEnough: a RESUME is as long as the longest answer to it may be, whatever is in it.
func TestResumeIsLongEnough(t *testing.T) {
	w := newWorld(t, nil)
	p, seat := w.confirmed(w.mint(7, func(c *MintConfig) { c.UserData = nil }), 1)
	ticket, padded := w.ticket(p, seat), 0
	for n := range wire.MaxHelloBytes + 1 {
		q := w.comeBack(ticket, 2, func(c *ClientConfig) { c.Hello = make([]byte, n) })
		if b, _, _ := q.c.NextDatagram(nil); len(b) == minResumeBytes {
			padded++
		}
		q.c.owe(dueResume)
		if b, _, ok := q.c.NextDatagram(nil); !ok || len(b) < minResumeBytes || len(b) > maxResumeBytes {
			t.Errorf("with a HELLO of %d bytes it has %d", n, len(b))
		}
	}
	if padded == 0 {
		t.Error("none was too short")
	}
}

// TestCutToNothing: a datagram that ends anywhere, with nothing behind it in memory, is dropped.
func TestCutToNothing(t *testing.T) {
	w := newWorld(t, nil)
	w.onServer = func(_ Source, b []byte) bool { return b[0] == wire.PrefixRequest }
	responding := w.join(w.mint(8, nil), 2, func(c *ClientConfig) { c.WireID = []byte{0x10, 2, 3, 4} })
	w.step(0)
	w.onServer = nil
	w.clients = nil
	p := w.join(w.mint(7, nil), 1, func(c *ClientConfig) { c.WireID = []byte{0x10, 2, 3, 4} })
	w.step(0)
	w.wantState(p, StateConnected)
	seat := w.last().Seat
	q := w.comeBack(w.ticket(p, seat), 3, func(c *ClientConfig) { c.WireID = []byte{0x10, 2, 3, 4} })
	for _, b := range [][]byte{seal(seat.Sealer(), 0, 1, "x"), long(longAccept), long(longReason), long(longRetry), long(longOffer),
		long(longResume), standardOf(0x12), standardOf(0x84), standardOf(0x13), standardOf(0), standardOf(wire.PrefixGone)} {
		for n := range len(b) {
			for _, c := range []*player{p, q, responding} {
				cut := make([]byte, n)
				copy(cut, b)
				if ev := c.c.HandleDatagram(w.now, w.unix(), 0, SourceFrom(serverAddr), cut[:n:n]); ev.Drop == DropNone {
					t.Errorf("%d bytes of a packet that begins with %x are taken by a client", n, b[:2])
				}
			}
			if ev := w.server.HandleDatagram(w.now, w.unix(), source(1), b[:n:n], nil); ev.Drop == DropNone {
				t.Errorf("%d bytes of a packet that begins with %x are taken by a server", n, b[:2])
			}
		}
	}
}

// TestSmallestData: the smallest packet there can be, with the shortest tag, a number of a byte and no
// frames, is one.
func TestSmallestData(t *testing.T) {
	w, p, seat := protectedPair(t, MintConfig{Suite: SuiteSignedOnly, TagBytes: MinTagBytes}, nil)
	smallest := func(s *Sealer) []byte {
		b := s.AppendHeader(nil, 0, 1, 1)
		return s.Seal(0, b, 0, len(b), 0, 1)
	}
	if ev := w.toServer(p.at, smallest(p.c.Sealer())); ev.Kind != EventPacket || ev.Number != 1 {
		t.Errorf("at the server: %+v", ev)
	}
	if ev := p.receive(smallest(seat.Sealer())); ev.Kind != ClientPacket || ev.Number != 1 {
		t.Errorf("at the client: %+v", ev)
	}
}

// TestShortTags: what is shorter than its tag is not opened.
func TestShortTags(t *testing.T) {
	for _, want := range protections {
		pad := padOf(want)
		aead := pad.Suite.aead(&rawKey{1}, pad.TagBytes)
		nonce := make([]byte, nonceBytes)
		sealed := aead.Seal(nil, nonce, nil, nil)
		if _, err := aead.Open(nil, nonce, sealed, nil); err != nil || len(sealed) != int(pad.TagBytes) {
			t.Errorf("%s: %d bytes, %v", nameOf(want), len(sealed), err)
		}
		for n := range sealed {
			if _, err := aead.Open(nil, nonce, sealed[:n:n], nil); err == nil {
				t.Errorf("%s: %d bytes of %d open", nameOf(want), n, len(sealed))
			}
		}
	}
}

// TestTokenAddressesAtMost: a client takes a token of one to 32 addresses.
func TestTokenAddressesAtMost(t *testing.T) {
	w := newWorld(t, nil)
	for n, good := range map[int]bool{0: false, 1: true, maxAddresses: true, maxAddresses + 1: false} {
		token := w.mint(7, nil)
		token.Addresses = nil
		for range n {
			token.Addresses = append(token.Addresses, serverAddr)
		}
		if _, err := NewClient(w.now, w.unix(), token, ClientConfig{Random: w.random}); (err == nil) != good {
			t.Errorf("%d addresses: %v", n, err)
		}
	}
}

// TestGoneOnEveryPath: a GONE is about the connection, whatever path its id names.
func TestGoneOnEveryPath(t *testing.T) {
	w := newWorld(t, nil)
	p, _ := w.confirmed(w.mint(7, nil), 1)
	for path := range uint8(MaxPaths) {
		b := seal(p.c.Sealer(), path, 5, "anybody?")
		if ev := p.receive(appendGone(nil, b)); ev.Kind != ClientGone {
			t.Errorf("path %d: %+v", path, ev)
		}
	}
}

// TestKeysWithTwoPaths: with packets on any two paths, keys change each seven seconds at most.
func TestKeysWithTwoPaths(t *testing.T) {
	for a := range uint8(MaxPaths) {
		for b := range uint8(MaxPaths) {
			_, p, _ := protectedPair(t, MintConfig{}, nil)
			s, now := p.c.Sealer(), 100*second
			for round := range uint64(2) {
				sealAt(now, s, a, 10+round, "x")
				sealAt(now, s, b, 20+round, "y")
				if round == 0 && !s.ChangeKeys(now, a, 10, time.Second/10) {
					t.Fatal("the first change is too early")
				}
			}
			one := a == 0 && b == 0 // where the handshake was, and the first packet with it
			if s.ChangeKeys(now+second, a, 11, time.Second/10) != one {
				t.Errorf("paths %d and %d: a second later", a, b)
			}
			if !one && !s.ChangeKeys(now+7*second, a, 11, time.Second/10) {
				t.Errorf("paths %d and %d: not even seven seconds later", a, b)
			}
		}
	}
}

// TestDefaults: what zeros in the configuration of an Admission stand for.
func TestDefaults(t *testing.T) {
	for clients, tokens := range map[int]int{1: 1024, 128: 1024, 129: 1032, 0: 2048} {
		a, err := NewAdmission(testUnix, AdmissionConfig{MaxClients: clients, Random: newSeeded(1)})
		if err != nil || a.maxTokens != tokens {
			t.Errorf("%d clients: room for %d tokens, want %d: %v", clients, a.maxTokens, tokens, err)
		}
	}
	g := newTestGate(t, 0, 0)
	if n, drop := g.fail(second, at("192.0.2.1", 7), math.MaxInt); n != 4096/64 || drop != DropSourceLimit {
		t.Errorf("%d failures of a port at once, then %v", n, drop)
	}
	failed := 0
	for port := range uint16(100) {
		n, _ := g.fail(second, at("2001:db8::1", port), math.MaxInt)
		failed += n
	}
	if failed != 4096 {
		t.Errorf("%d failures of an address at once", failed)
	}
}

// TestRandomnessThatEnds: whatever is missing of the randomness that a server needs at its start, it
// does not start; and when a challenge key is used up and there is none for another, nobody is asked.
func TestRandomnessThatEnds(t *testing.T) {
	enough := 0
	for _, err := NewAdmission(testUnix, AdmissionConfig{Random: &failing{after: enough}}); err != nil; enough++ {
		_, err = NewAdmission(testUnix, AdmissionConfig{Random: &failing{after: enough}})
		if !strings.Contains(fmt.Sprint(err), "Random is a source that fails") && err != nil {
			t.Fatal(err)
		}
	}
	if enough < 32+16+32+32+8 {
		t.Errorf("starts with %d random bytes", enough)
	}
	w := newWorld(t, nil)
	w.server.adm.challenges, w.server.adm.random = maxChallenges, &failing{}
	if ev := w.request(w.mint(7, nil), 1); ev.Drop != DropNoRandom || len(ev.Reply) != 0 {
		t.Errorf("no key for challenges: %+v", ev)
	}
	w.server.adm.random = w.random
	w.confirmed(w.mint(7, nil), 1)
}

// errorOf is the error of a call that returns something beside it.
func errorOf[T any](_ T, err error) error { return err }

// TestErrorsCount: numbers in errors are those that are meant.
func TestErrorsCount(t *testing.T) {
	a, err := NewAdmission(testUnix, AdmissionConfig{Random: newSeeded(1)})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Reserve(9*second, 7, 4*second); err == nil || !strings.Contains(err.Error(), "5s ago") {
		t.Errorf("%v", err)
	}
	for _, c := range []struct {
		err  error
		want string
	}{
		{errorOf(NewAdmission(0, AdmissionConfig{FailuresPerSecond: 1<<24 + 1})), "FailuresPerSecond is 16777217: want 1 to 16777216,"},
		{errorOf(Mint(wall(0), MintConfig{Key: testKey(), UserData: make([]byte, 257)})), "UserData is 257 bytes: want at most 256;"},
		{errorOf(Mint(wall(0), MintConfig{Key: testKey(), TagBytes: 9, Addresses: []netip.AddrPort{serverAddr}})), "TagBytes is 9: want 16 with ChaCha20-Poly1305; signed only has 8 to 32"},
		{(&ResumeTicket{}).check(0), fmt.Sprintf("0 bytes, a ticket has %d to %d", minTicketBytes, maxTicketBytes)},
		{(&ResumeTicket{ticket: make([]byte, maxTicketBytes+1)}).check(0), fmt.Sprintf("%d bytes, a ticket", maxTicketBytes+1)},
		{(&ResumeTicket{ticket: make([]byte, maxTicketBytes)}).check(0), "addresses: 0 of them, not 1 to 32"},
		{(&ResumeTicket{ticket: make([]byte, maxTicketBytes), Addresses: []netip.AddrPort{serverAddr}, Until: 90}).check(95), "expired at 90, 5 seconds ago"},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("%v, want %s", c.err, c.want)
		}
	}
	if _, err := NewAdmission(0, AdmissionConfig{FailuresPerSecond: 1 << 24, HandshakesPerSecond: 1 << 24, Random: newSeeded(1)}); err != nil {
		t.Error(err)
	}
	if got := (Refusal{Code: CodePlainServer}).String(); got != "the server speaks plain netcode" {
		t.Error(got)
	}
	for state, want := range map[State]string{
		StateTokenExpired: "connect token expired", StateTimedOut: "connection timed out", StateDenied: "connection denied",
		StateDisconnected: "disconnected", StateConnected: "connected",
	} {
		if state.String() != want {
			t.Errorf("%d is %q", state, state)
		}
	}
	for why, want := range map[Why]string{WhyTimeout: "timed out", WhyPeer: "closed by the peer", WhyRefused: "there is no place for it any more"} {
		if why.String() != want {
			t.Errorf("%d is %q", why, why)
		}
	}
}

// TestUnsealedIsRead: the leave to go unsealed is read where it is given, and only there.
func TestUnsealedIsRead(t *testing.T) {
	for text, want := range map[string]bool{"": false, string([]byte{itemUnsealed, 0}): true, string([]byte{itemForwardSecrecy, 0}): false} {
		if p, ok := padOfItems([]byte(text)); !ok || p.Unsealed != want {
			t.Errorf("items %x: %v, unsealed %v", text, ok, p.Unsealed)
		}
	}
}

// TestPadEdges: a pad may be full, and holds nothing that must be understood and is not.
func TestPadEdges(t *testing.T) {
	full := append([]byte{0x11, byte(maxPadItems - 2)}, make([]byte, maxPadItems-2)...)
	for text, want := range map[string]bool{
		string(full): true, string([]byte{itemMandatory - 1, 0}): true, string([]byte{itemMandatory, 0}): false, string([]byte{0x11}): false,
	} {
		room := make([]byte, padBytes)
		copy(room, padMagic)
		room[len(padMagic)], room[len(padMagic)+1] = padVersion, byte(len(text))
		copy(room[padHeader:], text)
		if p, drop := readPad(room); (drop == DropNone) != want || want && string(p.raw()) != text {
			t.Errorf("items %x: %v", text, drop)
		}
	}
}

// TestKeyBytes: a key has 32 bytes.
func TestKeyBytes(t *testing.T) {
	for n, good := range map[int]bool{0: false, KeyBytes - 1: false, KeyBytes: true, KeyBytes + 1: false} {
		var k Key
		b := bytes.Repeat([]byte{7}, n)
		if err := k.UnmarshalBinary(b); (err == nil) != good || good && !bytes.Equal(k.Append(nil), b) || !good && !k.IsZero() {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

// TestPatienceFromTheChallenge: a server that has asked has all of the client's patience once more.
func TestPatienceFromTheChallenge(t *testing.T) {
	w := newWorld(t, nil)
	w.onServer = func(Source, []byte) bool { return false }
	p := w.join(w.mint(7, nil), 1, func(c *ClientConfig) { c.Patience = time.Second })
	w.step(900 * ms)
	reason, _ := appendReason(w.random, p.was.handshake, nil, Refusal{Code: CodeFull}, wireID{}, echo{}, 1078)
	p.receive(reason) // which the challenge disproves
	p.receive(p.was.in.append(nil, kindChallenge, 1<<63, binaryChallenge(5<<entryBits)))
	w.step(second - ms)
	w.wantState(p, StateResponding)
	w.step(ms)
	w.wantState(p, StateResponseTimedOut)
	if r := p.last().Refusal; r.Code != CodeNone {
		t.Errorf("refused with %v", r)
	}
}

// TestContinueWithTheShortestHello: a HELLO that ends behind the instance names it.
func TestContinueWithTheShortestHello(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) {
		c.Judge = func(Offer) Verdict { return Verdict{Admit: true, Hello: testHello(5)[:helloInstance+8]} }
	})
	p, seat := w.confirmed(w.mint(7, nil), 1)
	q := w.comeBack(w.ticket(p, seat), 1, func(cfg *ClientConfig) { cfg.Continue = 5 })
	w.step(0)
	if ev := w.back(q); !ev.Continue || ev.Old != seat {
		t.Errorf("back: %+v", ev)
	}
}

// TestRevokedPlayerIsOut: in a full table, who is sent away takes the place of one who has shown a ticket
// and not used it, and whose ticket is good all the same.
func TestRevokedPlayerIsOut(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.MaxTokens = 2 })
	a := w.server.adm
	for id := range uint64(2) {
		a.resumer(100+id, uint64(w.unix())+30+id)
	}
	if r := a.revoked(7, uint64(w.unix())+60); r == nil || len(a.resumers) != 2 || a.resumers[100] != nil || len(a.resumersByEnd) != 2 {
		t.Errorf("%d players are remembered, the first of them still: %v", len(a.resumers), a.resumers[100] != nil)
	}
	for _, r := range a.resumers {
		r.use(1)
	}
	if a.revoked(8, uint64(w.unix())+60) == nil || len(a.resumers) != 3 {
		t.Errorf("%d players are remembered, after one more than fit", len(a.resumers))
	}
}

// TestStartedAnewWithoutRandomness: a client that has begun anew, while the server has no randomness for its
// ACCEPT, is in the seat and gets the keys when there is some.
func TestStartedAnewWithoutRandomness(t *testing.T) {
	w := newWorld(t, nil)
	token := w.mint(7, nil)
	w.join(token, 1, nil)
	w.step(0)
	seat := w.last().Seat
	w.clients = nil
	w.now += 100 * ms
	p := w.join(token, 2, nil)
	w.server.random = &failing{after: shareBytes}
	w.step(0)
	if ev := w.last(); ev.Kind != EventRenewed || ev.Drop != DropNoRandom || ev.Seat != seat || w.drops(DropNoRandom) != 1 {
		t.Errorf("without randomness: %+v, drops %v", ev, dropNames(w.server.Counters()))
	}
	w.server.random = w.random
	w.step(100 * ms)
	w.wantState(p, StateConnected)
	if ev := w.last(); ev.Seat != seat || w.server.Admission().Clients() != 1 {
		t.Errorf("then: %+v", ev)
	}
}
