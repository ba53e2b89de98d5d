//go:build !js

package web

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tickwire/tickwire/transport"
)

// A lostPort takes what is written, and forgets it.
type lostPort struct{ written int }

func (p *lostPort) Write(ds []transport.Datagram) (int, error) {
	p.written += len(ds)
	return len(ds), nil
}

var (
	browserAt = netip.MustParseAddrPort("192.0.2.1:50000")
	playerAt  = netip.MustParseAddrPort("192.0.2.2:50000")
)

// newTestDiverter takes WebRTC and WebTransport off a port. An association of the name "association"
// has passed ICE from the address of browser.
func newTestDiverter(t testing.TB) (*diverter, *iceMux) {
	t.Helper()
	d := newDiverter(new(lostPort))
	d.ice = newICETable()
	d.quic = newPacketConn(d.envoy(), netip.MustParseAddrPort("127.0.0.1:7777"))
	m := newICEMux(d.ice, d.envoy(), []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:7777")})
	c, err := m.GetConn("association", m.GetListenAddresses()[0])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.(*iceConn).WriteToAddrPort([]byte("an answer to a check"), browserAt); err != nil {
		t.Fatal(err)
	}
	quic := d.quic
	t.Cleanup(func() { _, _ = quic.Close(), m.Close() })
	return d, m
}

func (v *diverter) takes(from netip.AddrPort, b []byte) bool {
	return v.Divert(transport.Datagram{Path: transport.PathTo(from), Bytes: b})
}

// A packet of each protocol, as the diverter knows them.
func stunFor(name string) []byte {
	b := append([]byte{0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42}, make([]byte, 12)...)
	value := name + ":browser"
	b = binary.BigEndian.AppendUint16(b, stunUsername)
	b = binary.BigEndian.AppendUint16(b, uint16(len(value)))
	b = append(b, value...)
	b = append(b, make([]byte, (4-len(b)%4)%4)...)
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)-stunHeader))
	return b
}

func dtlsRecord(kind byte, n int) []byte {
	b := append([]byte{kind, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 1, 0, byte(n)}, make([]byte, n)...)
	return b
}

func quicLong() []byte { return append([]byte{0xC3, 0, 0, 0, 1, 8}, make([]byte, 1194)...) }

func (v *diverter) quicShort(t testing.TB) []byte {
	t.Helper()
	id, err := v.ids.GenerateConnectionID()
	if err != nil {
		t.Fatal(err)
	}
	return append(append([]byte{0x41}, id.Bytes()...), make([]byte, 30)...)
}

// gamePackets are packets that begin as SPEC.md, section 1, says: those of our dialect, and those of
// the netcode standard. What follows the first byte is random, as what is sealed is.
func gamePackets(random *rand.Rand, each int) (all [][]byte) {
	var prefixes []byte
	for p := byte(0x04); p <= 0x0F; p++ {
		prefixes = append(prefixes, p)
	}
	for n := byte(1); n <= 8; n++ {
		for kind := byte(1); kind <= 6; kind++ {
			prefixes = append(prefixes, n<<4|kind)
		}
	}
	for _, p := range prefixes {
		for range each {
			b := make([]byte, 1+random.IntN(1200))
			for i := range b {
				b[i] = byte(random.Uint32())
			}
			b[0] = p
			all = append(all, b)
		}
	}
	request := make([]byte, 1078)
	copy(request, "\x00NETCODE 1.02\x00")
	return append(all, request)
}

// TestDiverterLeavesTheGame: of what begins as packets of the game do, the diverter takes nothing,
// wherever it comes from, though associations of both kinds are open. (In one of 2^40 packets of a
// plain peer there is a connection id of ours, and what comes from the address of a browser is no
// player's.)
func TestDiverterLeavesTheGame(t *testing.T) {
	d, _ := newTestDiverter(t)
	random := rand.New(rand.NewPCG(1, 2))
	for _, b := range gamePackets(random, 400) {
		for _, from := range []netip.AddrPort{playerAt, browserAt} {
			if d.takes(from, b) {
				t.Fatalf("it takes % x… of %d bytes from %v", b[:min(len(b), 16)], len(b), from)
			}
		}
	}
	for p := range 256 { // all that a plain peer could send, and more: the first byte alone takes nothing
		if p < quicForm|quicFixed && d.takes(playerAt, append([]byte{byte(p)}, bytes.Repeat([]byte{0xFE}, 100)...)) {
			t.Errorf("it takes %#x", p)
		}
	}
}

