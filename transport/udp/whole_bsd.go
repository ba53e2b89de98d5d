//go:build darwin || freebsd

package udp

import (
	"net/netip"

	"golang.org/x/sys/unix"
)

// keepWhole asks the system to lose datagrams that are too large instead of cutting them, and
// reports whether it does so for all that a socket bound to an address may send.
func keepWhole(fd uintptr, bound netip.Addr) bool {
	on := func(level, option int) bool { return unix.SetsockoptInt(int(fd), level, option, 1) == nil }
	v4, v6 := on(unix.IPPROTO_IP, unix.IP_DONTFRAG), on(unix.IPPROTO_IPV6, unix.IPV6_DONTFRAG)
	return (v4 || bound.Is6()) && (v6 || bound.Is4())
}
