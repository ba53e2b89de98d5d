package netcode

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

func TestConnectOurs(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) {
		c.Judge = func(o Offer) ([]byte, Refusal, bool) {
			if string(o.Hello) != "client hello" || o.ClientID != 7 || string(o.UserData[:9]) != "user data" || o.Plain {
				t.Errorf("offer %+v", o)
			}
			return []byte("server hello"), Refusal{}, true
		}
	})
	p := w.join(w.mint(7, nil), 1, nil)
	w.step(0)
	w.wantState(p, StateConnected)
	if ev := p.last(); ev.Kind != ClientConnected || string(ev.Hello) != "server hello" || ev.Seen != p.at {
		t.Fatalf("client event %+v", ev)
	}
	ev := w.last()
	if ev.Kind != EventConnected || string(ev.Hello) != "client hello" || ev.Seat.Confirmed() {
		t.Fatalf("server event %+v", ev)
	}
	seat := ev.Seat
	w.toServer(p.at, p.data(0, "ping"))
	if ev := w.last(); ev.Kind != EventPacket || !ev.First || ev.Moved || string(ev.Frames) != "ping" || ev.Seat != seat {
		t.Fatalf("server event %+v", ev)
	}
	if !seat.Confirmed() {
		t.Fatal("not confirmed by the first packet")
	}
	w.toClient(p.at, seal(seat.Sealer(), 0, 0, "pong"))
	if ev := p.last(); ev.Kind != ClientPacket || string(ev.Frames) != "pong" {
		t.Fatalf("client event %+v", ev)
	}
	if ev := w.toServer(source(9), p.data(1, "moved")); ev.Kind != EventPacket || !ev.Moved || ev.First {
		t.Fatalf("from another source: %+v", ev)
	}
	if n := w.server.Admission().Clients(); n != 1 {
		t.Fatalf("%d clients", n)
	}
	w.server.Release(w.now, seat)
	if n := w.server.Admission().Clients(); n != 0 {
		t.Fatalf("%d clients after release", n)
	}
}

// TestAcceptLost: the client repeats OFFER and gets the same ACCEPT, even at
// an address that changed meanwhile.
func TestAcceptLost(t *testing.T) {
	w := newWorld(t, nil)
	var accepts [][]byte
	w.onClient = func(_ Source, b []byte) bool {
		if b[0] == wire.PrefixHandshake {
			accepts = append(accepts, bytes.Clone(b))
			return len(accepts) == 4
		}
		return true
	}
	p := w.join(w.mint(7, nil), 1, nil)
	w.step(0)
	w.step(100 * ms)
	if len(accepts) != 2 || !bytes.Equal(accepts[0], accepts[1]) {
		t.Fatalf("%d ACCEPTs, or different ones", len(accepts))
	}
	p.at = source(2) // a NAT forgot its binding
	w.step(100 * ms) // answered by a fresh challenge
	if n := w.drops(DropChallengeMoved); n != 1 || len(accepts) != 2 {
		t.Fatalf("%d challenges moved, %d ACCEPTs", n, len(accepts))
	}
	w.step(100 * ms)
	w.wantState(p, StateResponding)
	w.step(100 * ms)
	w.wantState(p, StateConnected)
	seat := w.last().Seat
	if len(w.events) != 1 || seat.Source() != p.at || p.last().Seen != p.at {
		t.Fatalf("events %+v, source %v", w.events, seat.Source())
	}
	w.toServer(p.at, p.data(0, "x"))
	if !seat.Confirmed() {
		t.Fatal("not confirmed")
	}
}

