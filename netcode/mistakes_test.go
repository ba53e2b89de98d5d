package netcode

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/seq"
)

// What implementers of netcode got wrong, one test for each: replay windows
// and sequences first, then layouts, tokens and addresses.

// plainPair is a connected plain client and its seat.
func plainPair(t testing.TB, change func(*MintConfig)) (*world, *player, *Seat) {
	w := newWorld(t, func(c *ServerConfig) { c.Plain = PlainOnly })
	p := w.join(w.mint(7, func(c *MintConfig) {
		c.Plain = true
		if change != nil {
			change(c)
		}
	}), 1, func(c *ClientConfig) { c.Plain = PlainOnly })
	w.step(0)
	w.step(100 * ms)
	w.wantState(p, StateConnected)
	if ev := w.last(); ev.Kind != EventConnected {
		t.Fatalf("server event %+v", ev)
	}
	return w, p, w.last().Seat
}

func (p *player) payload(sequence uint64, text string) []byte {
	return p.was.out.append(nil, kindPayload, sequence, []byte(text))
}

func TestMistake01ReplayOverflow(t *testing.T) {
	w, p, _ := plainPair(t, nil)
	const top = ^uint64(0)
	for _, sequence := range []uint64{top - 1, top - 256, top - 3, top - 2} {
		if ev := w.toServer(p.at, p.payload(sequence, "x")); ev.Kind != EventPayload {
			t.Fatalf("sequence %#x dropped as %v", sequence, ev.Drop)
		}
	}
	if ev := w.toServer(p.at, p.payload(top-1, "x")); ev.Drop != DropReplay {
		t.Fatalf("replay taken: %+v", ev)
	}
	if ev := w.toServer(p.at, p.payload(5, "x")); ev.Drop != DropReplay {
		t.Fatalf("old packet taken: %+v", ev)
	}
}

// TestLargestSequence: 2^64-1 is no sequence, in no packet and on neither side.
func TestLargestSequence(t *testing.T) {
	const largest = ^uint64(0)
	w, p, seat := plainPair(t, nil)
	for kind := kindDenied; kind < numKinds; kind++ {
		body := make([]byte, map[packetKind]int{
			kindChallenge: challengeBody, kindResponse: challengeBody, kindKeepAlive: keepAliveBody, kindPayload: 1,
		}[kind])
		if serverReads&(1<<kind) != 0 {
			if ev := w.toServer(p.at, p.was.out.append(nil, kind, largest, body)); ev.Drop != DropSequenceBytes {
				t.Errorf("type %d at the server: %+v", kind, ev)
			}
		}
		if clientReads&(1<<kind) != 0 {
			if ev := p.receive(seat.out.append(nil, kind, largest, body)); ev.Drop != DropSequenceBytes {
				t.Errorf("type %d at the client: %+v", kind, ev)
			}
		}
	}
	w.wantState(p, StateConnected)
	if ev := w.toServer(p.at, p.payload(100, "x")); ev.Kind != EventPayload {
		t.Errorf("the window has moved: %+v", ev)
	}
}

func TestMistake02WindowMovedBeforeAuthentication(t *testing.T) {
	w, p, seat := plainPair(t, nil)
	forged := p.payload(1<<40, "x")
	forged[len(forged)-1] ^= 1
	if ev := w.toServer(p.at, forged); ev.Drop != DropForged {
		t.Fatalf("forged: %+v", ev)
	}
	if ev := w.toServer(p.at, p.payload(50, "x")); ev.Kind != EventPayload {
		t.Fatalf("true packet dropped as %v", ev.Drop)
	}
	b, _ := w.server.AppendPayload(w.now, seat, nil, []byte("x"))
	bad := bytes.Clone(b)
	binary.LittleEndian.PutUint16(bad[1:], 0xffff)
	p.receive(bad)
	if ev := p.receive(b); ev.Kind != ClientPayload {
		t.Fatalf("true packet dropped by the client as %v", ev.Drop)
	}
}

func TestMistake03GlobalSequence(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.Plain = PlainOnly; c.MaxClients = 1 })
	var first [2]uint64
	for run := range first { // at every start, not only the first
		for i := range 3 {
			ev := w.request(w.mint(uint64(i), plainToken), 1)
			h, drop := readStandardHeader(ev.Reply, clientReads)
			if i == 0 {
				first[run] = h.sequence
			}
			if drop != DropNone || h.sequence>>62 != 2 || h.sequence != first[run]+uint64(i) {
				t.Fatalf("challenge %d has sequence %#x, %v", i, h.sequence, drop)
			}
		}
		w.restart()
	}
	if first[0]>>32 == first[1]>>32 {
		t.Errorf("two runs begin at %#x and %#x", first[0], first[1])
	}
	p := w.join(w.mint(1, plainToken), 1, func(c *ClientConfig) { c.Plain = PlainOnly })
	w.step(0)
	w.wantState(p, StateConnected)
	w.request(w.mint(2, plainToken), 2)
	b, _, ok := w.server.NextDatagram(nil)
	if h, drop := readStandardHeader(b, clientReads); !ok || drop != DropNone || h.kind != kindDenied || h.sequence>>62 != 2 {
		t.Fatalf("denied has header %+v, %v", h, drop)
	}
}

