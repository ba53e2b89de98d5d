package endpoint

// A passage measures how fast packets come through to the peer, by the peer's clock: what delays
// acknowledgements, loses some, or sends them in bunches, changes nothing about it. Marks that a rest
// lies between say nothing together; so who only says now and then that he lives remembers few.
type passage struct {
	marks []mark // a ring, whose length is a power of two
	n     uint64 // marks made since the last rest
}

const (
	fewMarks     = 1
	passageMarks = 64
	passageRest  = 2 * second
)

// A mark is what had come through when a packet arrived.
type mark struct {
	at        int64 // the peer's clock
	sent      int64 // when the packet was sent
	passed    int64 // bytes sent up to it, and with it
	delivered int64 // bytes that were acknowledged
	limited   bool  // the sender had too little to send
}

// add makes a mark; one for each sixteenth of a span stays.
func (r *passage) add(m mark, span int64) {
	if r.n > 0 {
		last := r.last()
		switch {
		case m.at < last.at || m.passed < last.passed:
			return // overtaken, or a clock that jumped back
		case m.at-last.at > passageRest:
			r.n = 0
		case r.n > 1 && m.at-r.before(2).at < span/16:
			m.limited = m.limited || last.limited
			*last = m
			return
		}
	}
	if size := len(r.marks); r.n == uint64(size) && size < passageMarks {
		r.marks = append(r.marks, make([]mark, max(fewMarks, size))...) // none moves: the ring was full for the first time
	}
	r.marks[r.n&uint64(len(r.marks)-1)] = m
	r.n++
}

// before is the mark that was made so many marks ago; 1 is the last one.
func (r *passage) before(i uint64) *mark { return &r.marks[(r.n-i)&uint64(len(r.marks)-1)] }

func (r *passage) last() *mark { return r.before(1) }

// A pace is how fast packets came through lately.
type pace struct {
	passed    int64 // bytes a second of all packets, those that got lost behind the queue too
	delivered int64 // of those that arrived
	limited   bool  // the sender had too little to send at some time
}

// over is the pace over at least a span of time and so many bytes; false if so much has not come
// through yet.
func (r *passage) over(span, bytes int64) (p pace, ok bool) {
	if r.n < 2 {
		return p, false
	}
	last := r.last()
	p.limited = last.limited
	for i := uint64(2); i <= min(r.n, passageMarks); i++ {
		m := r.before(i)
		elapsed := last.at - m.at
		p.limited = p.limited || m.limited // there may be a gap behind it
		if elapsed >= span && last.passed-m.passed >= bytes {
			p.passed = perSecond(last.passed-m.passed, elapsed)
			p.delivered = perSecond(last.delivered-m.delivered, elapsed)
			return p, true
		}
	}
	return p, false
}

// shown is the rate at which a sender has sent, and packets came through, since it last had too
// little to send; 0 if that is less than so many bytes. Who sends in bursts shows by it what the
// path carries at least.
func (r *passage) shown(bytes int64) int64 {
	if r.n < 2 || r.last().limited {
		return 0
	}
	last, m := r.last(), r.last()
	for i := uint64(2); i <= min(r.n, passageMarks); i++ {
		if r.before(i).limited {
			break // there may be a gap behind it
		}
		m = r.before(i)
	}
	if last.passed-m.passed < bytes {
		return 0
	}
	return perSecond(last.passed-m.passed, max(last.at-m.at, last.sent-m.sent))
}

// perSecond is a rate in bytes a second.
func perSecond(bytes, elapsed int64) int64 {
	return min(mulDiv(max(bytes, 0), second, max(elapsed, 1)), maxRate)
}
