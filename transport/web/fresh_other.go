//go:build !linux && !js

package web

import "net"

// sendBuffer is what the kernel keeps of what was not acknowledged: at 100 ms of round trip it
// carries 320 kB a second.
const sendBuffer = 32 << 10

// keepFresh has the kernel take little ahead of time.
func keepFresh(c *net.TCPConn) { _ = c.SetWriteBuffer(sendBuffer) }
