package endpoint

// A Route is the caller's name for one way that datagrams take: a socket of ours and an address
// of the peer's. The endpoint compares Routes and interprets none. Whoever has one way only uses
// 0, which path 0 has at first.
type Route uint8

// NoRoute is no route.
const NoRoute Route = 255

// Route is where a path goes: its usual packets go there. NoRoute if there is no such path.
func (e *Endpoint) Route(id uint8) Route {
	if p := e.paths.path(id); p != nil {
		return p.route
	}
	return NoRoute
}

// Uses reports whether the endpoint still needs a route: a path goes there, somebody is asked
// for there or may yet answer, or is owed an answer. The caller may give the number of one that is not needed to
// another way.
func (e *Endpoint) Uses(r Route) bool {
	for _, p := range e.paths.all {
		if p.uses(e.now, r) {
			return true
		}
	}
	c := e.life.closing
	return c != nil && c.ackOn != nil && c.ackAt != never && c.ackTo == r
}

func (p *path) uses(now int64, r Route) bool {
	return p.stage != stageClosed && (p.route == r || p.roam.rival(r) != nil ||
		p.questions != nil && (p.replies.to(r) || p.tardy.of(now, r)))
}

// A roam is how a path follows its peer to another route (SPEC.md, 7.15). The highest number of
// a path from elsewhere begins it: that rival is asked, and so is the route that the path has.
//
//	home answered                                        → stays
//	a rival answered, home has not until it should have  → moves
//	no rival has answered                                → stays
//
// Meanwhile all other packets go home, and the same bytes to a rival as far as its proof
// allows: so who has really moved misses nothing, and who copies what others send gets nothing
// for it. There is room for two rivals: who passes on every second packet of somebody who has
// really moved does not keep him from being asked, and if both answer it is the slower one, since
// nobody who is slower can pass on what is news.
//
// A path that the peer opens is nobody's yet: whoever copies the packet that opens it and is faster
// is the first to be asked. So no route is home before one has answered, and that one opens the
// path:
//
//	the first one answers   → opens there
//	one that is no faster   → moves there, when all have answered that may
type roam struct {
	home     proof
	rivals   [2]proof
	last     int   // the one that was heard last
	decideAt int64 // home should have answered by then
	first    int64 // how long the answer took that opened the path meanwhile; 0: none did
}

// A calm is the rest that a path has from rivals, so that packets that come from here and there
// for ever cost little: the last two that did not get the path are not asked again for a second,
// another one not before a wait that grows with each. A path that is a suspect waits for that alone,
// since home has answered and may have gone since, and for a rival that may yet answer.
type calm struct {
	refused int      // rivals in a row that did not get the path
	barred  [2]Route // of the last two of them
	until   int64    // the two are not asked before
	any     int64    // no rival at all is asked before
}

const (
	barFor  = second
	restFor = second / 4 // at most
)

func newCalm() calm { return calm{until: longAgo, any: longAgo} }

// bars reports whether a route is not to be asked now.
func (p *path) bars(now int64, r Route) bool {
	if p.questions == nil {
		return false
	}
	c := &p.calm
	if now < c.any || p.tardy.of(now, r) {
		return true
	}
	return (p.stage == stageWell || p.stage == stageFailed) && now < c.until && (r == c.barred[0] || r == c.barred[1])
}

// refuse notes a rival that did not get the path.
func (c *calm) refuse(now int64, r Route, wait int64) {
	if now >= c.until {
		c.barred[0] = NoRoute
	}
	c.barred[1], c.barred[0], c.until = c.barred[0], r, now+barFor
	c.any = now + min(wait<<min(c.refused, 8), restFor)
	c.refused++
}

// rival is the proof of a route that claims the path; nil if there is none.
func (r *roam) rival(route Route) *proof {
	if r == nil {
		return nil
	}
	for i := range r.rivals {
		if q := &r.rivals[i]; q.route == route && (q.asking || q.answered) {
			return q
		}
	}
	return nil
}

