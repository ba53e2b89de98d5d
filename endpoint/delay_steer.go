package endpoint

const (
	// ownBytes of ours shall wait at least, beside what the rate gives in ownWait. Three packets
	// keep the narrowest place busy between two acknowledgements, and are what flows share by:
	// with two, two flows of 100 ms are apart by a fifth after half a minute, with three by an
	// eighth. Copa has two and a half on average, Vegas two to four.
	ownBytes = 3 * packetBytes
	ownWait  = millisecond
	// paceBytes is the least over which it is measured how fast packets come through: acks come
	// for two packets, whose distance says little. fewBytes is the least round, for the same
	// reason, and what the standing queue is the least of.
	paceBytes = 8 * packetBytes
	fewBytes  = 4 * packetBytes
	// leastSpan and mostSpan bound the time over which it is measured: one round trip is what the
	// last decision shows in.
	leastSpan = 20 * millisecond
	mostSpan  = 200 * millisecond
	// steersPerPipe is how often the rate is set in a round trip: more often is no better.
	steersPerPipe = 32
	// quietRounds in a row in which the queue is nearly empty say that there is more to be had.
	// One shows the decision before, two are those after a look.
	quietRounds = 2
	// slowGrowth and fastGrowth are the first and the largest growth in a quiet round, as shifts:
	// a 32nd, whose queue would be a third of what irregular links have, and a half, three rounds
	// later. From a fifth of a rate to all of it takes nine rounds; with one step less in the third,
	// 600 ms take half a second more.
	slowGrowth, fastGrowth = 5, 1
	// crowdedRounds without growth follow on losses that are ours: so of the time one part in
	// nine is spent on losing.
	crowdedRounds = 8
	leastPipe     = millisecond / 10
)

// measure takes what the peer's clock tells.
func (c *DelayBased) measure(now int64, s *AckSample) {
	roundTrip := min(max(now-s.SentAt, 0), maxRTT) // somebody may have been suspended
	if !c.sampled {
		c.sampled, c.pipe, c.empty, c.look.next, c.steered = true, max(roundTrip, leastPipe), now, now, now-second
	}
	c.queue.sample(now, s.OneWay, max(c.smooth/2, mulDiv(fewBytes, second, c.rate)))
	if c.queue.wait <= nearlyEmpty+c.queue.margin(c.pipe)/4 {
		c.empty = now
	}
	c.pipe += (min(max(roundTrip-c.queue.wait, s.MinRTT, leastPipe), 2*maxRTT) - c.pipe) / 8
	c.flow.add(mark{s.OneWay + s.SentAt, s.SentAt, s.Passed, s.Delivered, s.AppLimited}, c.span())
	if c.look.over(s.SentAt) {
		c.learn(now)
	}
}

// span is over how long it is measured how fast packets come through.
func (c *DelayBased) span() int64 { return min(max(c.smooth, leastSpan), mostSpan) }

// target is how many bytes of ours shall wait at a rate.
func (c *DelayBased) target(rate int64) int64 {
	return ownBytes + bytesIn(rate, ownWait+c.queue.margin(c.pipe))
}

// endRound does what is done once in a round trip.
func (c *DelayBased) endRound(now, passed int64) {
	c.round, c.roundFrom = now, passed
	c.rounds++
	c.quiet++
	c.queue.endRound()
	c.vary()
	if c.phase == delayStarting && c.rounds > 1 {
		c.begin.climb(c.rate, c.pipe, c.rounds)
	}
	if part, crowded := c.losses.crowded(); crowded {
		c.makeRoom(now, part)
	}
}

// makeRoom lowers the rate to what came through, because more was lost than the path loses
// anyway, and to a part of it, in 1024ths. If the peer's clock does not even tell that, it is
// lowered all the same.
func (c *DelayBased) makeRoom(now, part int64) {
	was := c.rate
	switch p, ok := c.flow.over(c.span(), paceBytes); {
	case !ok:
		c.rate -= c.rate / 4
	case c.phase == delayStarting:
		c.rate = min(c.rate, c.losses.carried(p))
	default: // the window may have made a gap
		c.rate = min(c.rate, max(c.losses.carried(p), c.rate/2))
	}
	c.rate = min(c.rate, was*part/1024)
	c.cut, c.quiet = now, 0
	if c.losses.ours || c.phase == delayStarting {
		c.quiet = -crowdedRounds
	}
	c.phase = delayCruising
}

// backOff slows down for what is no loss but says that too much is sent, once in a round trip: a
// queue inside of a carrier, or packets that were marked (RFC 8511 takes a fifth for these).
func (c *DelayBased) backOff(now, sentAt int64) {
	if sentAt < c.cut {
		return
	}
	c.cut, c.quiet, c.phase = now, 0, delayCruising
	c.rate = c.bound(c.rate - c.rate/5)
	c.varies = variation{} // what is told how long its queue may be needs to learn it no other way
	c.rivals.lost(now, sentAt)
}