// TestClientStartedAnew: before it is confirmed, whoever holds the token may
// come again with another share and gets other keys in the same seat.
func TestClientStartedAnew(t *testing.T) {
	w := newWorld(t, nil)
	token := w.mint(7, nil)
	a := w.join(token, 1, nil)
	w.step(0)
	seat := w.last().Seat
	old := a.data(0, "old")
	b := w.join(token, 2, func(c *ClientConfig) { c.Hello = []byte("second") })
	w.step(0)
	w.wantState(b, StateConnected)
	ev := w.last()
	if ev.Kind != EventRenewed || ev.Seat != seat || string(ev.Hello) != "second" || seat.Source() != b.at {
		t.Fatalf("event %+v", ev)
	}
	if ev := w.toServer(a.at, old); ev.Drop != DropForged {
		t.Fatalf("under the old keys: %+v", ev)
	}
	if ev := w.toServer(b.at, b.data(0, "new")); ev.Kind != EventPacket || !ev.First {
		t.Fatalf("under the new keys: %+v", ev)
	}
	if n := w.server.Admission().Clients(); n != 1 {
		t.Fatalf("%d clients", n)
	}
}

func TestReplaced(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.MaxClients = 1 })
	_, old := w.confirmed(w.mint(7, nil), 1)
	p := w.join(w.mint(7, nil), 2, nil)
	w.step(0)
	w.wantState(p, StateConnected)
	ev := w.last()
	if ev.Kind != EventConnected || ev.Replaced != old || ev.Seat == old {
		t.Fatalf("event %+v", ev)
	}
	if n := w.server.Admission().Clients(); n != 1 {
		t.Fatalf("%d clients", n)
	}
	w.server.Release(w.now, old)
	if n := w.server.Admission().Clients(); n != 1 {
		t.Fatalf("%d clients after the old one was released", n)
	}
}

func TestReplacedNever(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.KeepOldest = true })
	w.confirmed(w.mint(7, nil), 1)
	p := w.join(w.mint(7, nil), 2, nil)
	w.step(0)
	w.wantState(p, StateDenied)
	if r := p.last().Refusal; r.Code != CodeRefused || !strings.Contains(r.Text, "already") {
		t.Fatalf("refused with %v", r)
	}
}

// TestReplacedByNobody: a request alone, which anyone can replay, kicks nobody.
func TestReplacedByNobody(t *testing.T) {
	w := newWorld(t, nil)
	p, seat := w.confirmed(w.mint(7, nil), 1)
	w.request(w.mint(7, nil), 2)
	if ev := w.toServer(p.at, p.data(1, "still here")); ev.Kind != EventPacket || ev.Seat != seat {
		t.Fatalf("event %+v", ev)
	}
}

func TestFull(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.MaxClients = 1 })
	w.confirmed(w.mint(7, nil), 1)
	p := w.join(w.mint(8, nil), 2, nil)
	w.step(0)
	w.wantState(p, StateRequesting) // the REASON waits for a challenge that may still come
	w.step(100 * ms)
	w.wantState(p, StateDenied)
	if r := p.last().Refusal; r.Code != CodeFull {
		t.Fatalf("refused with %v", r)
	}
}

func TestRefusedByApplication(t *testing.T) {
	rows := bytes.Repeat([]byte("twelve bytes"), 100)
	w := newWorld(t, func(c *ServerConfig) {
		c.Judge = func(o Offer) ([]byte, Refusal, bool) {
			return nil, Refusal{Code: CodeMismatch, Text: strings.Repeat("ü", 150), RetryAfter: 9, Rows: rows}, false
		}
	})
	p := w.join(w.mint(7, nil), 1, func(c *ClientConfig) { c.WireID = []byte{0x18, 1} })
	w.step(0)
	w.wantState(p, StateDenied)
	r := p.last().Refusal
	if r.Code != CodeMismatch || r.Text != strings.Repeat("ü", 100) || r.RetryAfter != 9 {
		t.Fatalf("refused with %v", r)
	}
	if n := len(r.Rows); n == 0 || n%12 != 0 || !bytes.HasPrefix(rows, r.Rows) {
		t.Fatalf("%d bytes of rows", n)
	}
	if w.server.Admission().Clients() != 0 || w.drops(DropRefused) != 1 {
		t.Fatal("a seat was taken")
	}
}