// vacancy is where another rival is asked: in the place of one that should have answered, if
// there is none free.
func (r *roam) vacancy(now, patience int64) int {
	for i := range r.rivals {
		q := &r.rivals[i]
		if !q.answered && (!q.asking || q.tries > 0 && now >= q.times[0]+patience) {
			return i
		}
	}
	return -1
}

// cameFrom notes a packet that came from another route than the path has; newest says whether
// its number is the highest of the path.
func (p *path) cameFrom(now int64, from Route, bytes int, newest bool) {
	if q := p.roam.rival(from); q != nil {
		q.came += bytes
		if r := p.roam; newest && q == &r.rivals[1-r.last] {
			r.last = 1 - r.last
		}
		return
	}
	switch {
	case !newest || !p.ps.knowsPaths() || from == NoRoute || from == p.left || p.opens() && p.stage != stageAsked:
	case p.stage == stageClosed:
		if p.ps.forlorn() {
			p.reclaim(now)
			p.beginRoam(now, from, bytes)
		}
	case p.bars(now, from) || p.roam.opened():
		p.counts.RoutesBarred++
	default:
		p.beginRoam(now, from, bytes)
	}
}

// forlorn reports whether the peer answers on no path.
func (ps *paths) forlorn() bool {
	for _, p := range ps.all {
		if p.stage == stageWell {
			return false
		}
	}
	return true
}

// reclaim takes back a path that was given up, on which the peer sends all the same: it has no
// other, and neither have we.
func (p *path) reclaim(now int64) {
	p.become(stageFailed)
	p.route, p.heardAt = NoRoute, now
	p.serial++
	p.oweStatus()
}

// beginRoam asks a rival, and home too, which was asked already if there was another rival.
func (p *path) beginRoam(now int64, rival Route, bytes int) {
	p.askHome(now)
	r := p.roam
	wait := p.answerTime()
	if p.stage == stageAsked {
		wait = openWait
	}
	i := r.vacancy(now, wait)
	if i < 0 {
		return // its next packet asks again
	}
	if q := &r.rivals[i]; q.asking {
		p.calm.refuse(now, q.route, 0)
	}
	r.rivals[i].ask(now, rival, wait)
	r.rivals[i].came, r.rivals[i].growth, r.last = bytes, 1, i
}

// askHome asks at the route that the path has, unless that goes on, or it has none that is its own.
func (p *path) askHome(now int64) {
	if p.roam == nil {
		p.inquire()
		p.roam = &roam{decideAt: now}
		if r := p.roam; p.route != NoRoute && p.stage != stageAsked {
			// Five times within half a round trip: an answer that is lost must not lose the path.
			rtt := p.latelyRTT().smooth
			r.home.ask(now, p.route, rtt/8)
			r.home.free, r.home.most = true, homeTries
			r.decideAt = now + rtt/2 + p.answerTime()
		}
	}
}

// A tardy is a rival that was given up, and may yet answer: who moves from a fast network to a slow
// one answers later than anybody did before (RFC 9000, 8.2.4).
type tardy struct {
	rival *proof // nil: there is none
	until int64
}

const tardyFor = second

// of reports whether an answer from a route may yet come.
func (t *tardy) of(now int64, r Route) bool {
	return t.rival != nil && t.rival.route == r && now < t.until
}

// answeredLate takes the answer of a rival that was given up, if it is one. Home is asked again.
func (p *path) answeredLate(now int64, token uint64) {
	q := p.tardy.rival
	if q == nil || now >= p.tardy.until {
		return
	}
	try, ok := q.knows(token)
	if !ok {
		return
	}
	p.askHome(now)
	r := p.roam
	if i := r.vacancy(now, p.answerTime()); i >= 0 {
		r.rivals[i], r.last, p.tardy = *q, i, tardy{}
		r.rivals[i].answer(now, try)
	}
}

// answerTime is how long an answer may take that is not held back.
func (p *path) answerTime() int64 {
	rtt := p.latelyRTT()
	return min(rtt.smooth+max(4*rtt.variance, millisecond), maxProbeTimeout)
}

// latelyRTT is what is known of the round trips of a path: those from before it failed, until there are
// others.
func (p *path) latelyRTT() *rtt {
	if !p.rtt.sampled && p.questions != nil && p.before.sampled {
		return &p.before
	}
	return &p.rtt
}

