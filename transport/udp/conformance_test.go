//go:build !js && !wasip1

package udp

import (
	"net/netip"
	"testing"

	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/transporttest"
)

// engines are the ways to move datagrams that this system has.
var engines = map[string]newEngineFunc{"System": newEngine, "Plain": newPlain}

// eachEngine runs a test on every one of them.
func eachEngine(t *testing.T, test func(t *testing.T, open func(address string, cfg ...Config) *Socket)) {
	for name, start := range engines {
		t.Run(name, func(t *testing.T) {
			test(t, func(address string, cfg ...Config) *Socket {
				t.Helper()
				s, err := listen(address, start, cfg)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { s.Close() })
				return s
			})
		})
	}
}

// pathTo returns the path to a socket, at an address if it is bound to all.
func pathTo(s *Socket, address string) transport.Path {
	return transport.PathTo(netip.AddrPortFrom(netip.MustParseAddr(address), s.LocalAddr().Port()))
}

func TestConformance(t *testing.T) {
	for name, c := range map[string]struct{ a, b, addrA, addrB string }{
		"IPv4":      {"127.0.0.1:0", "127.0.0.1:0", "127.0.0.1", "127.0.0.1"},
		"IPv6":      {"[::1]:0", "[::1]:0", "::1", "::1"},
		"DualTo4":   {":0", "127.0.0.1:0", "127.0.0.1", "127.0.0.1"},
		"DualTo6":   {":0", "[::1]:0", "::1", "::1"},
		"Wildcard4": {"0.0.0.0:0", ":0", "127.0.0.1", "127.0.0.1"},
	} {
		t.Run(name, func(t *testing.T) {
			eachEngine(t, func(t *testing.T, open func(string, ...Config) *Socket) {
				transporttest.Run(t, func(*testing.T) transporttest.Link {
					a, b := open(c.a), open(c.b)
					gone := open(c.b)
					nowhere := pathTo(gone, c.addrB)
					gone.Close()
					return transporttest.Link{
						A: a, B: b,
						ToB: pathTo(b, c.addrB), ToA: pathTo(a, c.addrA),
						Nowhere: nowhere,
					}
				})
			})
		})
	}
}
