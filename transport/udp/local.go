package udp

import (
	"net"
	"net/netip"

	"github.com/tickwire/tickwire/transport"
)

// LocalTo implements [transport.Roamer]. It asks the system by connecting another
// socket, which sends nothing. A socket that is bound to all addresses follows the
// system from one interface to the other by itself; one that is bound to an address
// is of no use when the host has lost that.
func (s *Socket) LocalTo(p transport.Path) netip.Addr {
	if s.shut.Load() || !routable(p) || s.local.Addr().Is4() && !p.Remote.Addr().Is4() {
		return netip.Addr{}
	}
	var from *net.UDPAddr
	if bound := boundAddr(s.local); bound.IsValid() {
		from = net.UDPAddrFromAddrPort(netip.AddrPortFrom(bound, 0))
	}
	probe, err := net.DialUDP("udp", from, net.UDPAddrFromAddrPort(p.Remote))
	if err != nil {
		return netip.Addr{} // no route, or the host has lost the address
	}
	defer probe.Close()
	return unmap(probe.LocalAddr().(*net.UDPAddr).AddrPort()).Addr()
}
