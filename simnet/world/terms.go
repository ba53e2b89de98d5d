package world

import (
	"fmt"
	"time"

	"github.com/tickwire/tickwire"
)

// A keyState is what a Latest lane knows of one key.
type keyState struct {
	sent uint64 // one more than the newest number accepted
	got  uint64 // one more than the newest received
	owed bool   // the newest accepted must arrive and has not
}

// keyOf returns the state of a message's key. Messages without a key have one of their own.
func (l *Lane) keyOf(m *message) *keyState {
	if !m.opts.Keyed {
		return &l.keyless
	}
	k := l.keys[m.opts.Key]
	if k == nil {
		if l.keys == nil {
			l.keys = make(map[uint64]*keyState)
		}
		k = &keyState{}
		l.keys[m.opts.Key] = k
	}
	return k
}

// latest reports whether newer values of a key take the place of older ones.
func (l *Lane) latest() bool {
	return l.channel.Delivery == tickwire.ReliableLatest || l.channel.Delivery == tickwire.UnreliableLatest
}

func (l *Lane) ordered() bool { return l.channel.Delivery == tickwire.ReliableOrdered }

// givesUp reports whether the channel may give a reliable message up.
func (l *Lane) givesUp() bool {
	return l.channel.Resend.MaxAttempts != 0 || l.channel.Resend.Again != nil
}

// drops reports whether the channel drops messages when its queue is full.
func (l *Lane) drops() bool {
	switch l.channel.Full {
	case tickwire.DropOldest, tickwire.DropNewest:
		return true
	case tickwire.Refuse:
		return false
	}
	return !l.channel.Delivery.Reliable()
}

// mayMiss reports whether a message need not arrive for another reason than its expiry.
func (l *Lane) mayMiss(m *message) bool {
	return !l.channel.Delivery.Reliable() || m.opts.Droppable || l.givesUp() || l.drops()
}

// mustArrive reports whether a message has to, whatever happens; on a Latest channel, while no
// newer one of its key was sent.
func (l *Lane) mustArrive(m *message) bool { return m.opts.TTL == 0 && !l.mayMiss(m) }

// owe notes a message that was accepted as one to wait for, if it is one.
func (l *Lane) owe(n uint64, m *message) {
	owed := l.mustArrive(m)
	if l.latest() {
		k := l.keyOf(m)
		if k.owed {
			l.waiting--
		}
		k.sent, k.owed = n+1, owed
	}
	if owed {
		l.waiting++
	}
}

// settleDebt notes a message that was received.
func (l *Lane) settleDebt(n uint64, m *message) {
	owed := l.mustArrive(m)
	if l.latest() {
		k := l.keyOf(m)
		owed = k.owed && k.sent == n+1
		k.owed = k.owed && !owed
		k.got = max(k.got, n+1)
	}
	if owed {
		l.waiting--
	}
}

// enterGroup gives a message its group: that of the message before it, if the game's number is
// the same.
func (l *Lane) enterGroup(m *message) {
	if m.opts.Group != l.group {
		l.groups++
	}
	if l.group = m.opts.Group; l.group != 0 {
		m.group = l.groups
	}
}

// checkOrder judges the place of a message among those that were received before it.
func (l *Lane) checkOrder(n uint64, m *message) {
	if l.latest() {
		if k := l.keyOf(m); n < k.got {
			l.counts.outOfOrder++
			l.fault(LatestOnly, "message %d after %d%s", n, k.got-1, ofKey(m))
		}
		return
	}
	if n < l.last {
		l.counts.outOfOrder++
	}
	if !l.ordered() {
		return
	}
	if n < l.last {
		if m.opts.Droppable || !m.mates(l.at(l.last-1)) {
			l.fault(InOrder, "message %d after %d", n, l.last-1)
		}
		return
	}
	if due := l.nextDue(); due < n && !m.mates(l.at(due)) {
		l.fault(InOrder, "message %d when %d was due", n, due)
		l.due = n
	}
}

// mates reports whether two messages are of one group.
func (m *message) mates(other *message) bool {
	return other != nil && m.group != 0 && m.group == other.group
}

// nextDue returns the first message of an ordered lane that has not come and must come before
// those after it: one with a time to live until that is over.
func (l *Lane) nextDue() uint64 {
	now := l.from.world.now()
	for ; l.due < l.Sent(); l.due++ {
		m := l.at(l.due)
		if m != nil && !m.received && !l.mayMiss(m) && (m.opts.TTL == 0 || now < m.expires) {
			break
		}
	}
	return l.due
}

// checkLoss: is the reason one that this message can have?
func (l *Lane) checkLoss(n uint64, m *message) {
	unreliable := !l.channel.Delivery.Reliable()
	ok := false
	switch m.why {
	case tickwire.ConnClosed:
		ok = true
		l.from.closedLosses++
	case tickwire.NotKnown:
		ok = unreliable || m.opts.Droppable
	case tickwire.Dropped:
		ok = l.drops()
	case tickwire.GaveUp:
		ok = l.givesUp() && !m.opts.Droppable
	case tickwire.Replaced:
		ok = l.latest() && n+1 < l.keyOf(m).sent
	case tickwire.Superseded:
		ok = l.channel.Delivery == tickwire.ReliableLatest && n+1 < l.keyOf(m).sent
	case tickwire.Expired:
		ok = true
		l.checkExpired(n, m)
	}
	switch {
	case !ok:
		l.fault(Receipts, "message %d is lost, %v", n, m.why)
	case m.received && !m.vague && (m.why == tickwire.Dropped || m.why == tickwire.Replaced):
		l.fault(Receipts, "message %d was received and is reported as %v", n, m.why)
	}
}

// tellWithin is how much later than a message expired its receipt may say so, beside the ticks
// of the world.
const tellWithin = 10 * time.Millisecond

// checkExpired: it had a time to live, and that is over, but not for long.
func (l *Lane) checkExpired(n uint64, m *message) {
	w := l.from.world
	due := max(m.expires, l.from.host().pause.wokeAt)
	switch late := time.Duration(w.now() - due); {
	case m.opts.TTL == 0:
		l.fault(Expiry, "message %d has no time to live and is reported as %v", n, m.why)
	case w.now() < m.expires:
		l.fault(Expiry, "message %d is reported as %v %v too early", n, m.why, time.Duration(m.expires-w.now()))
	case late > tellWithin+2*w.step:
		l.fault(Expiry, "message %d is reported as %v %v too late", n, m.why, late)
	}
}

// Options are those with which a payload was sent that was received on the lane and has not
// been checked yet; false if it was never sent, or is forgotten.
func (l *Lane) Options(payload []byte) (tickwire.SendOptions, bool) {
	if n, ok := l.find(payload); ok {
		if m := l.at(n); m != nil {
			return m.opts, true
		}
	}
	return tickwire.SendOptions{}, false
}

// ofKey names a key, for people.
func ofKey(m *message) string {
	if !m.opts.Keyed {
		return ""
	}
	return fmt.Sprintf(" of key %d", m.opts.Key)
}
