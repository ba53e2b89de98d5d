//go:build !linux

package udp

import "net"

func newEngine(conn *net.UDPConn, s *Socket, cfg Config) (engine, error) {
	return newPlain(conn, s, cfg)
}
