package udp

import (
	"net/netip"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tickwire/tickwire/transport"
)

// discovers are what the system does with datagrams of a socket that are too large.
func discovers(t *testing.T, s *Socket) (v4, v6 int) {
	t.Helper()
	err := s.io.(*batch).tx.marks.raw.Control(func(fd uintptr) {
		v4, _ = unix.GetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_MTU_DISCOVER)
		v6, _ = unix.GetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_MTU_DISCOVER)
	})
	if err != nil {
		t.Fatal(err)
	}
	return v4, v6
}

// TestNoRouterIsBelieved: the system neither cuts datagrams nor takes a router's word for what a
// path carries (RFC 8899, 4.6): whoever forges ICMP makes no datagram smaller.
func TestNoRouterIsBelieved(t *testing.T) {
	if v4, v6 := discovers(t, mustListen(t, ":0")); v4 != unix.IP_PMTUDISC_PROBE || v6 != unix.IPV6_PMTUDISC_PROBE {
		t.Errorf("both: %d and %d", v4, v6)
	}
	if v4, _ := discovers(t, mustListen(t, "127.0.0.1:0")); v4 != unix.IP_PMTUDISC_PROBE {
		t.Errorf("IPv4: %d", v4)
	}
	if v4, v6 := discovers(t, mustListen(t, ":0", Config{AllowFragments: true})); v4 != unix.IP_PMTUDISC_DONT || v6 != unix.IPV6_PMTUDISC_DONT {
		t.Errorf("cut: %d and %d", v4, v6)
	}
}

// TestNarrowPeers: what is known of one peer is said of no other, in whatever form its address
// comes, lasts ten minutes, and makes no datagram larger. A size is never 0, which would be none.
func TestNarrowPeers(t *testing.T) {
	s := mustListen(t, ":0")
	path := func(a string) transport.Path { return transport.Path{Remote: netip.MustParseAddrPort(a)} }
	a, mapped, c := path("127.0.0.7:1"), path("[::ffff:127.0.0.8]:1"), path("[::1]:1")
	if s.MaxDatagram(mapped) != 1472 {
		t.Errorf("%d bytes to a mapped address", s.MaxDatagram(mapped))
	}
	s.sizes.learn(a.Remote, 1401)
	if s.MaxDatagram(a) != 1400 || s.MaxDatagram(mapped) != 1472 || s.MaxDatagram(c) != 1452 {
		t.Errorf("%d, %d and %d bytes", s.MaxDatagram(a), s.MaxDatagram(mapped), s.MaxDatagram(c))
	}
	s.sizes.learn(mapped.Remote, 1301)
	if s.MaxDatagram(mapped) != 1300 {
		t.Errorf("%d bytes to a mapped address", s.MaxDatagram(mapped))
	}
	now := time.Now()
	if n := s.sizes.narrow(a.Remote.Addr(), now.Add(10*time.Minute-5*time.Second)); n != 1400 {
		t.Errorf("%d bytes before ten minutes are over", n)
	}
	if n := s.sizes.narrow(a.Remote.Addr(), now.Add(10*time.Minute+5*time.Second)); n != largestPayload {
		t.Errorf("%d bytes after them", n)
	}
	if s.MaxDatagram(a) != 1472 || s.MaxDatagram(mapped) != 1300 {
		t.Errorf("%d and %d bytes after one was forgotten", s.MaxDatagram(a), s.MaxDatagram(mapped))
	}
	s.sizes.learn(a.Remote, 1)
	if s.MaxDatagram(a) != 1 {
		t.Errorf("%d bytes", s.MaxDatagram(a))
	}
	for i := range 1100 {
		s.sizes.learn(netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 9, byte(i >> 8), byte(i)}), 1), 1400)
		if n := len(s.sizes.by); n > 1024 {
			t.Fatalf("%d peers are remembered", n)
		}
	}
}

// TestAskingForAnInterface: the question costs no descriptor, and a mapped address is one of IPv4.
func TestAskingForAnInterface(t *testing.T) {
	open := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	v4, mapped := netip.MustParseAddrPort("127.0.0.1:1"), netip.MustParseAddrPort("[::ffff:127.0.0.1]:1")
	before := open()
	for range 50 {
		if a, b := interfaceMTU(v4), interfaceMTU(mapped); a != b || a > 65535-28 {
			t.Fatalf("%d and %d bytes", a, b)
		}
	}
	if after := open(); after > before+10 {
		t.Errorf("%d descriptors, %d before", after, before)
	}
	if n := interfaceMTU(netip.MustParseAddrPort("[fe80::1%nowhere]:1")); n < 0 {
		t.Errorf("%d bytes to nowhere", n)
	}
}

// TestMarkBesideAClass: whoever reads a mark sees the mark alone, whatever class comes with it.
func TestMarkBesideAClass(t *testing.T) {
	for _, at := range []string{"127.0.0.1:0", "[::1]:0"} {
		a, b := mustListen(t, at, Config{DSCP: 46}), mustListen(t, at)
		for _, mark := range []transport.ECN{transport.NotECT, transport.ECT1, transport.ECT0, transport.CE} {
			mustWrite(t, a, transport.Datagram{Path: transport.PathTo(b.LocalAddr()), Bytes: []byte("x"), ECN: mark})
			if d := mustRead(t, b); d.ECN != mark {
				t.Errorf("%s: mark %d came as %d", at, mark, d.ECN)
			}
		}
	}
}
