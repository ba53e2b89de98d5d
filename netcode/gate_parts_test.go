package netcode

import (
	"net/netip"
	"testing"
)

// TestGatePrefixes: of an address, exactly the bits of its network and of its own part say which
// allowances it has; a port has one of its own.
func TestGatePrefixes(t *testing.T) {
	g := newTestGate(t, 640, -1)
	for _, c := range []struct {
		addr             string
		network, address int // how many bits from the left
	}{{"192.0.2.77", 24, 32}, {"2001:db8:77:1234:5678:9abc:def0:7777", 48, 64}} {
		one := netip.MustParseAddr(c.addr)
		home := SourceFrom(netip.AddrPortFrom(one, 7))
		for bit := range one.BitLen() {
			b := one.AsSlice()
			b[bit/8] ^= 0x80 >> (bit % 8)
			other, _ := netip.AddrFromSlice(b)
			there := SourceFrom(netip.AddrPortFrom(other, 7))
			for l, bits := range map[level]int{levelSource: 128, levelAddress: c.address, levelNetwork: c.network} {
				if same := g.hash(&home, l) == g.hash(&there, l); same != (bit >= bits) {
					t.Errorf("level %d, bit %d of %v: the same allowance: %v", l, bit, one, same)
				}
			}
		}
		for bit := range 16 {
			there := SourceFrom(netip.AddrPortFrom(one, 7^1<<bit))
			if g.hash(&home, levelSource) == g.hash(&there, levelSource) || g.hash(&home, levelAddress) != g.hash(&there, levelAddress) {
				t.Errorf("bit %d of the port of %v", bit, one)
			}
		}
		if a, b, n := g.hash(&home, levelSource), g.hash(&home, levelAddress), g.hash(&home, levelNetwork); a == b || b == n || a == n {
			t.Errorf("%v is found at one place on two levels", one)
		}
	}
}

// TestGateExerts: work beside that of datagrams is charged to the parts as they are large, and
// altogether as much as it was.
func TestGateExerts(t *testing.T) {
	g, now := newTestGate(t, -1, 65536), second
	g.exert(now, exchangeWork)
	drawn, fair := g.work.drawn.Debt(now)/g.work.drawn.Interval(), g.work.fair.Debt(now)/g.work.fair.Interval()
	known, rest := g.known.Debt(now)/g.known.Interval(), g.rest.Debt(now)/g.rest.Interval()
	if drawn != 12 || fair != 8 || known != 4 || rest != 8 {
		t.Errorf("of %d units: %d, %d, %d and %d", exchangeWork, drawn, fair, known, rest)
	}
	off := newTestGate(t, -1, -1)
	off.exert(now, exchangeWork) // of no limit nothing is taken
	if off.admit(now, at("192.0.2.1", 1), DropNone, false) != DropNone {
		t.Error("work is limited though the limit is off")
	}
}

// TestGateLeast: the smallest limits leave everybody something.
func TestGateLeast(t *testing.T) {
	for rate := 1; rate < sourceShare; rate += 7 {
		g := newTestGate(t, rate, rate)
		n, drop := g.fail(second, at("192.0.2.1", 7), 1000)
		if n != 1 || drop != DropSourceLimit {
			t.Errorf("%d failures a second: %d of a port at once, then %v", rate, n, drop)
		}
		if drop := g.pass(second, at("192.0.2.2", 7)); drop != DropNone {
			t.Errorf("work of %d a second: the first is told %v", rate, drop)
		}
	}
}

// TestTokenPaysFirst: a token pays for so many answers at once, and then its source does; a second later
// it pays again.
func TestTokenPaysFirst(t *testing.T) {
	g, from := newTestGate(t, 64, -1), at("192.0.2.1", 7)
	var paid int64
	for now := second; now < 4*second; now += second {
		for n := range tokenAnswers {
			if g.chargeKnown(now, from, &paid); g.indebted(now, from) != DropNone {
				t.Fatalf("answer %d is charged to the source", n)
			}
		}
		if got := paid - now; got != tokenBurst {
			t.Fatalf("the token owes %d ns", got)
		}
	}
	for g.indebted(3*second, from) == DropNone {
		g.chargeKnown(3*second, from, &paid)
	}
	if got := paid - 3*second; got != tokenBurst {
		t.Errorf("what the source pays is charged to the token as well: %d ns", got)
	}
}

// TestManyTokensOfOnePlayer: a player may show more tokens than he can have waiting, but each that pushes
// another one out is a failure of his source: they could be shown again for ever.
func TestManyTokensOfOnePlayer(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.FailuresPerSecond, c.HandshakesPerSecond, c.MaxTokens = 64*8, -1, 100 })
	shown := 0
	for ; shown < 40; shown++ {
		if ev := w.request(w.mint(7, nil), 1); ev.Drop != DropNone {
			if ev.Drop != DropSourceLimit {
				t.Errorf("after %d tokens: %v", shown, ev.Drop)
			}
			break
		}
	}
	if shown != maxPending+8 {
		t.Errorf("%d tokens could be shown at once", shown)
	}
}

// TestRefusedTokensAreCharged: who shows tokens that open and are for another server has each of them opened
// at his own cost.
func TestRefusedTokensAreCharged(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) {
		c.FailuresPerSecond, c.HandshakesPerSecond, c.Addresses = 64*8, -1, []netip.AddrPort{otherAddr}
	})
	for i := range 20 {
		want := DropWrongAddress
		if i >= 8 {
			want = DropSourceLimit
		}
		if ev := w.request(w.mint(uint64(i), nil), 1); ev.Drop != want {
			t.Errorf("token %d: %v, want %v", i, ev.Drop, want)
		}
	}
}

// TestAcceptedTokenIsNotPending: a token whose seat is taken is none of those that a player has waiting:
// others of his do not push it out.
func TestAcceptedTokenIsNotPending(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.MaxTokens = 100 })
	w.onClient = func(_ Source, b []byte) bool { return b[0] != 7 } // ACCEPT is lost
	p := w.join(w.mint(7, nil), 1, nil)
	w.step(0)
	seat := w.last().Seat
	for range 2 * maxPending {
		w.request(w.mint(7, nil), 2)
	}
	w.onClient = nil
	w.step(100 * ms)
	w.wantState(p, StateConnected)
	if ev := w.toServer(p.at, p.data(0, "here")); ev.Seat != seat || !ev.First {
		t.Errorf("the first packet: %+v", ev)
	}
	if n := len(w.server.adm.wallets[7].pending); n != maxPending {
		t.Errorf("%d tokens wait", n)
	}
}
