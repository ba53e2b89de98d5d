package endpoint

// A passage measures how fast packets come through to the peer, by the peer's clock: what delays
// acknowledgements, loses some, or sends them in bunches, changes nothing about it.
type passage struct {
	marks [passageMarks]mark
	n     uint64 // marks made so far
}

const passageMarks = 64

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
		if m.at < last.at || m.passed < last.passed {
			return // overtaken, or a clock that jumped back
		}
		if r.n > 1 && m.at-r.marks[(r.n-2)%passageMarks].at < span/16 {
			m.limited = m.limited || last.limited
			*last = m
			return
		}
	}
	r.marks[r.n%passageMarks] = m
	r.n++
}

func (r *passage) last() *mark { return &r.marks[(r.n-1)%passageMarks] }

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
		m := &r.marks[(r.n-i)%passageMarks]
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
		before := &r.marks[(r.n-i)%passageMarks]
		if before.limited {
			break // there may be a gap behind it
		}
		m = before
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
