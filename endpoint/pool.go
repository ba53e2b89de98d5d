package endpoint

// A WindowPool is the memory by which the receive windows of all channels of one owner may
// grow beyond their first size. Half of it lies ready for those of its connections that need it,
// the same for each; of the other half a connection takes no more than it leaves to all others.
type WindowPool struct {
	limit, fair  int // in bytes; fair is what lies ready for one connection
	ready, spare int // what is free of the first and of the second half
	most         int // what one connection takes of the second
}

// A poolShare is what a connection holds of a pool; extra is the part of spare that it has for a message.
type poolShare struct{ ready, spare, extra int }

// NewWindowPool returns a pool of limit bytes for so many connections. A limit of 0: 64 MiB;
// negative: windows never grow, and a reliable message larger than its window can not be sent.
// Of less than two connections one may take all.
func NewWindowPool(limit, connections int) *WindowPool {
	limit = orDefault(limit, 64<<20, 0)
	p := &WindowPool{limit: limit, spare: limit, most: limit}
	if connections > 1 {
		p.fair = limit / 2 / connections
		p.ready = p.fair * connections
		p.spare = limit - p.ready
		p.most = max(limit/16, limit/2/connections)
	}
	return p
}

// InUse is how many bytes are given to windows.
func (p *WindowPool) InUse() int { return p.limit - p.ready - p.spare }

// take gives a connection up to want bytes, all or at least min of them, else none. With min as much as want they
// are for a message that does not fit its window.
func (p *WindowPool) take(s *poolShare, min, want int) int {
	ready := atMost(want, p.fair-s.ready, p.ready)
	usual := p.may(s)
	spare := atMost(want-ready, usual)
	if min == want && ready+spare < min {
		spare = atMost(min-ready, p.mayMessage(s))
	}
	if ready+spare < min {
		return 0
	}
	s.extra += max(spare-max(usual, 0), 0)
	p.ready, s.ready = p.ready-ready, s.ready+ready
	p.spare, s.spare = p.spare-spare, s.spare+spare
	return ready + spare
}

// may is how much a connection may take of the half that is for all.
func (p *WindowPool) may(s *poolShare) int {
	if p.fair == 0 {
		return p.spare - p.limit/4
	}
	return min(p.most-s.spare, (p.spare-s.spare)/2)
}

// mayMessage is the same for a message: it comes also if it needs more, one at a time, or it never would where other
// windows of the connection have grown and stand still. Such a connection leaves a quarter of all.
func (p *WindowPool) mayMessage(s *poolShare) int {
	switch {
	case p.fair == 0 || s.spare == 0:
		return p.spare
	case s.extra == 0:
		return p.spare - p.limit/4
	}
	return 0
}

// overdrawn reports whether a connection holds what it may only for a message: then its windows give
// back what they do not need any more.
func (p *WindowPool) overdrawn(s *poolShare) bool {
	return s.extra > 0 || p.fair == 0 && p.spare < p.limit/4
}

// atMost is the least of some numbers, and not negative.
func atMost(n int, others ...int) int {
	for _, o := range others {
		n = min(n, o)
	}
	return max(n, 0)
}

// give takes bytes back of a connection.
func (p *WindowPool) give(s *poolShare, n int) {
	spare := min(n, s.spare)
	p.spare, s.spare = p.spare+spare, s.spare-spare
	s.extra = max(s.extra-spare, 0)
	p.ready, s.ready = p.ready+n-spare, s.ready-(n-spare)
}
