package endpoint

import (
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// A drain is the end of a connection that waits until what was sent is through (SPEC.md, 7.9):
//
//	draining → drained → over
//
// An end says which it is, and is over when the peer knows that it is drained and does not drain
// itself, or is drained too. So of two ends that drain none cuts the other short. DRAINING goes
// with every ACK until it is acknowledged: whoever learns by an ACK that the peer knows also
// learns whether the peer was draining when it said so.
//
// Who is drained does not wait for a peer that answers nothing, unless it is known to be on its
// way to the end, too, or shall be: what it has under way is worth all the time there is.
//
// With nothing under way it still takes a round trip: the peer may drain, too, and have much to say,
// and only its answer tells that it has not.
type drain struct {
	on    bool
	both  bool  // over only when the peer is drained, too
	until int64 // when it ends at the latest; never: it is not on
	code  Code
	text  string
	asked int64 // when the peer was told first that we are drained; never: it was not
	said  uint8 // the newest state that was told; 0: none
	known uint8 // the newest one that the peer knows of
	peer  uint8 // what the peer says of itself; 0: nothing
}

// Drain ends the connection as Close does, but not before what was sent is through. No message
// is accepted any more; those that wait and those on their way go on being sent, resent and
// acknowledged, and what the peer sends may be received. The drain ends, and the peer is told
// the code and the text, when each message has its fate and the peer knows, or when the time is
// over: at once if it is not positive. If the peer drains too, it is given its time to be through.
// The connection may also end before, by its timeout or because the peer closes: then the event
// Closed has that reason. Its Undelivered says how many messages are not known to have arrived;
// those of them with a receipt are Lost (ConnClosed).
//
// Close cuts a drain short. Another Drain can make it end sooner, and changes nothing else.
func (e *Endpoint) Drain(now int64, code Code, text string, within time.Duration) {
	if e.life.ended() {
		return
	}
	if d := &e.life.drain; !d.on {
		d.on, d.code, d.text = true, code, cutText(text, wire.MaxTextBytes)
		e.endOwnHold(now) // there is something to say
		for _, s := range e.outbox.senders {
			if s != nil {
				s.refused = 0 // nobody is told of room that is not for him
			}
		}
	}
	if within := int64(within); within < never-max(now, 0) {
		e.life.drain.until = min(e.life.drain.until, now+within)
	}
	e.endDrain(now)
}

// DrainBoth is Drain for an end whose peer shall drain, too, when it is told to by other means: it
// waits for that, so that also what the peer sends until then arrives.
func (e *Endpoint) DrainBoth(now int64, code Code, text string, within time.Duration) {
	e.life.drain.both = e.life.drain.both || !e.life.drain.on
	e.Drain(now, code, text, within)
}

// drainAt is when a drain is over; never: there is none.
func (e *Endpoint) drainAt() int64 {
	switch {
	case !e.life.drain.on:
		return never
	case e.life.drainOver():
		return longAgo
	}
	return e.life.drainUntil(e.askPatience())
}

// endDrain closes when a drain is over.
func (e *Endpoint) endDrain(now int64) {
	if now >= e.drainAt() {
		e.Close(now, e.life.drain.code, e.life.drain.text)
	}
}

// drainOver reports whether nobody has anything under way: we have not, and the peer neither, as
// it says, or it does not drain and knows that we are through.
func (l *lifetime) drainOver() bool {
	d := &l.drain
	switch {
	case !l.outbox.drained():
		return false
	case d.peer == 0:
		return !d.both && d.known == wire.Drained || l.state == stateMeeting
	}
	return d.peer == wire.Drained
}

// drainUntil is when a drain is over, whatever is under way then.
func (l *lifetime) drainUntil(patience int64) int64 {
	d := &l.drain
	switch {
	case d.both || d.peer > 0 || !l.outbox.drained():
		return d.until
	case l.state == stateAway:
		return longAgo // it was silent for far longer
	case d.asked == never || l.peerHold.on:
		return d.until
	}
	return min(d.until, max(d.asked, l.lastHeard)+max(leastAsking, asking*patience))
}

// askPatience is the probe timeout that a peer which is asked has for its answers; 0 as long as no
// packet of ours was ever acknowledged. Then it is a guess, on the long side: eight of them would
// keep an idle peer that is gone for longer than any other.
func (e *Endpoint) askPatience() int64 {
	if e.paths.longest(func(p *path) int64 { return p.rtt.min }) == 0 {
		return 0
	}
	return e.paths.patience()
}

// A peer that is told that we are drained has answered nothing when three probes were in vain: after
// one, two and four probe timeouts, and another one for the answer.
const (
	asking      = 1 + 2 + 4 + 1
	leastAsking = 1 * second
)

// drained reports whether each message has its fate.
// Unreliable ones have it when their packets are acknowledged or lost: a CLOSE that overtakes them
// would end them.
func (out *outbox) drained() bool {
	for _, s := range out.senders {
		if s != nil && (s.queue.Len() > s.dead || s.open.Len() > 0 || s.droppables != nil && s.droppables.open.Len() > 0) {
			return false
		}
	}
	return true
}

// drains reports whether this end drains.
func (l *lifetime) drains() bool { return l.drain.on }

// drainState is what there is to say of a drain; 0: nothing that the peer does not know.
func (l *lifetime) drainState() (state uint8) {
	if !l.drain.on || l.state != stateOpen {
		return 0
	}
	if state = wire.Draining; l.outbox.drained() {
		state = wire.Drained
	}
	if state <= l.drain.known {
		return 0
	}
	return state
}

// drainDue reports whether a packet has to go because of a drain.
func (l *lifetime) drainDue() bool { return l.drain.on && l.drainState() > l.drain.said }

// buildDraining appends DRAINING if there is something to say, and the packet goes because of it
// or has an ACK.
func (l *lifetime) buildDraining(b *builder) {
	state := l.drainState()
	due := state > l.drain.said && b.path.carries() && b.path.maySend(b.now)
	if state == 0 || l.quiet() || b.room() < 2 || !due && !b.path.owesAck() {
		return
	}
	if l.drain.said = state; state == wire.Drained && l.drain.asked == never {
		l.drain.asked = b.now
	}
	b.dst = wire.AppendDraining(b.dst, state)
	b.pkt.eliciting = true
	b.record(ofDraining(state))
}

// drainAcked: the peer knows how far we are.
func (l *lifetime) drainAcked(state uint8) { l.drain.known = max(l.drain.known, state) }

// drainLost: a packet with DRAINING was lost, or is to be repeated.
func (l *lifetime) drainLost(state uint8) {
	if state > l.drain.known {
		l.drain.said = min(l.drain.said, state-1)
	}
}

// handleDraining: the peer says how far it is. It is answered at once: the peer waits for that.
func (l *lifetime) handleDraining(now int64, p *path, b []byte) (n int, err error) {
	state, n := wire.ConsumeDraining(b)
	if n < 0 {
		return 0, errProtocol
	}
	l.drain.peer = max(l.drain.peer, state)
	p.ackAtOnce(now)
	return n, nil
}
