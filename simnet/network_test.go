package simnet

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/tickwire/tickwire/transport"
)

var (
	hostA  = netip.MustParseAddr("10.0.0.1")
	hostB  = netip.MustParseAddr("10.0.0.2")
	hostC  = netip.MustParseAddr("2001:db8::3")
	atA    = netip.AddrPortFrom(hostA, 1000)
	atB    = netip.AddrPortFrom(hostB, 2000)
	atC    = netip.AddrPortFrom(hostC, 3000)
	second = time.Second
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func bind(t testing.TB, n *Network, at netip.AddrPort) *Socket {
	t.Helper()
	s, err := n.Socket(at, SocketConfig{})
	must(t, err)
	return s
}

func send(t testing.TB, s *Socket, to netip.AddrPort, text string) {
	t.Helper()
	k, err := s.Write([]transport.Datagram{{Path: transport.PathTo(to), Bytes: []byte(text)}})
	if k != 1 || err != nil {
		t.Fatalf("Write: %d, %v", k, err)
	}
}

// read returns what a socket has as "sender payload @ time since Epoch".
func read(t testing.TB, s *Socket) []string {
	t.Helper()
	var got []string
	ds := make([]transport.Datagram, 3)
	for {
		k, err := s.Read(ds)
		must(t, err)
		if k == 0 {
			return got
		}
		for _, d := range ds[:k] {
			got = append(got, fmt.Sprintf("%v %s @ %v", d.Path.Remote, d.Bytes, d.Received.Sub(Epoch)))
		}
	}
}

func expect(t testing.TB, got []string, want ...string) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestPerfectNetwork(t *testing.T) {
	n := NewNetwork(1)
	a, b := bind(t, n, atA), bind(t, n, atB)
	send(t, a, atB, "hi")
	expect(t, read(t, b), "10.0.0.1:1000 hi @ 0s") // at once
	n.Advance(second)
	send(t, b, atA, "ho")
	send(t, b, atB, "me")
	expect(t, read(t, a), "10.0.0.2:2000 ho @ 1s")
	expect(t, read(t, b), "10.0.0.2:2000 me @ 1s")
	if !n.Now().Equal(Epoch.Add(second)) {
		t.Errorf("it is %v", n.Now())
	}
}

// A datagram crosses the sender's up link, the link between and the receiver's
// down link.
func TestThreeHops(t *testing.T) {
	n := NewNetwork(1)
	a, b, c := bind(t, n, atA), bind(t, n, atB), bind(t, n, atC)
	delay := func(ms int) LinkConfig { return LinkConfig{Delay: time.Duration(ms) * time.Millisecond} }
	must(t, n.SetHost(hostA, Links{Up: delay(1), Down: delay(2)}))
	must(t, n.SetHost(hostB, Links{Up: delay(10), Down: delay(20)}))
	must(t, n.SetLink(hostA, hostB, delay(100)))
	must(t, n.SetDefault(delay(500)))

	send(t, a, atB, "ab")
	send(t, b, atA, "ba")
	send(t, a, atC, "ac")
	send(t, c, atA, "ca")
	if at, ok := n.Next(); !ok || at != Epoch.Add(time.Millisecond) {
		t.Errorf("the first event is at %v, %v", at, ok)
	}
	n.AdvanceTo(Epoch.Add(second))
	expect(t, read(t, a), "[2001:db8::3]:3000 ca @ 502ms", "10.0.0.2:2000 ba @ 512ms")
	expect(t, read(t, b), "10.0.0.1:1000 ab @ 121ms")
	expect(t, read(t, c), "10.0.0.1:1000 ac @ 501ms")

	up, down := n.HostStats(hostA)
	if up.Delivered != 2 || down.Delivered != 2 || n.PairStats(hostA, hostB).Delivered != 1 {
		t.Errorf("A sent %+v, received %+v", up, down)
	}
	if _, ok := n.Next(); ok {
		t.Error("an idle network has a next event")
	}

	// The default changes for links in use, not for those with their own.
	must(t, n.SetDefault(delay(0)))
	must(t, n.SetHost(hostA, Links{}))
	send(t, a, atC, "ac")
	send(t, a, atB, "ab")
	must(t, n.SetLink(hostA, hostB, delay(50)))
	must(t, n.SetDefault(delay(500)))
	send(t, a, atC, "ac again")
	n.Advance(second)
	expect(t, read(t, c), "10.0.0.1:1000 ac @ 1s", "10.0.0.1:1000 ac again @ 1.5s")
	expect(t, read(t, b), "10.0.0.1:1000 ab @ 1.12s")
	if s := n.PairStats(hostB, hostC); s != (LinkStats{}) {
		t.Errorf("a link that nothing crossed has stats %+v", s)
	}
}

func TestSharedAccess(t *testing.T) {
	n := NewNetwork(1)
	a, b, c := bind(t, n, atA), bind(t, n, atB), bind(t, n, atC)
	must(t, n.SetHost(hostA, Links{Down: LinkConfig{BitsPerSecond: 8_000}}))
	text := string(make([]byte, 72)) // 100 ms with headers
	send(t, b, atA, text)
	send(t, c, atA, text)
	n.Advance(second)
	got := read(t, a)
	if len(got) != 2 || !bytes.HasSuffix([]byte(got[0]), []byte("@ 100ms")) || !bytes.HasSuffix([]byte(got[1]), []byte("@ 200ms")) {
		t.Errorf("two senders do not share the bottleneck: %q", got)
	}
}

func TestCutPartitionHeal(t *testing.T) {
	n := NewNetwork(1)
	a, b, c := bind(t, n, atA), bind(t, n, atB), bind(t, n, atC)
	must(t, n.SetDefault(LinkConfig{Delay: time.Millisecond}))
	send(t, a, atB, "on its way")
	n.Cut(hostA, hostB)
	send(t, a, atB, "cut")
	send(t, b, atA, "other way")
	n.Advance(second)
	expect(t, read(t, b), "10.0.0.1:1000 on its way @ 1ms")
	expect(t, read(t, a), "10.0.0.2:2000 other way @ 1ms")

	n.Heal(hostA, hostB)
	n.Partition([]netip.Addr{hostA}, []netip.Addr{hostB, hostC})
	send(t, a, atB, "x")
	send(t, c, atA, "x")
	send(t, b, atC, "same side")
	n.Advance(second)
	expect(t, read(t, a))
	expect(t, read(t, b))
	expect(t, read(t, c), "10.0.0.2:2000 same side @ 1.001s")

	n.HealAll()
	send(t, a, atB, "healed")
	n.Advance(second)
	expect(t, read(t, b), "10.0.0.1:1000 healed @ 2.001s")
	if s := n.Stats(); s.Sent != 7 || s.Cut != 3 || s.Delivered != 4 {
		t.Errorf("stats %+v", s)
	}
}

func TestRestartOnTheSameAddress(t *testing.T) {
	n := NewNetwork(1)
	a, b := bind(t, n, atA), bind(t, n, atB)
	must(t, n.SetDefault(LinkConfig{Delay: time.Second}))
	if _, err := n.Socket(atB, SocketConfig{}); !errors.Is(err, ErrAddressInUse) {
		t.Fatalf("bound twice: %v", err)
	}
	send(t, a, atB, "to the first")
	must(t, b.Close())
	n.Advance(second)
	send(t, a, atB, "to the second")
	b2 := bind(t, n, atB)
	n.Advance(second)
	expect(t, read(t, b2), "10.0.0.1:1000 to the second @ 2s")
	if s := n.Stats(); s.Unbound != 1 {
		t.Errorf("stats %+v", s)
	}
	for name, err := range map[string]error{
		"Read":  second0(b.Read(nil)),
		"Write": second0(b.Write(nil)),
		"Wait":  second0(b.Wait(time.Time{})),
		"Close": b.Close(),
	} {
		if !errors.Is(err, transport.ErrClosed) {
			t.Errorf("%s of a closed socket: %v", name, err)
		}
	}
}

func second0[T any](_ T, err error) error { return err }

func TestRebind(t *testing.T) {
	n := NewNetwork(1)
	a, b := bind(t, n, atA), bind(t, n, atB)
	must(t, n.SetHost(hostA, Links{Up: LinkConfig{Delay: 5 * time.Millisecond}}))
	must(t, n.SetDefault(LinkConfig{Delay: 10 * time.Millisecond}))
	send(t, a, atB, "old")
	send(t, b, atA, "lost")
	moved := netip.MustParseAddrPort("192.0.2.9:5555")
	must(t, n.Rebind(atA, moved))
	send(t, a, atB, "new")
	n.Advance(second)
	expect(t, read(t, b), "10.0.0.1:1000 old @ 15ms", "192.0.2.9:5555 new @ 15ms") // still its own access
	send(t, b, moved, "reply")
	n.Advance(second)
	expect(t, read(t, a), "10.0.0.2:2000 reply @ 1.01s")
	if a.LocalAddr() != atA || a.PublicAddr() != moved {
		t.Errorf("local %v, public %v", a.LocalAddr(), a.PublicAddr())
	}

	// To a host that has another access.
	phone := netip.MustParseAddrPort("198.51.100.1:80")
	must(t, n.SetHost(phone.Addr(), Links{Up: LinkConfig{Delay: 200 * time.Millisecond}}))
	must(t, n.Rebind(moved, phone))
	send(t, a, atB, "phone")
	n.Advance(second)
	expect(t, read(t, b), "198.51.100.1:80 phone @ 2.21s")

	if err := n.Rebind(atA, moved); !errors.Is(err, ErrNoSocket) {
		t.Errorf("rebinding nothing: %v", err)
	}
	if err := n.Rebind(phone, atB); !errors.Is(err, ErrAddressInUse) {
		t.Errorf("rebinding onto another: %v", err)
	}
	if err := n.Rebind(phone, netip.AddrPort{}); !errors.Is(err, ErrBadAddress) {
		t.Errorf("rebinding to nowhere: %v", err)
	}
	must(t, a.Close())
	bind(t, n, phone) // free again
}

func TestSocketEdges(t *testing.T) {
	n := NewNetwork(1)
	a := bind(t, n, atA)
	b, err := n.Socket(atB, SocketConfig{ReceiveBytes: 2000, MaxDatagram: 100})
	must(t, err)
	if b.MaxDatagram(transport.Path{}) != 100 || a.MaxDatagram(transport.Path{}) != DefaultMaxDatagram {
		t.Error("MaxDatagram")
	}
	if a.Properties(transport.Path{}) != (transport.Properties{DontFragment: true}) {
		t.Error("a simulated path claims to be secure or reliable")
	}
	for range 10 {
		send(t, a, atB, "fill the buffer")
	}
	if s := n.Stats(); s.Overflowed != 4 || s.Delivered != 6 {
		t.Errorf("stats %+v", s)
	}
	if got := read(t, b); len(got) != 6 {
		t.Errorf("read %d", len(got))
	}
	send(t, b, atA, string(make([]byte, 101)))
	send(t, b, netip.AddrPort{}, "nowhere")
	send(t, b, netip.MustParseAddrPort("[::ffff:10.0.0.1]:1000"), "mapped")
	expect(t, read(t, a), "10.0.0.2:2000 mapped @ 0s")
	if s := n.Stats(); s.TooLarge != 1 || s.Unroutable != 1 {
		t.Errorf("stats %+v", s)
	}

	if ok, err := a.Wait(n.Now()); ok || err != nil {
		t.Errorf("a look at nothing: %v, %v", ok, err)
	}
	for _, until := range []time.Time{{}, n.Now().Add(1)} {
		if ok, err := a.Wait(until); ok || err != ErrVirtualTime {
			t.Errorf("Wait with nothing there: %v, %v", ok, err)
		}
	}
	a.Wake()
	send(t, b, atA, "x")
	if ok, err := a.Wait(time.Time{}); !ok || err != nil {
		t.Errorf("Wait with something there: %v, %v", ok, err)
	}
}

// TestNetworkMistakes: addresses that nobody can have, and settings out of range.
func TestNetworkMistakes(t *testing.T) {
	n := NewNetwork(1)
	for _, bad := range []netip.AddrPort{{}, netip.MustParseAddrPort("0.0.0.0:1"), netip.MustParseAddrPort("[ff02::1]:1")} {
		if _, err := n.Socket(bad, SocketConfig{}); !errors.Is(err, ErrBadAddress) {
			t.Errorf("bound to %v: %v", bad, err)
		}
	}
	var ce *ConfigError
	if _, err := n.Socket(atC, SocketConfig{MaxDatagram: -1}); !errors.As(err, &ce) {
		t.Errorf("MaxDatagram -1: %v", err)
	}
	if _, err := n.Socket(atC, SocketConfig{ReceiveBytes: -1}); !errors.As(err, &ce) {
		t.Errorf("ReceiveBytes -1: %v", err)
	}
	if err := n.SetHost(netip.Addr{}, Links{}); !errors.Is(err, ErrBadAddress) {
		t.Errorf("a host without an address: %v", err)
	}
	if err := n.SetLink(hostA, hostB, LinkConfig{Loss: 3}); !errors.As(err, &ce) {
		t.Errorf("a loss of 3: %v", err)
	}
}

func TestEphemeralPorts(t *testing.T) {
	n := NewNetwork(1)
	seen := make(map[netip.AddrPort]bool)
	for range 1<<16 - firstEphemeral {
		s, err := n.Socket(netip.AddrPortFrom(hostA, 0), SocketConfig{})
		must(t, err)
		if seen[s.LocalAddr()] || s.LocalAddr().Port() < firstEphemeral {
			t.Fatalf("got %v", s.LocalAddr())
		}
		seen[s.LocalAddr()] = true
	}
	if _, err := n.Socket(netip.AddrPortFrom(hostA, 0), SocketConfig{}); !errors.Is(err, ErrAddressInUse) {
		t.Errorf("one port too many: %v", err)
	}
}

// What Read lent stays as it is until the next Read, whatever the network does.
func TestReadLendsUntilTheNextRead(t *testing.T) {
	n := NewNetwork(1)
	a, b := bind(t, n, atA), bind(t, n, atB)
	send(t, a, atB, "first")
	ds := make([]transport.Datagram, 1)
	if k, err := b.Read(ds); k != 1 || err != nil {
		t.Fatal(k, err)
	}
	for range 10 {
		send(t, a, atB, "other")
	}
	n.Advance(second)
	if string(ds[0].Bytes) != "first" || ds[0].Local != hostB {
		t.Errorf("lent bytes turned into %q at %v", ds[0].Bytes, ds[0].Local)
	}
}

func TestCongestionMarks(t *testing.T) {
	n := NewNetwork(1)
	a, b := bind(t, n, atA), bind(t, n, atB)
	must(t, n.SetLink(hostA, hostB, LinkConfig{BitsPerSecond: 1_000_000, MarkPackets: 2}))
	for _, ecn := range []transport.ECN{transport.ECT0, transport.ECT0, transport.ECT0, transport.NotECT, transport.ECT1} {
		_, err := a.Write([]transport.Datagram{{Path: transport.PathTo(atB), Bytes: []byte("x"), ECN: ecn}})
		must(t, err)
	}
	n.Advance(second)
	ds := make([]transport.Datagram, 8)
	k, err := b.Read(ds)
	must(t, err)
	var got []transport.ECN
	for _, d := range ds[:k] {
		got = append(got, d.ECN)
	}
	want := []transport.ECN{transport.ECT0, transport.ECT0, transport.CE, transport.NotECT, transport.CE}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("marks %v, want %v", got, want)
	}
}