// TestDiverterTakesItsOwn: each protocol's packets go to their own queue, and DTLS only from where a
// browser is.
func TestDiverterTakesItsOwn(t *testing.T) {
	d, m := newTestDiverter(t)
	c := m.conns[0]
	for _, x := range []struct {
		what  string
		from  netip.AddrPort
		bytes []byte
		in    *intake // nil: nowhere
		taken bool
	}{
		{"a check for an association, from anywhere", playerAt, stunFor("association"), &c.in, true},
		{"a check for nobody", playerAt, stunFor("nobody"), nil, true},
		{"a check that names nobody, from a browser", browserAt, append([]byte{0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42}, make([]byte, 12)...), &c.in, true},
		{"a check that is longer than it says", browserAt, append(stunFor("association"), 0, 0, 0, 0), nil, false},
		{"a check without the cookie", browserAt, bytes.Replace(stunFor("association"), []byte{0x21, 0x12, 0xA4, 0x42}, []byte("CODE"), 1), nil, false},
		{"a record from a browser", browserAt, dtlsRecord(22, 50), &c.in, true},
		{"one with a connection id", browserAt, dtlsRecord(25, 50), &c.in, true},
		{"a record from a player", playerAt, dtlsRecord(22, 50), nil, false},
		{"no record, from a browser", browserAt, dtlsRecord(22, 50)[:30], nil, false},
		{"QUIC before there are keys", playerAt, quicLong(), &d.quic.in, true},
		{"a packet that is larger than quic-go reads", playerAt, append(quicLong(), make([]byte, largestPacket)...), nil, true},
		{"QUIC with an id of ours", playerAt, d.quicShort(t), &d.quic.in, true},
		{"QUIC with another id", playerAt, append([]byte{0x41}, make([]byte, 50)...), nil, false},
		{"nothing", playerAt, nil, nil, false},
	} {
		if got := d.takes(x.from, x.bytes); got != x.taken {
			t.Errorf("%s: taken: %v", x.what, got)
		}
		for _, in := range []*intake{&c.in, &d.quic.in} {
			h, err := in.next()
			if err != nil || (h != nil) != (in == x.in) {
				t.Errorf("%s: in a queue: %v, %v", x.what, h != nil, err)
			}
			if h != nil && (!bytes.Equal(h.bytes[:h.n], x.bytes) || h.from != x.from) {
				t.Errorf("%s: it came out as another", x.what)
			}
		}
	}
}

// TestDiverterOff: without WebRTC and WebTransport everything is the game's.
func TestDiverterOff(t *testing.T) {
	d, _ := newTestDiverter(t)
	short := d.quicShort(t)
	d.ice, d.quic = nil, nil
	for _, b := range [][]byte{stunFor("association"), dtlsRecord(22, 10), quicLong(), short} {
		if d.takes(browserAt, b) {
			t.Errorf("it takes % x", b[:4])
		}
	}
}

// TestDiverterForgets: when an association is over, its address is free for a player, and its name is
// nobody's.
func TestDiverterForgets(t *testing.T) {
	d, m := newTestDiverter(t)
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if d.takes(browserAt, dtlsRecord(22, 50)) {
		t.Error("it takes what comes from where a browser was")
	}
	d.takes(browserAt, stunFor("association"))
	if n := d.count.strangers.Load(); n != 1 {
		t.Errorf("%d checks of strangers, want one", n)
	}
	if len(d.ice.names) != 0 || len(d.ice.addresses) != 0 {
		t.Errorf("it remembers %d names and %d addresses", len(d.ice.names), len(d.ice.addresses))
	}
}

