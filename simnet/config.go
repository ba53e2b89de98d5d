package simnet

import (
	"fmt"
	"time"

	"github.com/tickwire/tickwire/internal/config"
	"github.com/tickwire/tickwire/transport"
)

// Defaults of a [LinkConfig].
const (
	// DefaultQueuePackets is the queue of a bottleneck that names none: as
	// long as the transmit queues of many routers.
	DefaultQueuePackets = 100
	// DefaultOverheadBytes is the header of IPv4 (20) and of UDP (8).
	DefaultOverheadBytes = transport.HeaderBytes4
	// DefaultReorderBy holds a datagram back for a little more than the gap
	// between two datagrams at 60 a second.
	DefaultReorderBy = 20 * time.Millisecond
	// DefaultMaxBytes bounds the memory of one link.
	DefaultMaxBytes = 64 << 20
)

// What Validate accepts at most. The bounds keep the arithmetic in nanoseconds
// far away from overflow.
const (
	maxDelay         = time.Hour
	maxBitsPerSecond = 1_000_000_000_000
	maxIPBytes       = 65535
	maxQueue         = 1 << 30
)

// A JitterShape is the distribution of the delay that jitter adds.
type JitterShape uint8

const (
	// Uniform adds between nothing and Jitter, each value as likely: mean
	// Jitter/2. It is easy to reason about, and bounded.
	Uniform JitterShape = iota
	// Exponential adds Jitter on average, mostly less and now and then much
	// more, ten times Jitter at most: the long tail that radio links have.
	Exponential
)

// A LinkConfig says what a link does to the datagrams that cross it. The zero
// value is a perfect link: everything arrives at once, in order, unchanged.
// Probabilities are from 0 to 1 and count per datagram.
type LinkConfig struct {
	// Delay is the time that every datagram takes, one way.
	Delay time.Duration
	// Jitter is the scale of the delay that comes on top, drawn for each
	// datagram; JitterShape says how.
	Jitter time.Duration
	// JitterShape is the distribution of the jitter.
	JitterShape JitterShape
	// JitterReorders lets a datagram with little jitter overtake one with much.
	// By default jitter keeps the order, as the queues that cause it on real
	// paths do: a datagram waits for the one before it. Reorder is the way to
	// ask for overtaking.
	JitterReorders bool

	// Loss is the part of the datagrams that get lost behind the bottleneck.
	Loss float64
	// LossBurst is the mean number of datagrams lost in a row. 0: losses are
	// independent. 1 or more: losses come in bursts of a geometric length
	// (Gilbert's model: a good state that loses nothing, a bad state that loses
	// all, left with probability 1/LossBurst per datagram), so 1 means never
	// two in a row. Loss stays the average.
	LossBurst float64

	// Duplicate is the part of the datagrams that arrive twice. The copy
	// travels right behind the original with jitter, reordering and corruption
	// of its own.
	Duplicate float64

	// Reorder is the part of the datagrams that are held back, so that those
	// sent within ReorderBy after them overtake.
	Reorder float64
	// ReorderBy is how long they are held back. 0: 20 ms.
	ReorderBy time.Duration

	// Corrupt is the part of the datagrams that arrive with bits flipped. On
	// real paths the UDP checksum turns nearly all of these into losses; here
	// they test what is above it.
	Corrupt float64
	// CorruptBits is how many neighbouring bits are flipped, at a random place.
	// 0: one.
	CorruptBits int

	// BitsPerSecond is the rate of the bottleneck. 0: unlimited.
	BitsPerSecond int64
	// Trace is a recorded or generated bottleneck whose capacity changes over
	// time, instead of BitsPerSecond. It starts when the link gets it.
	Trace *Trace
	// TraceOffset skips the beginning of the trace, so that two links with one
	// trace do not fade together.
	TraceOffset time.Duration
	// QueuePackets bounds the queue in front of the bottleneck in datagrams,
	// the one that is crossing included. 0: 100, or no bound if QueueBytes is
	// set. Negative: no bound.
	QueuePackets int
	// QueueBytes bounds it in bytes, headers included. 0 or negative: no bound.
	QueueBytes int
	// MarkPackets is the length of the queue from which on it marks datagrams
	// as Congestion Experienced instead of leaving the news to a loss (RFC
	// 3168). Only those that came as ECN capable are marked, so only a
	// [Network] can show it. 0: never.
	MarkPackets int
	// OverheadBytes is what the headers of a datagram weigh at the bottleneck,
	// in the queue and in the MTU. 0: 28, IPv4 and UDP. Negative: nothing.
	OverheadBytes int

	// MTU is the largest datagram in bytes, headers included, that fits
	// through; larger ones vanish, as with "don't fragment" set and ICMP
	// filtered. 0: 65535.
	MTU int
	// MaxBytes bounds the memory that datagrams inside the link take; what
	// comes on top is dropped and counted as Overflowed. 0: 64 MiB.
	MaxBytes int
}

