package netcode

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"github.com/tickwire/tickwire/internal/account"
)

func newTestGate(t testing.TB, failures, work int) *gate {
	g, ok := newGate(newSeeded(5), failures, work)
	if !ok {
		t.Fatal("no randomness")
	}
	return &g
}

func at(addr string, port uint16) *Source {
	s := SourceFrom(netip.AddrPortFrom(netip.MustParseAddr(addr), port))
	return &s
}

// fail charges a source until it, its address or its network is in debt, and returns
// how often that went well.
func (g *gate) fail(now int64, from *Source, most int) (n int, drop Drop) {
	for ; n < most; n++ {
		if drop = g.indebted(now, from); drop != DropNone {
			break
		}
		g.charge(now, from)
	}
	return n, drop
}

// TestGateLevels: a port, its address and its network each have their allowance,
// and what is beside them has its own.
func TestGateLevels(t *testing.T) {
	for _, c := range []struct {
		name, one   string
		near, else_ string // of the same address (in IPv6 /64), of another network
		network     func(i int) string
	}{
		{"IPv4", "192.0.2.1", "192.0.2.1", "192.0.3.1", func(i int) string { return netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}).String() }},
		{"IPv4 mapped", "::ffff:192.0.2.1", "192.0.2.1", "::ffff:192.0.3.1", func(i int) string { return netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}).String() }},
		{"IPv6", "2001:db8:1:2::1", "2001:db8:1:2:ffff::7", "2001:db8:2:2::1", func(i int) string {
			a := netip.MustParseAddr("2001:db8:1::1").As16()
			a[7] = byte(i)
			return netip.AddrFrom16(a).String()
		}},
	} {
		g, now := newTestGate(t, 640, -1), second
		if n, drop := g.fail(now, at(c.one, 7), 1000); n != 10 || drop != DropSourceLimit {
			t.Errorf("%s: %d failures of a port, then %v", c.name, n, drop)
		}
		if drop := g.indebted(now, at(c.one, 8)); drop != DropNone {
			t.Errorf("%s: the next port: %v", c.name, drop)
		}
		total, last := 10, DropNone
		for port := uint16(100); last != DropAddressLimit && port < 300; port++ {
			n, drop := g.fail(now, at(c.near, port), 1000)
			total, last = total+n, drop
		}
		if total != 640 {
			t.Errorf("%s: %d failures of an address, then %v", c.name, total, last)
		}
		for i := 2; last != DropNetworkLimit && i < 50; i++ {
			for port := uint16(100); port < 200; port++ {
				n, drop := g.fail(now, at(c.network(i), port), 1000)
				if total, last = total+n, drop; drop != DropSourceLimit {
					break
				}
			}
		}
		if total != 4*640 {
			t.Errorf("%s: %d failures of a network, then %v", c.name, total, last)
		}
		if drop := g.indebted(now, at(c.else_, 7)); drop != DropNone {
			t.Errorf("%s: another network: %v", c.name, drop)
		}
	}
}

// TestGateTrickle: whoever is in debt gets as much in each second as is paid back, and
// after a second of rest everything.
func TestGateTrickle(t *testing.T) {
	g, now, from := newTestGate(t, 640, -1), second, at("192.0.2.1", 7)
	g.fail(now, from, 1000)
	trickled := 0
	for range 5000 {
		now += ms
		n, _ := g.fail(now, from, 1000)
		trickled += n
	}
	if trickled != 50 {
		t.Errorf("%d failures in five seconds of debt, want 10 a second", trickled)
	}
	now += second
	if n, _ := g.fail(now, from, 1000); n != 10 {
		t.Errorf("%d failures after a second of rest", n)
	}
}

// TestGateAssociations: transports without addresses have a source for each
// association, and nothing is shared.
func TestGateAssociations(t *testing.T) {
	g := newTestGate(t, 640, -1)
	a, b := SourceOf(3, 1), SourceOf(3, 2)
	if n, drop := g.fail(second, &a, 1000); n != 10 || drop != DropSourceLimit {
		t.Errorf("%d failures, then %v", n, drop)
	}
	if drop := g.indebted(second, &b); drop != DropNone {
		t.Errorf("another association: %v", drop)
	}
}

