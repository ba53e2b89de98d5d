package udp

import (
	"net/netip"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/tickwire/tickwire/transport"
)

func TestSockaddrRoundTrip(t *testing.T) {
	for _, a := range []string{"192.0.2.1:1", "[2001:db8::1]:65535", "[fe80::1%lo]:7", "[fe80::1%77777]:7"} {
		want := netip.MustParseAddrPort(a)
		for _, v6 := range []bool{false, true} {
			var sa sockaddr
			n := putSockaddr(&sa, want, v6)
			if !v6 && want.Addr().Is6() {
				if n != 0 {
					t.Errorf("%s fits an IPv4 socket", a)
				}
				continue
			}
			if got := takeSockaddr(&sa); got != want || n == 0 {
				t.Errorf("%s became %v (v6 %v)", a, got, v6)
			}
		}
	}
}

func TestControlRoundTrip(t *testing.T) {
	for _, c := range []struct {
		remote, local string
		v6            bool
	}{
		{"192.0.2.1:1", "192.0.2.9", false},
		{"192.0.2.1:1", "192.0.2.9", true},
		{"[2001:db8::1]:1", "2001:db8::9", true},
	} {
		d := transport.Datagram{
			Path:  transport.PathTo(netip.MustParseAddrPort(c.remote)),
			Local: netip.MustParseAddr(c.local), ECN: transport.ECT0,
		}
		b := appendControl(make([]byte, 0, controlRoom), &d, c.v6, 0, transport.NotECT, 1200)
		got := parseNotice(b)
		if got.local != d.Local || got.ecn != d.ECN {
			t.Errorf("%+v: wrote %x, read %+v", c, b, got)
		}
	}
	for local, what := range map[string]string{"2001:db8::9": "of the other family", "0.0.0.0": "of nobody", "::": "of nobody"} {
		d := transport.Datagram{Path: transport.PathTo(netip.MustParseAddrPort("192.0.2.1:1")), Local: netip.MustParseAddr(local)}
		if b := appendControl(make([]byte, 0, controlRoom), &d, true, 0, transport.NotECT, 0); len(b) != 0 {
			t.Errorf("a local address %s was written: %x", what, b)
		}
	}
}

// TestShortNotices: what the kernel would say at too short a length is not read.
func TestShortNotices(t *testing.T) {
	for _, c := range []struct{ level, kind, size int }{
		{unix.SOL_SOCKET, unix.SCM_TIMESTAMPNS, 16}, {unix.SOL_SOCKET, unix.SO_RXQ_OVFL, 4},
		{unix.IPPROTO_IP, unix.IP_PKTINFO, unix.SizeofInet4Pktinfo}, {unix.IPPROTO_IPV6, unix.IPV6_PKTINFO, unix.SizeofInet6Pktinfo},
		{unix.IPPROTO_IP, unix.IP_TOS, 1}, {unix.IPPROTO_IPV6, unix.IPV6_TCLASS, 4},
	} {
		for short := range 2 {
			b, data := appendHeader(make([]byte, 0, controlRoom), c.level, c.kind, c.size-short)
			for i := range data {
				data[i] = 1
			}
			if read := parseNotice(b) != (notice{}); read == (short == 1) {
				t.Errorf("%+v, %d byte short: read %v", c, short, read)
			}
		}
	}
}

func FuzzParseNotice(f *testing.F) {
	d := transport.Datagram{
		Path:  transport.PathTo(netip.MustParseAddrPort("[2001:db8::1]:1")),
		Local: netip.MustParseAddr("2001:db8::9"), ECN: transport.CE,
	}
	b := appendControl(make([]byte, 0, controlRoom), &d, true, 0, transport.NotECT, 1200)
	f.Add(b)
	f.Add(b[:len(b)-3])
	f.Add([]byte{})
	stamp, data := appendHeader(make([]byte, 0, controlRoom), unix.SOL_SOCKET, unix.SCM_TIMESTAMPNS, 16)
	data[0] = 1
	f.Add(stamp)
	f.Fuzz(func(t *testing.T, b []byte) {
		// The kernel's buffers are aligned; the fuzzer's need not be.
		aligned := make([]uint64, len(b)/8+1)
		in := unsafeBytes(aligned)[:len(b)]
		copy(in, b)
		n := parseNotice(in)
		if n.ecn > transport.CE {
			t.Errorf("mark %d", n.ecn)
		}
		if n.local.Is4In6() {
			t.Errorf("local address %v is mapped", n.local)
		}
	})
}

// unsafeBytes views words as bytes.
func unsafeBytes(words []uint64) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(words))), len(words)*8)
}
