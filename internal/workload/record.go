package workload

import (
	"cmp"
	"slices"
	"time"

	"github.com/tickwire/tickwire/internal/config"
)

// A Record is what was seen of a flow that somebody else played, in real time and over a relay:
// programs that speak other protocols, for example. Times count from when the sender began.
type Record struct {
	// Messages is how many of the stream were due; Latency, how long those took that arrived,
	// since then.
	Messages int
	Latency  []time.Duration
	// Got is what the receiver was given, in order.
	Got []Arrival
	// Passed are the datagrams that passed the bottleneck on the way up, in order.
	Passed []Passage
	// Laid is when the links were laid, and a trace began; it is not after the beginning.
	Laid time.Duration
	// Up and Down are what both ends have sent.
	Up, Down Traffic
}

// An Arrival is payload that a receiver was given.
type Arrival struct {
	At    time.Duration
	Bytes int
}

// A Passage is a datagram that came to the link, passed its bottleneck, and arrived, or was lost
// behind it: Never.
type Passage struct {
	Sent, Through, Arrives time.Duration
	Bytes                  int // with all headers
}

// Judge makes a Result of a Record of the cell, with the figures that Run would give it. Only
// Stream, Bulk and Mixed can be judged.
func (c Cell) Judge(rec *Record) (Result, error) {
	if err := c.Validate(); err != nil {
		return Result{}, err
	}
	if c.Workload > Mixed {
		return Result{}, config.Wrong("Workload", c.Workload, "stream, bulk or mixed: a record has one flow")
	}
	c = c.withDefaults()
	c.Up.OverheadBytes = headerBytes
	c.Up.TraceOffset += max(0, -rec.Laid)
	res := Result{Messages: rec.Messages, Missing: rec.Messages - len(rec.Latency), Up: rec.Up, Down: rec.Down}
	late := make([]time.Duration, 0, rec.Messages)
	for _, l := range rec.Latency {
		late = append(late, l-c.Up.Delay)
	}
	for range res.Missing {
		late = append(late, Never)
	}
	res.Latency = newSpread(late)
	if c.Workload == Stream {
		res.BareBytes = StreamBytes + headerBytes
	}
	if !narrowed(c.Up) {
		return res, nil
	}
	n, fresh := rec.passages(&c, &res)
	rec.arrivals(&c, &res)
	res.Queue = newSpread(n.waits)
	return res, res.measure(&c, n, fresh)
}

// passages looks at what passed the bottleneck.
func (rec *Record) passages(c *Cell, res *Result) (*neck, *freshness) {
	n := &neck{cfg: narrow(c.Up), from: int64(c.Settle), to: int64(c.For)}
	next := c.Every
	for _, p := range rec.Passed {
		for c.Every > 0 && next <= c.For && p.Through > next {
			res.Series = append(res.Series, Point{At: next, Queue: n.longest})
			n.longest, next = 0, next+c.Every
		}
		n.passed(int64(p.Through), int64(p.Sent), p.Bytes)
	}
	for ; c.Every > 0 && next <= c.For; next += c.Every {
		res.Series = append(res.Series, Point{At: next, Queue: n.longest})
		n.longest = 0
	}
	byArrival := slices.Clone(rec.Passed)
	slices.SortStableFunc(byArrival, func(a, b Passage) int { return cmp.Compare(a.Arrives, b.Arrives) })
	fresh := &freshness{since: int64(c.Settle)}
	for _, p := range byArrival {
		if p.Arrives <= c.For {
			fresh.heard(int64(p.Arrives), int64(p.Sent))
		}
	}
	return n, fresh
}

// arrivals looks at what the receiver was given.
func (rec *Record) arrivals(c *Cell, res *Result) {
	ramp := newRamp(0, c.ceiling(c.Up.BitsPerSecond))
	got := meter{from: int64(c.Settle), to: int64(c.For), watch: ramp.add}
	for _, a := range rec.Got {
		got.add(int64(a.At), a.Bytes)
		if i := int((a.At - 1) / max(c.Every, 1)); a.At > 0 && i < len(res.Series) {
			res.Series[i].Goodput += float64(a.Bytes) * 8 / c.Every.Seconds()
		}
	}
	res.Goodput, res.Payload, res.RampUp = got.perSecond(), got.total, ramp.reached
}
