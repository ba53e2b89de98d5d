//go:build !linux

package udp

import "net"

func newEngine(conn *net.UDPConn, s *Socket, cfg Config) (engine, error) {
	if raw, err := conn.SyscallConn(); err == nil && !cfg.AllowFragments {
		_ = raw.Control(func(fd uintptr) { s.sizes.whole = keepWhole(fd, boundAddr(s.local)) })
	}
	return newPlain(conn, s, cfg)
}