// TestDiverterFollowsAddresses: an association has its last few addresses, and an address the last
// association that was there.
func TestDiverterFollowsAddresses(t *testing.T) {
	d, m := newTestDiverter(t)
	for i := range uint16(3 * iceAddresses) {
		at := netip.AddrPortFrom(browser.Addr(), 60000+i)
		if _, err := m.conns[0].WriteToAddrPort(nil, at); err != nil {
			t.Fatal(err)
		}
		if d.ice.at(at) != m.conns[0] {
			t.Errorf("%v is not the browser's", at)
		}
	}
	if n := len(d.ice.addresses); n != iceAddresses || len(m.conns[0].peers) != n {
		t.Errorf("%d addresses are remembered, want %d", n, iceAddresses)
	}
	other := newICEMux(d.ice, d.envoy(), []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:7777")})
	last := netip.AddrPortFrom(browser.Addr(), 60000+3*iceAddresses-1)
	if _, err := other.conns[0].WriteToAddrPort(nil, last); err != nil {
		t.Fatal(err)
	}
	_ = m.Close()
	if d.ice.at(last) != other.conns[0] || len(d.ice.addresses) != 1 {
		t.Errorf("the address of two is not the later one's: %d addresses", len(d.ice.addresses))
	}
}

// TestICEAddressIsKept: who plays from an address keeps it, whoever proves himself by checks with that address forged in them;
// some seconds after he was heard last somebody else may be there.
func TestICEAddressIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, m := newTestDiverter(t)
		thief := newICEMux(d.ice, d.envoy(), []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:7777")})
		if _, err := thief.GetConn("thief", thief.GetListenAddresses()[0]); err != nil {
			t.Fatal(err)
		}
		defer thief.Close()
		checks := func() *iceConn {
			d.takes(browserAt, stunFor("thief"))
			_, at, err := thief.conns[0].ReadFromAddrPort(make([]byte, largestPacket))
			if err != nil || at != browserAt {
				t.Fatal(at, err)
			}
			_, _ = thief.conns[0].WriteToAddrPort([]byte("pion answers it"), at)
			return d.ice.at(browserAt)
		}
		for range 3 {
			if !d.takes(browserAt, dtlsRecord(23, 50)) {
				t.Fatal("a record of the player's is not taken")
			}
			if _, at, err := m.conns[0].ReadFromAddrPort(make([]byte, largestPacket)); at != browserAt || err != nil {
				t.Fatal(at, err)
			}
			time.Sleep(rtcSilent - time.Second)
			if checks() != m.conns[0] {
				t.Fatal("the address is another's, though its player is heard")
			}
		}
		time.Sleep(time.Second)
		if checks() != thief.conns[0] || len(m.conns[0].peers) != 0 {
			t.Error("nobody has been heard there for long, and it is nobody else's")
		}
	})
}

// TestICEAnswersFromWhereAsked: a browser is answered from the address of ours by which it came last, as when it came by another one
// once its network changed.
func TestICEAnswersFromWhereAsked(t *testing.T) {
	d, m := newTestDiverter(t)
	c := m.conns[0]
	for _, local := range []string{"192.0.2.10", "192.0.2.11"} {
		at := netip.MustParseAddr(local)
		d.Divert(transport.Datagram{Path: transport.PathTo(browserAt), Bytes: stunFor("association"), Local: at})
		if _, from, err := c.ReadFromAddrPort(make([]byte, largestPacket)); from != browserAt || err != nil {
			t.Fatal(from, err)
		}
		if got := c.route(browserAt); got != at {
			t.Errorf("who came by %v is answered from %v", at, got)
		}
	}
}