// TestReasonSize cuts rows first, then text, and never in the middle of either.
func TestReasonSize(t *testing.T) {
	k := newHandshakeKeys(&tokenKeys{}, 1)
	r := Refusal{Code: CodeMismatch, Text: strings.Repeat("ü", 100), Rows: make([]byte, 24)}
	for limit := range 400 {
		b, ok := appendReason(newSeeded(1), k, nil, r, wireID{n: 2}, echo{1}, limit)
		if ok != (limit >= reasonFixed+2) {
			t.Fatalf("limit %d: %v", limit, ok)
		}
		if !ok {
			continue
		}
		if len(b) > limit {
			t.Fatalf("%d bytes, limit %d", len(b), limit)
		}
		got, e, drop := openReason(k, b, wireID{n: 2})
		if drop != DropNone || e != (echo{1}) || !strings.HasPrefix(r.Text, got.Text) || len(got.Rows)%12 != 0 {
			t.Fatalf("limit %d: %+v, %v", limit, got, drop)
		}
		if len(got.Rows) > 0 && got.Text != r.Text {
			t.Fatalf("limit %d: text was cut before rows", limit)
		}
	}
}

func TestWrongAddress(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.Addresses = []netip.AddrPort{otherAddr} })
	token := w.mint(7, nil)
	ev := w.request(token, 1)
	if ev.Drop != DropWrongAddress || w.readReason(token, ev.Reply).Code != CodeWrongAddress {
		t.Fatalf("event %+v", ev)
	}
}

// rewritePad gives both copies of a token's pad the items.
func rewritePad(token *Token, public, private []byte) {
	set := func(items []byte) Pad {
		p := Pad{Present: true, Suite: SuiteChaCha20Poly1305, TagBytes: macBytes}
		p.n = uint8(copy(p.items[:], items))
		return p
	}
	token.Pad = set(private)
	token.sealPrivate(&MintConfig{Key: testKey(), ClientID: 7})
	token.Pad = set(public)
}

// TestPadMismatch: someone between backend and client changed the public copy.
func TestPadMismatch(t *testing.T) {
	w := newWorld(t, nil)
	token := w.mint(7, nil)
	rewritePad(token, nil, []byte{0x11, 0})
	p := w.join(token, 1, nil)
	w.step(0)
	w.wantState(p, StateDenied)
	if r := p.last().Refusal; r.Code != CodePad || w.drops(DropPadMismatch) != 1 {
		t.Fatalf("refused with %v", r)
	}
}

func TestPadEchoed(t *testing.T) {
	w := newWorld(t, nil)
	token := w.mint(7, nil)
	items := []byte{0x11, 2, 5, 6, itemProtection, 2, 1, 16}
	rewritePad(token, items, items)
	p := w.join(token, 1, nil)
	w.step(0)
	w.wantState(p, StateConnected)
}

func TestPadUnsupported(t *testing.T) {
	for name, c := range map[string]struct {
		items []byte
		drop  Drop
		text  string
	}{
		"AES":             {[]byte{itemProtection, 2, 2, 16}, DropSuite, "suite 2"},
		"signed only":     {[]byte{itemProtection, 2, 3, 8}, DropSuite, "suite 3"},
		"short tag":       {[]byte{itemProtection, 2, 1, 8}, DropSuite, "8 bytes of tag"},
		"forward secrecy": {[]byte{itemForwardSecrecy, 0}, DropSuite, "forward secrecy"},
		"unsealed":        {[]byte{itemUnsealed, 0}, DropSuite, "unsealed"},
		"unknown":         {[]byte{0x99, 0}, DropPad, "malformed"},
		"cut item":        {[]byte{0x11, 5, 1}, DropPad, "malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil)
			token := w.mint(7, nil)
			rewritePad(token, c.items, c.items)
			if _, err := ParseToken(token.Append(nil)); err == nil || !strings.Contains(err.Error(), c.text) {
				t.Fatalf("the client's error is %v", err)
			}
			ev := w.request(token, 1)
			if ev.Drop != c.drop {
				t.Fatalf("the server drops it as %v", ev.Drop)
			}
			if c.drop == DropSuite {
				if r := w.readReason(token, ev.Reply); r.Code != CodeSuite || !strings.Contains(r.Text, c.text) {
					t.Fatalf("explained as %v", r)
				}
			}
		})
	}
}

