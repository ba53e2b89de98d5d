package tickwire

import (
	"net/netip"
	"testing"
	"time"

	"github.com/tickwire/tickwire/netcode"
)

// TestLeadsTo: a server sends its players to servers: not to everybody, and not to what is near them
// and not near it.
func TestLeadsTo(t *testing.T) {
	const public, near, here = "203.0.113.7", "192.168.7.7", "127.0.0.1"
	for to, from := range map[string][]string{
		"198.51.100.3:7000": {public, near, here, "", "2001:db8::1"}, "[2001:db8::5]:7000": {public, near, here, ""},
		"192.168.1.1:7000": {near, here, "", "fd00::9", "169.254.1.1"}, "10.0.0.1:7000": {near, here, ""}, "[fd00::1]:7000": {near, here, ""},
		"[fe80::1]:7000": {near, here, ""}, "127.0.0.1:7000": {here, "::1", ""}, "[::1]:7000": {here, ""}, "[::ffff:127.0.0.1]:7000": {here, ""},
		"224.0.0.1:7000": nil, "[ff02::1]:7000": nil, "255.255.255.255:7000": nil, "0.0.0.0:7000": nil, "[::]:7000": nil, "198.51.100.3:0": nil,
	} {
		may := map[string]bool{}
		for _, server := range from {
			may[server] = true
		}
		for _, server := range []string{public, near, here, "", "2001:db8::1", "fd00::9", "169.254.1.1", "::1"} {
			a, _ := netip.ParseAddr(server)
			want, named := may[server], may[server]
			if got := leadsTo(a, netip.MustParseAddrPort(to)); got != want && (named || !a.IsValid() || server == public || server == near || server == here) {
				t.Errorf("from %q to %s: %v", server, to, got)
			}
		}
	}
}

// TestBelievable: of tokens for several addresses those are left that lead somewhere.
func TestBelievable(t *testing.T) {
	at := func(all ...string) *netcode.Token {
		token := new(netcode.Token)
		for _, a := range all {
			token.Addresses = append(token.Addresses, netip.MustParseAddrPort(a))
		}
		return token
	}
	public := netip.MustParseAddr("203.0.113.7")
	left, err := believable(netcode.TokenList{at("224.0.0.1:1"), at("10.0.0.1:7", "198.51.100.3:7"), at("[2001:db8::5]:7")}, public)
	if err != nil || len(left) != 2 || len(left[0].Addresses) != 1 || left[0].Addresses[0].String() != "198.51.100.3:7" {
		t.Errorf("left: %v, %v", left, err)
	}
	if left, err := believable(netcode.TokenList{at("127.0.0.1:7")}, public); err == nil {
		t.Errorf("left: %v", left)
	}
}

// TestTrail: who is led around has a minute for it, and a tenth of the time after that.
func TestTrail(t *testing.T) {
	c := new(Client)
	trail := c.newTrail()
	led := 0
	for ; trail.step(c.now); c.now += int64(time.Millisecond) {
		led++
	}
	if led != 60 {
		t.Errorf("led around %d times at once", led)
	}
	for begin := c.now; c.now < begin+int64(time.Hour); c.now += int64(time.Second) {
		if trail.step(c.now) {
			led++
		}
	}
	if led < 410 || led > 425 {
		t.Errorf("%d times in an hour", led)
	}
	t.Log("# the next Conn of the game is on the same trail, one beside it on its own")
	d := c.newDialed()
	d.conn = &Conn{state: connOpen}
	d.trail = trail
	if c.newTrail() != trail {
		t.Error("a trail of its own, and there is no other Conn")
	}
	if c.dials = append(c.dials, d); c.newTrail() == trail {
		t.Error("two players on one trail")
	}
}
