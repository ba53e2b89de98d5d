package endpoint

import (
	"fmt"

	"github.com/tickwire/tickwire/internal/config"
)

// A CongestionKind says how a connection finds out how fast it may send.
type CongestionKind uint8

const (
	// CongestionDelay: by how long packets wait on their way (DelayBased). It finds the rate of a
	// path, keeps its queue short, and takes losses for losses.
	CongestionDelay CongestionKind = iota
	// CongestionAIMD: faster until something is lost, then slower (AIMD). It fills queues, and
	// is slow on a path that loses anyway.
	CongestionAIMD
	// CongestionFixed: at BytesPerSecond, whatever happens: where the rate is reserved.
	CongestionFixed
	// CongestionOff: as fast as the machine can: for tests, and between machines side by side.
	CongestionOff
)

var congestionNames = [...]string{"delay", "AIMD", "fixed", "off"}

// String names the kind.
func (k CongestionKind) String() string { return nameOf(congestionNames[:], int(k)) }

// A CongestionConfig says how fast each path of a connection may send. Rates are bytes a second
// with all headers, at most 1 GiB.
type CongestionConfig struct {
	Kind CongestionKind
	// MinBytesPerSecond is never gone below, whatever is lost or waits: what the game cannot do
	// without. A path that does not carry it drops the rest. 0: 16 KiB with CongestionDelay, 64
	// KiB with CongestionAIMD; negative: a few packets in a round trip.
	MinBytesPerSecond int
	// MaxBytesPerSecond is never gone above. 0: 1 GiB.
	MaxBytesPerSecond int
	// BytesPerSecond is the rate of CongestionFixed, and of nothing else.
	BytesPerSecond int
}

// validate reports everything that is wrong.
func (c *CongestionConfig) validate() error {
	var v config.Check
	v.That(c.Kind <= CongestionOff, "Kind", fmt.Sprintf("CongestionKind(%d)", uint8(c.Kind)),
		"CongestionDelay, CongestionAIMD, CongestionFixed or CongestionOff")
	fixed := c.Kind == CongestionFixed
	least, most := c.MinBytesPerSecond, orDefault(c.MaxBytesPerSecond, maxRate, maxRate)
	v.That(most <= maxRate, "MaxBytesPerSecond", c.MaxBytesPerSecond, "up to 1 GiB, or 0 for that")
	v.That(least <= min(most, maxRate), "MinBytesPerSecond", least, "at most MaxBytesPerSecond")
	v.That(fixed == (c.BytesPerSecond > 0) && c.BytesPerSecond <= maxRate, "BytesPerSecond",
		c.BytesPerSecond, fmt.Sprintf("1 to 1073741824 with %v, and 0 with the others", CongestionFixed))
	return v.Err()
}

// controller makes the controller of a path.
func (c *CongestionConfig) controller() Controller {
	switch c.Kind {
	case CongestionAIMD:
		return NewAIMD(AIMDConfig{c.MinBytesPerSecond, c.MaxBytesPerSecond})
	case CongestionFixed:
		return &steady{rate: c.BytesPerSecond, roundTrip: initialRTT}
	case CongestionOff:
		return &steady{rate: maxRate, roundTrip: maxRTT}
	}
	return NewDelayBased(DelayConfig{c.MinBytesPerSecond, c.MaxBytesPerSecond})
}

// A steady controller sends at one rate. What is in flight is bounded all the same, by two round
// trips, so that a path that has gone silent is not fed for ever.
type steady struct {
	rate      int
	roundTrip int64
}

// Sent implements Controller.
func (c *steady) Sent(now int64, bytes, inFlight int) {}

// Acked implements Controller.
func (c *steady) Acked(now int64, s AckSample) { c.roundTrip = max(c.roundTrip, s.SmoothRTT) }

// Lost implements Controller.
func (c *steady) Lost(now int64, s LossSample) {}

// Spurious implements Controller.
func (c *steady) Spurious(now int64, s LossSample) {}

// WindowBytes implements Controller.
func (c *steady) WindowBytes() int {
	return int(min(mulDiv(2*int64(c.rate), c.roundTrip, second), 1<<30)) + initialWindow
}

// BytesPerSecond implements Controller.
func (c *steady) BytesPerSecond() int { return c.rate }
