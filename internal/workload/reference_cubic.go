package workload

import "github.com/tickwire/tickwire/endpoint"

// A cubic is CUBIC (RFC 9438) as a controller of an endpoint: the window of cubic.go, paced.
type cubic struct {
	window   cubicWindow
	recovery int64 // losses of what was sent before belong to one event
	rtt      int64
}

func newCubic() *cubic { return &cubic{window: newCubicWindow(), recovery: -1, rtt: second / 10} }

// Sent implements endpoint.Controller.
func (c *cubic) Sent(now int64, bytes, inFlight int) {}

// Acked implements endpoint.Controller.
func (c *cubic) Acked(now int64, s endpoint.AckSample) {
	c.rtt = max(s.SmoothRTT, 1)
	if s.SentAt > c.recovery && !s.AppLimited {
		c.window.acked(now, int64(s.Bytes)*segment/packet, c.rtt)
	}
}

// Lost implements endpoint.Controller.
func (c *cubic) Lost(now int64, s endpoint.LossSample) {
	if s.SentAt > c.recovery {
		c.recovery = now
		c.window.lost()
	}
}

// Spurious implements endpoint.Controller.
func (c *cubic) Spurious(now int64, s endpoint.LossSample) {}

// WindowBytes implements endpoint.Controller.
func (c *cubic) WindowBytes() int { return int(c.window.cwnd * packet / segment) }

// BytesPerSecond implements endpoint.Controller: the window and a quarter in a round trip, twice
// the window in slow start, as Linux paces.
func (c *cubic) BytesPerSecond() int {
	rate := perSecond(c.WindowBytes(), c.rtt)
	if c.window.cwnd < c.window.threshold {
		return 2 * rate
	}
	return rate * 5 / 4
}
