package workload

import (
	"errors"
	"math"

	"github.com/tickwire/tickwire/simnet"
)

const never = math.MaxInt64

// A host is one end of a flow: it takes datagrams and makes some.
type host interface {
	// arrive takes a datagram.
	arrive(now int64, b []byte)
	// wake does what is due.
	wake(now int64)
	// next appends the next datagram that is to go out; nothing if there is none.
	next(now int64, dst []byte) []byte
	// deadline is when wake has something to do.
	deadline() int64
}

// A flow is two hosts and what each direction does behind the bottleneck. The first host sends
// the messages.
type flow struct {
	hosts [2]host
	airs  [2]*simnet.Link // airs[0] carries from hosts[0] to hosts[1]
	dead  [2]int64        // their deadlines
	sent  [2]Traffic
	idle  int // events in a row at one time
}

// A Traffic is what a host has sent, with all headers.
type Traffic struct{ Datagrams, Bytes int }

// A play is flows over one narrow place in each direction, in virtual time that goes from event
// to event.
type play struct {
	now   int64
	necks [2]*neck
	flows []*flow
	extra int // bytes of headers that a datagram has on the wire beside its own
	buf   []byte
}

// newFlow adds a flow whose datagrams cross the given links.
func (p *play) newFlow(a, b host, up, down simnet.LinkConfig, seed uint64) error {
	f := &flow{hosts: [2]host{a, b}}
	for i, cfg := range []simnet.LinkConfig{up, down} {
		l, err := simnet.NewLink(p.now, air(cfg), seed*2+uint64(i))
		if err != nil {
			return err
		}
		f.airs[i] = l
	}
	p.flows = append(p.flows, f)
	return nil
}

var errRestless = errors.New("workload: an endpoint has a deadline that does not pass, and nothing to do")

// run lets time pass until a time, or until done.
func (p *play) run(until int64, done func() bool) error {
	for i, f := range p.flows {
		p.pump(i, f, 0)
		p.pump(i, f, 1)
	}
	for at := int64(0); !done(); {
		next := p.nextEvent()
		if next > until {
			p.now = until
			return nil
		}
		if p.now = max(p.now, next); p.now > at {
			at = p.now
			for _, f := range p.flows {
				f.idle = 0
			}
		}
		for dir, n := range p.necks {
			for id, b, ok := n.receive(p.now); ok; id, b, ok = n.receive(p.now) {
				p.flows[id].airs[dir].Send(p.now, b)
			}
		}
		for i, f := range p.flows {
			if err := p.serve(i, f); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *play) nextEvent() int64 {
	at := min(p.necks[0].next(), p.necks[1].next())
	for _, f := range p.flows {
		at = min(at, f.dead[0], f.dead[1])
		for _, l := range f.airs {
			if t, ok := l.Next(); ok {
				at = min(at, t)
			}
		}
	}
	return at
}

// serve gives the hosts of a flow what has arrived, and has them do what is due.
func (p *play) serve(id int, f *flow) error {
	for end, h := range f.hosts {
		busy := false
		in := f.airs[1-end]
		for b, ok := in.Receive(p.now); ok; b, ok = in.Receive(p.now) {
			h.arrive(p.now, b)
			busy = true
		}
		if f.dead[end] <= p.now {
			if f.idle++; f.idle > 10_000 {
				return errRestless
			}
			h.wake(p.now)
			busy = true
		}
		if busy {
			p.pump(id, f, end)
		}
	}
	return nil
}

// pump puts what a host has to send on its way.
func (p *play) pump(id int, f *flow, end int) {
	for {
		p.buf = f.hosts[end].next(p.now, p.buf[:0])
		if len(p.buf) == 0 {
			break
		}
		f.sent[end].Datagrams++
		f.sent[end].Bytes += len(p.buf) + p.extra
		if n := p.necks[end]; n.link != nil {
			n.send(p.now, id, p.buf)
		} else {
			f.airs[end].Send(p.now, p.buf)
		}
	}
	f.dead[end] = f.hosts[end].deadline()
}
