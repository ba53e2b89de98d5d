//go:build unix

package udp

import (
	"net"
	"runtime"

	"golang.org/x/sys/unix"
)

// grantedBuffers asks the system; 0 if it does not say.
func grantedBuffers(conn *net.UDPConn) (receive, send int) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, 0
	}
	var receiveErr, sendErr error
	err = raw.Control(func(fd uintptr) {
		receive, receiveErr = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF)
		send, sendErr = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_SNDBUF)
	})
	if err != nil || receiveErr != nil || sendErr != nil {
		return 0, 0 // not worth failing for
	}
	if runtime.GOOS == "linux" {
		receive, send = receive/2, send/2 // it counts its bookkeeping too: socket(7)
	}
	return receive, send
}
