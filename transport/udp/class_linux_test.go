package udp

import (
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tickwire/tickwire/transport"
)

// A classReader is a socket of the net package that shows the whole byte of class and mark.
type classReader struct {
	t    *testing.T
	conn *net.UDPConn
}

func newClassReader(t *testing.T, address string) classReader {
	t.Helper()
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort(address)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	raw, err := conn.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	raw.Control(func(fd uintptr) {
		unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_RECVTOS, 1)
		unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_RECVTCLASS, 1)
	})
	return classReader{t, conn}
}

// next reads a datagram and returns the byte that it came with.
func (r classReader) next() int {
	r.t.Helper()
	b, oob := make([]byte, 64), make([]byte, 256)
	r.conn.SetReadDeadline(time.Now().Add(patience))
	_, n, _, _, err := r.conn.ReadMsgUDP(b, oob)
	if err != nil {
		r.t.Fatal(err)
	}
	messages, err := unix.ParseSocketControlMessage(oob[:n])
	if err != nil {
		r.t.Fatal(err)
	}
	for _, m := range messages {
		if m.Header.Level == unix.IPPROTO_IP && m.Header.Type == unix.IP_TOS ||
			m.Header.Level == unix.IPPROTO_IPV6 && m.Header.Type == unix.IPV6_TCLASS {
			return int(m.Data[0])
		}
	}
	return 0
}

// TestClassAndMarkShareAByte: the class of the socket and the mark of the datagram leave each
// other alone, in each combination of families, one at a time and in runs.
func TestClassAndMarkShareAByte(t *testing.T) {
	for name, c := range map[string]struct{ listen, at string }{
		"Dual4": {":0", "127.0.0.1:0"},
		"Dual6": {":0", "[::1]:0"},
		"Only4": {"127.0.0.1:0", "127.0.0.1:0"},
		"Only6": {"[::1]:0", "[::1]:0"},
	} {
		for _, dscp := range []int{0, 1, 46, 63} {
			t.Run(name, func(t *testing.T) {
				s, r := mustListen(t, c.listen, Config{DSCP: dscp}), newClassReader(t, c.at)
				to := transport.PathTo(r.conn.LocalAddr().(*net.UDPAddr).AddrPort())
				for _, ecn := range []transport.ECN{transport.NotECT, transport.ECT0, transport.ECT1, transport.CE} {
					d := transport.Datagram{Path: to, Bytes: []byte("x"), ECN: ecn}
					mustWrite(t, s, d, d, d)
					for range 3 {
						if got := r.next(); got != dscp<<2|int(ecn) {
							t.Errorf("class %d and mark %d came as %#x", dscp, ecn, got)
						}
					}
				}
			})
		}
	}
	for _, dscp := range []int{-1, 64} {
		_, err := Open(Config{DSCP: dscp})
		if e, ok := errors.AsType[*ConfigError](err); !ok || e.Field != "DSCP" {
			t.Errorf("DSCP %d: %v", dscp, err)
		}
	}
}

// TestWholeOrCut: a socket says whether what is too large is lost, and how much it takes.
func TestWholeOrCut(t *testing.T) {
	whole, cut := mustListen(t, ":0"), mustListen(t, ":0", Config{AllowFragments: true})
	path4 := transport.PathTo(netip.MustParseAddrPort("192.0.2.1:1"))
	path6 := transport.PathTo(netip.MustParseAddrPort("[2001:db8::1]:1"))
	if !whole.Properties(path4).DontFragment || whole.MaxDatagram(path4) != 1472 || whole.MaxDatagram(path6) != 1452 {
		t.Errorf("%+v, %d and %d bytes", whole.Properties(path4), whole.MaxDatagram(path4), whole.MaxDatagram(path6))
	}
	if cut.Properties(path4).DontFragment || cut.MaxDatagram(path4) != 1200 || cut.MaxDatagram(path6) != 1200 {
		t.Errorf("%+v, %d and %d bytes", cut.Properties(path4), cut.MaxDatagram(path4), cut.MaxDatagram(path6))
	}
	if s := mustListen(t, ":0", Config{MaxDatagram: 9000}); s.MaxDatagram(path6) != 9000 {
		t.Errorf("%d bytes of 9000", s.MaxDatagram(path6))
	}
}

// TestNarrowInterface: what this machine refuses teaches the socket what the interface takes, for
// that peer and for ten minutes.
func TestNarrowInterface(t *testing.T) {
	a, b := mustListen(t, "127.0.0.1:0", Config{MaxDatagram: 65507}), mustListen(t, "127.0.0.1:0")
	to, other := transport.PathTo(b.LocalAddr()), transport.PathTo(netip.MustParseAddrPort("127.0.0.2:1"))
	loopback := interfaceMTU(to.Remote)
	if loopback < 1472 {
		t.Fatalf("the loopback interface takes %d bytes", loopback)
	}
	if n := interfaceMTU(netip.MustParseAddrPort("[::1]:1")); n < loopback-20 || n >= loopback {
		t.Errorf("%d bytes over IPv6, %d over IPv4", n, loopback)
	}
	mustWrite(t, a, transport.Datagram{Path: to, Bytes: make([]byte, 66000)})
	if got := a.MaxDatagram(to); got != min(65507, loopback) || a.Stats().TooLarge != 1 || !a.sizes.any.Load() {
		t.Errorf("%d bytes, %d too large", got, a.Stats().TooLarge)
	}
	a.sizes.learn(to.Remote, 1400)
	if a.MaxDatagram(to) != 1399 || a.MaxDatagram(other) != 65507 {
		t.Errorf("%d bytes, %d to another peer", a.MaxDatagram(to), a.MaxDatagram(other))
	}
	if n := testing.AllocsPerRun(100, func() { a.MaxDatagram(to) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if n := a.sizes.narrow(to.Remote.Addr(), time.Now().Add(narrowFor+time.Second)); n != largestPayload || a.sizes.any.Load() {
		t.Errorf("after ten minutes still %d bytes", n)
	}
	for i := range 2 * mostNarrow {
		a.sizes.learn(netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 9, byte(i >> 8), byte(i)}), 1), 1400)
	}
	if n := len(a.sizes.by); n > mostNarrow {
		t.Errorf("%d peers are remembered", n)
	}
}
