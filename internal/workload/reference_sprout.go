package workload

import "github.com/tickwire/tickwire/endpoint"

// A sprout is Sprout-EWMA: Winstein, Sivaraman and Balakrishnan, "Stochastic Forecasts Achieve
// High Throughput and Low Delay over Cellular Networks", NSDI 2013, section 5.3. It takes the
// average rate at which the link delivered, in steps of 20 ms, for the forecast, and lets so much
// be under way that the forecast empties the queue within 100 ms. In the paper the receiver
// measures; here the sender does, from acknowledgements, which come half a round trip later: that
// time is added to the 100 ms. Steps in which the sender left the link idle do not count.
type sprout struct {
	rate     int // bytes a second
	stepAt   int64
	acked    int   // in the step
	idle     bool  // something in the step says less than what the link can take
	shortest int64 // round trip; none is forgotten: its own queue is always there
}

const (
	sproutStep  = second / 50
	sproutAhead = second / 10
	sproutFirst = initialWindow * 5 // bytes a second before anything is known
)

func newSprout() *sprout { return &sprout{rate: sproutFirst} }

// Sent implements endpoint.Controller.
func (c *sprout) Sent(now int64, bytes, inFlight int) {}

// Acked implements endpoint.Controller.
func (c *sprout) Acked(now int64, s endpoint.AckSample) {
	if s.RTT > 0 && (c.shortest == 0 || s.RTT < c.shortest) {
		c.shortest = s.RTT
	}
	if c.stepAt == 0 {
		c.stepAt = now
	}
	// A round trip that is no longer than the shortest one met no queue: the link could do more.
	c.idle = c.idle || s.AppLimited || s.RTT < c.shortest+sproutStep/2
	for now-c.stepAt >= sproutStep {
		c.step()
	}
	c.acked += s.Bytes
}

// step ends 20 ms. A step that met no queue tells the least that the link can do.
func (c *sprout) step() {
	seen := perSecond(c.acked, sproutStep)
	if !c.idle || seen > c.rate {
		c.rate += (seen - c.rate) / 8
	}
	c.stepAt, c.acked, c.idle = c.stepAt+sproutStep, 0, false
}

// Lost implements endpoint.Controller.
func (c *sprout) Lost(now int64, s endpoint.LossSample) {}

// Spurious implements endpoint.Controller.
func (c *sprout) Spurious(now int64, s endpoint.LossSample) {}

// WindowBytes implements endpoint.Controller.
func (c *sprout) WindowBytes() int {
	return max(inTime(c.rate, sproutAhead+c.shortest/2), smallWindow)
}

// BytesPerSecond implements endpoint.Controller: twice the forecast, for the window decides.
func (c *sprout) BytesPerSecond() int { return 2 * max(c.rate, sproutFirst) }
