package endpoint

// turn returns the path to ask next, of those that were not asked; nil if there is none. First
// come copies, then the path with messages that was served least, then the others.
func (ps *paths) turn(now int64, asked uint8) (best *path) {
	for _, p := range ps.all {
		if asked&(1<<p.id) != 0 {
			continue
		}
		if ps.copies.due&(1<<p.id) != 0 {
			return p
		}
		if !p.mayBeAsked() {
			continue
		}
		ready := p.carries() && p.ready(now)
		if ready && p.waits {
			p.catchUp(ps.clock)
		}
		p.waits = !ready
		if best == nil || ready && (best.waits || isLess(p.served, best.served)) {
			best = p
		}
	}
	return best
}

// mayBeAsked reports whether a path can send at all.
func (p *path) mayBeAsked() bool {
	return p.stage != stageClosed && (p.route != NoRoute || p.asks())
}

// ready reports whether congestion control and pacing let the path take messages now.
func (p *path) ready(now int64) bool { return !p.full() && p.pacedAt() <= now }

// full reports whether an acknowledgement must come before the path takes more, or what carries
// it must be rid of something.
func (p *path) full() bool {
	return p.busy || p.filled() || p.sent.Len() >= maxSentPackets
}

// catchUp makes a path that could not send begin where the others are now: it gets nothing for
// that time.
func (p *path) catchUp(clock uint64) {
	if isLess(p.served, clock) {
		p.served = clock
	}
}

// serve counts bytes of messages against the share of a path.
func (p *path) serve(bytes int) {
	if isLess(p.ps.clock, p.served) {
		p.ps.clock = p.served
	}
	p.served += uint64(bytes) * servedUnit / uint64(p.weight)
}

// A rank says how well a path suits messages; the lowest is best. One that owes an answer for long
// is worse than one in reserve.
func (p *path) rank() (rank int) {
	if !p.active() {
		return unfit
	}
	if p.use == UseReserve {
		rank = 1
	}
	if p.stage != stageWell {
		rank += 2
	}
	return rank
}

const unfit = 4

// carries reports whether messages go over a path: if there is none better. One with copies has
// messages of its own only when there is no other, or when the others are full.
func (p *path) carries() bool { return p.active() && (p.ps.single() || p.carriesBest()) }

func (p *path) carriesBest() bool {
	rank := p.rank()
	if rank == unfit {
		return false
	}
	for _, q := range p.ps.all {
		switch r := q.rank(); {
		case q == p || r > rank:
		case r < rank, p.use == UseCopy && q.use != UseCopy && !q.full():
			return false
		}
	}
	return true
}

// anotherIsWell reports whether another path than p answers.
func (p *path) anotherIsWell() bool {
	for _, q := range p.ps.all {
		if q != p && q.rank() < 2 {
			return true
		}
	}
	return false
}

// leftForReserve reports whether messages go over a reserve because this path is a suspect.
func (p *path) leftForReserve() bool {
	if p.stage != stageSuspect || p.use == UseReserve {
		return false
	}
	best := unfit
	for _, q := range p.ps.all {
		best = min(best, q.rank())
	}
	return best == 1
}

// lead is the path whose measurements stand for the connection: of the best ones the one with
// the shortest round trip.
func (ps *paths) lead() *path {
	best := ps.all[0]
	for _, p := range ps.all[1:] {
		if r, b := p.rank(), best.rank(); r < b || r == b && p.rtt.smooth < best.rtt.smooth {
			best = p
		}
	}
	return best
}

// goodbye is the path by which CLOSE goes first: one that loses nothing, since a page that is left says it but once;
// else the lead.
func (ps *paths) goodbye() *path {
	for _, p := range ps.all {
		if p.reliable && p.active() {
			return p
		}
	}
	return ps.lead()
}

// bytesPerSecond is the rate of all paths that carry messages.
func (ps *paths) bytesPerSecond() (rate int) {
	for _, p := range ps.all {
		if p.carries() {
			rate += p.estimate().BytesPerSecond
		}
	}
	return max(rate, 1)
}

// longest is the longest of a measure of the paths that are in use.
func (ps *paths) longest(measure func(p *path) int64) (most int64) {
	for _, p := range ps.all {
		if p.active() || p.onlyPath() {
			most = max(most, measure(p))
		}
	}
	if most == 0 {
		return measure(ps.all[0])
	}
	return most
}

// A window that is full of what a game holds for less important should not hold up the rest: a
// transfer that begins, or goes on after a pause, fills it at once, and then nothing would go until
// the first acknowledgement, a round trip later. So messages above the lowest priority may overtake
// it: of the packets in flight that have nothing else, up to half a window does not count for them.
// What is overtaken waits for as much longer, so that the window is kept on average; and pacing
// holds as always.

// filled reports whether the window is full, but for messages above the lowest priority.
func (p *path) filled() bool { return p.inFlight >= p.cc.WindowBytes() }

// filledAbove reports whether it is full for those, too.
func (p *path) filledAbove() bool {
	window := p.cc.WindowBytes()
	return p.inFlight-min(p.lowest, window/2) >= window
}

// overtakes reports whether messages above the lowest priority may go although the window is full.
func (p *path) overtakes() bool {
	return p.lowest > 0 && !p.busy && p.sent.Len() < maxSentPackets && !p.filledAbove()
}

// overtake has the packet that is being built take nothing but such messages, if there are any.
func (ps *paths) overtake(b *builder) bool {
	p := b.path
	b.above = p.overtakes() && p.pacer.ready(b.now) && ps.outbox.allowed(b.now) && ps.overtakeAt() <= b.now
	return b.above
}

// overtakeAt is when such a message could go if the path allowed it.
func (ps *paths) overtakeAt() int64 {
	if !ps.life.open() || ps.life.quiet() {
		return never
	}
	return ps.outbox.urgentAt()
}
