package udp

import (
	"net"

	"golang.org/x/sys/windows"
)

// grantedBuffers asks the system; 0 if it does not say.
func grantedBuffers(conn *net.UDPConn) (receive, send int) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, 0
	}
	var receiveErr, sendErr error
	err = raw.Control(func(fd uintptr) {
		receive, receiveErr = windows.GetsockoptInt(windows.Handle(fd), windows.SOL_SOCKET, windows.SO_RCVBUF)
		send, sendErr = windows.GetsockoptInt(windows.Handle(fd), windows.SOL_SOCKET, windows.SO_SNDBUF)
	})
	if err != nil || receiveErr != nil || sendErr != nil {
		return 0, 0 // not worth failing for
	}
	return receive, send
}
