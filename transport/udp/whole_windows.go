package udp

import (
	"net/netip"

	"golang.org/x/sys/windows"
)

// keepWhole asks the system to lose datagrams that are too large instead of cutting them, and
// reports whether it does so for all that a socket bound to an address may send.
func keepWhole(fd uintptr, bound netip.Addr) bool {
	const discover, probe = windows.IP_MTU_DISCOVER, windows.IP_PMTUDISC_PROBE // one number for IPv4 and IPv6
	on := func(level int) bool {
		return windows.SetsockoptInt(windows.Handle(fd), level, discover, probe) == nil
	}
	v4, v6 := on(windows.IPPROTO_IP), on(windows.IPPROTO_IPV6)
	return (v4 || bound.Is6()) && (v6 || bound.Is4())
}
