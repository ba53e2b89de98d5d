package workload

import "github.com/tickwire/tickwire/endpoint"

// A ledbat is LEDBAT, RFC 6817: a window that grows by as much as TCP's at most while the
// one-way delay is the shortest that was seen in ten minutes, and less the closer it comes to a
// target of 100 ms above that; beyond it shrinks. A loss halves it once in a round trip.
type ledbat struct {
	window   int64 // bytes
	base     [10]int64
	minutes  int
	minuteAt int64
	current  [4]int64 // the last delays, of which the least counts
	samples  int
	rtt      int64
	recovery int64
}

const ledbatTarget = second / 10 // 2.5: at most 100 ms

func newLEDBAT() *ledbat {
	return &ledbat{window: 2 * packet, rtt: second / 10, recovery: -1}
}

// Sent implements endpoint.Controller.
func (c *ledbat) Sent(now int64, bytes, inFlight int) {}

// Acked implements endpoint.Controller (2.4.2).
func (c *ledbat) Acked(now int64, s endpoint.AckSample) {
	c.rtt = max(s.SmoothRTT, 1)
	if delay, ok := s.OneWay, s.HasOneWay; ok {
		c.sample(now, delay)
	}
	if c.samples == 0 || s.AppLimited {
		return
	}
	off := ledbatTarget - c.queue()
	grow := int64(s.Bytes) * packet / c.window * (off / 1000) / (ledbatTarget / 1000)
	c.window = max(c.window+grow, 2*packet)
}

// sample takes a one-way delay, of which only differences count.
func (c *ledbat) sample(now, delay int64) {
	if c.samples == 0 {
		c.minuteAt, c.base[0] = now, delay
	}
	if now-c.minuteAt >= 60*second {
		c.minutes, c.minuteAt = c.minutes+1, now
		c.base[c.minutes%len(c.base)] = delay
	}
	b := &c.base[c.minutes%len(c.base)]
	*b = min(*b, delay)
	c.current[c.samples%len(c.current)] = delay
	c.samples++
}

// queue is the delay above the shortest one.
func (c *ledbat) queue() int64 {
	least := c.current[0]
	for _, d := range c.current[:min(c.samples, len(c.current))] {
		least = min(least, d)
	}
	base := c.base[0]
	for _, d := range c.base[:min(c.minutes+1, len(c.base))] {
		base = min(base, d)
	}
	return least - base
}

// Lost implements endpoint.Controller.
func (c *ledbat) Lost(now int64, s endpoint.LossSample) {
	if s.SentAt > c.recovery {
		c.recovery = now
		c.window = max(c.window/2, 2*packet)
	}
}

// Spurious implements endpoint.Controller.
func (c *ledbat) Spurious(now int64, s endpoint.LossSample) {}

// WindowBytes implements endpoint.Controller.
func (c *ledbat) WindowBytes() int { return int(c.window) }

// BytesPerSecond implements endpoint.Controller.
func (c *ledbat) BytesPerSecond() int { return perSecond(int(c.window), c.rtt) * 5 / 4 }