// play lets clients and a server exchange datagrams for a while, and returns a
// hash of everything that anybody saw.
func play(t testing.TB, seed uint64, clients int, length time.Duration) ([32]byte, NetworkStats) {
	n := NewNetwork(seed)
	server := bind(t, n, atB)
	names := PresetNames()
	var socks []*Socket
	for i := range clients {
		host := netip.AddrFrom4([4]byte{10, 1, 0, byte(i + 1)})
		p, err := Preset(names[i%len(names)])
		must(t, err)
		must(t, n.SetHost(host, p))
		socks = append(socks, bind(t, n, netip.AddrPortFrom(host, 0)))
	}
	h := sha256.New()
	in, out := make([]transport.Datagram, 64), make([]transport.Datagram, 0, 64)
	payload := make([]byte, 200)
	var record [16]byte
	note := func(d *transport.Datagram) {
		binary.BigEndian.PutUint64(record[:], uint64(d.Received.Sub(Epoch)))
		copy(record[8:], d.Bytes)
		h.Write(record[:])
	}
	for tick := 0; n.Now().Sub(Epoch) < length; tick++ {
		binary.BigEndian.PutUint64(payload, uint64(tick))
		for _, s := range socks {
			for k, _ := s.Read(in); k > 0; k, _ = s.Read(in) {
				for i := range in[:k] {
					note(&in[i])
				}
			}
			out = append(out[:0], transport.Datagram{Path: transport.PathTo(atB), Bytes: payload},
				transport.Datagram{Path: transport.PathTo(atB), Bytes: payload[:40]})
			_, err := s.Write(out)
			must(t, err)
		}
		for k, _ := server.Read(in); k > 0; k, _ = server.Read(in) {
			out = out[:0]
			for i := range in[:k] {
				note(&in[i])
				out = append(out, transport.Datagram{Path: in[i].Path, Bytes: in[i].Bytes})
			}
			_, err := server.Write(out)
			must(t, err)
		}
		n.Advance(second / 60)
	}
	return [32]byte(h.Sum(nil)), n.Stats()
}

