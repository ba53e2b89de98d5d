package workload

import (
	"math"
	"slices"
	"time"
)

// Never is a duration that did not end.
const Never = time.Duration(math.MaxInt64)

// A Spread is the distribution of durations: exact percentiles of all samples.
type Spread struct {
	N                  int
	P50, P95, P99, Max time.Duration
}

// newSpread sorts the samples and takes their percentiles, by nearest rank: P95 is the smallest
// sample that 95 % do not exceed.
func newSpread(samples []time.Duration) Spread {
	n := len(samples)
	if n == 0 {
		return Spread{}
	}
	slices.Sort(samples)
	rank := func(per100 int) time.Duration { return samples[(n*per100+99)/100-1] }
	return Spread{N: n, P50: rank(50), P95: rank(95), P99: rank(99), Max: samples[n-1]}
}

// A ramp finds when a window of time ended in which enough was received, for the first time.
type ramp struct {
	from    int64 // it is looked for from then on
	target  int   // bytes in a window; 0: nobody knows what is enough
	bytes   int   // in the window that ends now
	arrived []arrival
	reached time.Duration // since from
}

type arrival struct {
	at    int64
	bytes int
}

// What counts as the whole rate: nine tenths of what is possible, over as long as a link with a
// long round trip needs to show something.
const (
	rampShare  = 0.9
	rampWindow = 200 * time.Millisecond
)

func newRamp(from int64, ceiling float64) ramp {
	return ramp{from: from, target: int(ceiling / 8 * rampShare * rampWindow.Seconds()), reached: Never}
}

func (r *ramp) add(now int64, bytes int) {
	if r.target == 0 || r.reached != Never || now < r.from {
		return
	}
	r.arrived, r.bytes = append(r.arrived, arrival{now, bytes}), r.bytes+bytes
	for r.arrived[0].at <= now-int64(rampWindow) {
		r.bytes -= r.arrived[0].bytes
		r.arrived = r.arrived[1:]
	}
	if r.bytes >= r.target {
		r.reached = time.Duration(now - r.from)
	}
}

// A calm finds when a queue became short, and was so for a while.
type calm struct {
	from, last int64 // last: when something came out that had waited for too long
	reached    time.Duration
}

const (
	shortQueue = 20 * time.Millisecond
	calmWindow = 200 * time.Millisecond
)

// stop ends the time in which a queue can become short.
func (c *calm) stop(now int64) {
	c.look(now, 0)
	c.from = never
}

func newCalm(from int64) calm { return calm{from: from, last: from, reached: Never} }

// look is told how long something waited that came out now.
func (c *calm) look(now int64, wait time.Duration) {
	if now < c.from || c.reached != Never {
		return
	}
	if now-c.last >= int64(calmWindow) {
		c.reached = time.Duration(c.last - c.from)
	} else if wait > shortQueue {
		c.last = now
	}
}

// A meter counts the payload that arrived, and that which did so within a time.
type meter struct {
	from, to     int64
	total, bytes int
	watch        func(now int64, bytes int) // sees all of it; may be nil
}

func (m *meter) add(now int64, bytes int) {
	m.total += bytes
	if m.watch != nil {
		m.watch(now, bytes)
	}
	if now > m.from && now <= m.to {
		m.bytes += bytes
	}
}

// perSecond is in bits.
func (m *meter) perSecond() float64 {
	return float64(m.bytes) * 8 / time.Duration(m.to-m.from).Seconds()
}
