package workload

import (
	"fmt"
	"time"

	"github.com/tickwire/tickwire/endpoint"
	"github.com/tickwire/tickwire/simnet"
)

// A Kind is what is played.
type Kind uint8

const (
	// Stream is 60 reliable ordered messages a second of 100 bytes.
	Stream Kind = iota
	// Bulk is one reliable ordered channel that is always full.
	Bulk
	// Mixed is both over one connection, the stream on a channel of a higher priority.
	Mixed
)

var kindNames = [...]string{"stream", "bulk", "mixed"}

// String names the kind.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

func (k Kind) streams() bool { return k == Stream || k == Mixed }
func (k Kind) bulks() bool   { return k == Bulk || k == Mixed }

// A Cell is one measurement: a workload over a link. The zero value of each field is a default.
type Cell struct {
	// Up is the link from the end that sends the messages, Down the way back.
	Up, Down simnet.LinkConfig
	Workload Kind
	// Seed fixes every random choice of the links and of the endpoints.
	Seed uint64
	// For is how long messages are sent. 0: 60 s for Stream, 32 s for the others.
	For time.Duration
	// Settle is how much of the beginning does not count for goodput and the queue. 0: 2 s, as
	// far as that is less than half of For; negative: nothing.
	Settle time.Duration
	// Controller makes the sender's congestion controller, and that of the other end. nil: the
	// endpoint's default.
	Controller func() endpoint.Controller
	// Endpoint changes the configuration of both ends, whose channels are StreamChannel and
	// BulkChannel; it may be nil.
	Endpoint func(*endpoint.Config)
	// Every is the distance of the points of Result.Series; 0: no series.
	Every time.Duration
}

// The channels of a connection. The stream goes first.
const (
	StreamChannel endpoint.ChannelID = 1
	BulkChannel   endpoint.ChannelID = 2
)

const (
	streamRate   = 60 // messages a second
	streamBytes  = 100
	bulkBytes    = 4 << 10 // of a message
	bulkAhead    = 1 << 20 // what waits in the sender's queue
	headerBytes  = 28      // IPv4 and UDP
	sealBytes    = 23      // what a sealed packet has beside its frames
	numberBytes  = 8       // of these: what our datagrams have of it
	datagram     = 1200
	ownBytes     = 31 // of a datagram are not payload: seal, type, channel, id, length, ack
	defaultGrace = 30 * time.Second
)

func (c Cell) withDefaults() Cell {
	if c.For == 0 {
		c.For = 32 * time.Second
		if c.Workload == Stream {
			c.For = 60 * time.Second
		}
	}
	switch {
	case c.Settle < 0:
		c.Settle = 0
	case c.Settle == 0:
		c.Settle = min(2*time.Second, c.For/2)
	}
	return c
}

// CeilingBitsPerSecond is the goodput that a link can give at most: of each datagram of 1200
// bytes, which takes 28 bytes more on the wire, 31 are not payload, and so many get lost:
//
//	rate × (1200 − 31) / (1200 + 28) × (1 − loss)
//
// 0 if the link has no rate.
func CeilingBitsPerSecond(l simnet.LinkConfig) float64 {
	return float64(l.BitsPerSecond) * (datagram - ownBytes) / (datagram + headerBytes) * (1 - l.Loss)
}

// config is the configuration of one of the ends.
func (c *Cell) config(end int) endpoint.Config {
	cfg := endpoint.Config{
		Channels: []endpoint.ChannelConfig{
			{ID: StreamChannel, Delivery: endpoint.ReliableOrdered, Priority: 1},
			{ID: BulkChannel, Delivery: endpoint.ReliableOrdered},
		},
		Seed: c.Seed*2 + uint64(end), Handshake: true, Trusted: true,
		MaxDatagramBytes: datagram, PacketOverheadBytes: headerBytes + sealBytes,
		Controller: c.Controller,
	}
	if c.Endpoint != nil {
		c.Endpoint(&cfg)
	}
	return cfg
}
