package netns

import (
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"
)

// listen opens a UDP socket on a host.
func listen(t *testing.T, h *Host, address string) *net.UDPConn {
	t.Helper()
	c := Open(h, func() (*net.UDPConn, error) {
		return net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort(address)))
	})
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// arrives says something from one to the other until it arrives, and from where it came.
func arrives(t *testing.T, from, to *net.UDPConn, at, what string) netip.Addr {
	t.Helper()
	b := make([]byte, 100)
	for range 50 {
		_, _ = from.WriteToUDPAddrPort([]byte(what), netip.MustParseAddrPort(at))
		if err := to.SetReadDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		for {
			n, source, err := to.ReadFromUDPAddrPort(b)
			if err != nil {
				break
			}
			if string(b[:n]) == what { // and not what was said before, and waited
				return source.Addr().Unmap()
			}
		}
	}
	t.Fatalf("nothing arrives at %s", at)
	return netip.Addr{}
}

// A phone with two cards: what it sends takes the other one when the first goes down, from
// another address, and comes back to the first when that is up again.
func TestCardsGoDownAndUp(t *testing.T) {
	Run(t, func(n *Net) {
		server, phone := n.Host("server"), n.Host("phone")
		n.Pair(server, "home", "10.1.0.1/24", phone, "wlan0", "10.1.0.2/24")
		n.Pair(server, "mast", "10.2.0.1/24", phone, "rmnet0", "10.2.0.2/24")
		server.Give("lo", "10.9.0.1/32")
		phone.Route("10.9.0.1", "10.1.0.1", "wlan0", 1)
		phone.Route("10.9.0.1", "10.2.0.1", "rmnet0", 2)

		to, from := listen(t, server, "0.0.0.0:7777"), listen(t, phone, "0.0.0.0:0")
		at := "10.9.0.1:7777"
		if got := arrives(t, from, to, at, "on wlan0"); got.String() != "10.1.0.2" {
			t.Errorf("it came from %v, not from wlan0", got)
		}
		phone.Down("wlan0")
		if got := arrives(t, from, to, at, "without wlan0"); got.String() != "10.2.0.2" {
			t.Errorf("with wlan0 down it came from %v", got)
		}
		phone.Up("wlan0")
		phone.Route("10.9.0.1", "10.1.0.1", "wlan0", 1) // it went with the card
		if got := arrives(t, from, to, at, "on wlan0 again"); got.String() != "10.1.0.2" {
			t.Errorf("with wlan0 up again it came from %v", got)
		}
		phone.Take("wlan0", "10.1.0.2/24")
		phone.Give("wlan0", "10.1.0.3/24")
		phone.Route("10.9.0.1", "10.1.0.1", "wlan0", 1)
		if got := arrives(t, from, to, at, "from another address"); got.String() != "10.1.0.3" {
			t.Errorf("with another address it came from %v", got)
		}
		if got := phone.Addresses("wlan0"); !slices.Equal(got, []netip.Addr{netip.MustParseAddr("10.1.0.3")}) {
			t.Errorf("wlan0 has %v", got)
		}
	})
}

// Nobody outside sees the hosts, and they do not see each other without a pair.
func TestHostsAreAlone(t *testing.T) {
	before, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	Run(t, func(n *Net) {
		a, b := n.Host("a"), n.Host("b")
		n.Pair(a, "left", "10.3.0.1/24", b, "right", "10.3.0.2/24")
		inside := Open(b, net.Interfaces)
		var names []string
		for _, card := range inside {
			names = append(names, card.Name)
		}
		if !slices.Equal(names, []string{"lo", "right"}) {
			t.Errorf("b has %v", names)
		}
		if c := n.Host("c"); len(Open(c, net.Interfaces)) != 1 {
			t.Error("c has more than its loopback")
		}
	})
	after, err := net.Interfaces()
	if err != nil || len(after) != len(before) {
		t.Errorf("there were %d interfaces, now %d: %v", len(before), len(after), err)
	}
}

// Subtests are found again inside.
func TestSubtests(t *testing.T) {
	for _, name := range []string{"one", "two (of 2)"} {
		t.Run(name, func(t *testing.T) {
			Run(t, func(n *Net) {
				if h := n.Host(name); h.String() != name {
					t.Errorf("the host is %v", h)
				}
			})
		})
	}
}
