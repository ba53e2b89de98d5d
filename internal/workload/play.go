package workload

import (
	"encoding/binary"
	"errors"
	"math"

	"github.com/tickwire/tickwire/simnet"
)

const never = math.MaxInt64

// A host is one end of a flow: it takes datagrams and makes some, each with a number that is
// higher than those before it.
type host interface {
	// arrive takes a datagram.
	arrive(now int64, number uint64, b []byte)
	// wake does what is due.
	wake(now int64)
	// next appends the next datagram that is to go out; nothing if there is none.
	next(now int64, dst []byte) (number uint64, b []byte)
	// deadline is when wake or next has something to do, if nothing arrives.
	deadline(now int64) int64
}

// A flow is two hosts and what each direction does behind the bottleneck. The first host sends
// the messages.
type flow struct {
	hosts [2]host
	airs  [2]*simnet.Link // airs[0] carries from hosts[0] to hosts[1]
	dead  [2]int64        // their deadlines
	sent  [2]Traffic
	fresh *freshness // of what goes up; may be nil
	idle  int        // how often hosts were woken at this very time
}

// A play is flows over one narrow place in each direction, in virtual time that goes from event
// to event.
type play struct {
	now   int64
	necks [2]*neck
	flows []*flow
	extra int // bytes that a datagram has on the wire beside its own
	buf   []byte
}

// newPlay lays the links, in which headers are counted; waits count between two times.
func newPlay(up, down simnet.LinkConfig, from, to int64) (*play, error) {
	p := &play{extra: up.OverheadBytes}
	var err error
	for i, cfg := range [2]simnet.LinkConfig{up, down} {
		if p.necks[i], err = newNeck(cfg, from, to); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// newFlow adds a flow whose datagrams cross the given links.
func (p *play) newFlow(a, b host, up, down simnet.LinkConfig, seed uint64) (*flow, error) {
	f := &flow{hosts: [2]host{a, b}}
	for i, cfg := range [2]simnet.LinkConfig{up, down} {
		l, err := simnet.NewLink(p.now, air(cfg), seed*2+uint64(i))
		if err != nil {
			return nil, err
		}
		f.airs[i] = l
	}
	p.flows = append(p.flows, f)
	return f, nil
}

// errRestless tells of an endpoint that would keep its owner busy for ever.
var errRestless = errors.New("workload: an endpoint has a deadline that does not pass, and nothing to do")

// run lets time pass until a time, or until done.
func (p *play) run(until int64, done func() bool) error {
	for i, f := range p.flows {
		p.pump(i, f, 0)
		p.pump(i, f, 1)
	}
	for !done() {
		next := p.nextEvent()
		if next > until {
			p.now = until
			break
		}
		if next > p.now {
			p.now = next
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
			number := binary.LittleEndian.Uint64(b)
			if end == 1 && f.fresh != nil {
				f.fresh.arrived(p.now, number)
			}
			h.arrive(p.now, number, b[numberBytes:])
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
		p.buf = append(p.buf[:0], make([]byte, numberBytes)...)
		number, b := f.hosts[end].next(p.now, p.buf)
		if p.buf = b; len(b) == numberBytes {
			break
		}
		binary.LittleEndian.PutUint64(b, number)
		f.sent[end].Datagrams++
		f.sent[end].Bytes += len(b) + p.extra
		if end == 0 && f.fresh != nil {
			f.fresh.sent(p.now, number)
		}
		if n := p.necks[end]; n.link != nil {
			n.send(p.now, id, b)
		} else {
			f.airs[end].Send(p.now, b)
		}
	}
	f.dead[end] = f.hosts[end].deadline(p.now)
}