func TestMistake04OldText(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.Plain = PlainOnly })
	if ev := w.request(w.mint(1, plainToken), 1); len(ev.Reply) != 1+8+8+300+16 {
		t.Fatalf("challenge of %d bytes", len(ev.Reply))
	}
	token := w.mint(1, plainToken).Append(nil)
	for kind, valid := range map[byte]bool{0: false, 1: true, 3: false} {
		token[1093] = kind
		if _, err := ParseToken(token); (err == nil) != valid {
			t.Fatalf("address type %d: %v", kind, err)
		}
	}
	k := newPacketKey(new(rawKey), testProtocol)
	k.set(0x14, 0x0102030405060708)
	if k.nonce != [12]byte{0, 0, 0, 0, 8, 7, 6, 5, 4, 3, 2, 1} {
		t.Fatalf("nonce %x", k.nonce)
	}
	// A packet of the wrong size that opens has still been received: its
	// sequence is spent, because the size is known only after decryption.
	w, p, _ := plainPair(t, nil)
	odd := func(kind packetKind) []byte { return p.was.out.append(nil, kind, 90, make([]byte, 9)) }
	if ev := w.toServer(p.at, odd(kindKeepAlive)); ev.Drop != DropBodySize {
		t.Fatalf("dropped as %v", ev.Drop)
	}
	if ev := w.toServer(p.at, odd(kindPayload)); ev.Drop != DropReplay {
		t.Fatalf("dropped as %v", ev.Drop)
	}
}

func TestMistake05PayloadSize(t *testing.T) {
	w, p, seat := plainPair(t, nil)
	large := make([]byte, MaxPayloadBytes+1)
	if _, err := w.server.AppendPayload(w.now, seat, nil, large); err == nil || !strings.Contains(err.Error(), "1201") {
		t.Fatalf("error %v", err)
	}
	if _, err := p.c.AppendPayload(w.now, nil, large); err == nil {
		t.Fatal("the client made a payload that peers drop")
	}
	if b, err := p.c.AppendPayload(w.now, nil, large[1:]); err != nil || w.toServer(p.at, b).Kind != EventPayload {
		t.Fatal("1200 bytes must go")
	}
	if ev := w.toServer(p.at, p.was.out.append(nil, kindPayload, 80, large)); ev.Drop != DropBodySize {
		t.Fatalf("1201 bytes: %+v", ev)
	}
}

func TestMistake06DeniedIsEmpty(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.Plain = PlainAllow; c.MaxClients = 1 })
	a := w.join(w.mint(1, plainToken), 1, func(c *ClientConfig) { c.Plain = PlainOnly })
	w.step(0)
	w.wantState(a, StateConnected)
	token := w.mint(2, plainToken)
	ev := w.request(token, 2)
	if ev.Drop != DropFull || w.readReason(token, ev.Reply).Code != CodeFull {
		t.Fatalf("event %+v", ev)
	}
	if _, drop := readStandardHeader(ev.Reply, ^roleMask(0)); drop != DropUnknownType {
		t.Fatalf("a plain client reads the REASON as %v", drop)
	}
	b, to, ok := w.server.NextDatagram(nil)
	if !ok || len(b) != 25 || to != source(2) {
		t.Fatalf("denied of %d bytes", len(b))
	}
	for _, body := range [][]byte{{1}, nil} {
		w, p, _ := plainPair(t, nil)
		p.c.state = StateRequesting
		got := p.receive(p.was.in.append(nil, kindDenied, 1<<63, body))
		if (got.Kind == ClientEnded) != (len(body) == 0) {
			t.Fatalf("denied with %d bytes: %+v", len(body), got)
		}
		w.step(0)
	}
}