// TestPlainTypesWithPad: where our dialect is mandatory, types 4 to 6 are not
// read, whoever sealed them.
func TestPlainTypesWithPad(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.Plain = PlainAllow })
	p, _ := w.confirmed(w.mint(7, nil), 1)
	for kind := kindResponse; kind < numKinds; kind++ {
		if ev := w.toServer(p.at, p.c.out.append(nil, kind, 0, nil)); ev.Drop != DropUnknownSource {
			t.Fatalf("type %d at the server: %v", kind, ev.Drop)
		}
	}
	for kind := kindKeepAlive; kind < numKinds; kind++ {
		if ev := p.receive(p.c.in.append(nil, kind, 0, nil)); ev.Drop != DropNotPlain {
			t.Fatalf("type %d at the client: %v", kind, ev.Drop)
		}
	}
}

func TestGone(t *testing.T) {
	w := newWorld(t, nil)
	p, _ := w.confirmed(w.mint(7, nil), 1)
	w.restart()
	b := p.data(1, "is anybody there")
	ev := w.server.HandleDatagram(w.now, w.unix(), p.at, b, nil)
	if ev.Drop != DropUnknownID || len(ev.Reply) != 9 {
		t.Fatalf("event %+v", ev)
	}
	invented := append([]byte{wire.PrefixGone}, 1, 2, 3, 4, 5, 6, 7, 8)
	if ev := p.receive(invented); ev.Drop != DropUnexpected {
		t.Fatalf("an invented GONE: %+v", ev)
	}
	if ev := p.receive(ev.Reply); ev.Kind != ClientGone || p.c.State() != StateConnected {
		t.Fatalf("GONE: %+v", ev)
	}
	for range 2 * gonesASecond {
		w.server.HandleDatagram(w.now, w.unix(), p.at, p.data(2, ""), nil)
	}
	if n := w.server.Counters().Gones; n != gonesASecond {
		t.Fatalf("%d GONEs at once", n)
	}
	for range rememberedTails {
		p.data(3, "")
	}
	if ev := p.receive(ev.Reply); ev.Drop != DropUnexpected {
		t.Fatalf("a GONE about an old packet: %+v", ev)
	}
}

// Tokens without a pad: whichever dialect the server understands last decides.

func TestNoPadBothOurs(t *testing.T) {
	for _, server := range []PlainPolicy{PlainRefuse, PlainAllow} {
		for _, client := range []PlainPolicy{PlainRefuse, PlainAllow} {
			for _, lostOffers := range []int{0, 3} {
				w := newWorld(t, func(c *ServerConfig) { c.Plain = server })
				w.onServer = func(_ Source, b []byte) bool {
					if b[0] == wire.PrefixHandshake && lostOffers > 0 {
						lostOffers--
						return false
					}
					return true
				}
				p := w.join(w.mint(7, plainToken), 1, func(c *ClientConfig) { c.Plain = client })
				for range 5 {
					w.step(100 * ms)
				}
				w.wantState(p, StateConnected)
				ev := w.last()
				if len(w.events) != 1 || ev.Kind != EventConnected || ev.Seat.Plain() || p.c.Plain() {
					t.Fatalf("policies %d, %d: %+v", server, client, w.events)
				}
				if ev := w.toServer(p.at, p.data(0, "x")); ev.Kind != EventPacket || !ev.First {
					t.Fatalf("event %+v", ev)
				}
				for range 50 {
					w.step(500 * ms) // nothing plain is left that could time out or talk
				}
				if n := w.server.Admission().Clients(); n != 1 || len(w.server.plain) != 0 || len(w.server.watched) != 0 {
					t.Fatalf("%d clients, %d plain, %d watched", n, len(w.server.plain), len(w.server.watched))
				}
			}
		}
	}
}

