package simnet

// A bottleneck is the narrow place of a link: a drop-tail queue in front of
// something that passes one datagram at a time, at a rate or as a trace allows.
//
// It is idle (the queue is empty) or busy: then the front of the queue is
// crossing and will be through at departs.
type bottleneck struct {
	bitsPerSecond int64
	trace         *Trace
	origin        int64 // when the trace began
	overhead      int

	queue   ring
	bytes   int // in the queue, headers included
	departs int64

	// At a rate: what rounding to nanoseconds left over from the datagram
	// before, so that a busy bottleneck is exact over any time.
	rest int64
	// On a trace: the opportunity in use (-1: none) and the bytes still
	// free in it.
	slot int64
	room int
}

// limits reports whether there is a narrow place at all.
func (b *bottleneck) limits() bool { return b.bitsPerSecond > 0 || b.trace != nil }

// weight is what a datagram counts for.
func (b *bottleneck) weight(p *packet) int { return len(p.b) + b.overhead }

// join puts p at the end of the queue.
func (b *bottleneck) join(now int64, p *packet) {
	b.queue.push(p)
	b.bytes += b.weight(p)
	if b.queue.n == 1 {
		b.idle()
		b.departs = b.through(now)
	}
}

// leave removes the front of the queue, which is through, and lets the next
// one cross.
func (b *bottleneck) leave() (p *packet, at int64) {
	at = b.departs
	p = b.queue.pop()
	b.bytes -= b.weight(p)
	if b.queue.n > 0 && b.limits() {
		b.departs = b.through(at)
	}
	return p, at
}

// idle forgets what only matters while one datagram follows another.
func (b *bottleneck) idle() { b.rest, b.slot = 0, -1 }

// through returns when the front of the queue is through if it starts to cross
// at t.
func (b *bottleneck) through(t int64) int64 {
	size := b.weight(b.queue.front())
	if b.trace != nil {
		return b.throughTrace(t, size)
	}
	ns := int64(size)*8*1e9 + b.rest
	b.rest = ns % b.bitsPerSecond
	return t + ns/b.bitsPerSecond
}

// throughTrace spends opportunities of the trace: what is left of the one in
// use, if the datagram was waiting at that instant, and then the next ones. A
// datagram larger than an opportunity takes several.
func (b *bottleneck) throughTrace(t int64, size int) int64 {
	if b.slot < 0 {
		b.slot, b.room = b.trace.after(t-b.origin), opportunityBytes
	}
	for size > b.room {
		size -= b.room
		b.slot, b.room = b.slot+1, opportunityBytes
	}
	b.room -= size
	return b.origin + b.trace.at(b.slot)
}

// set takes over the capacity of c.
func (b *bottleneck) set(c *LinkConfig) {
	b.bytes += b.queue.n * (c.OverheadBytes - b.overhead)
	b.bitsPerSecond, b.trace, b.overhead = c.BitsPerSecond, c.Trace, c.OverheadBytes
}

// resume continues with a capacity that has just been set. The datagram
// that is crossing is through at the earlier of the old time and the new one.
func (b *bottleneck) resume(now int64) {
	b.idle()
	if b.queue.n == 0 || !b.limits() {
		return
	}
	if at := b.through(now); at < b.departs {
		b.departs = at
	} else {
		b.idle()
	}
}
