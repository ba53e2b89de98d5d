package endpoint

import "github.com/tickwire/tickwire/internal/seq"

// A cut is the state of a message that is sent in fragments.
type cut struct {
	sent     int       // first byte not sent yet
	acked    seq.Spans // bytes that the peer has
	tries    []try     // tries[n] of the bytes that were sent n+1 times; one for all if nobody counts
	wireID   uint64    // of an Unreliable message: whole ones have none, to save two bytes each
	storedBy int64     // when waiting for STORED ends
	awaiting bool      // all acknowledged, STORED is missing
}

// A try is what became of bytes that were sent so often.
type try struct {
	lost  seq.Spans // to send again
	again seq.Spans // were sent again; the loss of the older copy means nothing any more
}

// try returns what became of bytes that were sent so often.
func (c *cut) try(attempt uint32) *try {
	for len(c.tries) < int(attempt) {
		if len(c.tries) < cap(c.tries) {
			c.tries = c.tries[:len(c.tries)+1] // with the memory of an earlier message
		} else {
			c.tries = append(c.tries, try{})
		}
	}
	return &c.tries[attempt-1]
}

// missing returns the first part of [from, to), bytes that were sent so often, that the peer is
// not known to have and that was not sent again since.
func (c *cut) missing(from, to int, attempt uint32) (seq.Span, bool) {
	t := c.try(attempt)
	for gap, ok := c.acked.Gap(from, to); ok; gap, ok = c.acked.Gap(gap.To, to) {
		if part, ok := t.again.Gap(gap.From, gap.To); ok {
			return part, true
		}
	}
	return seq.Span{}, false
}

// addLost notes bytes to send again: those of [from, to) that are missing.
func (c *cut) addLost(from, to int, attempt uint32) {
	for part, ok := c.missing(from, to, attempt); ok; part, ok = c.missing(part.To, to, attempt) {
		c.try(attempt).lost.Add(part.From, part.To)
	}
}

// anyLost reports whether there are bytes to send again.
func (c *cut) anyLost() bool {
	_, attempt := c.firstLost()
	return attempt > 0
}

// firstLost returns bytes to send again and how often they were sent; 0: there are none.
func (c *cut) firstLost() (span seq.Span, attempt uint32) {
	for i := range c.tries {
		if t := &c.tries[i]; t.lost.Len() > 0 {
			return t.lost.All()[0], uint32(i) + 1
		}
	}
	return seq.Span{}, 0
}

// sentAgain notes that lost bytes went out once more, and returns how often they were sent now:
// if nobody counts, it stays at one.
func (c *cut) sentAgain(from, to int, attempt uint32, counts bool) uint32 {
	t := &c.tries[attempt-1]
	t.lost.Remove(from, to)
	if !counts {
		return attempt
	}
	t.again.Add(from, to)
	return attempt + 1
}

// arrived notes bytes that the peer has.
func (c *cut) arrived(from, to int) {
	c.acked.Add(from, to)
	for i := range c.tries {
		c.tries[i].lost.Remove(from, to)
	}
}

// freeCut takes a cut back, with the memory of its spans.
func (out *outbox) freeCut(c *cut) {
	c.acked.Reset()
	for i := range c.tries {
		c.tries[i].lost.Reset()
		c.tries[i].again.Reset()
	}
	*c = cut{acked: c.acked, tries: c.tries[:0]}
	out.cfg.Buffers.cuts.releaseFew(c, 1024) // as many as 16 MiB under way in messages of 16 KiB
}
