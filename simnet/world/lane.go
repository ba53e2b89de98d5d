package world

import (
	"fmt"
	"time"

	"github.com/tickwire/tickwire"
)

// A Lane is one direction of one channel of one player, and the ledger of what
// was sent on it. Messages have numbers of the lane's own, from 0.
//
// A message leaves the ledger when nothing can happen to it any more: when it was
// received and its receipt, if there is one, has resolved; one that may get lost
// after a minute, or five on a reliable channel.
type Lane struct {
	from, to *End
	channel  tickwire.ChannelConfig
	place    int // among those of its end
	key      uint32
	pass     func([]byte) // received, kept here so that it is made once
	flow     laneFlow
	room     laneRoom

	sent      []message // from number base on
	base      uint64
	last      uint64 // one more than the highest number received
	due       uint64 // ordered: nothing below it is due any more
	waiting   int    // messages accepted that must arrive and were not received
	open      int    // receipts that have not resolved
	unseen    int    // Delivered, gone from the ledger, never received
	byContent map[uint64][]uint64
	keyless   keyState
	keys      map[uint64]*keyState
	group     uint32 // the game's number of the group that was sent last; 0: none
	groups    uint64 // how often that has changed
	counts    laneCounts
}

// A message is what the ledger says of one.
type message struct {
	at       int64
	expires  int64 // not before, if it has a time to live
	opts     tickwire.SendOptions
	group    uint64 // which of the lane's groups; 0: alone
	hash     uint64
	size     int32
	fate     fate
	why      tickwire.LossReason
	received bool
	vague    bool // others may have had the same content, so that nothing tells them apart
}

// A fate is that of a receipt.
type fate uint8

const (
	untracked fate = iota
	pending
	delivered
	lost
)

// laneCounts are summed up in the report.
type laneCounts struct {
	accepted, refused, delivered    uint64
	duplicated, outOfOrder, corrupt uint64
	lost, superseded, abandoned     uint64
	sentBytes, deliveredBytes       uint64
}

// How long a message that may get lost is remembered: on an unreliable channel, and on a
// reliable one, where it may wait for others.
const (
	forgetAfter  = int64(time.Minute)
	forgetAtLast = 5 * forgetAfter
)

// Channel is what the channel was configured with.
func (l *Lane) Channel() tickwire.ChannelConfig { return l.channel }

// From is the end that sends on the lane.
func (l *Lane) From() *End { return l.from }

// Sent is how many messages the library has accepted.
func (l *Lane) Sent() uint64 { return l.base + uint64(len(l.sent)) }

// String names the lane.
func (l *Lane) String() string {
	return fmt.Sprintf("%v channel %d (%v)", l.from, l.channel.ID, l.channel.Delivery)
}

func (l *Lane) at(n uint64) *message {
	if n < l.base || n >= l.Sent() {
		return nil
	}
	return &l.sent[n-l.base]
}

func (l *Lane) fault(c Checker, format string, args ...any) {
	l.from.world.fault(c, l.String(), fmt.Sprintf(format, args...))
}

// An origin says who made a payload up, and so how it can be told from others.
type origin uint8

const (
	given   origin = iota // the game: others may be like it
	stamped               // its lane: it names itself
	common                // the world, for many lanes: no other of them is like it
)

// accepted notes a message that the library took.
func (l *Lane) accepted(payload []byte, from origin, opts tickwire.SendOptions) {
	w := l.from.world
	m := message{at: w.now(), hash: hashOf(payload), size: int32(len(payload)), opts: opts}
	if opts.TTL != 0 {
		m.expires = w.updated + max(int64(opts.TTL), 0)
	}
	if opts.Receipt {
		m.fate = pending
		l.open++
	}
	if from != stamped || len(payload) < StampBytes {
		m.vague = from == given || len(payload) < NumberBytes
		if l.byContent == nil {
			l.byContent = make(map[uint64][]uint64)
		}
		l.byContent[m.hash] = append(l.byContent[m.hash], l.Sent())
	}
	l.enterGroup(&m)
	l.owe(l.Sent(), &m)
	l.sent = append(l.sent, m)
	l.counts.accepted++
	l.counts.sentBytes += uint64(len(payload))
	l.noteRoom()
	l.noteSaid(w.now())
	w.droppables = w.droppables || opts.Droppable
}

// find says which message a payload is: by its stamp, else by its content,
// and of several with one content the first that may still come.
func (l *Lane) find(payload []byte) (n uint64, ok bool) {
	if counter, ok := ReadStamp(l.key, payload); ok {
		return uint64(counter), true
	}
	hash := hashOf(payload)
	numbers := l.byContent[hash]
	for len(numbers) > 0 && numbers[0] < l.base {
		numbers = numbers[1:]
	}
	if len(numbers) == 0 {
		delete(l.byContent, hash)
		return 0, false
	}
	l.byContent[hash] = numbers
	for _, n := range numbers {
		if m := l.at(n); !m.received && (!l.latest() || n >= l.keyOf(m).got) {
			return n, true
		}
	}
	return numbers[len(numbers)-1], true
}

