package endpoint

import (
	"iter"

	"github.com/tickwire/tickwire/internal/wire"
)

// OpenPath begins another path to the peer, and returns its number. It carries messages when the
// event PathChanged says that it is PathActive; if nobody answers there it is PathClosed. Of two
// ends one opens paths: the one whose peer cannot know where it is.
//
// The error is ErrClosed, ErrAway, or a *PathError. While the peer is away SetPath leads a path
// elsewhere.
func (e *Endpoint) OpenPath(now int64, cfg PathConfig) (id uint8, err error) {
	e.SetNow(now)
	switch {
	case e.life.state == stateAway:
		return 0, ErrAway
	case e.life.state != stateOpen:
		return 0, ErrClosed
	}
	for int(id) < len(e.paths.all) && e.paths.all[id].stage != stageClosed {
		id++
	}
	if !e.paths.knowsPaths() || int(id) >= e.cfg.MaxPaths {
		return 0, &PathError{id, ErrPaths}
	}
	if err := cfg.Validate(); err != nil {
		return 0, &PathError{id, err}
	}
	p := e.paths.beginPath(now, id, stageOpening, cfg)
	p.inquire().opening.ask(now, cfg.Route, openWait)
	p.opening.free, p.opening.growth = true, 1
	p.serial++
	return id, nil
}

// openWait is how long the first challenge of a path waits for its answer; each further one
// waits twice as long.
const openWait = second / 4

// begin makes a path of this number, or uses it again; numbers that were skipped get closed
// paths.
func (ps *paths) beginPath(now int64, id uint8, as stage, cfg PathConfig) *path {
	for int(id) >= len(ps.all) {
		ps.all = append(ps.all, ps.newPath(uint8(len(ps.all)), now))
	}
	p := ps.all[id]
	ps.stats.addPath(&p.counts)
	p.forgetQuestions()
	asked := p.questions
	p.claims = newClaims(now, as, cfg)
	p.questions = asked // whose memory is used again
	p.ackDelay, p.served = ps.all[0].ackDelay, ps.clock
	p.renew(now)
	return p
}

// forgetQuestions ends all that was asked, or was to be answered.
func (c *claims) forgetQuestions() {
	if c.roam = nil; c.questions != nil {
		*c.questions = questions{calm: newCalm()}
	}
}

// free reports whether the peer may open a path under the number of this one: it is closed, or one
// that he was asked on and that he has given up, if he opens another.
func (p *path) free() bool {
	return p.stage == stageClosed || p.stage == stageAsked
}

// beginOf makes the path that the peer opens with a packet of a number that is not in use: it
// begins with PATH_STATUS, newer than all that was said of this number, and PATH_CHALLENGE. nil:
// it is no such packet.
func (ps *paths) beginOf(now int64, id uint8, from Route, frames []byte) *path {
	if len(frames) == 0 || frames[0] != wire.TypePathStatus || !ps.knowsPaths() || int(id) >= ps.cfg.MaxPaths {
		return nil
	}
	s, n := wire.ConsumePathStatus(frames)
	switch {
	case n < 0 || s.Path != id || s.State == wire.PathAbandon:
		return nil
	case len(frames) == n || frames[n] != wire.TypePathChallenge:
		return nil
	case int(id) < len(ps.all) && s.Serial <= ps.all[id].serial:
		return nil
	case s.Serial > 1<<32 && (int(id) >= len(ps.all) || ps.all[id].leaps(s.Serial)):
		return nil
	}
	if p := ps.path(id); p != nil {
		p.abandon(now)
	}
	p := ps.beginPath(now, id, stageAsked, PathConfig{Route: from, Use: useOf(s.State), Weight: int(s.Weight)})
	p.serial = s.Serial
	p.inquire().opening.ask(now, from, openWait)
	p.opening.growth = 1
	return p
}

