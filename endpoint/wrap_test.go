package endpoint

import (
	"github.com/tickwire/tickwire/internal/seq"
)

// wind makes an open pair what it were after n packets, n messages on each channel, with ids of
// their own, and n bytes of charges: everything that is counted is about to wrap.
func (p *pair) wind(n uint64) {
	p.open()
	p.run(second)
	for i := range p.ends {
		p.ends[i].windPath(n)
		for c := range p.ends[i].senders {
			p.ends[i].senders[c].wind(n)
			p.ends[i].receivers[c].wind(n)
		}
	}
}

// windPath moves the packet numbers on. Everything that was sent has been acknowledged.
func (e *Endpoint) windPath(n uint64) {
	p := e.paths[0]
	p.sent.Restart(n)
	p.contents.Restart(n)
	p.next, p.largestAcked, p.unsettled = n, n-1, n
	p.received.Mark(n - 1)
	p.ranges = seq.NewRanges(maxRanges)
	p.largest, p.ackKnown, p.ackSaid = n-1, n-1, n-1
	p.eliciting, p.inFlight, p.ackAt, p.toAck = 0, 0, never, 0
}

func (s *sender) wind(n uint64) {
	s.open.Restart(n)
	s.cuts.Restart(n)
	s.queue.Restart(n)
	s.arrived = n - 1
	s.started, s.limit = s.started+n, s.limit+n
	s.groups.count = n
}

func (r *receiver) wind(n uint64) {
	r.ready.Restart(n)
	r.visible = n
	r.slots.Restart(n)
	r.seen = seq.NewSeen(n)
	r.next = n
	r.started, r.returned, r.limit = r.started+n, r.returned+n, r.limit+n
}