func TestNetworkIsDeterministic(t *testing.T) {
	a, stats := play(t, 1, 8, 20*second)
	b, again := play(t, 1, 8, 20*second)
	if a != b || stats != again {
		t.Error("one seed gave two outcomes")
	}
	if c, _ := play(t, 2, 8, 20*second); c == a {
		t.Error("two seeds gave one outcome")
	}
	if stats.Sent < 8*2*60*20 || stats.Delivered < stats.Sent*9/10 {
		t.Errorf("stats %+v", stats)
	}
}

// One more host changes nothing for the others.
func TestHostsAreIndependent(t *testing.T) {
	arrivals := func(more bool) []string {
		n := NewNetwork(5)
		if more {
			must(t, n.SetHost(hostC, WiFi()))
		}
		must(t, n.SetHost(hostA, WiFiBad()))
		a, b := bind(t, n, atA), bind(t, n, atB)
		for range 200 {
			send(t, a, atB, "x")
			n.Advance(second / 60)
		}
		n.Advance(second)
		return read(t, b)
	}
	expect(t, arrivals(true), arrivals(false)...)
}

func TestNetworkAllocatesNothing(t *testing.T) {
	n := NewNetwork(1)
	a, b := bind(t, n, atA), bind(t, n, atB)
	must(t, n.SetHost(hostA, WiFiBad()))
	must(t, n.SetDefault(LinkConfig{Delay: time.Millisecond}))
	out := []transport.Datagram{{Path: transport.PathTo(atB), Bytes: make([]byte, 300)}}
	back := []transport.Datagram{{Path: transport.PathTo(atA), Bytes: make([]byte, 1200)}}
	in := make([]transport.Datagram, 16)
	step := func() {
		for range 10 {
			_, _ = a.Write(out)
			_, _ = b.Write(back)
			n.Advance(5 * time.Millisecond)
			_, _ = a.Read(in)
			_, _ = b.Read(in)
		}
	}
	for range 2000 {
		step()
	}
	if k := testing.AllocsPerRun(500, step); k != 0 {
		t.Errorf("%v allocations per twenty datagrams", k)
	}
}
