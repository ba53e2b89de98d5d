package workload

import (
	"errors"
	"time"

	"github.com/tickwire/tickwire/simnet"
)

// A run is a cell that is being played.
type run struct {
	cell   Cell
	play   *play
	talk   *conversation // the first flow; nil: that is TCP
	flows  []party
	ramp   ramp // from the beginning
	again  ramp // since the last step
	marked []int
	result Result
}

// A party plays a flow.
type party interface {
	hosts() (a, b host)
	// received counts what the second host was given.
	received() *meter
	// err is why it cannot go on.
	err() error
}

// Run plays the cell. The error is that of Validate, of the links or of the endpoints'
// configuration, or says that an endpoint broke a promise.
func (c Cell) Run() (Result, error) {
	if err := c.Validate(); err != nil {
		return Result{}, err
	}
	r := &run{cell: c.withDefaults()}
	r.cell.Up, r.cell.Down = sealed(c.Up), sealed(c.Down)
	if err := r.set(); err != nil {
		return Result{}, err
	}
	if err := r.playAll(); err != nil {
		return Result{}, err
	}
	if err := r.finish(); err != nil || c.bare || c.Workload != Stream {
		return r.result, err
	}
	bare, err := c.bareCell().Run()
	r.result.BareBytes = bare.BytesPerMessage()
	return r.result, err
}

// sealed counts the headers, and the part of the seal that our datagrams do not have.
func sealed(l simnet.LinkConfig) simnet.LinkConfig {
	if l.OverheadBytes == 0 {
		l.OverheadBytes = headerBytes
	}
	l.OverheadBytes = max(l.OverheadBytes, 0) + sealBytes - numberBytes
	return l
}

// set builds the stage.
func (r *run) set() (err error) {
	c := &r.cell
	if r.play, err = newPlay(c.Up, c.Down, int64(c.Settle), int64(c.For)); err != nil {
		return err
	}
	if err := r.addFlow(max(0, -c.Later), c.TCP); err != nil {
		return err
	}
	r.play.flows[0].fresh = &freshness{since: int64(c.Settle)}
	if c.Workload.shares() {
		if err := r.addFlow(max(0, c.Later), c.TCP || c.Workload == Rival); err != nil {
			return err
		}
	}
	r.marked = make([]int, len(r.flows))
	begin := c.bulkFrom()
	if c.Workload.shares() {
		begin = max(0, -c.Later)
	}
	r.ramp = newRamp(int64(begin), c.ceiling(c.Up.BitsPerSecond))
	r.again = newRamp(never, 0)
	r.flows[0].received().watch = func(now int64, bytes int) {
		r.ramp.add(now, bytes)
		r.again.add(now, bytes)
	}
	return nil
}

// addFlow has another flow begin at a time.
func (r *run) addFlow(from time.Duration, tcp bool) error {
	c := &r.cell
	if !c.Workload.shares() {
		from = 0
	}
	var p party
	seed := 2*c.Seed + uint64(len(r.flows))
	if tcp {
		p = newTCP(int64(from), int64(c.For))
	} else {
		v, err := newConversation(c, seed, int64(from), int64(c.For))
		if err != nil {
			return err
		}
		if len(r.flows) == 0 {
			r.talk = v
		}
		v.back = meter{from: int64(c.Settle), to: int64(c.For)}
		p = v
	}
	*p.received() = meter{from: int64(c.Settle), to: int64(c.For)}
	r.flows = append(r.flows, p)
	a, b := p.hosts()
	_, err := r.play.newFlow(a, b, c.Up, c.Down, seed)
	return err
}

