package udp

import "net"

// leastBuffer is where asking for a buffer stops.
const leastBuffer = 64 << 10

// sizeBuffers asks for the buffers of the Config and returns what was granted.
func sizeBuffers(conn *net.UDPConn, cfg Config) (receive, send int) {
	ask(cfg.ReceiveBuffer, conn.SetReadBuffer)
	ask(cfg.SendBuffer, conn.SetWriteBuffer)
	return grantedBuffers(conn)
}

// ask tries smaller sizes until the system agrees: some refuse what is above
// their limit, others (Linux) grant the limit. Negative asks for nothing.
func ask(size int, set func(int) error) {
	for size > 0 && set(size) != nil && size > leastBuffer {
		size /= 2
	}
}
