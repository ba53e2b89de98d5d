package endpoint

import "time"

// An away is the time after the timeout in which a peer that was lost may come back (SPEC.md,
// 7.10): Config.KeepFor long. Nothing is sent but a PING now and then, so that each end notices
// when the path works again. Nothing that waits is given up, but what expires; messages are
// taken as ever, as far as the queues go.
//
// Anything authentic brings the peer back, and so does Continue.
type away struct {
	since   int64 // when the timeout was over
	probeAt int64 // when the next PING goes
	wait    int64 // between the last PING and the next one
}

// Away reports whether the peer is away: nothing was heard for as long as the timeout, and the
// connection is kept.
func (e *Endpoint) Away() bool { return e.life.state == stateAway }

// AwayUntil is when a peer that is away is given up; the largest int64 if never. It is the timeout
// of one who is not away.
func (e *Endpoint) AwayUntil() int64 {
	if e.life.state == stateAway {
		return e.life.keptUntil(e.life.away.since)
	}
	return e.life.timeoutAt()
}

// SetKeepFor changes Config.KeepFor, also for a peer that is away: zero or negative means that the
// connection ends with the timeout.
func (e *Endpoint) SetKeepFor(d time.Duration) { e.keepFor = max(d, 0) }

// keptUntil is when a peer that is away since a time is given up.
func (l *lifetime) keptUntil(since int64) int64 {
	if keep := int64(l.keepFor); since <= never-keep {
		return since + keep
	}
	return never
}

// missPeer: nothing was heard for the timeout. A peer that is kept is away from then on.
func (e *Endpoint) missPeer(now int64) {
	since := e.life.timeoutAt()
	if e.life.state != stateOpen || now >= e.life.keptUntil(since) {
		e.giveUp()
		return
	}
	wait := e.life.pingInterval()
	e.life.away = away{since: since, wait: wait, probeAt: now + wait}
	e.life.state = stateAway
	for _, p := range e.paths.all {
		p.loss.probe = 0 // what was due is not said any more
	}
	e.events.push(Event{Kind: Away})
}

// giveUp ends the connection: the peer is gone.
func (e *Endpoint) giveUp() {
	left, unreliable := e.abandonAll()
	e.events.push(Event{
		Kind: Closed, Code: CodeTimeout, Text: CodeTimeout.String(), Undelivered: left, Unreliable: unreliable,
	})
	e.life.state = stateDead
}

// pingAway has a PING sent to a peer that is away.
func (e *Endpoint) pingAway(now int64) {
	for _, p := range e.paths.all {
		if p.active() || p.stage == stageFailed {
			p.loss.probe = 1
		}
	}
	a := &e.life.away
	a.wait = min(2*a.wait, maxSilence)
	a.probeAt = now + a.wait
}

// awayDeadline is when a path has something to send to a peer that is away.
func (p *path) awayDeadline() int64 {
	switch {
	case !p.canSend():
		return never
	case p.loss.probe > 0:
		return p.loss.lastSent // at once
	}
	return p.ackAt
}

func (ps *paths) buildAway(b *builder) {
	p := b.path
	if !p.canSend() {
		return
	}
	if p.toAck > 0 && (p.loss.probe > 0 || b.now >= p.ackAt) {
		ps.buildAck(b)
	}
	if p.loss.probe > 0 {
		b.ping()
	}
}

// comeBack: a peer that was away is heard.
func (e *Endpoint) comeBack(now int64) {
	e.life.state = stateOpen
	e.paths.endSilence(now, now)
	e.events.push(Event{Kind: Back})
}