// opened: the peer answered on a path that was being opened.
func (p *path) opened(now int64) {
	if p.stage == stageAsked && p.roam != nil {
		p.roam.first = p.opening.rtt
	}
	p.become(stageWell)
	p.rtt.sample(p.opening.rtt, 0)
	p.served = p.ps.clock
	p.ps.statusOwed = p.ps.statusOwed || p.statusDue
	p.ps.lookAgain()
	p.tell(PathActive)
}

// notOpened: nobody answered on a path that was being opened. The peer is told by another one: it may
// have had its answer, and take the path for open. The status has the serial that opened the path, so
// it says nothing of one that is opened under its number meanwhile.
func (p *path) notOpened(now int64) {
	if p.proven() {
		p.fail(now)
		return
	}
	p.abandon(now)
	p.oweStatus()
}

// SetPath changes the configuration of a path. With another Route the path goes there from now
// on, and the peer follows within about two round trips; until then its packets still come by the
// Route before. The error is a *PathError.
func (e *Endpoint) SetPath(now int64, id uint8, cfg PathConfig) error {
	e.SetNow(now)
	p := e.paths.path(id)
	if p == nil || p.stage == stageClosed {
		return &PathError{id, ErrNoPath}
	}
	if err := cfg.Validate(); err != nil {
		return &PathError{id, err}
	}
	changes := cfg.Use != p.use || max(cfg.Weight, 1) != p.weight
	if cfg.Route != p.route {
		p.reroute(now, cfg.Route)
	}
	p.configure(cfg)
	if changes && e.paths.knowsPaths() {
		p.serial++
		p.oweStatus()
	}
	return nil
}

// reroute leads a path another way, which is our own choice: the peer is asked there, but not
// before it is used.
func (p *path) reroute(now int64, to Route) {
	p.route, p.left, p.heardAt = to, p.route, now
	p.roam, p.toldSilent = nil, false
	if q := p.questions; q != nil {
		q.calm, q.tardy, q.before = newCalm(), tardy{}, rtt{}
	}
	if !p.opens() {
		p.renew(now)
		p.excuse()
	}
	if !p.ps.knowsPaths() {
		return
	}
	p.inquire().opening.ask(now, to, openWait)
	p.opening.free, p.opening.growth = true, 1
	switch p.stage {
	case stageFailed:
		p.become(stageReopening)
	case stageAsked:
		p.become(stageOpening)
	}
}

// ClosePath gives a path up, and tells the peer. What was on its way there goes over the other
// paths. The number may be given to another path later. The last path that is active cannot be
// given up: Close ends the connection.
func (e *Endpoint) ClosePath(now int64, id uint8) {
	e.SetNow(now)
	p := e.paths.path(id)
	if p == nil || p.stage == stageClosed || e.life.state != stateOpen || !p.anotherIsActive() {
		return
	}
	p.serial++
	p.abandon(now)
	p.oweStatus()
}

// anotherIsActive reports whether another path than one is active.
func (than *path) anotherIsActive() bool {
	for _, p := range than.ps.all {
		if p != than && p.active() {
			return true
		}
	}
	return false
}

// onlyPath reports whether all other paths are closed, or being opened for the first time.
func (of *path) onlyPath() bool {
	for _, p := range of.ps.all {
		if p != of && p.proven() {
			return false
		}
	}
	return true
}

// abandon ends the use of a path.
func (p *path) abandon(now int64) {
	if p.stage == stageClosed {
		return
	}
	known := p.stage != stageAsked
	p.empty(now)
	p.forgetQuestions()
	p.become(stageClosed)
	p.ackAt, p.toAck = never, 0
	if known {
		p.tell(PathClosed)
	}
}

// empty takes everything from a path that it was trusted with: what is in flight there counts as
// lost, which says nothing about congestion, and goes over the others.
func (p *path) empty(now int64) {
	lost, missing, quickest := p.outbound, p.inbound, p.rtt.quickest
	p.renew(now)
	p.outbound, p.inbound, p.rtt.quickest = lost, missing, quickest // it may live again, over the same network
	for n := p.oldestInFlight(); n < p.sent.End(); n++ {
		if pkt := p.sent.At(n); pkt.state == packetInFlight {
			p.packetLost(now, pkt, &LossSample{})
		}
	}
	p.ps.copies.due &^= 1 << p.id
}

