package udp

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

// reusePort prepares a socket, before it is bound, to share its address.
func reusePort(_, _ string, raw syscall.RawConn) error {
	var err error
	ctlErr := raw.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
	})
	return errors.Join(err, ctlErr)
}
