package endpoint

import "slices"

// A pathTimer is a reason why HandleTimeout has to look at a path at some time. When and what stand
// side by side here, so that what Deadline tells is what HandleTimeout does. Most times follow from what
// the path knows and are worked out when somebody asks, which changes nothing. Where that would mean to
// look at all packets in flight each time, it is kept: lossAt, checkAt, retryAt.
type pathTimer uint8

const (
	timerOverdue  pathTimer = iota // an acknowledgement is later than it should be
	timerProbe                     // nothing is acknowledged: a probe asks
	timerLoss                      // a packet is so late that it counts as lost
	timerRetry                     // the path has failed, and is asked whether it lives
	timerSilence                   // it owes an answer for too long
	timerQuestion                  // somebody should have answered a challenge
	pathTimers
)

// A pathTimes is when each timer of a path is due; never: it is not on.
type pathTimes [pathTimers]int64

func (p *path) timers() pathTimes {
	return pathTimes{
		timerOverdue:  p.overdueAt(),
		timerProbe:    p.probeAt(),
		timerLoss:     p.loss.lossAt,
		timerRetry:    p.retryAt,
		timerSilence:  p.checkAt,
		timerQuestion: p.questionAt(),
	}
}

// firstTimer is the first of them. It is asked for with each packet, and does without the table.
func (p *path) firstTimer() int64 {
	return min(p.overdueAt(), p.probeAt(), p.loss.lossAt, p.retryAt, p.checkAt, p.questionAt())
}

// timeout does what a timer of a path is for.
func (p *path) timeout(now int64, t pathTimer) {
	switch t {
	case timerOverdue:
		p.checkOverdue(now)
	case timerProbe:
		p.sendProbe(now)
	case timerLoss:
		p.detectLost(now)
	case timerRetry:
		p.retry(now)
	case timerSilence:
		p.checkSilence(now)
	default:
		p.endQuestions(now)
	}
}

// timeouts does what is due on a path, in the order of the constants. What is done for one makes none
// behind it wrong, nor due.
func (p *path) timeouts(now int64) {
	if now < p.firstTimer() {
		return
	}
	for t, at := range p.timers() {
		if now >= at && at != never {
			p.timeout(now, pathTimer(t))
		}
	}
}

// deadline is when a path has something to do: by one of its timers, or since a packet wants to go.
func (p *path) deadline() int64 {
	switch {
	case p.ps.life.lost():
		return p.awayDeadline()
	case !p.mayBeAsked():
		return never
	}
	switch odd := p.odd(); {
	case p.stuck(): // nobody can be asked
		at := p.timers()
		return slices.Min(at[:timerQuestion])
	case odd && p.gagged(p.ps.proofBytes()): // nothing else can go
		return p.askAt()
	case odd:
		return min(p.firstTimer(), p.askAt(), p.packetAt())
	}
	return min(p.firstTimer(), p.packetAt())
}

// packetAt is when a path has a packet to send.
func (p *path) packetAt() int64 {
	switch {
	case p.loss.probe > 0 || p.ps.life.holdWaits() && p.carries():
		return min(p.ackAt, p.loss.lastSent) // at once
	case p.ps.life.quiet():
		return p.ackAt
	}
	wanted := never // if an acknowledgement comes first
	switch {
	case !p.full():
		wanted = min(p.sendAt(), p.searchAt())
	case p.carries() && p.overtakes():
		wanted = p.ps.overtakeAt()
	}
	return min(p.ackAt, max(wanted, p.pacedAt(), p.ps.outbox.allowedAt()))
}

// pacedAt is when pacing lets something go, at the rate that congestion control has now.
func (p *path) pacedAt() int64 {
	return max(p.pacer.at, p.pacer.readyAtRate(max(p.cc.BytesPerSecond(), 1)))
}
