package endpoint

// A rivals tells whether flows that fill the queue until something is lost share the path, and
// how much may be in flight beside them. Whoever keeps the queue short beside one gets what is
// left, which is next to nothing; so while one is there, the window is that of CUBIC (RFC 9438),
// for which the others make room as for one of their own kind.
//
// A queue that stays far longer than ours should be raises the question. A pause answers it: if the
// queue is ours, it drains by as long as nothing is sent, and by less as much of it belongs to others.
// Flows of our own kind share a queue that is short enough not to raise it.
//
//	         long queue for a while,
//	         two pauses say: not ours
//	alone ───────────────────────────▶ rivals
//	  ▲                                  │ window of CUBIC, a pause now and then
//	  └──────────────────────────────────┘
//	   a pause says: ours; or a short queue
type rivals struct {
	on      bool
	others  int   // pauses in a row that said so
	short   int64 // when the queue was short last
	long    int64 // when it was long last
	next    int64 // when there may be another pause
	window  cubicCurve
	reduced int64       // when something was lost last: what was sent before is part of it
	best    windowedMin // of the rates in a round trip, negative

	from, until  int64 // of the pause
	due          bool  // it is not judged yet
	last, lastAt int64 // the wait of the last packet that was sent before it, and when that was
}

const (
	// rivalQueues is how many queues of our own are no question: those of four flows alike.
	rivalQueues = 4
	// rivalAfter is for how long the queue is long before a pause, rivalRounds in round trips.
	rivalAfter  = second
	rivalRounds = 8
	rivalPauses = 3
	// rivalEvery is how often there is a pause beside others.
	rivalEvery = 2 * second
	// leastPause and mostPause bound one: it has to be more than jitter.
	leastPause = 20 * millisecond
	mostPause  = 100 * millisecond
	bestSpan   = 20 * second
)

// long is how long a queue of ours would not be, if flows of our kind share the path.
func (c *DelayBased) long() int64 {
	margin := c.queue.margin(c.pipe)
	if c.varies.varied {
		margin = max(margin, variedWait)
	}
	own := ownWait + mulDiv(ownBytes, second, max(-c.rivals.best.least(), c.rate))
	return max(rivalQueues*own, foreignIgnored) + 2*margin
}

// watch follows the queue with each acknowledgement.
func (r *rivals) watch(now int64, queue, long int64) {
	if queue < long {
		r.short = now
	}
	if queue > long/2 {
		r.long = now
	}
}

// question begins a pause if it is time for one.
func (r *rivals) question(now, queue, roundTrip int64) {
	lasts := now - r.short
	if r.due || now < r.next || !r.on && lasts < max(rivalAfter, rivalRounds*roundTrip) {
		return
	}
	r.from, r.until, r.due = now, now+min(max(queue, leastPause), mostPause), true
	r.next = now + max(rivalEvery, rivalRounds*roundTrip)
	if !r.on {
		r.next = r.until + 2*roundTrip
	}
}

// pausing reports whether nothing is to be sent.
func (r *rivals) pausing(now int64) bool { return r.due && r.from <= now && now < r.until }

// sample takes the wait of a packet that was sent at a time, and reports whether it answers.
func (r *rivals) sample(sent, wait int64) (answered bool) {
	if !r.due {
		return false
	}
	if sent < r.from {
		r.last, r.lastAt = wait, sent
		return false
	}
	if sent < r.until {
		return false
	}
	r.due = false
	if fell := r.last - wait; 4*fell > 3*min(sent-r.lastAt, r.last) {
		r.others = 0
	} else {
		r.others++
	}
	return true
}

// compete is what is done at each acknowledgement.
func (c *DelayBased) compete(now int64, s *AckSample) {
	r := &c.rivals
	queue := c.queue.queue()
	r.watch(now, queue, c.long())
	if r.sample(s.SentAt, c.queue.wait) {
		switch {
		case r.others == 0:
			r.on, r.short = false, now
		case r.others >= rivalPauses && !r.on:
			r.on = true
			r.window.begin(now, max(bytesIn(c.rate, c.smooth), bytesIn(-r.best.least(), c.smooth)/2))
		}
	}
	if r.on && now-r.long > max(rivalAfter, rivalRounds*c.smooth) {
		r.on, r.others, r.short = false, 0, now
	}
	if r.on {
		r.window.acked(now, int64(s.Bytes), c.smooth, s.AppLimited)
	}
	if !s.AppLimited && c.phase == delayCruising {
		r.question(now, queue, c.pipe)
	}
	c.queue.held = r.on
}

// keepUp takes the rate from what came through: the window decides what is sent.
func (c *DelayBased) keepUp() {
	if p, ok := c.flow.over(c.span(), paceBytes); ok && (!p.limited || p.passed > c.rate) {
		c.rate = c.losses.carried(p)
	}
}