// TestDiverterFloods: floods for every protocol are bounded and counted, and cost nobody who plays:
// what is known comes first, whatever strangers send.
func TestDiverterFloods(t *testing.T) {
	d, m := newTestDiverter(t)
	const flood = 5000
	short := d.quicShort(t)
	d.takes(playerAt, short)
	record := dtlsRecord(23, 99)
	d.takes(browserAt, record)
	long, check, nobody := quicLong(), stunFor("association"), stunFor("nobody")
	for range flood {
		d.takes(playerAt, long)
		d.takes(playerAt, check)
		d.takes(playerAt, nobody)
	}
	for _, x := range []struct {
		in    *intake
		first []byte
		room  [standings]int
	}{
		{&d.quic.in, short, packetRoom}, {&m.conns[0].in, record, [standings]int{iceRoomRecords, iceRoomChecks}},
	} {
		h, err := x.in.next()
		if err != nil || !bytes.Equal(h.bytes[:h.n], x.first) {
			t.Errorf("the first that is read is not that of who plays: %v", err)
		}
		waiting := 0
		for h, _ := x.in.next(); h != nil; h, _ = x.in.next() {
			waiting++
		}
		if waiting != x.room[stranger] {
			t.Errorf("%d of the flood wait, want %d", waiting, x.room[stranger])
		}
	}
	overflowed := flood - packetRoom[stranger] + checksPerSecond - iceRoomChecks
	if got := d.count.overflowed.Load(); got < uint64(overflowed) || got > uint64(overflowed)+checksPerSecond {
		t.Errorf("%d overflowed, want %d", got, overflowed)
	}
	if got := d.count.tooMany.Load(); got < flood-2*checksPerSecond || got > flood-checksPerSecond {
		t.Errorf("%d checks were too many, want %d", got, flood-checksPerSecond)
	}
	if got := d.count.strangers.Load(); got != flood {
		t.Errorf("%d of strangers, want %d", got, flood)
	}
}

// TestAllocDivert: what comes and goes by the port allocates nothing of ours.
func TestAllocDivert(t *testing.T) {
	d, m := newTestDiverter(t)
	short, record := d.quicShort(t), dtlsRecord(23, 99)
	b := make([]byte, largestPacket)
	c := m.conns[0]
	round := func() {
		d.takes(playerAt, short)
		_, from, err := d.quic.ReadFrom(b)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = d.quic.WriteTo(short, from)
		d.takes(browserAt, record)
		_, at, err := c.ReadFromAddrPort(b)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = c.WriteToAddrPort(record, at)
		d.takes(playerAt, stunFor2)
	}
	round()
	if n := testing.AllocsPerRun(1000, round); n >= 1 { // a pool that is emptied by the collector is not counted
		t.Errorf("%.2f allocations for a datagram of each kind", n)
	}
}

var stunFor2 = stunFor("nobody")

func FuzzDivert(f *testing.F) {
	d, _ := newTestDiverter(f)
	for _, b := range [][]byte{stunFor("association"), stunFor("nobody"), dtlsRecord(22, 50), quicLong(), d.quicShort(f), nil} {
		f.Add(b)
	}
	for _, b := range gamePackets(rand.New(rand.NewPCG(3, 4)), 1) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		before := slices.Clone(b)
		fromPlayer, fromBrowser := d.takes(playerAt, b), d.takes(browserAt, b)
		if !bytes.Equal(b, before) {
			t.Fatal("it changes what it looks at")
		}
		if fromPlayer && !fromBrowser {
			t.Error("a player's is taken, and a browser's is not")
		}
		if len(b) == 0 {
			return
		}
		switch p := b[0]; {
		case p >= 0x04 && p <= 0x0F, p == 0 && bytes.HasPrefix(b[1:], []byte("NETCODE")):
			if fromPlayer || fromBrowser {
				t.Errorf("it takes a packet of our dialect, or a request: % x", b)
			}
		case p >= 0x11 && p <= 0x86 && p&0xF >= 1 && p&0xF <= 6:
			if fromPlayer && !d.ids.isOurs(b[1:]) {
				t.Errorf("it takes a packet of the standard: % x", b)
			}
		}
	})
}
