package tickwire

import (
	"github.com/tickwire/tickwire/endpoint"
	"github.com/tickwire/tickwire/netcode"
)

// ConnStats is what was counted and measured of a Conn: RTT, jitter and loss in
// both directions, bytes and packets, bytes of about the last second, queues, and drops by reason. Bytes include
// the headers of IP and UDP.
type ConnStats struct {
	endpoint.Stats
	PlainDropped uint64 // payloads of a plain peer that the game did not take in time, or that were more than Config.Inbound
	Undecoded    uint64 // typed messages of which the game was told a DecodeError
	UnknownKinds uint64 // of them: those with a number that the channel's Registry does not have
}

// ChannelStats is what was counted of one channel of a Conn; [endpoint.ChannelStats] has it in detail:
//
//	MessagesSent, MessagesReceived             uint64
//	BytesSent, BytesReceived                   uint64        // with their headers, and what was sent again
//	BytesSentPerSecond, BytesReceivedPerSecond int           // of about the last second
//	Dropped                                    [7]uint64     // sent and given up, by LossReason
//	RepairsSent, RepairBytesSent               uint64        // part of BytesSent
//	MessagesRepaired, MessagesRebuilt          uint64        // of ours at the peer, and here
//	CompressedFrom, CompressedTo               uint64        // bytes of messages before compression and after
//	OpenedFrom, OpenedTo                       uint64        // likewise of those that came
//	MessagesLeftAsIs                           uint64        // that compression would not have made smaller
//	OpeningPaused                              uint64        // times that messages waited for Config.OpenedBytesPerSecond
//	QueuedMessages, QueuedBytes                int           // that wait to be sent for the first time
//	QueueDelay                                 time.Duration // of a message sent now
type ChannelStats = endpoint.ChannelStats

func (c *Conn) stats() ConnStats {
	st := c.statsBelow()
	if k := c.typed; k != nil {
		st.Undecoded, st.UnknownKinds = k.undecoded, k.unknown
	}
	return st
}

// statsBelow are the stats of what carries the messages.
func (c *Conn) statsBelow() ConnStats {
	if c.final != nil {
		return *c.final
	}
	if c.plain != nil {
		return ConnStats{PlainDropped: c.plain.dropped}
	}
	if c.end == nil {
		return ConnStats{}
	}
	c.end.SetNow(c.core.nowOfCall())
	return ConnStats{Stats: c.end.Stats()}
}

// SocketStats is what was counted of a socket.
type SocketStats struct {
	Received, ReceivedBytes uint64 // datagrams, and their payload
	Sent, SentBytes         uint64
	Refused                 uint64 // datagrams that the system did not take, and that are lost
	Errors                  uint64 // calls to write some that failed; what they did not send was refused
	Kept                    uint64 // of reliable paths: it took them later, or they are among Refused
}

// HandshakeStats counts what the handshake did:
//
//	Drops                      [netcode.NumDrops]uint64 // datagrams that were not taken, by netcode.Drop
//	Challenges, Reasons, Gones uint64                   // answers of a server
//	Unheard                    uint64                   // plain clients of whom nothing more was heard
//	Decryptions                uint64                   // of connect tokens and resume tickets, also in vain
type HandshakeStats = netcode.Counters

// Stats is what was counted of a Server or a Client.
type Stats struct {
	Conns         int       // that the game sees
	Away          int       // of them: nothing is heard of the peer (ServerConfig.KeepSeats)
	Resumed       uint64    // times that somebody came back with a resume ticket
	Seats         SeatStats // of a Server
	Sockets       []SocketStats
	EventsDropped uint64 // Delivered, Lost, PathChanged and RateChanged that found the queue full
	Strangers     uint64 // datagrams at a client from who is not its server
	Buffers       endpoint.BufferStats
	WindowBytes   int // by which receive windows have grown
	Handshake     HandshakeStats
}

type coreStats struct{ Strangers, Resumed uint64 }

func (k *core) stats() Stats {
	st := Stats{
		Conns: len(k.conns), EventsDropped: k.events.dropped, Strangers: k.counts.Strangers,
		Buffers: k.buffers.Stats(), WindowBytes: k.pool.InUse(), Resumed: k.counts.Resumed,
	}
	for _, c := range k.conns {
		if c.end != nil && c.end.Away() {
			st.Away++
		}
	}
	for _, p := range k.ports {
		st.Sockets = append(st.Sockets, p.stats)
	}
	return st
}

// Stats returns the counters of the server.
func (s *Server) Stats() Stats {
	s.unshared()
	return s.stats()
}

func (s *Server) stats() Stats {
	st := s.core.stats()
	st.Handshake = s.netcode.Counters()
	st.Seats = s.seatStats()
	return st
}

// Stats returns the counters of the client. Handshake sums up all attempts.
func (c *Client) Stats() Stats {
	c.mustBeOutside()
	return c.stats()
}

func (c *Client) stats() Stats {
	st := c.core.stats()
	st.Handshake = c.retired
	for _, d := range c.dials {
		addCounters(&st.Handshake, d.handshake.netcode.Counters())
	}
	return st
}

func addCounters(sum *HandshakeStats, n HandshakeStats) {
	for i := range n.Drops {
		sum.Drops[i] += n.Drops[i]
	}
}
