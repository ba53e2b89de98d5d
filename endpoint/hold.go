package endpoint

import (
	"fmt"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// A hold is silence that one end has announced, so that nobody takes it for the end (SPEC.md,
// 6.7 and 7.12).
type hold struct {
	on     bool
	until  int64  // when it ends by itself
	serial uint64 // of the newest HOLD; 0: there was none
}

// An ownHold is ours:
//
//	awake → announcing → silent → awake
//
// While it is announced, what the path takes is still sent; HOLD goes last, so that everything
// with a higher number comes after the silence.
// Neither end measures what was sent before it woke, though the acks come: they tell how long a
// level takes to load.
type ownHold struct {
	hold
	silent bool // it was announced
	woken  bool // the game sent a message: it ends as soon as the time is known
	copies int  // of HOLD, to be sent
	known  bool // the peer has the newest HOLD, or need not have it
}

// A peerHold is the peer's.
// HOLD after HOLD keeps no connection alive, as PING after PING does: who says nothing but
// that he will be silent is not believed for ever.
type peerHold struct {
	hold
	path   *path  // on which the newest HOLD came
	number uint64 // of the packet with the newest HOLD
	row    bool   // the last packet held a HOLD
	since  int64  // when the first HOLD of that row came
}

// firstCopies is how often HOLD is sent at once: its sender may not be there to repeat it.
const firstCopies = 3

// A HoldError says that the peer does not grant so long a silence.
type HoldError struct {
	Asked, Granted time.Duration
}

// Error names both, and the setting of the peer.
func (e *HoldError) Error() string {
	return fmt.Sprintf("endpoint: a hold of %v: the peer's MaxHold grants %v at most", e.Asked, e.Granted)
}

// Hold announces that this end falls silent for d at most, because its game is busy and will
// not call it. What waits to be sent leaves with the next packets as far as the path takes
// it now, then HOLD in three packets; what is left waits. The peer sends signs of life only,
// and neither its timeout nor ours counts before the silence is over: when the time is, when a
// message is sent, or by a Hold that is not positive. Whoever goes on calling the endpoint
// meanwhile makes it repeat HOLD until the peer knows.
//
// The error is ErrClosed, ErrAway, or a *HoldError if d is more than the peer's Config.MaxHold.
func (e *Endpoint) Hold(now int64, d time.Duration) error {
	switch {
	case e.life.state == stateAway && d > 0:
		return ErrAway
	case !e.life.live() || d > 0 && e.life.drain.on:
		return ErrClosed
	case d <= 0:
		e.endOwnHold(now)
		return nil
	case d > e.life.grantedHold():
		return &HoldError{d, e.life.grantedHold()}
	}
	o := &e.life.ownHold
	o.serial++
	o.on, o.until, o.copies = true, now+int64(d), firstCopies
	o.silent, o.woken, o.known = false, false, false
	return nil
}

// grantedHold is how long we may be silent.
func (l *lifetime) grantedHold() time.Duration {
	if !l.peerReads(wire.CapabilityHold) {
		return 0
	}
	return time.Duration(l.hello.peer.silenceSeconds) * time.Second
}

// MaxHold is the longest silence that the peer may announce, as Config.MaxHold has it; 0: none.
func (e *Endpoint) MaxHold() time.Duration { return e.cfg.MaxHold }

// HoldKnown reports whether the peer is known to have heard of the Hold that lasts.
func (e *Endpoint) HoldKnown() bool {
	return e.life.ownHold.on && e.life.ownHold.known && e.life.state == stateOpen
}

// Held is how much longer the peer may be silent by a Hold of its own; 0: it is not on hold.
func (e *Endpoint) Held(now int64) time.Duration {
	if !e.life.peerHold.on || e.life.state != stateOpen {
		return 0
	}
	return time.Duration(max(e.life.peerHold.until-now, 0))
}

// quiet reports whether one end is silent, so that no data goes.
func (l *lifetime) quiet() bool { return l.peerHold.on || l.ownHold.on && l.ownHold.silent }

// held reports whether one end has announced silence, be it that its last packets still go.
func (l *lifetime) held() bool { return l.ownHold.on || l.peerHold.on }

// peerHeld reports whether the peer is on hold: it is not asked, but shown signs of life.
func (l *lifetime) peerHeld() bool { return l.peerHold.on }

// holdWaits reports whether a HOLD is to be sent.
func (l *lifetime) holdWaits() bool { return l.ownHold.copies > 0 }

// wake notes that a silence of either end is over, in which the peer counts as heard until a time.
func (l *lifetime) wake(now, heard int64) {
	l.awakeAt, l.lastHeard = now, max(l.lastHeard, heard)
}

// awakeSince is when a silence of either end was over.
func (l *lifetime) awakeSince() int64 { return l.awakeAt }

// endsAt is when a hold ends by itself; never: it is not on.
func (h *hold) endsAt() int64 {
	if !h.on {
		return never
	}
	return h.until
}

// endsAt is likewise, and at once if the game has sent a message.
func (o *ownHold) endsAt() int64 {
	if o.on && o.woken {
		return longAgo
	}
	return o.hold.endsAt()
}

// endOwnHold ends our hold. If that is earlier than announced the peer is told.
func (e *Endpoint) endOwnHold(now int64) {
	o := &e.life.ownHold
	if !o.on {
		return
	}
	o.on, o.woken, o.copies, o.known = false, false, 0, true
	if now < o.until {
		o.serial++
		o.copies, o.known = 1, false
	}
	e.paths.endSilence(now, now)
}

// endPeerHold ends the peer's hold.
func (e *Endpoint) endPeerHold(now, heard int64) {
	if e.life.peerHold.on {
		e.life.peerHold.on = false
		e.paths.endSilence(now, heard)
	}
}

// endSilence goes on after a silence: its time is no measure of the path, and whoever did not
// listen cannot say that nothing was heard.
func (ps *paths) endSilence(now, heard int64) {
	ps.life.wake(now, heard)
	ps.lookAgain()
	for _, p := range ps.all {
		p.loss.probes, p.loss.probe = 0, 0
		p.excuse()
		p.loss.lastSent = max(p.loss.lastSent, now)
		p.heardAt = max(p.heardAt, heard)
	}
}

// silentSince reports whether somebody was silent since a packet was sent: then when its ack came,
// or did not come, tells nothing about the path.
func (l *lifetime) silentSince(sentAt int64) bool {
	return l.held() || sentAt <= l.awakeAt
}

// ackTellsNothing reports whether it tells nothing about the path when a packet's ack came, or that
// it did not: somebody was silent meanwhile, or the path goes elsewhere now.
func (p *path) ackTellsNothing(sentAt int64) bool {
	return sentAt <= p.freshAt || p.ps.life.silentSince(sentAt)
}

// handleHold: the peer will be silent.
func (e *Endpoint) handleHold(now int64, p *path, number uint64, b []byte) (n int, err error) {
	serial, millis, n := wire.ConsumeHold(b)
	if n < 0 || int64(millis)*millisecond > int64(e.cfg.MaxHold) {
		return 0, errProtocol
	}
	h := &e.life.peerHold
	if !h.row {
		h.row, h.since = true, now
	}
	if serial <= h.serial {
		return n, nil
	}
	h.serial, h.path, h.number = serial, p, number
	until := min(now+int64(millis)*millisecond, h.since+int64(e.cfg.MaxHold))
	if until <= now {
		e.endPeerHold(now, until)
		return n, nil
	}
	h.on, h.until = true, until
	return n, nil
}

// heardWithoutHold notes a packet that announces nothing; data in it ends the peer's hold, if it
// came on the same path and so is known to have been sent later.
func (e *Endpoint) heardWithoutHold(now int64, p *path, number uint64, data bool) {
	h := &e.life.peerHold
	h.row = false
	if data && h.on && p == h.path && number > h.number {
		e.endPeerHold(now, now)
	}
}

// buildHold appends HOLD, which tells how much of the silence is left.
func (l *lifetime) buildHold(b *builder) {
	if b.room() < 16 {
		return
	}
	o, millis := &l.ownHold, int64(0)
	if o.on {
		millis = max(o.until-b.now+millisecond-1, millisecond) / millisecond
	}
	b.dst = wire.AppendHold(b.dst, o.serial, uint64(millis))
	b.pkt.eliciting = true
	b.record(ofHold(o.serial))
	if o.copies = max(o.copies-1, 0); o.copies == 0 {
		o.silent = o.on
	}
}

// holdLost: a packet with HOLD was lost, or is to be repeated.
func (l *lifetime) holdLost(serial uint64) {
	if o := &l.ownHold; serial == o.serial && !o.known {
		o.copies = max(o.copies, 1)
	}
}

// holdAcked: the peer has a HOLD.
func (l *lifetime) holdAcked(serial uint64) {
	if o := &l.ownHold; serial == o.serial {
		o.known = true
		if o.silent || !o.on {
			o.copies = 0
		}
	}
}
