package endpoint

// A Controller decides how fast a path may send. It sees packets, never messages, and belongs
// to one path. All sizes are bytes on the wire with headers, all times nanoseconds of the
// endpoint's clock.
type Controller interface {
	// Sent tells of a packet that counts as in flight.
	Sent(now int64, bytes, inFlight int)
	// Acked tells of an acknowledgement that covered at least one new packet.
	Acked(now int64, s AckSample)
	// Lost tells of packets declared lost together.
	Lost(now int64, s LossSample)
	// Spurious tells of packets that Lost spoke of and that arrived all the same: the path
	// reorders, it does not drop.
	Spurious(now int64, s LossSample)
	// WindowBytes is how much may be in flight.
	WindowBytes() int
	// BytesPerSecond is the rate at which packets are paced, and the rate shown to the game.
	BytesPerSecond() int
}

// An AckSample is what one acknowledgement tells.
type AckSample struct {
	Bytes      int   // newly acknowledged
	InFlight   int   // still in flight afterwards
	SentAt     int64 // when the largest newly acknowledged packet was sent
	OldestAt   int64 // when the oldest of them was sent
	RTT        int64 // latest sample, 0 if this acknowledgement gave none
	SmoothRTT  int64
	MinRTT     int64
	OneWay     int64 // peer's clock at the largest's arrival less SentAt; only differences count
	HasOneWay  bool
	Delivered  int64 // bytes acknowledged since the beginning
	RateSample int   // bytes per second delivered while the packet was in flight; 0: no sample
	AppLimited bool  // the sender had too little to send for the sample to show the path's rate
	Congested  int   // packets marked Congestion Experienced since the last sample
}

// A LossSample tells of lost packets.
type LossSample struct {
	Bytes    int
	Packets  int
	InFlight int
	SentAt   int64 // when the newest of them was sent
}

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
	return &AIMD{cfg: cfg, window: initialWindow, threshold: 1 << 30, smoothRTT: initialRTT, recovery: -1}
}

// Sent implements Controller.
func (c *AIMD) Sent(now int64, bytes, inFlight int) {}

// Acked implements Controller.
func (c *AIMD) Acked(now int64, s AckSample) {
	c.smoothRTT = max(s.SmoothRTT, 1)
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

// WindowBytes implements Controller.
func (c *AIMD) WindowBytes() int {
	return max(c.window, c.bytesIn(c.cfg.MinBytesPerSecond))
}

// bytesIn is what a rate sends in a round trip.
func (c *AIMD) bytesIn(rate int) int {
	return int(min(int64(rate)*(c.smoothRTT/1000+1)/1_000_000, 1<<30))
}

// BytesPerSecond implements Controller: the window over a round trip, with a quarter more so
// that pacing alone never holds the window back (RFC 9002, 7.7), twice in slow start.
func (c *AIMD) BytesPerSecond() int {
	n := int64(c.WindowBytes())
	if c.window < c.threshold {
		n *= 2
	} else {
		n += n / 4
	}
	rate := n * 1_000_000 / (c.smoothRTT/1000 + 1)
	return int(min(max(rate, int64(c.cfg.MinBytesPerSecond)), int64(c.cfg.MaxBytesPerSecond)))
}

// judgeQueue has congestion control slow down for a queue that grows inside of what carries a
// path and repairs losses itself: nothing else ever will.
func (p *path) judgeQueue(now int64, pkt *sentPacket) {
	if p.rtt.latest > 2*p.rtt.min+innerQueue {
		p.cc.Lost(now, LossSample{Packets: 1, Bytes: int(pkt.bytes), InFlight: p.inFlight, SentAt: pkt.at})
	}
}

// innerQueue is how long packets may wait there, beside as long as the shortest round trip.
const innerQueue = second / 20