func TestMistake07AssociatedData(t *testing.T) {
	w, p, _ := plainPair(t, nil)
	other := newPacketKey(&p.token.keys().clientToServer, testProtocol+1)
	if ev := w.toServer(p.at, other.append(nil, kindPayload, 60, []byte("x"))); ev.Drop != DropForged {
		t.Fatalf("another protocol's packet: %+v", ev)
	}
	b := p.payload(61, "12345678")
	b[0] = b[0]&0xf0 | byte(kindKeepAlive)
	if ev := w.toServer(p.at, b); ev.Drop != DropForged {
		t.Fatalf("a payload as keep-alive: %+v", ev)
	}
	token := w.mint(9, plainToken)
	token.Expires++
	if ev := w.request(token, 9); ev.Drop != DropTokenForged {
		t.Fatalf("a token with a longer life: %+v", ev)
	}
}

func TestMistake08ExpiryByWallClock(t *testing.T) {
	w := newWorld(t, nil)
	token := w.mint(1, func(c *MintConfig) { c.Lifetime = 3 * time.Second; c.Timeout = time.Minute })
	w.onServer = func(Source, []byte) bool { return false }
	p := w.join(token, 1, nil)
	w.unix0 += 1_000_000 // the wall clock jumps far beyond the token's end
	for range 29 {
		w.step(100 * ms)
	}
	w.wantState(p, StateRequesting)
	w.unix0 -= 2_000_000
	w.step(100 * ms)
	w.wantState(p, StateTokenExpired)
}

func TestMistake09HistoryRefreshedOrEvicted(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.MaxTokens = 2 })
	token := w.mint(1, func(c *MintConfig) { c.Lifetime = 10 * time.Second })
	_, seat := w.confirmed(token, 1)
	w.server.Release(w.now, seat)
	w.request(w.mint(2, nil), 2)
	for i := range 8 {
		w.now += second
		if ev := w.request(w.mint(uint64(10+i), nil), 2); ev.Drop != DropHistoryFull {
			t.Fatalf("a new token evicted an old one: %v", ev.Drop)
		}
		if ev := w.request(token, 1); ev.Drop != DropUsed {
			t.Fatalf("the used token: %v", ev.Drop)
		}
	}
	w.now += 2 * second // shown again and again, it is forgotten at its expiry all the same
	if ev := w.request(w.mint(3, nil), 3); ev.Drop != DropNone {
		t.Fatalf("no room after the expiry: %v", ev.Drop)
	}
}

func TestMistake10TokenReused(t *testing.T) {
	w, p, seat := plainPair(t, nil)
	recorded := p.payload(200, "old")
	w.toServer(p.at, bytes.Clone(recorded))
	w.server.Disconnect(w.now, seat)
	w.server.Release(w.now, seat)
	again := w.join(p.token, 2, func(c *ClientConfig) { c.Plain = PlainOnly })
	for range 20 {
		w.step(100 * ms)
	}
	w.wantState(again, StateRequesting)
	if w.drops(DropUsed) == 0 {
		t.Fatal("the token was not recognised as used")
	}
	if ev := w.toServer(p.at, recorded); ev.Drop != DropUnknownSource {
		t.Fatalf("an old packet: %+v", ev)
	}
}

func TestMistake11TimeoutZero(t *testing.T) {
	for _, seconds := range []int32{0, -1} {
		w := newWorld(t, func(c *ServerConfig) { c.Plain = PlainOnly })
		token := w.mint(7, plainToken)
		token.TimeoutSeconds = seconds
		token.sealPrivate(&MintConfig{Key: testKey(), ClientID: 7})
		p := w.join(token, 1, func(c *ClientConfig) { c.Plain = PlainOnly })
		w.step(0)
		w.step(100 * ms)
		w.wantState(p, StateConnected)
		w.onServer = func(Source, []byte) bool { return false }
		w.onClient = w.onServer
		for range 100 {
			w.step(10 * second)
		}
		w.wantState(p, StateConnected)
		if ev := w.last(); ev.Kind == EventDisconnected {
			t.Fatalf("timeout %d: %+v", seconds, ev)
		}
	}
}

func TestMistake12LongSequences(t *testing.T) {
	w, p, _ := plainPair(t, nil)
	k := p.was.out
	k.set(0x35, 70) // three bytes where one is enough
	head := []byte{0x35, 70, 0, 0}
	b := k.aead.Seal(head, k.nonce[:], []byte("x"), k.ad[:])
	if ev := w.toServer(p.at, b); ev.Kind != EventPayload || ev.Number != 70 {
		t.Fatalf("event %+v", ev)
	}
	for _, sequence := range []uint64{0, 255, 256, 65535, 65536, 1 << 63} {
		h := appendStandardHeader(nil, kindPayload, sequence)
		if len(h) > 2 && h[len(h)-1] == 0 {
			t.Fatalf("sequence %d as %x", sequence, h)
		}
	}
}

