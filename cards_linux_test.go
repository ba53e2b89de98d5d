package tickwire_test

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/internal/netns"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/udp"
)

// A handset has two network cards, the internet between it and the server takes 20 ms each way.
type handset struct {
	*netns.Host
	server   *netns.Host
	internet *netns.Host
}

// serverAt is where the internet shows the server.
const serverAt = "10.9.0.1:7777"

func newHandset(n *netns.Net) handset {
	p := handset{n.Host("phone"), n.Host("server"), n.Host("internet")}
	n.Pair(p.internet, "center", "10.8.0.1/24", p.server, "eth0", "10.8.0.2/24")
	n.Pair(p.internet, "home", "10.1.0.1/24", p.Host, "wlan0", "10.1.0.2/24")
	n.Pair(p.internet, "mast", "10.2.0.1/24", p.Host, "rmnet0", "10.2.0.2/24")
	p.internet.Give("lo", "10.9.0.1/32")
	p.cellular()
	p.wifi()
	return p
}

func (p handset) wifi()     { p.Route("10.9.0.1", "10.1.0.1", "wlan0", 1) }
func (p handset) cellular() { p.Route("10.9.0.1", "10.2.0.1", "rmnet0", 2) }

// dial opens the relay's sockets where the relay is.
func (p handset) dial(server *net.UDPAddr) (*net.UDPConn, error) {
	return netns.Try(p.internet, func() (*net.UDPConn, error) { return net.DialUDP("udp", nil, server) })
}

// TestLongCards: a phone whose network card goes down while another is up, or comes up a little
// later, goes on from there. Nothing reliable is lost or doubled, and what is unreliable pauses for
// two round trips beside the time without any network.
func TestLongCards(t *testing.T) {
	t.Parallel()
	for name, bound := range map[string]bool{"a socket for all addresses": false, "a socket for one address, and Redial": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			netns.Run(t, func(n *netns.Net) { playCards(t, newHandset(n), bound) })
		})
	}
}

func playCards(t *testing.T, p handset, bound bool) {
	open := func(h *netns.Host, at string) transport.Socket {
		return netns.Open(h, func() (*udp.Socket, error) { return udp.Listen(at) })
	}
	line := simnet.LinkConfig{Delay: 20 * time.Millisecond}
	relay := netns.Open(p.internet, func() (*simnet.Relay, error) {
		return startRelay(t, simnet.RelayConfig{Listen: serverAt, Target: "10.8.0.2:7777", Up: line, Down: line, Dial: p.dial}), nil
	})
	var ccfg tickwire.ClientConfig
	mine, notice := ":0", time.Duration(0)
	if bound {
		mine, ccfg.Redial = "10.1.0.2:0", p.redial
		notice = time.Second // that often a client asks for its host's address
	}
	d := startDuet(t, tickwire.ServerConfig{PublicAddresses: []netip.AddrPort{relay.Addr()}}, ccfg,
		open(p.server, "10.8.0.2:7777"), open(p.Host, mine))
	d.playOn(time.Second)
	var gaps [2][]time.Duration
	for _, change := range []struct {
		without time.Duration // any network
		do      func()
	}{
		{0, func() { p.Down("wlan0") }},
		{0, func() { p.Up("wlan0"); p.wifi(); p.Down("rmnet0") }},
		{200 * time.Millisecond, func() { p.Down("wlan0"); d.playOn(200 * time.Millisecond); p.Up("rmnet0"); p.cellular() }},
	} {
		began := d.now()
		change.do()
		d.playOn(2 * time.Second)
		for i, v := range [2]*voice{d.up, d.down} {
			gaps[i] = append(gaps[i], max(v.gap(began, d.now())-change.without, 0))
		}
	}
	d.finish()
	for i, v := range [2]*voice{d.up, d.down} {
		v.checkGaps(t, 80*time.Millisecond, notice, gaps[i])
	}
}

// redial opens a socket at the address of the card that is up.
func (p handset) redial(tickwire.Redial) (transport.Socket, error) {
	return netns.Try(p.Host, func() (*udp.Socket, error) {
		probe, err := net.Dial("udp", serverAt)
		if err != nil {
			return nil, err
		}
		defer probe.Close()
		return udp.Listen(netip.AddrPortFrom(probe.LocalAddr().(*net.UDPAddr).AddrPort().Addr(), 0).String())
	})
}
