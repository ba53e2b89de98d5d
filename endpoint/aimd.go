package endpoint

// AIMDConfig configures the controller that NewAIMD returns.
type AIMDConfig struct {
	// MinBytesPerSecond is never gone below, whatever is lost. 0: 64 KiB; negative: only the
	// four packets of the smallest window.
	MinBytesPerSecond int
	// MaxBytesPerSecond is never gone above. 0: 1 GiB.
	MaxBytesPerSecond int
}

// AIMD is additive increase, multiplicative decrease after RFC 9002, section 7: slow start,
// then one packet more for each round trip; at a loss down to seven tenths (RFC 9438's
// factor), at most once in a round trip.
type AIMD struct {
	cfg       AIMDConfig
	window    int
	threshold int
	credit    int   // acknowledged bytes that have not grown the window yet
	recovery  int64 // losses of packets sent before this belong to one event
	smoothRTT int64

	// The last reduction, to take it back if all the losses behind it were none.
	lost            int // packets of the event that are not known to have arrived
	windowBefore    int // 0: nothing to take back
	thresholdBefore int
}

const (
	packetBytes   = 1200
	initialWindow = 10 * packetBytes // RFC 9002, 7.2
	minWindow     = 4 * packetBytes
)

// NewAIMD returns an AIMD controller.
func NewAIMD(cfg AIMDConfig) *AIMD {
	cfg.MinBytesPerSecond = orDefault(cfg.MinBytesPerSecond, 64<<10, 0)
	cfg.MaxBytesPerSecond = orDefault(cfg.MaxBytesPerSecond, 1<<30, 1<<30)
	return &AIMD{cfg: cfg, window: initialWindow, threshold: 1 << 30, smoothRTT: initialRTT, recovery: longAgo}
}

// Sent implements Controller.
func (c *AIMD) Sent(now int64, bytes, inFlight int) {}

// Acked implements Controller.
func (c *AIMD) Acked(now int64, s AckSample) {
	c.smoothRTT = max(s.SmoothRTT, 1)
	if s.Congested > 0 && s.SentAt > c.recovery {
		c.Lost(now, LossSample{SentAt: s.SentAt}) // RFC 9002, 7.1; nothing takes it back
		c.windowBefore = 0
		return
	}
	if s.SentAt <= c.recovery || s.AppLimited {
		return // RFC 9002, 7.3.2 and 7.8
	}
	if c.window < c.threshold {
		c.window += s.Bytes
	} else if c.credit += s.Bytes; c.credit >= c.window {
		c.credit -= c.window
		c.window += packetBytes
	}
	c.window = min(c.window, max(c.bytesIn(c.cfg.MaxBytesPerSecond), initialWindow))
}

// Lost implements Controller.
func (c *AIMD) Lost(now int64, s LossSample) {
	if s.SentAt <= c.recovery {
		c.lost += s.Packets
		return
	}
	c.lost, c.windowBefore, c.thresholdBefore = s.Packets, c.window, c.threshold
	c.recovery = now
	c.window = max(c.window*7/10, minWindow)
	c.threshold = c.window
	c.credit = 0
}

// Spurious implements Controller: if no packet of the last event was lost, its reduction is
// taken back (RFC 9438, 4.9).
func (c *AIMD) Spurious(now int64, s LossSample) {
	c.lost -= s.Packets
	if c.lost > 0 || c.windowBefore == 0 {
		return
	}
	c.window, c.threshold = max(c.window, c.windowBefore), max(c.threshold, c.thresholdBefore)
	c.windowBefore = 0
}

// WindowBytes implements Controller. The least rate has the window of two round trips: what is lost,
// and what the peer has not acknowledged yet, takes room there for longer than one.
func (c *AIMD) WindowBytes() int {
	return max(c.window, 2*c.bytesIn(c.cfg.MinBytesPerSecond))
}

// bytesIn is what a rate sends in a round trip.
func (c *AIMD) bytesIn(rate int) int {
	return int(min(int64(rate)*(c.smoothRTT/1000+1)/1_000_000, 1<<30))
}

// BytesPerSecond implements Controller: the window over a round trip, with a quarter more so
// that pacing alone never holds the window back (RFC 9002, 7.7), twice in slow start.
func (c *AIMD) BytesPerSecond() int {
	n := int64(c.window)
	if c.window < c.threshold {
		n *= 2
	} else {
		n += n / 4
	}
	rate := n * 1_000_000 / (c.smoothRTT/1000 + 1)
	return int(min(max(rate, int64(c.cfg.MinBytesPerSecond)), int64(c.cfg.MaxBytesPerSecond)))
}