// start lets the rate grow until something says that it is enough.
func (c *DelayBased) start(s *AckSample) {
	if !s.AppLimited {
		c.begin.grow(int64(s.Bytes))
	}
	pipe := max(c.pipe, s.MinRTT)
	c.rate = max(c.rate, perSecond(c.begin.window, pipe))
	wait := c.queue.wait
	if !s.HasOneWay { // acks that do not say when: then the round trip does
		wait = s.RTT - s.MinRTT
	}
	// Ten packets may leave together when credit comes; on a slow path that would be too much to wait.
	allowed := mulDiv(c.target(c.rate), second, c.rate) + min(mulDiv(initialWindow, second, c.rate), pipe/8)
	switch train := s.HasOneWay && c.begin.follow(*c.flow.last()); {
	case train && c.rounds <= 1 && c.begin.hint < c.rate:
		c.rate = c.begin.hint
	case train && c.rounds <= 1:
		c.begin.climb(c.rate, pipe, c.rounds)
		return
	case c.rounds > 1 && c.begin.waited(wait, allowed):
		if p, ok := c.flow.over(c.smooth/4, paceBytes); ok && !p.limited {
			c.rate = min(c.rate, c.losses.carried(p))
		}
	case c.begin.at > 0 && c.rounds > c.begin.at+1:
	default:
		return
	}
	c.phase, c.quiet = delayCruising, 0
}

// cruise sets the rate by what came through and what of ours waits. A difference is made up for
// within two round trips: what is decided shows after one and a half, with the time over which is
// measured, and π/2 of that would be the limit of stability.
func (c *DelayBased) cruise(now int64) {
	wait, span := c.queue.queue(), c.span()
	if bytesIn(c.rate, wait) > 3*c.target(c.rate) {
		span /= 4 // quick, now that there is enough to measure
	}
	p, ok := c.flow.over(span, paceBytes)
	if !ok {
		return
	}
	if p.limited { // what waits may be what was held up before: it came through since then
		p.passed = max(p.passed, c.flow.shown(paceBytes))
		p.delivered = max(p.delivered, p.passed)
	}
	carried := c.losses.carried(p)
	target, own := c.target(carried), bytesIn(carried, wait)
	correction := perSecond(abs(target-own), 2*max(c.pipe, leastSpan/2, mulDiv(fewBytes, second, max(carried, 1))))
	// Beside what the link does by itself half of what is ours is enough.
	enough := target - (ownBytes+bytesIn(carried, ownWait))/2
	if own >= enough {
		c.quiet = min(c.quiet, 0)
	}
	switch {
	case own > target: // the window drains what is much too long
		c.rate = carried - min(correction, carried/8)
	case c.quiet < 0:
	case !p.limited && own >= enough: // the place was busy: so much it carries; a quarter, for jitter
		c.rate += (carried + correction - c.rate) / 4
	case !p.limited:
		c.rate = max(c.rate, carried+correction+c.growth(carried))
	default:
		if shown := c.flow.shown(paceBytes); shown > 0 {
			c.rate = max(c.rate, shown+correction+min(c.growth(shown), shown/8)) // which stays if it is too much
		}
	}
	if !p.limited {
		c.mayLook(now, min(carried, c.rate), wait)
	}
}

// growth is by how much the rate grows because there is more to be had.
func (c *DelayBased) growth(rate int64) int64 {
	rounds := c.quiet - quietRounds
	if rounds <= 0 {
		return 0
	}
	if c.losses.ours && bytesIn(rate, c.queue.peak) < 2*c.target(rate) {
		return rate >> slowGrowth // there is no queue that would show when it is enough
	}
	return rate >> max(fastGrowth, slowGrowth-rounds*(rounds-1)/2)
}

// mayLook begins a look if it is time for one and something would be learned.
func (c *DelayBased) mayLook(now, rate, wait int64) {
	lost := int64(0)
	if c.losses.doubtful() {
		lost = c.losses.usual.part()
	}
	if now >= c.look.next && !c.look.due && (now-c.empty > lookEvery || lost > 0) {
		c.look.start(now, c.pipe, rate, wait, lost)
	}
}

// learn draws the conclusions of a look.
func (c *DelayBased) learn(now int64) {
	c.quiet = min(c.quiet, 0) // the queue was to be empty
	c.look.next = now + lookEvery
	if !c.losses.judge() && c.losses.doubtful() {
		c.look.next = now + 2*c.pipe
	}
}
