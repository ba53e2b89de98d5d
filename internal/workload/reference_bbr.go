package workload

import "github.com/tickwire/tickwire/endpoint"

// A bbr is the first version of BBR: Cardwell, Cheng, Gunn, Yeganeh and Jacobson, "BBR:
// Congestion-Based Congestion Control", ACM Queue 14(5), 2016. It keeps two estimates, the largest
// delivery rate of the last ten round trips and the shortest round trip of the last ten seconds,
// and sends at the one, with twice their product in flight at most. Losses mean nothing to it.
//
//	startup → drain → probeBW ⇄ probeRTT
type bbr struct {
	state      bbrState
	rates      [10]int // the largest of each of the last rounds, in a ring
	rounds     int
	round      round
	shortest   int64 // round trip
	shortestAt int64
	inFlight   int

	full      int // the rate at which startup saw growth last
	stalled   int // rounds without any since
	phase     int // of probeBW
	phaseAt   int64
	probeDone int64 // when probeRTT ends; 0: the window is not small yet
	lossy     bool  // in this phase
}

type bbrState uint8

const (
	bbrStartup bbrState = iota
	bbrDrain
	bbrProbeBW
	bbrProbeRTT
)

// bbrCycle are the gains of probeBW, each for a round trip, in thousandths.
var bbrCycle = [8]int{1250, 750, 1000, 1000, 1000, 1000, 1000, 1000}

const (
	bbrHigh     = 2885 // 2/ln 2 doubles the rate in each round
	bbrRTTFor   = 10 * second
	bbrProbeFor = second / 5
)

func newBBR() *bbr { return new(bbr) }

func (c *bbr) rate() (most int) {
	for _, r := range c.rates {
		most = max(most, r)
	}
	return most
}

// product is the bandwidth-delay product.
func (c *bbr) product() int { return inTime(c.rate(), c.shortest) }

// Sent implements endpoint.Controller.
func (c *bbr) Sent(now int64, bytes, inFlight int) { c.inFlight = inFlight }

// Acked implements endpoint.Controller.
func (c *bbr) Acked(now int64, s endpoint.AckSample) {
	c.inFlight = s.InFlight
	ended := c.round.over(now, s.SentAt)
	if ended {
		c.rounds++
		c.rates[c.rounds%len(c.rates)] = 0
	}
	if s.RateSample > 0 && (!s.AppLimited || s.RateSample > c.rate()) {
		r := &c.rates[c.rounds%len(c.rates)]
		*r = max(*r, s.RateSample)
	}
	expired := c.shortest > 0 && now-c.shortestAt > bbrRTTFor
	if s.RTT > 0 && (c.shortest == 0 || s.RTT <= c.shortest || expired) {
		c.shortest, c.shortestAt = s.RTT, now
	}
	c.advance(now, ended && !s.AppLimited, expired)
}

// advance goes on to the next state when its time has come.
func (c *bbr) advance(now int64, grew, expired bool) {
	if expired && c.state != bbrProbeRTT {
		c.state, c.probeDone = bbrProbeRTT, 0
	}
	switch c.state {
	case bbrStartup:
		if !grew {
			return
		}
		if r := c.rate(); r >= c.full*5/4 {
			c.full, c.stalled = r, 0
		} else if c.stalled++; c.stalled >= 3 {
			c.state = bbrDrain
		}
	case bbrDrain:
		if c.inFlight <= c.product() {
			c.state, c.phase, c.phaseAt = bbrProbeBW, 2, now
		}
	case bbrProbeBW:
		c.cycle(now)
	case bbrProbeRTT:
		switch {
		case c.probeDone == 0 && c.inFlight <= smallWindow:
			c.probeDone = now + max(bbrProbeFor, c.shortest)
		case c.probeDone > 0 && now >= c.probeDone:
			c.shortestAt = now
			c.state, c.phase, c.phaseAt = bbrProbeBW, 2, now
			if c.stalled < 3 {
				c.state = bbrStartup
			}
		}
	}
}

// cycle begins the next phase after a round trip: that which asks for more not before it shows in
// flight, that which takes it back as soon as it has.
func (c *bbr) cycle(now int64) {
	over := now-c.phaseAt > c.shortest
	switch bbrCycle[c.phase] {
	case 1250:
		over = over && (c.lossy || c.inFlight >= c.product()*5/4)
	case 750:
		over = over || c.inFlight <= c.product()
	}
	if over {
		c.phase, c.phaseAt, c.lossy = (c.phase+1)%len(bbrCycle), now, false
	}
}

// Lost implements endpoint.Controller.
func (c *bbr) Lost(now int64, s endpoint.LossSample) { c.lossy, c.inFlight = true, s.InFlight }

// Spurious implements endpoint.Controller.
func (c *bbr) Spurious(now int64, s endpoint.LossSample) {}

// gain is that of the rate, in thousandths.
func (c *bbr) gain() int {
	switch c.state {
	case bbrStartup:
		return bbrHigh
	case bbrDrain:
		return 1_000_000 / bbrHigh
	case bbrProbeBW:
		return bbrCycle[c.phase]
	}
	return 1000
}

// WindowBytes implements endpoint.Controller.
func (c *bbr) WindowBytes() int {
	switch {
	case c.rate() == 0 || c.shortest == 0:
		return initialWindow
	case c.state == bbrProbeRTT:
		return smallWindow
	case c.state == bbrStartup, c.state == bbrDrain:
		return max(c.product()*bbrHigh/1000, initialWindow)
	}
	return max(2*c.product(), smallWindow)
}

// BytesPerSecond implements endpoint.Controller.
func (c *bbr) BytesPerSecond() int {
	if rate := c.rate(); rate > 0 {
		return rate * c.gain() / 1000
	}
	return perSecond(initialWindow, second/1000) * bbrHigh / 1000
}
