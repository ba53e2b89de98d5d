package udp

import "sync/atomic"

// Stats counts what a socket carried and what it lost, and why.
type Stats struct {
	// Received and Sent count datagrams handed out by Read and taken by the
	// system.
	Received, Sent uint64
	// Diverted counts datagrams that the Diverter took.
	Diverted uint64
	// Overflowed counts datagrams that found the system's receive buffer full, as
	// far as the system tells (Linux does, with the next datagram that fits).
	Overflowed uint64
	// Truncated counts datagrams that were larger than there was room for.
	Truncated uint64
	// TooLarge counts datagrams to Write that were larger than the path or the
	// protocol carries.
	TooLarge uint64
	// Unroutable counts datagrams to Write whose path this socket cannot address:
	// of another kind, without an address, or IPv6 on an IPv4 socket.
	Unroutable uint64
	// PeerErrors counts what the system had to say about single peers (host
	// unreachable, connection refused, forbidden by a firewall).
	PeerErrors uint64
}

// counters is Stats while it is being counted.
type counters struct {
	received, sent, diverted, overflowed        atomic.Uint64
	truncated, tooLarge, unroutable, peerErrors atomic.Uint64
}

func (c *counters) stats() Stats {
	return Stats{
		Received:   c.received.Load(),
		Sent:       c.sent.Load(),
		Diverted:   c.diverted.Load(),
		Overflowed: c.overflowed.Load(),
		Truncated:  c.truncated.Load(),
		TooLarge:   c.tooLarge.Load(),
		Unroutable: c.unroutable.Load(),
		PeerErrors: c.peerErrors.Load(),
	}
}
