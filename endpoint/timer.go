package endpoint

import (
	"math"
	"time"

	"github.com/tickwire/tickwire/internal/seq"
)

// Deadline returns when HandleTimeout or NextPacket has something to do at the latest, if
// nothing arrives and nothing is sent before; the largest int64 if never. Calls before or
// after it are harmless.
func (e *Endpoint) Deadline() int64 {
	at := e.firstLifeTimer()
	if e.life.ended() {
		return min(at, e.closingAt())
	}
	for _, p := range e.paths.all {
		at = min(at, p.deadline())
	}
	return at
}

// sendAt is when a packet wants to go out that is not an ack alone, whatever the path allows.
func (p *path) sendAt() int64 {
	if !p.carries() {
		if p.active() && p.eliciting == 0 {
			return p.pingAt()
		}
		return never
	}
	if p.ps.controlDue() || p.ps.life.drainDue() {
		return longAgo
	}
	at := p.ps.sendableAt()
	if !p.ps.life.open() || at == longAgo {
		return at
	}
	at = min(at, p.ps.outbox.twinAt())
	if p.eliciting == 0 {
		at = min(at, p.pingAt())
	}
	return min(at, p.ps.outbox.blockedDue())
}

// sendableAt is when a message could go out if the path allowed it.
func (ps *paths) sendableAt() int64 {
	if !ps.life.open() {
		return never
	}
	return ps.outbox.sendableAt()
}

// maxSilence is how long a side that heard nothing waits at most before it sends a PING.
const maxSilence = 5 * second

// pingAt is when a path on which nothing came asks for a sign of life. The only one does so when the
// connection would notice: that it goes elsewhere now is no sign of the peer.
func (p *path) pingAt() int64 {
	if p.ps.single() {
		return p.ps.life.pingAt()
	}
	return p.heardAt + p.ps.life.pingInterval()
}

func (p *path) pingDue(now int64) bool {
	return p.ps.life.open() && p.active() && p.eliciting == 0 && now >= p.pingAt()
}

// HandleTimeout does what is due: losses by time, probes, what expires, the end of a
// connection that fell silent.
func (e *Endpoint) HandleTimeout(now int64) {
	e.SetNow(now)
	if now >= e.firstLifeTimer() {
		e.lifeTimeouts(now, 0, lifeAfterPaths)
	}
	if e.life.talks() {
		for _, p := range e.paths.all {
			p.timeouts(now)
		}
	}
	if now >= e.firstLifeTimer() {
		e.lifeTimeouts(now, lifeAfterPaths, lifeTimers)
	}
}

// expire drops messages that are of no use any more, unreliable ones that stayed unfinished,
// and receipts whose confirmation did not come.
func (e *Endpoint) expire(now int64) {
	e.expiryAt = min(e.inbox.expire(now), e.outbox.expire(now))
}

// controlDue reports whether a frame that is not a message waits.
func (ps *paths) controlDue() bool {
	return ps.life.helloFirst() || (ps.inbox.owes() || ps.statusOwed) && ps.life.open()
}

// SetTimeout changes Config.Timeout: zero is the default, negative means never.
func (e *Endpoint) SetTimeout(d time.Duration) {
	e.timeout = orDefault(d, defaultTimeout, math.MaxInt64)
}

// SetPacketOverhead changes Config.PacketOverheadBytes, which a caller may learn late.
func (e *Endpoint) SetPacketOverhead(bytes int) { e.overhead = max(bytes, 0) }

const defaultTimeout = 10 * time.Second

// Times are nanoseconds of the caller's clock, and these two are none of it.
const (
	never   = seq.Never
	longAgo = seq.LongAgo
)

// Spans of time. All others are given in these.
const (
	millisecond = 1_000_000
	second      = 1000 * millisecond
)