// decide ends a roam if there is enough to know.
func (p *path) decide(now int64) {
	r := p.roam
	if r == nil {
		return
	}
	for i := range r.rivals {
		if q := &r.rivals[i]; q.ended(now, p.ps.proofBytes()) || r.refuses(q) {
			p.tardy = tardy{}
			if q.asking && !r.home.answered {
				gone := *q
				p.tardy = tardy{&gone, now + tardyFor}
			}
			p.calm.refuse(now, q.route, p.answerTime())
			p.counts.RoutesRefused++
			*q = proof{}
		}
	}
	switch winner := r.winner(); {
	case p.stage == stageAsked && winner != nil:
		p.openElsewhere(now, winner)
	case now >= r.decidesAt():
		p.roam, p.calm = nil, newCalm()
		p.counts.Moves++
		p.move(now, winner.route, winner.rtt)
	case winner == nil && !r.asksRival():
		p.roam = nil
	}
}

// refuses reports whether a rival does not get the path, as far as is known.
func (r *roam) refuses(q *proof) bool {
	return r.home.answered && (q.asking || q.answered) || q.answered && q.rtt < r.first
}

// opened reports whether the path opened since the roam began. Until those that were asked then have
// answered, or will not any more, nobody else is asked.
func (r *roam) opened() bool { return r != nil && r.first > 0 }

func (r *roam) asksRival() bool { return r.rivals[0].asking || r.rivals[1].asking }

// decidesAt is when the path moves; never: it does not, as far as is known.
func (r *roam) decidesAt() int64 {
	if r.winner() == nil || r.opened() && r.asksRival() {
		return never
	}
	return r.decideAt
}

// openElsewhere opens a path that is asked where a rival has answered. The route that was asked
// first is a rival now.
func (p *path) openElsewhere(now int64, q *proof) {
	p.opening, *q = *q, p.opening
	p.route = p.opening.route
	p.opened(now)
}

// askInstead has the path ask at a rival alone, since nobody has answered where it was asked first;
// false: there is none.
func (p *path) askInstead() bool {
	r := p.roam
	if r == nil || p.stage != stageAsked || !r.asksRival() {
		return false
	}
	q := &r.rivals[0]
	if !q.asking {
		q = &r.rivals[1]
	}
	p.opening, *q = *q, proof{}
	p.route = p.opening.route
	return true
}

// winner is the rival that gets the path if home does not answer; nil if none has answered.
func (r *roam) winner() (best *proof) {
	for i := range r.rivals {
		if q := &r.rivals[i]; q.answered && (best == nil || q.rtt > best.rtt) {
			best = q
		}
	}
	return best
}

// move gives a path another route, of which nothing is known but perhaps a round trip: what was
// measured begins afresh, numbers and windows go on (RFC 9000, 9.4).
func (p *path) move(now int64, to Route, rtt int64) {
	p.route, p.left, p.reliable = to, NoRoute, false
	p.inquire().opening.stop()
	p.renew(now)
	p.become(stageWell)
	p.toldSilent = false
	p.ps.lookAgain()
	if rtt > 0 {
		p.rtt.sample(rtt, 0)
	}
	p.tell(PathMoved)
}

// direct decides where else a packet of an odd path goes, and counts it there.
func (ps *paths) direct(b *builder) {
	p, bytes := b.path, int(b.pkt.bytes)
	if p.opens() && b.to == p.opening.route {
		p.opening.went += bytes
	}
	switch {
	case b.pkt.aside:
		if q := p.roam.rival(b.to); q != nil {
			q.went += bytes
		}
	case p.roam != nil && p.stage != stageAsked:
		b.also = p.alsoTo(bytes)
	}
}

// alsoTo is where the same bytes go, too, while it is not decided which route the path has.
func (p *path) alsoTo(bytes int) Route {
	r := p.roam
	q := r.winner()
	if q == nil {
		q = &r.rivals[r.last]
	}
	if q.route == NoRoute || !q.asking && !q.answered || !q.allows(bytes) {
		return NoRoute
	}
	q.went += bytes
	return q.route
}
