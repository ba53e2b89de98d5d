package endpoint

// A WindowPool is the memory by which the receive windows of all channels of one owner may
// grow beyond their first size. Half of it lies ready for those of its connections that need it,
// the same for each; of the other half a connection takes no more than it leaves to all others.
type WindowPool struct {
	limit, fair  int // in bytes; fair is what lies ready for one connection
	ready, spare int // what is free of the first and of the second half
	most         int // what one connection takes of the second
}

// A poolShare is what a connection holds of a pool.
type poolShare struct{ ready, spare int }

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

// take gives a connection up to want bytes, all or at least min of them, else none.
func (p *WindowPool) take(s *poolShare, min, want int) int {
	ready := atMost(want, p.fair-s.ready, p.ready)
	spare := atMost(want-ready, p.may(s, min-ready))
	if ready+spare < min {
		return 0
	}
	p.ready, s.ready = p.ready-ready, s.ready+ready
	p.spare, s.spare = p.spare-spare, s.spare+spare
	return ready + spare
}

// may is how much a connection may take of the half that is for all: of one that holds nothing of
// it a message that needs more comes all the same, or it would never.
func (p *WindowPool) may(s *poolShare, need int) int {
	if p.fair == 0 {
		return p.spare
	}
	n := atMost(p.most-s.spare, (p.spare-s.spare)/2)
	if s.spare == 0 && need > n {
		n = atMost(need, p.spare)
	}
	return n
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
	p.ready, s.ready = p.ready+n-spare, s.ready-(n-spare)
}
