package endpoint

// A DelayConfig configures the controller that NewDelayBased returns.
type DelayConfig struct {
	// MinBytesPerSecond is never gone below, whatever is lost or waits. 0: 16 KiB, the inputs
	// of a game; negative: two packets in a round trip.
	MinBytesPerSecond int
	// MaxBytesPerSecond is never gone above. 0: 1 GiB.
	MaxBytesPerSecond int
}

// DelayBased is a controller made for games: it finds the rate of a path without being told, and
// keeps the queue in front of the narrowest place short.
type DelayBased struct {
	cfg    DelayConfig
	phase  delayPhase
	rate   int64 // bytes a second
	now    int64
	queue  queueMeter
	flow   passage
	losses lossJudge
	begin  startup
	look   look

	pipe    int64 // a round trip in which nothing waits, with what acks are held
	smooth  int64
	sampled bool
	empty   int64 // when the queue was seen empty last

	round, roundFrom int64 // packets sent since the time belong to it; what had passed
	rounds           int
	quiet            int // rounds in a row in which nearly nothing of ours waited
}

type delayPhase uint8

const (
	delayStarting delayPhase = iota
	delayCruising
)

const (
	leastWait      = millisecond
	leastWaiting   = 3 * packetBytes
	paceBytes      = 8 * packetBytes
	fewBytes       = 4 * packetBytes
	foreignCounts  = 25 * millisecond
	foreignIgnored = 10 * millisecond
	crowdedRounds  = 8
	extraStep      = 2 * packetBytes
)

// NewDelayBased returns a delay-based controller.
func NewDelayBased(cfg DelayConfig) *DelayBased {
	cfg.MinBytesPerSecond = orDefault(cfg.MinBytesPerSecond, 16<<10, 0)
	cfg.MaxBytesPerSecond = orDefault(cfg.MaxBytesPerSecond, maxRate, maxRate)
	c := &DelayBased{
		cfg: cfg, rate: initialWindow * second / initialRTT, pipe: initialRTT, smooth: initialRTT,
		round: -1, look: look{from: never, next: never}, losses: lossJudge{tolerated: firstTolerated},
		begin: startup{window: initialWindow},
	}
	c.rate = c.bound(c.rate)
	return c
}

// bound keeps a rate between the limits.
func (c *DelayBased) bound(rate int64) int64 {
	least := max(int64(c.cfg.MinBytesPerSecond), 2*packetBytes*second/max(c.smooth, 1))
	return min(max(rate, least), int64(c.cfg.MaxBytesPerSecond))
}

// Sent implements Controller.
func (c *DelayBased) Sent(now int64, bytes, inFlight int) { c.now = now }

// Lost implements Controller.
func (c *DelayBased) Lost(now int64, s LossSample) {
	c.now = now
	c.losses.add(int64(s.Bytes), 0, c.look.shows(s.SentAt))
	if c.look.extra > 0 && s.SentAt >= c.round && !c.look.shows(s.SentAt) {
		c.look.extra /= 2
		c.round = now
	}
}

// Spurious implements Controller.
func (c *DelayBased) Spurious(now int64, s LossSample) {
	c.losses.add(-int64(s.Bytes), int64(s.Bytes), c.look.shows(s.SentAt))
}

// Acked implements Controller.
func (c *DelayBased) Acked(now int64, s AckSample) {
	c.now, c.smooth = now, max(s.SmoothRTT, 1)
	c.losses.add(0, int64(s.Bytes), c.look.shows(s.SentAt))
	if s.HasOneWay {
		c.measure(now, s)
	}
	if s.SentAt >= c.round && s.Passed-c.roundFrom >= fewBytes {
		c.endRound(now, s.Passed)
	}
	if c.phase == delayStarting {
		c.start(s)
	} else if s.HasOneWay {
		c.cruise(now)
	}
	c.rate = c.bound(c.rate)
}

func (c *DelayBased) measure(now int64, s AckSample) {
	roundTrip := min(now-s.SentAt, maxRTT) // no more: somebody may have been suspended
	if !c.sampled {
		c.sampled, c.pipe, c.empty, c.look.next = true, max(roundTrip, millisecond/10), now, now
	}
	c.queue.sample(now, s.OneWay, max(c.smooth/2, mulDiv(fewBytes, second, c.rate)))
	if c.queue.wait <= nearlyEmpty+c.queue.margin(c.pipe)/4 {
		c.empty = now
	}
	c.look.foreign = min(c.look.foreign, c.queue.queue())
	c.pipe += (max(roundTrip-c.queue.wait, s.MinRTT, millisecond/10) - c.pipe) / 8
	c.flow.add(mark{s.OneWay + s.SentAt, s.SentAt, s.Passed, s.Delivered, s.AppLimited}, c.span())
	if c.look.sample(s.SentAt, c.queue.wait) {
		c.learn(now)
	}
}

