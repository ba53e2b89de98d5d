package workload

import (
	"time"

	"github.com/tickwire/tickwire/simnet"
)

// A neck is the narrow place of a direction: the queue and the rate of a link, and nothing else
// of it. It knows whose datagram comes out, and how long it has waited.
type neck struct {
	link    *simnet.Link // nil: there is no narrow place
	cfg     simnet.LinkConfig
	fifo    []crossing // what is inside, in order
	first   int
	waits   []time.Duration // of the datagrams that came out since since
	since   int64
	longest time.Duration // wait since the last point of a series
}

// A crossing is a datagram that is in the queue or on its way through.
type crossing struct {
	flow int
	sent int64
	size int // with headers
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

// newNeck takes the narrow place of a configuration, in which headers are counted.
func newNeck(cfg simnet.LinkConfig, since int64) (*neck, error) {
	n := &neck{cfg: narrow(cfg), since: since}
	if cfg.BitsPerSecond == 0 && cfg.Trace == nil {
		return n, cfg.Validate()
	}
	var err error
	n.link, err = simnet.NewLink(0, n.cfg, 1)
	return n, err
}

// send puts a datagram of a flow into the queue, if it has room.
func (n *neck) send(now int64, flow int, b []byte) {
	before := n.link.Stats()
	n.link.Send(now, b)
	if n.link.Stats().Queued+n.link.Stats().InFlight > before.Queued+before.InFlight {
		n.fifo = append(n.fifo, crossing{flow, now, len(b) + n.cfg.OverheadBytes})
	}
}

// receive returns the next datagram that is through, and whose it is.
func (n *neck) receive(now int64) (flow int, b []byte, ok bool) {
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
	wait := max(0, time.Duration(now-c.sent-n.crossingTime(c.size)))
	n.longest = max(n.longest, wait)
	if c.sent >= n.since {
		n.waits = append(n.waits, wait)
	}
	return c.flow, b, true
}

// crossingTime is how long a datagram takes that does not wait; on a trace it is part of the wait.
func (n *neck) crossingTime(size int) int64 {
	if n.cfg.BitsPerSecond == 0 {
		return 0
	}
	return int64(size) * 8 * int64(time.Second) / n.cfg.BitsPerSecond
}

func (n *neck) next() int64 {
	if n.link == nil {
		return never
	}
	if at, ok := n.link.Next(); ok {
		return at
	}
	return never
}
