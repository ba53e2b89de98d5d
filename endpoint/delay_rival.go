package endpoint

// Rivals are flows that fill the queue until something is lost. Whoever keeps the queue short beside
// one gets what is left, which is next to nothing; so while there are any, the window is that of
// CUBIC (RFC 9438), for which they make room as for one of their own kind.
//
// A queue that stays far longer than ours should be raises the question. Pauses answer it: if the
// queue is ours, it drains by as long as nothing is sent, and by less if some of it belongs to others.
// Flows of our own kind share a queue that is too short to raise it. A wait that does not change at
// all is no queue: the way has become longer.
//
//	        a long queue for a while,
//	        pauses in a row say: not ours
//	alone ───────────────────────────────▶ beside rivals
//	  ▲                                      │ CUBIC, a pause now and then
//	  └──────────────────────────────────────┘
//	     a pause says: ours; a short queue for a while
type rivals struct {
	on      bool
	window  *cubicCurve // nil: there never were any
	reduced int64       // when something was lost last: losses of what was sent before belong to it
	best    windowedMin // of the rates of round trips, negative: what the path may carry for us
	short   int64       // when the queue was short last
	long    int64       // when it was long last
	pause   pause
	others  int   // pauses in a row that said: not ours
	least   int64 // of what packets waited after these
	most    int64
}

// A pause is a time in which next to nothing is sent.
type pause struct {
	from, until  int64
	due          bool  // it is not judged yet
	next         int64 // when there may be another one
	wait, sentAt int64 // of the last packet before it
}

const (
	// ownQueues of ours are no question: those of as many flows alike, which may have come within
	// bestSpan. Nor is leastLong: not only bulk shares a path.
	ownQueues = 4
	bestSpan  = 20 * second
	leastLong = 10 * millisecond
	// longTime and longRounds are for how long the queue is long before the first pause: flows that
	// begin have found their rate by then, and a queue that a lower rate has left has drained.
	longTime   = second
	longRounds = 8
	// manyPauses say that there are rivals. With two, queues of mobile links whose capacity falls
	// meanwhile are taken for rivals so often that packets wait longer by a tenth.
	manyPauses = 3
	// mostly is how much of what a pause would drain, in eighths, says that the queue is ours: more
	// than half, which is our share beside one rival. Before there is a window of CUBIC littleLeft
	// does, for rivals have left us a tenth by then, and a mobile link is seldom taken for one.
	mostly     = 6
	littleLeft = 3
	// pauseEvery is how often there is one beside rivals: of what we send it takes a twentieth
	// at most, and when they are gone our own queue is known within so long.
	pauseEvery = 2 * second
	// leastPause and mostPause bound one: longer than schedulers and sockets take, shorter than what a
	// game notices.
	leastPause = 20 * millisecond
	mostPause  = 100 * millisecond
)

// compete is done with each acknowledgement: it follows the queue, asks, and draws the conclusions.
func (c *DelayBased) compete(now int64, s *AckSample) {
	r, queue, long := &c.rivals, c.queue.queue(), c.longQueue()
	if queue < long {
		r.short = now
	}
	if queue > long/2 {
		r.long = now
	}
	patience := max(longTime, longRounds*c.pipe)
	switch {
	case r.pause.over(s.SentAt, c.queue.wait):
		c.answer(now, s.SentAt)
	case r.on && now-r.long > patience:
		r.leave(now)
	case c.phase == delayCruising && !s.AppLimited && (r.on || now-r.short > patience):
		r.pause.start(now, queue)
	}
	if r.on {
		r.window.acked(now, int64(s.Bytes), c.smooth, s.AppLimited)
	}
	c.queue.held = r.on
}

// longQueue is a queue that would not be ours, if flows of our kind share the path.
func (c *DelayBased) longQueue() int64 {
	own := ownWait + mulDiv(ownBytes, second, max(-c.rivals.best.least(), c.rate))
	rough := min(c.queue.rough, mostSwing)
	if c.varies.varied {
		rough = max(rough, c.variedWait())
	}
	return max(ownQueues*own, leastLong) + 2*rough
}

// answer draws the conclusion of a pause from the first packet after it.
func (c *DelayBased) answer(now, sentAt int64) {
	r, wait := &c.rivals, c.queue.wait
	fell, elapsed := r.pause.wait-wait, sentAt-r.pause.sentAt
	ours := int64(littleLeft)
	if r.on {
		ours = mostly
	}
	if 8*fell > ours*min(elapsed, r.pause.wait) {
		r.leave(now)
		return
	}
	if r.pause.next = now + 2*c.pipe; 2*fell < -elapsed {
		return // capacity fell: nobody fills a queue as quickly but in slow start
	}
	if r.others == 0 {
		r.least, r.most = wait, wait
	}
	r.others++
	r.least, r.most = min(r.least, wait), max(r.most, wait)
	switch {
	case r.on:
		r.pause.next = now + max(pauseEvery, longRounds*c.pipe)
	case r.others < manyPauses:
	case r.most-r.least <= max(2*nearlyEmpty, mulDiv(2*packetBytes, second, max(-r.best.least(), c.rate))):
		c.queue.base = windowedMin{} // those who fill a queue add a packet in a round trip at least
		r.leave(now)
	default:
		r.on = true
		if r.window == nil {
			r.window = new(cubicCurve)
		}
		r.window.begin(now, bytesIn(max(c.rate, -r.best.least()/2), c.smooth))
	}
}

// leave begins to be alone.
func (r *rivals) leave(now int64) { r.on, r.others, r.short = false, 0, now }

// lost tells of losses.
func (r *rivals) lost(now, sentAt int64) {
	if r.on && sentAt >= r.reduced {
		r.reduced = now
		r.window.lost(now)
	}
}

// keepUp sets the rate to what came through: beside rivals the window decides what is sent.
func (c *DelayBased) keepUp() {
	if p, ok := c.flow.over(c.span(), paceBytes); ok && (!p.limited || p.passed > c.rate) {
		c.rate = c.losses.carried(p)
	}
}

// start begins a pause of the length of a queue, if it is time for one.
func (p *pause) start(now, queue int64) {
	if !p.due && now >= p.next {
		p.from, p.until, p.due = now, now+min(max(queue, leastPause), mostPause), true
	}
}

// on reports whether it is time to send nothing.
func (p *pause) on(now int64) bool { return p.due && now < p.until }

// over takes how long a packet waited, and reports whether it is the first one after the pause.
func (p *pause) over(sentAt, wait int64) bool {
	switch {
	case !p.due || sentAt >= p.from && sentAt < p.until:
		return false
	case sentAt < p.from:
		p.wait, p.sentAt = wait, sentAt
		return false
	}
	p.due = false
	return true
}
