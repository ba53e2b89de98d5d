package endpoint

import (
	"math"
	"time"
)

// Deadline returns when HandleTimeout or NextPacket has something to do at the latest, if
// nothing arrives and nothing is sent before; the largest int64 if never. Calls before or
// after it are harmless.
func (e *Endpoint) Deadline() int64 {
	switch e.life.state {
	case stateDead:
		return never
	case stateClosing, stateTombstone:
		return e.closingDeadline()
	}
	at := e.lifeDeadline()
	for _, p := range e.paths {
		at = min(at, e.pathDeadline(p))
	}
	return at
}

// pathDeadline is when a path has something to do.
func (e *Endpoint) pathDeadline(p *path) int64 {
	if e.life.state == stateAway {
		return e.awayDeadline(p)
	}
	at := min(e.probeAt(p), p.checkAt, e.overdueAt(p))
	if e.stuck(p) {
		return at
	}
	at = min(at, p.ackAt)
	if p.odd() {
		switch {
		case !p.mayBeAsked():
			return never
		case p.gagged(e.proofBytes()):
			return e.askAt(p)
		}
		at = min(at, e.askAt(p))
	}
	switch {
	case p.loss.probe > 0 || e.life.holding.copies > 0 && e.carries(p):
		return min(at, p.loss.lastSent) // at once
	case e.life.quiet():
		return at
	}
	wanted := never // if an acknowledgement comes first
	switch {
	case !p.full():
		wanted = min(e.sendAt(p), e.searchAt(p))
	case e.carries(p) && e.overtakes(p):
		wanted = e.overtakeAt()
	}
	p.pacer.rate = max(p.cc.BytesPerSecond(), 1)
	return min(at, max(wanted, p.pacer.at, p.pacer.readyAt(), e.outbox.quota.readyAt()))
}

// lifeDeadline is when something ends: the connection, a drain, a hold, the use of a message.
func (e *Endpoint) lifeDeadline() int64 {
	if e.life.holding.woken || e.life.drainOver() {
		return math.MinInt64
	}
	at := e.life.timeoutAt()
	if e.life.state == stateAway {
		at = min(e.life.keptUntil(e.life.away.since), e.life.away.probeAt)
	}
	if e.life.drain.on {
		at = min(at, e.life.drainUntil(e.patience()))
	}
	return min(at, e.expiryAt, e.life.holdDeadline())
}

// sendAt is when a packet wants to go out that is not an ack alone, whatever the path allows.
func (e *Endpoint) sendAt(p *path) int64 {
	if !e.carries(p) {
		if p.active() && p.eliciting == 0 {
			return e.pingAt(p)
		}
		return never
	}
	if e.controlDue() || e.life.drain.on && e.life.drainDue() {
		return math.MinInt64
	}
	at := e.sendableAt()
	if e.life.state != stateOpen || at == math.MinInt64 {
		return at
	}
	at = min(at, e.outbox.twinAt())
	if p.eliciting == 0 {
		at = min(at, e.pingAt(p))
	}
	return min(at, e.outbox.blockedDue())
}

// sendableAt is when a message could go out if the path allowed it.
func (e *Endpoint) sendableAt() int64 {
	if e.life.state != stateOpen {
		return never
	}
	return e.outbox.sendableAt()
}

// maxSilence is how long a side that heard nothing waits at most before it sends a PING.
const maxSilence = 5 * second

// pingAt is when a path on which nothing came asks for a sign of life.
func (e *Endpoint) pingAt(p *path) int64 {
	if len(e.paths) == 1 {
		return e.life.lastHeard + e.life.pingInterval()
	}
	return p.heardAt + e.life.pingInterval()
}

func (e *Endpoint) pingDue(now int64, p *path) bool {
	return e.life.state == stateOpen && p.active() && p.eliciting == 0 && now >= e.pingAt(p)
}

// HandleTimeout does what is due: losses by time, probes, what expires, the end of a
// connection that fell silent.
func (e *Endpoint) HandleTimeout(now int64) {
	e.SetNow(now)
	e.endHolds(now)
	switch {
	case e.life.state == stateDead:
		return
	case e.life.ended():
		e.life.closingTimeout(now)
		return
	case e.lost(now):
		e.events.push(Event{Kind: Closed, Code: CodeTimeout, Text: CodeTimeout.String(), Undelivered: e.settleAll()})
		e.life.state = stateDead
		return
	}
	if e.life.state == stateAway {
		e.knock(now)
	} else {
		e.checkPaths(now)
	}
	if now >= e.expiryAt {
		e.expire(now)
	}
	e.endDrain(now)
}

func (e *Endpoint) checkPaths(now int64) {
	for _, p := range e.paths {
		e.checkOverdue(now, p)
		e.lossTimeout(now, p)
		if now >= p.checkAt {
			e.checkSilence(now, p)
		}
		if p.odd() {
			e.askTimeout(now, p)
		}
	}
}

// expire drops messages that are of no use any more, unreliable ones that stayed unfinished,
// and receipts whose confirmation did not come.
func (e *Endpoint) expire(now int64) {
	e.expiryAt = min(e.inbox.expire(now), e.outbox.expire(now))
}

// controlDue reports whether a frame that is not a message waits.
func (e *Endpoint) controlDue() bool {
	return e.life.helloFirst() || (e.inbox.owing || e.statusOwed) && e.life.state == stateOpen
}

// SetTimeout changes Config.Timeout: zero is the default, negative means never.
func (e *Endpoint) SetTimeout(d time.Duration) {
	e.cfg.Timeout = orDefault(d, defaultTimeout, math.MaxInt64)
}

// SetPacketOverhead changes Config.PacketOverheadBytes, which a caller may learn late.
func (e *Endpoint) SetPacketOverhead(bytes int) { e.cfg.PacketOverheadBytes = max(bytes, 0) }

const defaultTimeout = 10 * time.Second