func TestNoPadPlainClient(t *testing.T) {
	w := newWorld(t, nil) // refuses plain peers
	p := w.join(w.mint(7, plainToken), 1, func(c *ClientConfig) { c.Plain = PlainOnly })
	for range 101 {
		w.step(100 * ms)
	}
	w.wantState(p, StateResponseTimedOut)
	if len(w.events) != 0 || w.drops(DropPlainRefused) == 0 {
		t.Fatalf("events %+v", w.events)
	}
}

func TestNoPadPlainServer(t *testing.T) {
	for policy, want := range map[PlainPolicy]State{PlainAllow: StateConnected, PlainRefuse: StateDenied} {
		w := newWorld(t, func(c *ServerConfig) { c.Plain = PlainOnly })
		p := w.join(w.mint(7, plainToken), 1, func(c *ClientConfig) { c.Plain = policy })
		for range 9 {
			w.step(100 * ms)
		}
		w.wantState(p, StateResponding)
		for range 3 {
			w.step(100 * ms)
		}
		w.wantState(p, want)
		if want == StateDenied && p.last().Refusal.Code != CodePlainServer {
			t.Fatalf("ended with %+v", p.last())
		}
	}
}

// TestUndecidedLeaves: a seat that nobody was told about goes quietly.
func TestUndecidedLeaves(t *testing.T) {
	for _, timeout := range []time.Duration{time.Second, -1} {
		w := newWorld(t, func(c *ServerConfig) { c.Plain = PlainOnly })
		p := w.join(w.mint(7, func(c *MintConfig) { c.Plain = true; c.Timeout = timeout }), 1,
			func(c *ClientConfig) { c.Plain = PlainOnly })
		w.onServer = func(_ Source, b []byte) bool { return b[0]&15 != byte(kindKeepAlive) }
		w.step(0)
		w.wantState(p, StateConnected)
		w.clients = nil
		for range 11 {
			w.step(second)
		}
		if n := w.server.Admission().Clients(); n != 0 || len(w.events) != 0 || w.server.Deadline() != never {
			t.Fatalf("%d clients, events %+v", n, w.events)
		}
	}
}

func TestForeignTokenOfSeveralServers(t *testing.T) {
	w := newWorld(t, nil)
	token := w.mint(7, nil)
	token.Addresses = []netip.AddrPort{otherAddr, netip.MustParseAddrPort("[2001:db8::1]:5"), serverAddr}
	token.sealPrivate(&MintConfig{Key: testKey(), ClientID: 7})
	p := w.join(token, 1, nil)
	for range 39 {
		w.step(100 * ms)
	}
	w.wantState(p, StateRequesting)
	for range 3 {
		w.step(100 * ms)
	}
	w.wantState(p, StateConnected)
	if p.c.Server() != SourceFrom(serverAddr) {
		t.Fatalf("connected to %v", p.c.Server())
	}
}

func TestClientPatience(t *testing.T) {
	w := newWorld(t, nil)
	w.onServer = func(Source, []byte) bool { return false }
	p := w.join(w.mint(7, nil), 1, func(c *ClientConfig) { c.Patience = 2 * time.Second })
	for range 19 {
		w.step(100 * ms)
	}
	w.wantState(p, StateRequesting)
	w.step(100 * ms)
	w.wantState(p, StateRequestTimedOut)
	if p.c.Deadline() != never {
		t.Fatal("a client that is done wants more time")
	}
}

