//go:build !js && !wasip1

package udp

import (
	"net/netip"
	"testing"

	"github.com/tickwire/tickwire/transport"
)

// TestLocalTo: a socket knows by which address of the host its datagrams leave, and that
// there is none.
func TestLocalTo(t *testing.T) {
	eachEngine(t, func(t *testing.T, open func(string, ...Config) *Socket) {
		for _, c := range []struct{ bound, to, want string }{
			{":0", "127.0.0.1:9", "127.0.0.1"},
			{":0", "127.0.0.9:9", "127.0.0.1"},
			{":0", "[::1]:9", "::1"},
			{"0.0.0.0:0", "127.0.0.1:9", "127.0.0.1"},
			{"0.0.0.0:0", "[::1]:9", "::1"},
			{"127.0.0.3:0", "127.0.0.1:9", "127.0.0.3"},
			{"127.0.0.3:0", "[::1]:9", ""},
			{"[::1]:0", "[::1]:9", "::1"},
			{":0", "127.0.0.1:0", ""},
		} {
			s := open(c.bound)
			var want netip.Addr
			if c.want != "" {
				want = netip.MustParseAddr(c.want)
			}
			p := transport.PathTo(netip.MustParseAddrPort(c.to))
			if got := s.LocalTo(p); got != want {
				t.Errorf("bound to %s, to %s: %v, want %v", c.bound, c.to, got, want)
			}
			s.Close()
			if got := s.LocalTo(p); got.IsValid() {
				t.Errorf("of a closed socket: %v", got)
			}
		}
		if got := open(":0").LocalTo(transport.Path{Kind: transport.KindMemory, Association: 1}); got.IsValid() {
			t.Errorf("for a path without an address: %v", got)
		}
	})
}

var _ transport.Roamer = (*Socket)(nil)
