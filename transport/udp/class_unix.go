//go:build unix

package udp

import (
	"errors"
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// setClass makes all datagrams of a socket ask for a class, IPv4 in IPv6 sockets too.
func setClass(conn *net.UDPConn, v6 bool, dscp int) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	ctlErr := raw.Control(func(fd uintptr) {
		if v6 {
			err = unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_TCLASS, dscp<<2)
		}
		if only6 := v6 && only6Of(int(fd)); !only6 && err == nil {
			err = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_TOS, dscp<<2)
		}
	})
	if err = errors.Join(ctlErr, err); err != nil {
		return fmt.Errorf("Config.DSCP is %d, which the system refuses; set 0, or listen on an address of one family: %w",
			dscp, os.NewSyscallError("setsockopt", err))
	}
	return nil
}

// only6Of reports whether a socket carries no IPv4.
func only6Of(fd int) bool {
	only, err := unix.GetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY)
	return err == nil && only != 0
}