func (c *DelayBased) learn(now int64) {
	c.quiet = min(c.quiet, 0) // the queue was to be empty
	c.look.foreign, c.look.next = 0, now+lookEvery
	if !c.losses.judge() && c.losses.doubtful() {
		c.look.next = now + 2*c.pipe
	}
	if c.look.least != never && c.look.least > foreignIgnored+2*c.queue.margin(c.pipe) {
		c.look.foreign, c.look.next = c.look.least, now+lookAgain
	}
}

func (c *DelayBased) span() int64 { return min(max(c.smooth, second/50), second/5) }

func (c *DelayBased) endRound(now, passed int64) {
	c.round, c.roundFrom = now, passed
	c.rounds++
	c.quiet++
	c.queue.endRound()
	if c.phase == delayStarting {
		if c.losses.crowded() {
			c.leave(c.span())
			c.quiet = -crowdedRounds
		}
		return
	}
	if c.losses.crowded() {
		if p, ok := c.flow.over(c.span(), paceBytes); ok {
			c.rate, c.quiet = min(c.rate, c.losses.carried(p)), 0
			if c.losses.ours {
				c.quiet = -crowdedRounds
			}
		}
	}
	switch {
	case c.look.foreign > foreignCounts:
		c.look.extra = min(c.look.extra+extraStep, mulDiv(c.rate, c.queue.queue(), second))
	case now-c.empty < 2*c.smooth:
		c.look.extra /= 2
	}
}

// target is how many bytes of ours shall wait.
func (c *DelayBased) target(rate int64) int64 {
	wait := leastWait + c.queue.margin(c.pipe) + max(0, c.look.foreign-foreignIgnored)/2
	return leastWaiting + c.look.extra + mulDiv(rate, wait, second)
}

func (c *DelayBased) start(s AckSample) {
	if !s.AppLimited {
		c.begin.grow(int64(s.Bytes), c.pipe)
	}
	c.rate = max(c.rate, perSecond(c.begin.window, max(c.pipe, s.MinRTT)))
	if !s.HasOneWay {
		return
	}
	if c.begin.follow(*c.flow.last()) && c.rounds <= 1 && c.begin.hint < c.rate {
		c.rate = c.begin.hint
		c.phase, c.quiet = delayCruising, 0
		return
	}
	if c.rounds > 1 && c.begin.waited(c.queue.wait, mulDiv(c.target(c.rate), second, c.rate)) {
		c.leave(c.smooth / 4)
	}
}

func (c *DelayBased) leave(span int64) {
	if p, ok := c.flow.over(span, paceBytes); ok {
		c.rate = min(c.rate, c.losses.carried(p))
	}
	c.phase, c.quiet = delayCruising, 0
}

func (c *DelayBased) cruise(now int64) {
	q := c.queue.queue()
	span := c.span()
	if mulDiv(c.rate, q, second) > 3*c.target(c.rate) {
		span /= 4
	}
	p, ok := c.flow.over(span, paceBytes)
	if !ok {
		return
	}
	carried := c.losses.carried(p)
	target, own := c.target(carried), mulDiv(carried, q, second)
	if own >= target/2 {
		c.quiet = min(c.quiet, 0)
	}
	gain := 2 * max(c.pipe, second/100, mulDiv(fewBytes, second, max(carried, 1)))
	switch {
	case own > target:
		c.rate = carried - min(mulDiv(own-target, second, gain), carried/8)
	case c.quiet < 0:
	default:
		if p.limited {
			if carried = c.flow.shown(paceBytes); carried == 0 {
				return
			}
		}
		want := carried + mulDiv(target-own, second, gain)
		if c.quiet > 2 {
			most := 1
			if c.losses.ours {
				most = 5
			}
			want += carried >> max(most, 8-c.quiet)
		}
		c.rate = max(c.rate, want)
	}
	if now >= c.look.next && !c.look.due && !p.limited {
		if now-c.empty > lookEvery || c.look.foreign > 0 || c.losses.doubtful() {
			lost := int64(0)
			if c.losses.doubtful() {
				lost = c.losses.usual.part()
			}
			c.look.start(now, c.pipe, min(carried, c.rate), q, lost)
		}
	}
}

// WindowBytes implements Controller.
func (c *DelayBased) WindowBytes() int {
	if c.phase == delayStarting {
		if c.rounds > 1 {
			return int(2 * c.begin.window)
		}
		return int(c.begin.window)
	}
	return int(mulDiv(c.rate, c.pipe+c.queue.margin(c.pipe), second)+c.target(c.rate)) + 2*packetBytes
}

// BytesPerSecond implements Controller.
func (c *DelayBased) BytesPerSecond() int {
	if c.look.on(c.now) {
		return int(min(c.rate, c.bound(c.look.rate)))
	}
	return int(c.rate)
}