// playAll plays to the end: as long as messages are sent, and then until all of the stream's have
// arrived.
func (r *run) playAll() error {
	c, steps := &r.cell, r.cell.Steps
	point := c.Every
	if point <= 0 {
		point = Never
	}
	for now := time.Duration(0); now < c.For; {
		now = min(c.For, point)
		if len(steps) > 0 {
			now = min(now, steps[0].At)
		}
		if err := r.play.run(int64(now), r.failed); err != nil {
			return err
		}
		if now == point {
			r.point(now)
			point += c.Every
		}
		if len(steps) > 0 && now == steps[0].At {
			if err := r.step(now, steps[0], len(steps) == len(c.Steps), len(steps) == 1); err != nil {
				return err
			}
			steps = steps[1:]
		}
	}
	if r.talk == nil {
		return nil
	}
	r.result.Stats = r.talk.ends[0].Stats()
	return r.play.run(int64(c.For+grace), func() bool { return r.failed() || r.talk.missing() == 0 })
}

// step changes the rate, and begins to watch what the sender makes of it.
func (r *run) step(now time.Duration, s RateStep, first, last bool) error {
	n := r.play.necks[0]
	if n.calm.to = min(n.calm.to, int64(now)); first {
		n.calm = calm{from: int64(now), to: int64(r.cell.For)}
	}
	if last {
		r.again = newRamp(int64(now), r.cell.ceiling(s.BitsPerSecond))
	}
	return n.setRate(int64(now), s.BitsPerSecond)
}

func (r *run) failed() bool { return r.err() != nil }

func (r *run) err() (err error) {
	for _, f := range r.flows {
		err = errors.Join(err, f.err())
	}
	return err
}

// point adds a point to the series.
func (r *run) point(now time.Duration) {
	n := r.play.necks[0]
	p := Point{At: now, Queue: n.longest}
	n.longest = 0
	for i, rate := range [2]*float64{&p.Goodput, &p.Other} {
		if i < len(r.flows) {
			total := r.flows[i].received().total
			*rate = float64(total-r.marked[i]) * 8 / r.cell.Every.Seconds()
			r.marked[i] = total
		}
	}
	if r.talk != nil {
		p.Rate = r.talk.ends[0].Stats().BytesPerSecond
	}
	r.result.Series = append(r.result.Series, p)
}

// finish works out the result.
func (r *run) finish() error {
	c, res, f, n := &r.cell, &r.result, r.play.flows[0], r.play.necks[0]
	if v := r.talk; v != nil {
		res.Messages, res.Missing = len(v.ends[0].sentAt), v.missing()
		for range res.Missing {
			v.latency = append(v.latency, Never)
		}
		res.Latency, res.Latencies = newSpread(v.latency), v.latency
	}
	got := r.flows[0].received()
	res.Goodput, res.Payload = got.perSecond(), got.total
	switch {
	case len(r.flows) > 1:
		res.Other = r.flows[1].received().perSecond()
	case c.Workload == Duplex:
		res.Other = r.talk.back.perSecond()
	}
	res.RampUp, res.Regained, res.Shortened = r.ramp.reached, r.again.reached, n.calm.reached()
	res.Queue = newSpread(n.waits)
	res.Up, res.Down, res.Air = f.sent[0], f.sent[1], f.airs[0].Stats()
	if n.link == nil {
		return r.err()
	}
	res.Neck = n.link.Stats()
	if err := res.measure(c, n, f.fresh); err != nil {
		return err
	}
	return r.err()
}

// measure compares what crossed the bottleneck with what could have.
func (res *Result) measure(c *Cell, n *neck, fresh *freshness) error {
	k, err := capacityOf(c)
	if err != nil {
		return err
	}
	res.Ceiling = float64(k.bytes) * 8 / (c.For - c.Settle).Seconds() * c.payloadShare()
	res.Utilization = float64(n.through) / float64(max(k.bytes, 1))
	for i := range min(len(res.Series), len(k.marks)) {
		res.Series[i].Ceiling = float64(k.marks[i]) * 8 / c.Every.Seconds() * c.payloadShare()
	}
	fresh.pass(int64(c.For))
	res.SelfInflicted = max(0, fresh.percentile(95)-k.fresh.percentile(95))
	return nil
}
