package workload

import (
	"fmt"
	"strings"
	"time"

	"github.com/tickwire/tickwire/endpoint"
	"github.com/tickwire/tickwire/internal/config"
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
	// Share is two flows of Bulk over one bottleneck; the second begins 10 s after the first.
	Share
	// Rival is Bulk beside a TCP flow with CUBIC, which begins 10 s later.
	Rival
	// Step is Bulk over a bottleneck whose rate falls to a fifth after 10 s, and after 20 s is
	// what it was.
	Step
	// Wake is Mixed whose Bulk begins after a third of the time: until then the sender uses next to
	// nothing of the link, and knows no more of it.
	Wake
	// Duplex is Bulk in both directions: the acknowledgements of each wait in the queue of the
	// other.
	Duplex
	kinds
)

var kindNames = [kinds]string{"stream", "bulk", "mixed", "share", "rival", "step", "wake", "duplex"}

// String names the kind.
func (k Kind) String() string {
	if k < kinds {
		return kindNames[k]
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// ParseKind finds a kind by its name.
func ParseKind(name string) (Kind, error) {
	for k, s := range kindNames {
		if s == name {
			return Kind(k), nil
		}
	}
	return 0, fmt.Errorf("workload: nothing is called %q: want one of %s", name, strings.Join(kindNames[:], ", "))
}

func (k Kind) streams() bool { return k == Stream || k == Mixed || k == Wake }
func (k Kind) bulks() bool   { return k != Stream }
func (k Kind) shares() bool  { return k == Share || k == Rival }

// A Cell is one measurement: a workload over a link. The zero value of each field is a default.
type Cell struct {
	// Up is the link from the end that sends the messages, Down the way back. If Up.MTU is set the
	// endpoints find out how large their datagrams may be; otherwise they have 1200 bytes.
	Up, Down simnet.LinkConfig
	Workload Kind
	// Seed fixes every random choice of the links and of the endpoints.
	Seed uint64
	// For is how long messages are sent. 0: 60 s for Stream, 40 s for Share and Rival, 30 s for
	// Step and Wake, 32 s for the others.
	For time.Duration
	// Settle is how much of the beginning does not count for goodput and the queue. 0: 2 s, as
	// far as that is less than half of For; negative: nothing. Share and Rival count while both
	// flows are there, Wake when Bulk has been there for so long.
	Settle time.Duration
	// Later is how much later the second flow of Share and Rival begins than the first. 0: a
	// quarter of For; negative: so much earlier.
	Later time.Duration
	// Steps are changes of the rate of Up, in order. nil: those of Step, if it is played.
	Steps []RateStep
	// TCP has a TCP flow with CUBIC take the place of the endpoints, for Bulk, Share and Step.
	TCP bool
	// Controller makes the endpoints' congestion controllers. nil: the default.
	Controller func() endpoint.Controller
	// Repair is that of the stream.
	Repair endpoint.Repair
	// Rate is how many messages a second the stream has, and Bytes how long they are. 0: StreamRate
	// and StreamBytes. A message has at least the 8 bytes of its number.
	Rate, Bytes int
	// Endpoint changes the configuration of all endpoints, whose channels are StreamChannel and
	// BulkChannel, in this order; it may be nil.
	Endpoint func(*endpoint.Config)
	// Every is the distance of the points of Result.Series. 0: no series.
	Every time.Duration

	bare bool // it is played to see what messages cost at least
}

// A RateStep is a moment at which the bottleneck gets another rate.
type RateStep struct {
	At            time.Duration
	BitsPerSecond int64
}

// The channels of a connection. The stream goes first.
const (
	StreamChannel endpoint.ChannelID = 1
	BulkChannel   endpoint.ChannelID = 2
)

// Sizes and rates.
const (
	StreamRate  = 60 // messages a second
	StreamBytes = 100
	BulkBytes   = 4 << 10 // of a message

	bulkAhead   = 1 << 20 // what waits in the sender's queue
	headerBytes = endpoint.DatagramHeaderBytes
	sealBytes   = endpoint.SealedPacketBytes
	numberBytes = 8 // so much of it is in our datagrams: the packet's number
	datagram    = 1200
	ethernet    = 1472 // the datagrams that an Ethernet carries
	leastMTU    = 576  // RFC 791, 3.1
	ownBytes    = 31   // of a datagram are not payload: seal, type, channel, id, length, ack

	grace = 30 * time.Second // for what is late when a stream ends
)

// Length is For, with its default.
func (c Cell) Length() time.Duration { return c.withDefaults().For }

func (c Cell) withDefaults() Cell {
	if c.For == 0 {
		c.For = [kinds]time.Duration{Stream: time.Minute, Share: 40 * time.Second,
			Rival: 40 * time.Second, Step: 30 * time.Second, Wake: 30 * time.Second}[c.Workload]
	}
	if c.For == 0 {
		c.For = 32 * time.Second
	}
	if c.Rate == 0 {
		c.Rate = StreamRate
	}
	if c.Bytes == 0 {
		c.Bytes = StreamBytes
	}
	if c.Later == 0 {
		c.Later = c.For / 4
	}
	switch {
	case c.Settle < 0:
		c.Settle = 0
	case c.Settle == 0:
		c.Settle = min(2*time.Second, c.For/2)
	}
	if c.Workload == Wake {
		c.Settle += c.bulkFrom()
	}
	if c.Workload.shares() {
		c.Settle = max(c.Settle, c.Later, -c.Later)
	}
	if c.Workload == Step && c.Steps == nil {
		c.Steps = []RateStep{{c.For / 3, c.Up.BitsPerSecond / 5}, {c.For * 2 / 3, c.Up.BitsPerSecond}}
	}
	return c
}

// bareCell is the same with nothing that costs bytes: no losses, and nothing sent for their sake.
func (c Cell) bareCell() Cell {
	c.Every, c.bare = 0, true
	for _, l := range []*simnet.LinkConfig{&c.Up, &c.Down} {
		l.Loss, l.LossBurst, l.Duplicate, l.Reorder, l.Jitter = 0, 0, 0, 0, 0
	}
	return c
}

// bulkFrom is when Bulk begins.
func (c *Cell) bulkFrom() time.Duration {
	if c.Workload == Wake {
		return c.For / 3
	}
	return 0
}

// Validate says what is wrong with a cell and its links: a join of ConfigErrors, or nil.
func (c Cell) Validate() error {
	var v config.Check
	v.Take("", simnet.Links{Up: c.Up, Down: c.Down}.Validate())
	if c.Workload >= kinds {
		v.That(false, "Workload", c.Workload, "one of "+strings.Join(kindNames[:], ", "))
		return v.Err() // the rest depends on it
	}
	bad := func(wrong bool, field string, value any, want string) { v.That(!wrong, field, value, want) }
	d := c.withDefaults()
	bad(c.For < 0, "For", c.For, "a time such as 10s")
	bad(c.For > 0 && d.Settle >= d.For, "For", c.For, fmt.Sprintf("more than %v, before which nothing counts", d.Settle))
	bad(c.Rate < 0, "Rate", c.Rate, "messages a second, or 0")
	bad(d.Bytes < 8 || d.Bytes > BulkBytes, "Bytes", c.Bytes, fmt.Sprintf("8 to %d, or 0", BulkBytes))
	bad(c.Every < 0, "Every", c.Every, "a time such as 100ms, or 0")
	bad(c.TCP && c.Workload != Bulk && c.Workload != Share && c.Workload != Step, "TCP", c.TCP, "bulk, share or step to play")
	bad(c.Up.Corrupt > 0, "Up.Corrupt", c.Up.Corrupt, "0: what a seal would drop is a Loss")
	bad(c.Down.Corrupt > 0, "Down.Corrupt", c.Down.Corrupt, "0: what a seal would drop is a Loss")
	bad(d.Workload != Stream && !narrowed(c.Up), "Up.BitsPerSecond", c.Up.BitsPerSecond, "a rate, or a trace: a transfer that is always full needs a bottleneck")
	bad(len(d.Steps) > 0 && c.Up.Trace != nil, "Up.Trace", c.Up.Trace, "none: steps need a rate to begin with")
	bad((c.TCP || c.Workload == Rival) && c.Up.MTU > 0 && c.Up.MTU < tcpBytes+tcpHeaders, "Up.MTU", c.Up.MTU, fmt.Sprintf("%d at least, which TCP's segments have", tcpBytes+tcpHeaders))
	bad(c.Up.MTU > 0 && c.Up.MTU < leastMTU, "Up.MTU", c.Up.MTU, fmt.Sprintf("%d at least, which each host takes", leastMTU))
	last := time.Duration(0)
	for i, s := range d.Steps {
		bad(s.At < last, fmt.Sprintf("Steps[%d].At", i), s.At, "a time after the step before it")
		bad(s.BitsPerSecond <= 0 && narrowed(c.Up), fmt.Sprintf("Steps[%d].BitsPerSecond", i), s.BitsPerSecond, "a rate above 0")
		last = s.At
	}
	return v.Err()
}

// datagram is how large the datagrams are at best.
func (c *Cell) datagram() int {
	if c.Up.MTU == 0 {
		return datagram
	}
	return c.Up.MTU - headerBytes
}

// mostDatagram is how large the endpoints may make theirs, as far as they know: of a link with an
// MTU no less than by default, so that there is something to find out.
func (c *Cell) mostDatagram() int {
	if c.Up.MTU == 0 {
		return datagram
	}
	return max(c.datagram(), c.Down.MTU-headerBytes, ethernet)
}

func narrowed(l simnet.LinkConfig) bool { return l.BitsPerSecond != 0 || l.Trace != nil }

// config is the configuration of an endpoint.
func (c *Cell) config(seed uint64) endpoint.Config {
	cfg := endpoint.Config{
		Channels: []endpoint.ChannelConfig{
			{ID: StreamChannel, Delivery: endpoint.ReliableOrdered, Priority: 1},
			{ID: BulkChannel, Delivery: endpoint.ReliableOrdered},
		},
		Seed: seed, Handshake: true, Trusted: true,
		MaxDatagramBytes: c.mostDatagram(), PacketOverheadBytes: headerBytes + sealBytes,
		Controller: c.Controller,
	}
	cfg.Channels[0].Repair = c.Repair
	if c.Endpoint != nil {
		c.Endpoint(&cfg)
	}
	if c.bare {
		cfg.Channels[0].Repair = endpoint.RepairOff
	}
	return cfg
}