// PathDied tells that what carried a path is gone: the socket is closed, say. What was on its
// way there goes over the other paths. The path may be given another Route by SetPath, be
// closed, or be continued by the peer from elsewhere. One that was not open yet is closed.
func (e *Endpoint) PathDied(now int64, id uint8) {
	e.SetNow(now)
	p := e.paths.path(id)
	switch {
	case p == nil || p.stage == stageClosed || p.stage == stageFailed && p.route == NoRoute:
		return
	case !p.proven():
		p.notOpened(now)
		return
	}
	p.empty(now)
	p.forgetQuestions()
	p.become(stageFailed)
	p.route = NoRoute
	p.tell(PathFailed)
	p.ps.askFailed(now)
}

// PathBusy tells whether what carries a path takes nothing now: the buffer of a stream is full,
// say. As long as it is busy no packet is made for it, but at the end of the connection; messages
// wait, or go over other paths. It may become silent and fail meanwhile, as any other.
func (e *Endpoint) PathBusy(now int64, id uint8, busy bool) {
	e.SetNow(now)
	if p := e.paths.path(id); p != nil {
		p.busy = busy
		e.paths.copies.due &^= 1 << id
	}
}

// stuck reports whether no packet is to be made for a path.
func (p *path) stuck() bool { return p.busy && p.ps.life.talks() }

// fail leaves a path that does not answer any more. It is tried again. A rival that is asked still is:
// perhaps the path fails because the peer has gone there.
func (p *path) fail(now int64) {
	if p.rtt.sampled {
		p.inquire().before = p.rtt
	}
	p.empty(now)
	if p.questions != nil {
		p.opening.stop()
	}
	p.become(stageFailed)
	p.retryAt, p.retryWait, p.asked = now+firstRetry, firstRetry, false
	p.tell(PathFailed)
}

// A path that failed is asked again after one second, and each time a second later, up to five.
const (
	firstRetry = second
	lastRetry  = 5 * second
)

// retry asks a path that failed whether it lives. Who is asked elsewhere still is: the peer's own
// question may have come from there just now, and if both ends ask at the same times it always does.
func (p *path) retry(now int64) {
	p.empty(now)        // of the last time
	p.freshAt = now - 1 // what asks now tells of the path when it is answered
	p.loss.probe = 1
	p.retryWait = min(p.retryWait+firstRetry, lastRetry)
	p.retryAt, p.asked = now+p.retryWait, true
}

// askFailed has those that failed asked at once, since none answers of those that carried: but not within
// a second of the last time that they were asked. One that was left a moment ago for another, which is silent too, was not.
func (ps *paths) askFailed(now int64) {
	if !ps.forlorn() {
		return
	}
	for _, p := range ps.all {
		if p.stage == stageFailed && p.retryAt != never {
			at := now
			if p.asked {
				at = max(at, p.retryAt-p.retryWait+firstRetry)
			}
			p.retryAt, p.retryWait = min(p.retryAt, at), 0
		}
	}
}

// tell makes the event PathChanged. If the last one of the path was not shown yet it is
// brought up to date, so that a path that flutters fills no queue. That a path is active says as well
// that it was not before, and is so wherever it has moved to since.
func (p *path) tell(s PathState) {
	q := &p.ps.events
	if p.told > q.visible && q.ring.Has(p.told-1) {
		if last := q.ring.At(p.told - 1); last.State != PathActive || s != PathMoved {
			last.State = s
		}
		return
	}
	q.push(Event{Kind: PathChanged, Path: p.id, State: s})
	p.told = q.ring.End()
}

// Paths iterates the numbers of the paths that are not closed.
func (e *Endpoint) Paths() iter.Seq[uint8] {
	return func(yield func(id uint8) bool) {
		for _, p := range e.paths.all {
			if p.stage != stageClosed && !yield(p.id) {
				return
			}
		}
	}
}
