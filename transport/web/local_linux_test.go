package web

import (
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/tickwire/tickwire/transport"
)

// TestAnsweredFromWhereAsked: a port of all addresses answers from the one that a player has asked, in
// either family; from another one nobody takes an answer.
func TestAnsweredFromWhereAsked(t *testing.T) {
	s := newSharedPortAt(t, ":0", limits{})
	s.echo()
	for _, asked := range []string{"127.0.0.2", "127.0.0.77", "::1"} {
		at := netip.AddrPortFrom(netip.MustParseAddr(asked), s.port.LocalAddr().Port())
		for _, kind := range []transport.Kind{transport.KindWebRTC, transport.KindWebTransport} {
			send, got := s.join(kind, at)
			if err := send([]byte(asked)); err != nil {
				t.Fatal(err)
			}
			if b := within(t, "an echo", got); string(b) != asked {
				t.Errorf("%v: %q", kind, b)
			}
		}
	}
}

func FuzzArrivedAt(f *testing.F) {
	f.Add(unix.PktInfo4(&unix.Inet4Pktinfo{Addr: [4]byte{127, 0, 0, 1}}))
	f.Add(unix.PktInfo6(&unix.Inet6Pktinfo{Addr: netip.IPv6Loopback().As16()}))
	f.Fuzz(func(t *testing.T, control []byte) {
		if a := arrivedAt(control); a.Is4In6() {
			t.Errorf("%v is not unmapped", a)
		}
	})
}
