package timeline

import "time"

// A Sample is one exchange of clocks, what NTP calls T1 to T4 (RFC 5905, 8): Sent and Received by
// the own clock, Arrived and Answered by the peer's.
type Sample struct {
	Sent     time.Duration // a packet left here
	Arrived  time.Duration // and came to the peer
	Answered time.Duration // its answer left there
	Received time.Duration // and came here
}

// offset is how far the peer's clock is ahead if both ways took as long.
func (s Sample) offset() time.Duration {
	return (s.Arrived - s.Sent + s.Answered - s.Received) / 2
}

// delay is how long the packets were under way, both ways together.
func (s Sample) delay() time.Duration { return s.Received - s.Sent - (s.Answered - s.Arrived) }

// A Clock estimates what the peer's clock shows. The zero value knows nothing.
//
// A packet that waited in a queue tells less than one that did not: of each half second the
// sample with the shortest delay is kept, for half a minute, and a straight line is laid through
// the kept ones, each weighed by how much longer than the shortest it was under way. The slope of
// the line is the drift.
//
// What no exchange can tell is how a delay is divided between the two ways: if one of them takes
// longer the estimate is off by half of the difference, at most by Uncertainty (RFC 5905, 8). But
// no clock outside of what both ways leave possible is believed: three samples in a row that
// contradict the estimate begin it anew.
type Clock struct {
	points [clockPoints]point // a ring: the best of each interval
	n      int                // how many there were
	newest Sample
	doubts int // samples in a row that contradict the line

	// The line: offset at a time of the own clock, and how it grows.
	at     time.Duration
	offset float64 // nanoseconds
	drift  float64 // nanoseconds in a nanosecond
	least  time.Duration
}

// A point is the best sample of an interval.
type point struct {
	from   time.Duration // when its interval began, by the own clock
	at     time.Duration // the middle of the exchange
	offset time.Duration
	delay  time.Duration
}

const (
	clockPoints   = 64
	pointInterval = 500 * time.Millisecond

	// clockGrain is what the units of the wire take from a sample: 64 µs of the peer's clock and
	// up to 128 µs of the time that it held the answer (SPEC.md, 6.1).
	clockGrain = 200 * time.Microsecond

	// usualDrift is how far crystals are apart: most within 100 millionths. A few samples can
	// not show a drift; until there are more of them the line stays near to this (a ridge).
	usualDrift = 100e-6

	// maxDrift is more than any sane crystal does (RFC 5905, PHI and the limit of the discipline).
	maxDrift = 500e-6

	// clockDoubts samples in a row must contradict the line: one may be of a lying or restarted peer.
	clockDoubts = 3
)

// Add takes a sample. False: it cannot be true, or contradicts what is known, and was not used. So
// it is with the zero Sample, which nobody has measured.
func (c *Clock) Add(s Sample) bool {
	if s == (Sample{}) || s.Answered < s.Arrived || s.delay() < -clockGrain || c.n > 0 && s.Received < c.newest.Received {
		return false
	}
	if c.n > 0 && c.contradicts(s) {
		if c.doubts++; c.doubts < clockDoubts {
			return false
		}
		*c = Clock{}
	}
	c.doubts, c.newest = 0, s
	c.keep(point{s.Sent, s.Sent + (s.Received-s.Sent)/2, s.offset(), max(s.delay(), 0)})
	c.fit()
	return true
}

// contradicts reports whether by the line, and as far as that may be off, a packet arrived before
// it was sent.
func (c *Clock) contradicts(s Sample) bool {
	slack := c.Uncertainty() + time.Duration(maxDrift*float64(s.Received-c.newest.Received))
	return c.At(s.Sent) > s.Arrived+slack || c.At(s.Received) < s.Answered-slack
}

// keep notes a point, if it is the best of its interval so far.
func (c *Clock) keep(p point) {
	if c.n > 0 {
		last := &c.points[(c.n-1)%clockPoints]
		if p.from-last.from < pointInterval {
			if p.delay < last.delay {
				p.from = last.from
				*last = p
			}
			return
		}
	}
	c.points[c.n%clockPoints] = p
	c.n++
}

// fit lays the line: least squares with weights, and the ridge for the slope.
func (c *Clock) fit() {
	points := c.points[:min(c.n, clockPoints)]
	c.least = points[0].delay
	for _, p := range points {
		c.least = min(c.least, p.delay)
	}
	origin := c.newest.Received // numbers stay small when they are taken from here
	var w, wt, wo float64
	for _, p := range points {
		weight := p.weight(c.least)
		w += weight
		wt += float64(weight * float64(p.at-origin))
		wo += float64(weight * float64(p.offset-points[0].offset))
	}
	meanT, meanO := wt/w, wo/w
	tt, to := 1/(usualDrift*usualDrift), 0.0
	for _, p := range points {
		weight, t := p.weight(c.least), float64(p.at-origin)-meanT
		tt += float64(weight * t * t)
		to += float64(weight * t * (float64(p.offset-points[0].offset) - meanO))
	}
	c.drift = min(max(to/tt, -maxDrift), maxDrift)
	c.at = origin + time.Duration(meanT)
	c.offset = float64(points[0].offset) + meanO
}

// weight is one over the square of how far off the point may be: half of what it was under way
// longer than the best.
func (p point) weight(least time.Duration) float64 {
	off := float64(clockGrain + (p.delay-least)/2)
	return 1 / float64(off*off)
}

// known reports whether the peer's time is known: that of no Clock is the own one.
func (c *Clock) known() bool { return c == nil || c.Synced() }

// peer is At, of no Clock as well.
func (c *Clock) peer(now time.Duration) time.Duration {
	if c == nil {
		return now
	}
	return c.At(now)
}

// Synced reports whether there was any sample.
func (c *Clock) Synced() bool { return c.n > 0 }

// Offset is how far the peer's clock is ahead of the own one at a time of the own one.
func (c *Clock) Offset(now time.Duration) time.Duration {
	return time.Duration(c.offset + float64(c.drift*float64(now-c.at)))
}

// At is what the peer's clock shows when the own one shows now.
func (c *Clock) At(now time.Duration) time.Duration { return now + c.Offset(now) }

// Own is what the own clock shows when the peer's one shows at.
func (c *Clock) Own(at time.Duration) time.Duration {
	now := at - c.Offset(at-time.Duration(c.offset))
	return at - c.Offset(now)
}

// Drift is how much faster the peer's clock runs, as a fraction: 100e-6 are 8.6 seconds a day.
func (c *Clock) Drift() float64 { return c.drift }

// Delay is the shortest time that packets were under way lately, both ways together.
func (c *Clock) Delay() time.Duration { return c.least }

// Uncertainty is how far the estimate may be off: half of the shortest delay, as if all of it had
// gone into one direction.
func (c *Clock) Uncertainty() time.Duration { return c.least/2 + clockGrain }

// Reset forgets everything, as for another peer.
func (c *Clock) Reset() { *c = Clock{} }
