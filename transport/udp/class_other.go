//go:build !unix

package udp

import (
	"errors"
	"fmt"
	"net"
	"runtime"
)

// setClass: Windows, for one, takes the class of a program's traffic from its own policies.
func setClass(*net.UDPConn, bool, int) error {
	return fmt.Errorf("Config.DSCP is set, but %s lets no program choose; leave it 0, and set it in the system's policies: %w",
		runtime.GOOS, errors.ErrUnsupported)
}
