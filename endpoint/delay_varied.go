package endpoint

// A variation tells a path whose capacity changes by itself, as a mobile link's does with each turn
// of its scheduler, from one that only this flow and others change. It compares what came through
// in a round trip with what did in the one before: on a steady path, with jitter of 30 ms too, that
// differs by less than a tenth, on recorded mobile links by 15 to 40 %.
//
// There a rate that is steered towards comes late: what was decided shows after the capacity has
// changed again. So the window is set to what came through in the latest moment, for a round trip
// and variedWait of waiting, and acknowledgements decide when the next packet leaves, as
// they do for Sprout-EWMA (Winstein and others, NSDI 2013). A rise empties the queue and shows
// at once by more that comes through; a fall lets next to nothing in.
type variation struct {
	before int64 // what came through in the round trip before, in bytes a second
	share  int64 // by which it differs, in 1024ths, on average
	varied bool
	rate   int64 // at which it came through in the latest moment
}

const (
	// variedFrom and variedUntil, in 1024ths, are where a path begins and ceases to count as varied:
	// an eighth, which jitter of 30 ms does not reach, and what is above two flows that share.
	variedFrom, variedUntil = 128, 80
	// variedWait is for how long packets shall wait: half a round trip, since news of a rise take
	// one, and no less than this. Over 17 traces, recorded and generated, with a round trip of 40 ms
	// 20 ms use 90 % of the capacity, 30 ms 93, and 35 ms 94 with packets that wait for a tenth
	// longer; with 100 ms 30 ms use 87 % and 50 ms 91. A third of CUBIC's delay behind 100 packets asks
	// for less, a longer way for more.
	variedWait     = 30 * millisecond
	mostVariedWait = 60 * millisecond
	// variedSpans is the part of a round trip that is the latest moment, variedLeast its least: what
	// a scheduler needs for some of its turns of a millisecond. With a whole round trip, and at the
	// same delay, 90 % of the capacity are used in place of 94.
	variedSpans = 8
	variedLeast = 10 * millisecond
)

// endRound takes what came through in a round trip.
func (v *variation) endRound(rate int64) {
	if v.before > 0 {
		v.share += (abs(rate-v.before)*1024/max(rate, v.before, 1) - v.share) / 16
	}
	v.before = rate
	v.varied = v.share > variedFrom || v.varied && v.share > variedUntil
}

// vary takes note at the end of a round trip of how much what comes through varies. Who has too
// little to send, or sends less to look, makes it vary himself.
func (c *DelayBased) vary() {
	p, ok := c.flow.over(c.smooth, paceBytes)
	if !ok || p.limited || c.phase == delayStarting || c.look.due {
		c.varies.before = 0
		return
	}
	c.rivals.best.add(c.now, -p.passed, bestSpan)
	if c.rivals.on {
		c.varies.before = 0
		return
	}
	was := c.varies.varied
	if c.varies.endRound(p.passed); c.varies.varied && !was {
		c.varies.rate = p.passed
	}
}

// follow sets the rate to what came through.
func (c *DelayBased) follow() {
	latest, ok := c.flow.over(min(max(c.smooth/variedSpans, variedLeast), mostSpan), paceBytes)
	if !ok {
		return
	}
	if carried := c.losses.carried(latest); carried > c.varies.rate || !latest.limited {
		c.varies.rate = carried
	}
	if p, ok := c.flow.over(c.span(), paceBytes); ok && !p.limited {
		c.rate = c.losses.carried(p)
	}
}

// variedWait is for how long packets shall wait on a varied path.
func (c *DelayBased) variedWait() int64 { return min(max(c.pipe/2, variedWait), mostVariedWait) }
