package web

import (
	"net"

	"golang.org/x/sys/unix"
)

// unsentBytes is what the kernel keeps of what TCP may not send yet. The rest waits in the outbox, and
// above, where it can be replaced or expire.
const unsentBytes = 4 << 10

// keepFresh has the kernel take little ahead of time. Where it cannot, that costs freshness only.
func keepFresh(c *net.TCPConn) {
	raw, err := c.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, unsentBytes)
	})
}
