package workload

import (
	"time"

	"github.com/tickwire/tickwire/simnet"
)

// A neck is the narrow place of a direction: the queue and the rate of a link, and nothing else
// of it. It is apart from the rest so that several flows may cross it, and so that one can see how
// long a datagram waits there. A link of simnet has the same two parts in the same order.
type neck struct {
	link  *simnet.Link // nil: there is no narrow place
	cfg   simnet.LinkConfig
	fifo  []crossing // what is inside, in order
	first int

	from, to int64           // in this time count
	waits    []time.Duration // of what came out
	through  int             // bytes that came out, with all headers
	longest  time.Duration   // wait since the last point of a series
	calm     calm
}

// A crossing is a datagram that is in the queue or on its way through.
type crossing struct {
	flow int
	sent int64
	size int // with all headers
}

// air is what a link does behind its narrow place.
func air(cfg simnet.LinkConfig) simnet.LinkConfig {
	cfg.BitsPerSecond, cfg.Trace, cfg.TraceOffset = 0, nil, 0
	cfg.QueuePackets, cfg.QueueBytes, cfg.MarkPackets = 0, 0, 0
	return cfg
}

// narrow is what air leaves out.
func narrow(cfg simnet.LinkConfig) simnet.LinkConfig {
	return simnet.LinkConfig{
		BitsPerSecond: cfg.BitsPerSecond, Trace: cfg.Trace, TraceOffset: cfg.TraceOffset,
		QueuePackets: cfg.QueuePackets, QueueBytes: cfg.QueueBytes, MarkPackets: cfg.MarkPackets,
		OverheadBytes: cfg.OverheadBytes, MTU: cfg.MTU, MaxBytes: cfg.MaxBytes,
	}
}

func newNeck(cfg simnet.LinkConfig, from, to int64) (*neck, error) {
	n := &neck{cfg: narrow(cfg), from: from, to: to}
	if !narrowed(cfg) {
		return n, cfg.Validate()
	}
	var err error
	n.link, err = simnet.NewLink(0, n.cfg, 1)
	return n, err
}

// setRate changes the rate.
func (n *neck) setRate(now, bitsPerSecond int64) error {
	n.cfg.BitsPerSecond = bitsPerSecond
	return n.link.SetConfig(now, n.cfg)
}

// inside is how many datagrams there are.
func (n *neck) inside() int {
	s := n.link.Stats()
	return s.Queued + s.InFlight
}

// send puts a datagram of a flow into the queue, if it has room.
func (n *neck) send(now int64, id int, b []byte) {
	before := n.inside()
	if n.link.Send(now, b); n.inside() > before {
		n.fifo = append(n.fifo, crossing{id, now, len(b) + n.cfg.OverheadBytes})
	}
}

// receive returns the next datagram that is through, and whose it is.
func (n *neck) receive(now int64) (id int, b []byte, ok bool) {
	if n.link == nil {
		return 0, nil, false
	}
	if b, ok = n.link.Receive(now); !ok {
		return 0, nil, false
	}
	c := n.fifo[n.first]
	if n.first++; 2*n.first >= len(n.fifo) {
		n.fifo = n.fifo[:copy(n.fifo, n.fifo[n.first:])]
		n.first = 0
	}
	n.passed(now, c.sent, c.size)
	return c.flow, b, true
}

// passed takes note of a datagram that is through.
func (n *neck) passed(now, sent int64, size int) {
	wait := max(0, time.Duration(now-sent-n.crossingTime(size)))
	n.longest = max(n.longest, wait)
	n.calm.look(now, wait)
	if now > n.from && now <= n.to {
		n.waits = append(n.waits, wait)
		n.through += size
	}
}

// crossingTime is how long a datagram takes that does not wait; on a trace that is part of the
// wait.
func (n *neck) crossingTime(size int) int64 {
	if n.cfg.BitsPerSecond == 0 {
		return 0
	}
	return int64(size) * 8 * int64(time.Second) / n.cfg.BitsPerSecond
}

func (n *neck) next() int64 {
	if n.link != nil {
		if at, ok := n.link.Next(); ok {
			return at
		}
	}
	return never
}