// TestGateTables: what anybody sends, the tables have their size, and a few thousand
// addresses in debt take next to nobody else with them.
func TestGateTables(t *testing.T) {
	g, now := newTestGate(t, 64, 64), second
	var guilty Source
	for i := range uint32(400) { // each beyond the limit of its address
		guilty = SourceFrom(netip.AddrPortFrom(netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, 0x0a000000+i<<8))), 7))
		for range 70 {
			g.charge(now, &guilty)
		}
	}
	innocent := 0
	for i := range uint32(10000) {
		s := SourceFrom(netip.AddrPortFrom(netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, 0xc0000000+i<<8))), 7))
		if g.indebted(now, &s) != DropNone {
			innocent++
		}
	}
	if innocent > 300 { // 400 of 4096 places, in both rows, is 1 %; and likewise for ports
		t.Errorf("%d of 10000 innocent addresses are in debt", innocent)
	}
}

// TestGateAllocatesNothing: strangers are counted in memory that is there.
func TestGateAllocatesNothing(t *testing.T) {
	g, now, stranger := newTestGate(t, 64, 64), second, *at("192.0.2.1", 7)
	if allocs := testing.AllocsPerRun(10_000, func() {
		now++
		stranger[13]++
		g.pass(now, &stranger)
		g.charge(now, &stranger)
	}); allocs != 0 {
		t.Errorf("%v allocations to count a stranger", allocs)
	}
}

// TestGateSeed: where a source is found is not the same in each run.
func TestGateSeed(t *testing.T) {
	a, _ := newGate(newSeeded(1), 0, 0)
	b, _ := newGate(newSeeded(2), 0, 0)
	same := 0
	for port := range uint16(1000) {
		if account.At(a.hash(at("192.0.2.1", port), levelSource)) == account.At(b.hash(at("192.0.2.1", port), levelSource)) {
			same++
		}
	}
	if same > 2 {
		t.Errorf("%d of 1000 sources are found in the same places in two runs", same)
	}
}

// TestGateWork: handshakes of everybody cost no more than is allowed, at once and in a
// second, and strangers leave an eighth to who has shown a token.
func TestGateWork(t *testing.T) {
	g, now := newTestGate(t, -1, 3200), second
	var e tokenEntry
	ask := func(known bool) (n int) {
		for i := range 500 {
			from := at("192.0.2.1", uint16(i))
			if known && g.passKnown(now, from, &e.paid) == DropNone || !known && g.pass(now, from) == DropNone {
				n++
			}
		}
		return n
	}
	if n := ask(false); n != 150+12+100 {
		t.Errorf("%d of strangers at once, want an eighth of 1200 and of 800, and half a 32nd of 800", n)
	}
	if n := ask(true); n != 50 {
		t.Errorf("%d of others at once, want an eighth of 400", n)
	}
	strangers, others := 0, 0
	for range 1000 {
		now += ms
		strangers += ask(false)
		others += ask(true)
	}
	if all := strangers + others; all < 2600 || all > 3204 || others < 800 {
		t.Errorf("%d and %d in a second, want 3200 together", strangers, others)
	}
	g.exert(now, 3200)
	now += second / 2
	if n := ask(true); n != 0 {
		t.Errorf("%d half a second after the work of a whole one", n)
	}
}

// TestGateFair: a few networks that ask for all there is leave their share to the others.
func TestGateFair(t *testing.T) {
	g, now := newTestGate(t, -1, 3200), second
	refused, asked, greedy := 0, 0, 0
	for i := range 2000 {
		now += ms
		for j := range 40 { // 40 000 a second from four networks
			if g.pass(now, at(netip.AddrFrom4([4]byte{192, 0, byte(j % 4), 1}).String(), uint16(i))) == DropNone {
				greedy++
			}
		}
		if i%10 == 5 { // a player now and then, from somewhere
			asked++
			if g.pass(now, at(netip.AddrFrom4([4]byte{198, 51, byte(i), 1}).String(), 7)) != DropNone {
				refused++
			}
		}
	}
	if refused != 0 || greedy < 4000 {
		t.Errorf("%d of %d players were refused beside four networks that got %d", refused, asked, greedy)
	}
}

func TestGateOff(t *testing.T) {
	g := newTestGate(t, -1, -1)
	for range 1 << 17 {
		if drop := g.pass(0, at("192.0.2.1", 7)); drop != DropNone {
			t.Fatal(drop)
		}
		g.charge(0, at("192.0.2.1", 7))
		g.exert(0, 100)
	}
	if !g.failures[0].Off() || g.work.shares.rows[0] != nil {
		t.Error("tables for what is off")
	}
}
