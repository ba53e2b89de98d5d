package udp

import (
	"net/netip"

	"golang.org/x/sys/unix"

	"github.com/tickwire/tickwire/transport"
)

// interfaceMTU is the payload that fits the interface by which a peer is reached; 0 if the
// system does not say. Nothing is sent.
func interfaceMTU(to netip.AddrPort) int {
	a := to.Addr().Unmap()
	family, level, option, headers := unix.AF_INET6, unix.IPPROTO_IPV6, unix.IPV6_MTU, transport.HeaderBytes6
	var peer unix.Sockaddr = &unix.SockaddrInet6{Port: int(to.Port()), Addr: a.As16(), ZoneId: zoneOf(a)}
	if a.Is4() {
		family, level, option, headers = unix.AF_INET, unix.IPPROTO_IP, unix.IP_MTU, transport.HeaderBytes4
		peer = &unix.SockaddrInet4{Port: int(to.Port()), Addr: a.As4()}
	}
	fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0
	}
	defer unix.Close(fd)
	if unix.Connect(fd, peer) != nil {
		return 0
	}
	mtu, err := unix.GetsockoptInt(fd, level, option)
	if err != nil {
		return 0
	}
	return max(0, mtu-headers)
}

// zoneOf is the number of the interface that a link-local address names; 0: any.
func zoneOf(a netip.Addr) uint32 {
	if zone := a.Zone(); zone != "" {
		return zones.index(zone)
	}
	return 0
}