// A ConfigError names what cannot be: a field of a configuration, or a parameter. It is a struct of
//
//	Field string // the way to it from what the caller gave, as in Channels[2].Delivery
//	Value any    // what it is, or words for that
//	Want  string // what would do
//
// and Error tells the three in a line. It is one type in all packages of this module, so that
// errors.As with a *ConfigError of any of them finds those of all.
type ConfigError = config.Error

// Validate reports everything that is wrong with c: a joined error whose parts
// are of type [*ConfigError], or nil.
func (c LinkConfig) Validate() error {
	var v config.Check
	duration := func(field string, d time.Duration) {
		v.That(d >= 0 && d <= maxDelay, field, d, "a time from 0 to 1h")
	}
	probability := func(field string, p float64) {
		v.That(p >= 0 && p <= 1, field, p, "a probability from 0 to 1")
	}
	duration("Delay", c.Delay)
	duration("Jitter", c.Jitter)
	v.That(c.JitterShape <= Exponential, "JitterShape", c.JitterShape, "Uniform or Exponential")
	probability("Loss", c.Loss)
	v.That(c.LossBurst == 0 || c.LossBurst >= 1 && c.LossBurst <= 1e6, "LossBurst", c.LossBurst,
		"0 for independent losses, or a mean length from 1 to 1e6")
	if c.LossBurst >= 1 && c.Loss < 1 {
		// Between two bursts lies at least one datagram that arrives.
		shortest := c.Loss / (1 - c.Loss)
		v.That(c.LossBurst >= shortest, "LossBurst", c.LossBurst,
			fmt.Sprintf("at least %.4g, for a loss of %v cannot come in shorter bursts", shortest, c.Loss))
	}
	probability("Duplicate", c.Duplicate)
	probability("Reorder", c.Reorder)
	duration("ReorderBy", c.ReorderBy)
	probability("Corrupt", c.Corrupt)
	v.That(c.CorruptBits >= 0 && c.CorruptBits <= 8*maxIPBytes, "CorruptBits", c.CorruptBits, "0 (one bit) to 524280")
	v.That(c.BitsPerSecond >= 0 && c.BitsPerSecond <= maxBitsPerSecond, "BitsPerSecond", c.BitsPerSecond,
		"0 (unlimited) to 1e12")
	v.That(c.Trace == nil || c.BitsPerSecond == 0, "Trace", c.Trace, "either Trace or BitsPerSecond, not both")
	v.That(c.TraceOffset >= 0 && c.TraceOffset <= maxTraceTime, "TraceOffset", c.TraceOffset, "a time from 0 to 24h")
	v.That(c.QueuePackets <= maxQueue, "QueuePackets", c.QueuePackets, "at most 2^30, or negative for no bound")
	v.That(c.QueueBytes <= maxQueue, "QueueBytes", c.QueueBytes, "at most 2^30, or 0 for no bound")
	v.That(c.MarkPackets >= 0, "MarkPackets", c.MarkPackets, "0 (never) or more")
	v.That(c.OverheadBytes <= 1500, "OverheadBytes", c.OverheadBytes, "at most 1500, or negative for none")
	v.That(c.MTU >= 0 && c.MTU <= maxIPBytes, "MTU", c.MTU, "0 (65535) to 65535")
	v.That(c.MaxBytes >= 0 && c.MaxBytes <= maxQueue, "MaxBytes", c.MaxBytes, "0 (64 MiB) to 2^30")
	return v.Err()
}

// withDefaults replaces what stands for a default by the default, so that the
// link has no special values to think of.
func (c LinkConfig) withDefaults() LinkConfig {
	if c.ReorderBy == 0 {
		c.ReorderBy = DefaultReorderBy
	}
	c.CorruptBits = max(c.CorruptBits, 1)
	if c.QueueBytes <= 0 {
		c.QueueBytes = maxQueue
		if c.QueuePackets == 0 {
			c.QueuePackets = DefaultQueuePackets
		}
	}
	if c.QueuePackets <= 0 {
		c.QueuePackets = maxQueue
	}
	if c.MarkPackets == 0 {
		c.MarkPackets = maxQueue + 1
	}
	if c.OverheadBytes == 0 {
		c.OverheadBytes = DefaultOverheadBytes
	}
	c.OverheadBytes = max(c.OverheadBytes, 0)
	if c.MTU == 0 {
		c.MTU = maxIPBytes
	}
	if c.MaxBytes == 0 {
		c.MaxBytes = DefaultMaxBytes
	}
	return c
}