// former reports whether a payload was sent before both sides of the connection began anew.
func (l *Lane) former(payload []byte) bool {
	for life := range l.from.life {
		if _, ok := ReadStamp(l.from.keyOf(life, l.place), payload); ok {
			return true
		}
	}
	return false
}

// received checks a payload that the game got.
func (l *Lane) received(payload []byte) {
	w := l.from.world
	n, ok := l.find(payload)
	w.fold(uint64(l.key), n, uint64(len(payload)))
	if !ok && l.former(payload) {
		l.fault(Comebacks, "received %d bytes of before the comeback", len(payload))
		return
	}
	if !ok {
		l.counts.corrupt++
		l.fault(Untouched, "received %d bytes that were never sent: %.16x", len(payload), payload)
		return
	}
	m := l.at(n)
	switch {
	case n >= l.Sent():
		l.counts.corrupt++
		l.fault(Untouched, "received message %d of %d", n, l.Sent())
		return
	case m == nil || m.received:
		l.counts.duplicated++
		l.fault(ExactlyOnce, "message %d was received again", n)
		return
	case int(m.size) != len(payload) || m.hash != hashOf(payload):
		l.counts.corrupt++
		l.fault(Untouched, "message %d is not what was sent", n)
		return
	}
	l.checkOrder(n, m)
	if m.fate == lost && !m.vague && (m.why == tickwire.Replaced || m.why == tickwire.Dropped) {
		l.fault(Receipts, "message %d was reported as %v before it was sent, and arrived", n, m.why)
	}
	m.received = true
	l.last = max(l.last, n+1)
	l.counts.delivered++
	l.counts.deliveredBytes += uint64(len(payload))
	w.latency(l.channel.Delivery, w.now()-m.at)
	l.settleDebt(n, m)
	l.noteGap(m)
	if l.channel.Delivery.Reliable() {
		w.progress = w.now()
	}
	l.prune(w.now())
}

// resolved checks the fate that the library reports for a tracked message.
func (l *Lane) resolved(n uint64, kind tickwire.EventKind, why tickwire.LossReason) {
	m := l.at(n)
	if m == nil || m.fate != pending {
		l.fault(Receipts, "the receipt of message %d resolved again as %v", n, kind)
		return
	}
	l.open--
	l.from.world.progress = l.from.world.now()
	if kind == tickwire.Delivered {
		m.fate = delivered
	} else {
		m.fate, m.why = lost, why
		l.checkLoss(n, m)
	}
	l.prune(l.from.world.now())
}

// prune takes messages out of the ledger that are through.
func (l *Lane) prune(now int64) {
	k := 0
	for k < len(l.sent) && l.settled(now, l.base+uint64(k), &l.sent[k]) {
		l.count(l.base+uint64(k), &l.sent[k])
		k++
	}
	l.base += uint64(k)
	if l.sent = l.sent[k:]; len(l.sent) == 0 {
		l.sent = l.sent[:0:cap(l.sent)]
	}
}

func (l *Lane) settled(now int64, n uint64, m *message) bool {
	switch {
	case m.fate == pending:
		return false
	case !l.channel.Delivery.Reliable():
		return now-m.at > forgetAfter+int64(l.from.world.cfg.Server.KeepSeats) // it waits meanwhile
	case m.received || l.latest() && n < l.keyOf(m).got:
		return true
	}
	return !l.mustArrive(m) && now-m.at > forgetAtLast
}

// count sums a message up that leaves the ledger.
func (l *Lane) count(n uint64, m *message) {
	passed := l.latest() && n < l.keyOf(m).got || m.opts.Droppable && n < l.last
	switch {
	case m.received:
	case l.latest() && passed:
		l.counts.superseded++
	case l.mustArrive(m):
		l.counts.abandoned++
	default:
		l.counts.lost++
	}
	if m.fate == delivered && !m.received && !m.vague && !passed {
		l.unseen++
	}
}

// arrived reports whether everything was received that must be.
func (l *Lane) arrived() bool { return l.waiting == 0 }

// finish empties the ledger and judges what is left. Whole says that the receiver has
// taken everything that it will ever get, so that each Delivered must be
// among it.
func (l *Lane) finish(whole bool, overflowed uint64) {
	for i := range l.sent {
		l.count(l.base+uint64(i), &l.sent[i])
	}
	l.base, l.sent = l.Sent(), nil
	if whole && uint64(l.unseen) > overflowed {
		l.fault(Receipts, "%d messages were reported as Delivered and never received", l.unseen)
	}
	l.unseen = 0
}