// TestReliableLink: on a transport that loses nothing, nothing is repeated.
func TestReliableLink(t *testing.T) {
	w := newWorld(t, nil)
	seen := 0
	w.onServer = func(Source, []byte) bool { seen++; return false }
	w.join(w.mint(7, nil), 1, func(c *ClientConfig) { c.Reliable = true })
	for range 50 {
		w.step(100 * ms)
	}
	if seen != 1 {
		t.Fatalf("%d requests", seen)
	}
}

// TestAssociation: a transport without addresses has sources all the same.
func TestAssociation(t *testing.T) {
	w := newWorld(t, nil)
	via := SourceOf(2, 1)
	c, err := NewClient(w.now, w.unix(), w.mint(7, nil), ClientConfig{Via: via, Random: w.random})
	if err != nil {
		t.Fatal(err)
	}
	at := SourceOf(2, 99)
	for range 2 {
		b, to, ok := c.NextDatagram(nil)
		if !ok || to != via {
			t.Fatalf("to %v, %v", to, ok)
		}
		ev := w.server.HandleDatagram(w.now, w.unix(), at, b, nil)
		c.HandleDatagram(w.now, w.unix(), via, ev.Reply)
	}
	if c.State() != StateConnected {
		t.Fatal(c.State())
	}
	if at.Association() != 99 || at.Kind() != 2 || at.AddrPort().IsValid() || at == SourceOf(3, 99) {
		t.Fatalf("source %v", at)
	}
}

func TestAppendAccept(t *testing.T) {
	w := newWorld(t, nil)
	w.onClient = func(_ Source, b []byte) bool { return b[0] != wire.PrefixHandshake }
	p := w.join(w.mint(7, nil), 1, nil)
	w.step(0)
	seat := w.last().Seat
	if b := w.server.AppendAccept(w.now, seat, nil); len(b) != 0 {
		t.Fatal("ACCEPT right behind ACCEPT")
	}
	b := w.server.AppendAccept(w.now+sendInterval, seat, nil)
	if len(b) == 0 || len(w.server.AppendAccept(w.now+sendInterval+1, seat, nil)) != 0 {
		t.Fatalf("%d bytes, or twice at once", len(b))
	}
	if ev := p.receive(b); ev.Kind != ClientConnected {
		t.Fatalf("event %+v", ev)
	}
	w.toServer(p.at, p.data(0, ""))
	if b := w.server.AppendAccept(w.now+second, seat, nil); len(b) != 0 {
		t.Fatal("ACCEPT to a confirmed seat")
	}
}

// failing is a source of randomness that has run dry.
type failing struct{ after int }

func (f *failing) Read(b []byte) (int, error) {
	if f.after -= len(b); f.after < 0 {
		return 0, bytes.ErrTooLarge
	}
	return len(b), nil
}

// TestNoRandomness: keys from a CSPRNG, or not at all.
func TestNoRandomness(t *testing.T) {
	cfg := MintConfig{Key: testKey(), Addresses: []netip.AddrPort{serverAddr}, Random: &failing{after: 60}}
	if _, err := Mint(0, cfg); err == nil {
		t.Fatal("minted a token without keys")
	}
	if _, err := NewAdmission(0, AdmissionConfig{Random: &failing{}}); err == nil {
		t.Fatal("a server without a challenge key")
	}
	for _, room := range []int{0, 31, 55} { // a share takes 32, a nonce 24
		w := newWorld(t, nil)
		w.server.random = &failing{after: room}
		p := w.join(w.mint(7, nil), 1, nil)
		w.step(0)
		w.wantState(p, StateResponding)
		if w.drops(DropNoRandom) == 0 || w.server.Admission().Clients() != 0 {
			t.Fatal("a seat was given without keys")
		}
		w.server.random = w.random
		p.c.Disconnect(w.now)
		w.join(p.c.token, 2, nil)
		w.step(0)
		w.step(100 * ms)
		if w.drops(DropNoRandom) > 1 {
			t.Fatal("still no randomness")
		}
	}
}