func TestMistake13RequestWithSequence(t *testing.T) {
	w, p, _ := plainPair(t, nil)
	for n := byte(1); n <= 8; n++ {
		b := make([]byte, requestBytes)
		b[0] = n << 4
		if ev := w.toServer(p.at, b); ev.Drop != DropWrongRole {
			t.Fatalf("prefix %#x: %v", n<<4, ev.Drop)
		}
	}
}

func TestMistake14SourceAfterDecryption(t *testing.T) {
	w, p, seat := plainPair(t, nil)
	b, _ := w.server.AppendPayload(w.now, seat, nil, []byte("x"))
	if ev := p.c.HandleDatagram(w.now, w.unix(), 0, source(99), bytes.Clone(b)); ev.Drop != DropOtherSource {
		t.Fatalf("from elsewhere: %+v", ev)
	}
	if ev := p.receive(b); ev.Kind != ClientPayload {
		t.Fatalf("the window had moved: %v", ev.Drop)
	}
}

func TestMistake15EmptyPayload(t *testing.T) {
	w, p, seat := plainPair(t, nil)
	if _, err := p.c.AppendPayload(w.now, nil, nil); err == nil {
		t.Fatal("the client made an empty payload")
	}
	if _, err := w.server.AppendPayload(w.now, seat, nil, nil); err == nil {
		t.Fatal("the server made an empty payload")
	}
	if ev := w.toServer(p.at, p.payload(60, "")); ev.Drop != DropBodySize {
		t.Fatalf("event %+v", ev)
	}
}

func TestMistake16MappedAddresses(t *testing.T) {
	v4 := netip.MustParseAddrPort("192.0.2.1:7")
	mapped := netip.MustParseAddrPort("[::ffff:192.0.2.1]:7")
	if SourceFrom(v4) != SourceFrom(mapped) || SourceFrom(mapped).AddrPort() != v4 {
		t.Fatalf("%v and %v", SourceFrom(v4), SourceFrom(mapped))
	}
	for _, named := range []netip.AddrPort{v4, mapped} {
		for _, own := range []netip.AddrPort{v4, mapped} {
			w := newWorld(t, func(c *ServerConfig) { c.Addresses = []netip.AddrPort{own} })
			token := w.mint(1, func(c *MintConfig) { c.Addresses = []netip.AddrPort{named} })
			if ev := w.request(token, 1); ev.Drop != DropNone {
				t.Fatalf("token for %v at %v: %v", named, own, ev.Drop)
			}
		}
	}
}

func TestMistake17DisconnectGoesOn(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.Plain = PlainOnly })
	token := w.mint(7, plainToken)
	token.Addresses = append(token.Addresses, otherAddr)
	token.sealPrivate(&MintConfig{Key: testKey(), ClientID: 7})
	p := w.join(token, 1, func(c *ClientConfig) { c.Plain = PlainOnly })
	w.step(0)
	w.step(100 * ms)
	w.wantState(p, StateConnected)
	seat := w.last().Seat
	w.server.Disconnect(w.now, seat)
	w.server.Release(w.now, seat)
	w.exchange()
	w.wantState(p, StateDisconnected)
}

// TestChallengeOfAnotherToken: whoever has two tokens must not answer the
// challenge of one, sent to an address that is not his, with that of the other.
func TestChallengeOfAnotherToken(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.Plain = PlainOnly })
	mine, spoofed := w.mint(1, plainToken), w.mint(2, plainToken)
	w.request(spoofed, 66) // the challenge goes to a victim's address
	ev := w.request(mine, 1)
	h, _ := readStandardHeader(ev.Reply, clientReads)
	body, ok := newPacketKey(&mine.keys().serverToClient, testProtocol).open(ev.Reply, h)
	if !ok {
		t.Fatal("challenge does not open")
	}
	answer := newPacketKey(&spoofed.keys().clientToServer, testProtocol).append(nil, kindResponse, 0, body)
	if ev := w.toServer(source(66), answer); ev.Drop != DropChallengeForged {
		t.Fatalf("event %+v", ev)
	}
	answer = newPacketKey(&mine.keys().clientToServer, testProtocol).append(nil, kindResponse, 1, body)
	w.request(mine, 67)
	if ev := w.toServer(source(67), answer); ev.Drop != DropChallengeMoved {
		t.Fatalf("event %+v", ev)
	}
}

func TestReplayWindowBoundary(t *testing.T) {
	win := seq.NewWindow(plainWindow)
	win.Mark(1000)
	if win.Fresh(1000-plainWindow) || !win.Fresh(1000-plainWindow+1) || win.Fresh(1000) {
		t.Fatal("the window does not hold the last 256 sequences")
	}
}
