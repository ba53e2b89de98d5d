package endpoint

// A Route is the caller's name for one way that datagrams take: a socket of ours and an address
// of the peer's. The endpoint compares Routes and interprets none. Whoever has one way only uses
// 0, which path 0 has at first.
type Route uint8

// NoRoute is no route.
const NoRoute Route = 255

// Routes says where the packet goes that AppendPacket made last: to a route, and the same bytes
// also to another one, which mostly is NoRoute.
func (e *Endpoint) Routes() (to, also Route) { return e.to, e.also }

// Route is where a path goes: its usual packets go there. NoRoute if there is no such path.
func (e *Endpoint) Route(id uint8) Route {
	if p := e.path(id); p != nil {
		return p.route
	}
	return NoRoute
}

// Uses reports whether the endpoint still needs a route: a path goes there, somebody is asked
// for there, or is owed an answer. The caller may give the number of one that is not needed to
// another way.
func (e *Endpoint) Uses(r Route) bool {
	for _, p := range e.paths {
		if p.uses(r) {
			return true
		}
	}
	return e.state >= stateClosing && e.closing.ackAt != never && e.closing.ackTo == r
}

func (p *path) uses(r Route) bool {
	return p.state != PathClosed && (p.route == r || p.roam.on && p.roam.rival.route == r || p.replies.to(r))
}

// A roam is how a path follows its peer to another route (SPEC.md, 7.15). The highest number of
// a path from elsewhere begins it: that rival is asked, and so is the route that the path has.
//
//	home answered                                        → stays
//	rival answered, home has not until it should have    → moves
//	rival has not answered                               → stays
//
// Meanwhile all other packets go home, and the same bytes to the rival as far as its proof
// allows: so who has really moved misses nothing, and who copies what others send gets nothing
// for it.
type roam struct {
	on          bool
	home, rival proof
	decideAt    int64 // home should have answered by then
	barred      Route // the last one that did not get the path
	barredUntil int64
}

// barFor is how long a rival that lost is not asked again.
const barFor = second

// cameFrom notes a packet that came from another route than the path has; newest says whether
// its number is the highest of the path.
func (e *Endpoint) cameFrom(now int64, p *path, from Route, bytes int, newest bool) {
	r := &p.roam
	switch {
	case r.on && from == r.rival.route:
		r.rival.came += bytes
	case !newest || !e.knowsPaths() || from == NoRoute || p.state == PathClosed || p.state == PathOpening:
	case from == r.barred && now < r.barredUntil:
		p.counts.RoutesBarred++
	default:
		e.beginRoam(now, p, from, bytes)
	}
}

// beginRoam asks a rival, and home too, which was asked already if there was another rival.
func (e *Endpoint) beginRoam(now int64, p *path, rival Route, bytes int) {
	r := &p.roam
	if !r.on {
		r.home, r.decideAt = proof{}, now
		if p.route != NoRoute {
			// Three times within half a round trip: an answer that is lost must not lose the path.
			r.home.ask(now, p.route, p.rtt.smooth/4)
			r.home.free = true
			r.decideAt = now + p.rtt.smooth/2 + p.answerTime()
		}
	}
	r.on = true
	r.rival.ask(now, rival, p.answerTime())
	r.rival.came, r.rival.growth = bytes, 1
}

// answerTime is how long an answer may take that is not held back.
func (p *path) answerTime() int64 {
	return min(p.rtt.smooth+max(4*p.rtt.variance, timerUnit), maxProbeTimeout)
}

// decide ends a roam if there is enough to know.
func (e *Endpoint) decide(now int64, p *path) {
	r := &p.roam
	switch {
	case !r.on:
	case r.home.answered:
		r.barred, r.barredUntil = r.rival.route, now+barFor
		p.counts.RoutesRefused++
		r.on = false
	case r.rival.answered && now >= r.decideAt:
		r.on = false
		p.counts.Moves++
		e.move(now, p, r.rival.route, r.rival.rtt)
	case r.rival.ended(now):
		p.counts.RoutesRefused++
		r.on = false
	}
	if !r.on {
		r.home.stop()
		r.rival.stop()
	}
}

// move gives a path another route, of which nothing is known but perhaps a round trip: what was
// measured begins afresh, numbers and windows go on (RFC 9000, 9.4).
func (e *Endpoint) move(now int64, p *path, to Route, rtt int64) {
	p.route, p.reliable = to, false
	e.renew(now, p)
	if rtt > 0 {
		p.rtt.sample(rtt, 0)
	}
	if p.state == PathFailed {
		p.state = PathActive
	}
	e.tellPath(p, PathMoved)
}

// renew begins the measurements of a path afresh. What is in flight is forgotten by congestion
// control and says nothing about the path.
func (e *Endpoint) renew(now int64, p *path) {
	for n := p.oldestInFlight(); n < p.sent.End(); n++ {
		p.sent.At(n).inFlight = false
	}
	p.inFlight, p.delivered, p.deliveredAt = 0, 0, now
	p.freshAt = now
	p.rtt, p.clock = newRTT(), clockSamples{}
	p.cc = e.cfg.Controller()
	p.pacer = throttle{level: 1, at: now - second}
	hold := p.loss.peerHold
	p.loss.lossAt, p.loss.probes, p.loss.probe, p.loss.order = never, 0, 0, reordering{}
	p.loss.lastSent, p.loss.peerHold = max(p.loss.lastSent, now), hold
	p.silence, p.toldSilent = isWell, false
}

// direct notes where a packet goes.
func (e *Endpoint) direct(b *builder) {
	p, bytes := b.path, int(b.pkt.bytes)
	e.to, e.also = p.route, NoRoute
	if p.state == PathOpening {
		p.opening.went += bytes
	}
	switch {
	case b.pkt.aside:
		if e.to = b.to; p.roam.on && b.to == p.roam.rival.route {
			p.roam.rival.went += bytes
		}
	case p.roam.on:
		e.also = p.alsoTo(bytes)
	}
}

// alsoTo is where the same bytes go, too, while it is not decided which route the path has.
func (p *path) alsoTo(bytes int) Route {
	if r := &p.roam.rival; p.roam.on && r.allows(bytes) {
		r.went += bytes
		return r.route
	}
	return NoRoute
}
