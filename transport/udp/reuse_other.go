//go:build !linux

package udp

import (
	"errors"
	"fmt"
	"runtime"
	"syscall"
)

// reusePort: some of these systems share an address too, but give all that comes
// to one of the sockets.
func reusePort(string, string, syscall.RawConn) error {
	return fmt.Errorf("Config.ReusePort is set, but %s spreads no peers over sockets; leave it unset and use one socket: %w",
		runtime.GOOS, errors.ErrUnsupported)
}
