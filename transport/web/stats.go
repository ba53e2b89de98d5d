package web

import (
	"sync/atomic"

	"github.com/tickwire/tickwire/transport"
)

// KindStats counts what went by one kind of transport, and what was lost, and why.
type KindStats struct {
	// Open is how many associations there are, and Opened how many there ever were. Of those that are
	// over, Broken were ended by the peer or by the network.
	Open, Opened, Broken uint64
	// Received and Sent count datagrams handed in and written out.
	Received, ReceivedBytes, Sent, SentBytes uint64
	// Overflowed counts datagrams that found no room to wait to be read. A WebSocket waits instead.
	Overflowed uint64
	// Replaced counts datagrams that gave way to newer ones, because the transport took nothing.
	Replaced uint64
	// Full counts Writes to a WebSocket that had to be offered again.
	Full uint64
	// TooLarge counts datagrams to Write that were larger than the path carries, or, of those that
	// came, than is allowed.
	TooLarge uint64
	// Unreachable counts datagrams to Write whose association is over.
	Unreachable uint64
}

// UDPStats counts datagrams on the UDP port that are not the game's: what was taken off it, by what
// they are, and what was dropped of that, and why.
type UDPStats struct {
	// STUN counts checks of data channels, and DTLS what goes by those. QUICHandshake counts QUIC's
	// packets until there are keys, and QUIC those of sessions.
	STUN, DTLS, QUICHandshake, QUIC uint64
	// Strangers counts checks for data channels that nobody began, and TooMany those of one channel
	// beyond what a browser needs.
	Strangers, TooMany uint64
	// Overflowed counts datagrams that gave way to newer ones, since too many waited for WebRTC or
	// WebTransport, or were too large.
	Overflowed uint64
	// Displaced counts data channels under way that ended for newer ones, since there were too many.
	Displaced uint64
	// Refused counts connections of QUIC that were not begun, since too many had no session yet.
	Refused uint64
	// Unsent counts datagrams that the system did not take.
	Unsent uint64
	// Nobodys counts datagrams on a port of [Listen] that are of no protocol there.
	Nobodys uint64
}

// Stats counts what a socket carried and refused.
type Stats struct {
	WebSocket, WebRTC, WebTransport KindStats
	// UDP counts datagrams of the port that WebRTC and WebTransport have in common.
	UDP UDPStats
	// Refused counts those that were not let in: by Full there was no room for another player, or connection of TCP, by
	// Crowded none for another from their address, TooOften counts what was begun from one beyond [Config].RatePerAddress,
	// Origin and Rules are what [Config].Origins and the protocol ask for, Closed came while the server ended.
	Refused struct{ Full, Crowded, TooOften, Origin, Rules, Closed uint64 }
	// Idle counts associations that were closed because nothing went by them, and Stuck those whose
	// peer took nothing for [Config].WriteTimeout.
	Idle, Stuck uint64
	// Slow counts connections of TCP that were cut off as half a request, or nothing, had come by
	// [Config].HandshakeTimeout, or nothing of a page was taken for [Config].WriteTimeout.
	Slow uint64
}

// kinds is how many there are, and one for what is none of them.
const kinds = 4

func kindIndex(k transport.Kind) int {
	if k < transport.KindWebSocket || k > transport.KindWebTransport {
		return kinds - 1
	}
	return int(k - transport.KindWebSocket)
}

// counters is KindStats while it is being counted.
type counters struct {
	opened, closed, broken                   atomic.Uint64
	received, receivedBytes, sent, sentBytes atomic.Uint64
	overflowed, replaced, full               atomic.Uint64
	tooLarge, unreachable                    atomic.Uint64
}

func (c *counters) stats() KindStats {
	opened, closed := c.opened.Load(), c.closed.Load()
	return KindStats{
		Open: opened - min(closed, opened), Opened: opened, Broken: c.broken.Load(),
		Received: c.received.Load(), ReceivedBytes: c.receivedBytes.Load(),
		Sent: c.sent.Load(), SentBytes: c.sentBytes.Load(),
		Overflowed: c.overflowed.Load(), Replaced: c.replaced.Load(), Full: c.full.Load(),
		TooLarge: c.tooLarge.Load(), Unreachable: c.unreachable.Load(),
	}
}

func (b *board) stats() (st Stats) {
	for i, k := range []*KindStats{&st.WebSocket, &st.WebRTC, &st.WebTransport} {
		*k = b.counts[i].stats()
	}
	r := &b.refuse
	st.Refused.Full, st.Refused.Crowded, st.Refused.Origin = r.full.Load(), r.crowded.Load(), r.origin.Load()
	st.Refused.TooOften = r.tooOften.Load()
	st.Refused.Rules, st.Refused.Closed = r.rules.Load(), r.closed.Load()
	return st
}
