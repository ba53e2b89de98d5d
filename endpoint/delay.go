package endpoint

import (
	"math"
	"time"
)

// A DelayConfig configures the controller that NewDelayBased returns.
type DelayConfig struct {
	// MinBytesPerSecond is never gone below, whatever is lost or waits. 0: 16 KiB, the inputs
	// of a game; negative: two packets in a round trip.
	MinBytesPerSecond int
	// MaxBytesPerSecond is never gone above. 0: 1 GiB.
	MaxBytesPerSecond int
}

// DelayBased is a controller made for games. It finds the rate of a path without being told, and
// keeps a few packets of ours in the queue in front of the narrowest place: enough that the place
// is never idle, and no more. A flow whose packets wait for q has rate × q bytes there, whoever
// else's are in between; flows that all keep the same number of bytes there have the same rate
// (FAST TCP, Wei and others, 2006). The window bounds what is on its way to what the path holds
// beside that, so that a queue that is there drains as quickly as it can.
//
// What it knows it has from the clock of the peer: how long packets waited (queueMeter), and how
// fast they came through (passage). Who sends little shows little: then the estimate stays, unless
// what little there is waits too long. Losses count if they go away when less is sent (lossJudge).
//
//	           packets wait, many are lost,
//	           the rate of the first train is reached
//	starting ───────────────────────────────────▶ cruising
//
// Starting, the rate is a multiple in each round trip (startup). Cruising, it is what came through,
// and more or less as fewer or more bytes of ours wait than should. When next to nothing waits for
// some rounds the rate grows faster and faster, by half in a round trip at most. Now and then there
// is a look (look), in which less is sent.
//
// Two kinds of paths need something else: where the capacity changes by itself, the window follows
// what came through in the latest moment (variation); beside flows that fill the queue until
// something is lost, it is theirs (rivals).
type DelayBased struct {
	cfg     DelayConfig
	phase   delayPhase
	sampled bool
	rate    int64 // bytes a second
	now     int64
	queue   queueMeter
	flow    passage
	losses  lossJudge
	begin   startup
	look    look
	varies  variation
	rivals  rivals

	pipe    int64 // a round trip in which nothing waits, with what acks are held
	smooth  int64 // the smoothed round trip, with what waits
	empty   int64 // when the queue was seen empty last
	steered int64 // when the rate was set last
	cut     int64 // packets sent before say nothing more about what the rate was lowered for

	round     int64 // packets sent since then belong to it
	roundFrom int64 // what had passed when it began
	rounds    int
	quiet     int // rounds in a row in which less than half of what should wait did; negative: no growth yet
}

type delayPhase uint8

const (
	delayStarting delayPhase = iota
	delayCruising
)

// NewDelayBased returns a delay-based controller.
func NewDelayBased(cfg DelayConfig) *DelayBased {
	cfg.MinBytesPerSecond = orDefault(cfg.MinBytesPerSecond, 16<<10, 0)
	cfg.MaxBytesPerSecond = orDefault(cfg.MaxBytesPerSecond, maxRate, maxRate)
	c := &DelayBased{
		cfg: cfg, rate: initialWindow * second / initialRTT, pipe: initialRTT, smooth: initialRTT,
		round: longAgo, cut: longAgo, rivals: rivals{reduced: longAgo, pause: pause{next: longAgo}}, look: look{from: never}, losses: lossJudge{tolerated: firstTolerated},
		begin: startup{window: initialWindow},
	}
	c.rate = c.bound(c.rate)
	return c
}

// bound keeps a rate between the limits.
func (c *DelayBased) bound(rate int64) int64 {
	least := max(int64(c.cfg.MinBytesPerSecond), perSecond(2*packetBytes, c.smooth))
	return min(max(rate, least), int64(c.cfg.MaxBytesPerSecond))
}

// Sent implements Controller.
func (c *DelayBased) Sent(now int64, bytes, inFlight int) { c.now = now }

// Acked implements Controller.
func (c *DelayBased) Acked(now int64, s AckSample) {
	c.now, c.smooth = now, min(max(s.SmoothRTT, 1), 10*second)
	c.losses.add(0, int64(s.Bytes), c.look.shows(s.SentAt), s.SentAt < c.cut)
	if s.HasOneWay {
		c.measure(now, &s)
		c.compete(now, &s)
	}
	if s.SentAt >= c.round && s.Passed-c.roundFrom >= fewBytes {
		c.endRound(now, s.Passed)
	}
	if s.Congested > 0 {
		c.backOff(now, s.SentAt)
	}
	switch {
	case c.phase == delayStarting:
		c.start(&s)
	case s.HasOneWay && now-c.steered >= c.pipe/steersPerPipe:
		c.steered = now
		c.steer(now)
	}
	c.rate = c.bound(c.rate)
}

// steer sets the rate after the start.
func (c *DelayBased) steer(now int64) {
	switch {
	case c.rivals.on:
		c.keepUp()
	case c.varies.varied:
		c.follow()
	default:
		c.cruise(now)
	}
}

// Lost implements Controller.
func (c *DelayBased) Lost(now int64, s LossSample) {
	c.now = now
	if s.Queue {
		c.backOff(now, s.SentAt)
		return
	}
	looking := c.look.shows(s.SentAt)
	c.losses.add(int64(s.Bytes), 0, looking, s.SentAt < c.cut)
	c.rivals.lost(now, s.SentAt)
}

// Spurious implements Controller.
func (c *DelayBased) Spurious(now int64, s LossSample) {
	c.losses.add(-int64(s.Bytes), int64(s.Bytes), c.look.shows(s.SentAt), s.SentAt < c.cut)
}

// WindowBytes implements Controller. The least rate has its window however long packets wait, for one
// smoothed round trip: with two, what waits would grow on each path of less than twice that rate.
func (c *DelayBased) WindowBytes() int {
	if c.phase == delayStarting {
		if c.rounds > 1 {
			return windowBytes(2 * c.begin.window) // pacing keeps to one
		}
		return windowBytes(c.begin.window)
	}
	window := bytesIn(c.rate, c.pipe+c.queue.margin(c.pipe)) + c.target(c.rate) + 2*packetBytes
	switch {
	case c.rivals.on:
		window = max(c.rivals.window.bytes, bytesIn(c.rate, c.pipe)+ownBytes)
	case c.varies.varied:
		window = bytesIn(c.varies.rate, c.pipe+c.variedWait()) + 2*packetBytes
	}
	return windowBytes(max(window, bytesIn(int64(c.cfg.MinBytesPerSecond), c.smooth)))
}

// windowBytes is a window as an int has room for it everywhere.
func windowBytes(window int64) int { return int(min(window, math.MaxInt32)) }

// BytesPerSecond implements Controller.
func (c *DelayBased) BytesPerSecond() int {
	switch {
	case c.rivals.pause.on(c.now):
		return int(c.bound(0))
	case c.look.on(c.now):
		return int(min(c.rate, c.bound(c.look.rate)))
	case c.rivals.on: // as Linux paces CUBIC
		return int(c.bound(perSecond(c.rivals.window.bytes, c.smooth) * 5 / 4))
	case c.varies.varied && c.phase == delayCruising: // the window decides
		return int(c.bound(2 * c.varies.rate))
	}
	return int(c.rate)
}

// Estimate implements Estimator.
func (c *DelayBased) Estimate() Estimate {
	return Estimate{BytesPerSecond: int(c.rate), QueueDelay: time.Duration(c.queue.queue())}
}

// bytesIn is what a rate gives in a time.
func bytesIn(rate, elapsed int64) int64 { return mulDiv(rate, max(elapsed, 0), second) }
