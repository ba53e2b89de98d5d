package endpoint

import (
	"github.com/tickwire/tickwire/internal/seq"
	"github.com/tickwire/tickwire/internal/wire"
)

// A sender is the outgoing half of a channel. A message waits in queue, is given an id and
// moves to open when its first byte is sent, and leaves open when its fate is known:
//
//	queued → flying ⇄ lost → done
//	   ↘         ↘ skipping ⇄ skipLost → done      (reliable deliveries: given up)
//	    done                                       (in its place, until the head comes by)
//
// Ids are given at first transmission, so that what dies in the queue leaves no hole. The
// message at the head of the queue is never a dead one.
//
// The droppables of a ReliableOrdered channel wait in its queue in their order, but have ids and fates
// of their own, as unreliable messages do. So they move to the open of a second sender, which has no
// queue, no turn and no repair: droppables leads to it, and ordered back.
type sender struct {
	out      *outbox
	cfg      *ChannelConfig // of the plan
	id       uint16
	queue    seq.Ring[outMessage]
	open     seq.Ring[outMessage] // the number in the ring is the message's id
	queued   int                  // bytes in queue, each message with its charge
	dead     int                  // messages in queue that died there
	underway int                  // reliable deliveries: bytes in open whose fate is unknown, likewise

	resend      int    // messages in open that want to be sent again
	resendBytes int    // what that takes, about
	resendFrom  uint64 // none of them is below
	cutting     uint64 // message in open whose first transmission is under way, plus one

	started    uint64 // charges of all messages started so far
	limit      uint64 // charges that the peer allows
	blockedFor uint64 // the limit that BLOCKED asked for last
	blockedBy  uint64 // the limit that there was then
	blockedAt  int64  // when that was

	cuts    seq.Ring[fragmented] // Unreliable: messages that went in fragments, by their id on the wire
	known   uint64               // Unreliable: newest id of a run with ids that is known to have arrived
	arrived uint64               // newest id known to have arrived (unreliable deliveries)
	waiting int                  // messages that wait for STORED

	storedVisits uint64 // of cuts, on behalf of STORED

	expiry     expiry
	keys       senderKeys // Latest
	groups     groups     // ReliableOrdered
	droppables *sender    // of an ordered channel; nil before the first
	ordered    *sender    // of a sender of droppables: whose they are
	refused    int        // charge of the last message that found the queue full; 0: none since Writable
	full       *SendError // that was returned to it, to be returned again
	told       uint64     // the event Writable pushed last, plus one
	turn       turn
	repair     repairer
	counts     senderCounts
}

// next returns the message that may be started now; nil if there is none.
func (s *sender) next() *outMessage {
	if s.queue.Len() == 0 {
		return nil
	}
	m, short := s.head()
	if short {
		return nil
	}
	return m
}

// blocked reports whether the next message could start if there were credit for it.
func (s *sender) blocked() bool {
	if s.queue.Len() == 0 {
		return false
	}
	_, short := s.head()
	return short
}

// head returns the message at the head of the queue if it could be started now, or if there is only
// too little credit for it; nil if it could not. There must be one.
func (s *sender) head() (m *outMessage, short bool) {
	m = s.queue.First()
	switch {
	case s.cutting != 0 || s.droppables != nil && s.droppables.cutting != 0 || s.open.Len() >= maxOpenIDs:
		return nil, false
	case !s.cfg.Delivery.Reliable():
		return m, false
	case s.droppable(m):
		if s.droppables.open.Len() >= maxOpenIDs {
			return nil, false
		}
		return m, false
	case s.cfg.Delivery == ReliableLatest && s.largeUnderway(m):
		return nil, false
	case s.underway > 0 && s.underway+charge(m.len()) > max(maxWindow, s.cfg.MaxQueuedBytes):
		return nil, false
	}
	return m, s.wanted(m) > s.limit
}

// wanted is the limit that the next message of the queue needs.
func (s *sender) wanted(m *outMessage) uint64 { return s.started + uint64(charge(m.len())) }

// blockedDue is when BLOCKED is to be sent: at once for another message than last time, else
// each second, since the peer's pool may have been empty; never if credit holds nothing up.
func (s *sender) blockedDue() int64 {
	switch {
	case !s.cfg.Delivery.Reliable() || s.queue.Len() == 0 || s.wanted(s.queue.First()) <= s.limit:
		return never
	case !s.blocked():
		return never
	case s.wanted(s.queue.First()) != s.blockedFor:
		return longAgo
	}
	return s.blockedAt + blockedInterval
}

const blockedInterval = second

// maxOpenIDs is how many ids of a channel may be unresolved.
const maxOpenIDs = 1 << 14

// start gives the message at the head of the queue its id: its number in open of the sender
// that is returned.
func (s *sender) start(now int64) (to *sender, id uint64, m *outMessage) {
	head := s.queue.First()
	to = s.holder(head)
	if head.terms != nil {
		head.terms.options = s.optionsOf(head)
	}
	id = to.open.End()
	m = to.open.Push()
	*m = *head
	m.state = outFlying
	s.queue.Pop()
	s.leftQueue(m.len())
	if s.dead > 0 {
		s.trim()
	}
	if to.cfg.Delivery.Reliable() {
		s.started += uint64(charge(m.len()))
		s.underway += charge(m.len())
	}
	if m.terms != nil {
		s.fixTerms(now, m.terms)
	}
	if s.cfg.Delivery == ReliableLatest {
		s.keys.of(m.terms).id = id + 1
	}
	return to, id, m
}

// holder is the sender whose open will hold a message.
func (s *sender) holder(m *outMessage) *sender {
	if s.droppable(m) {
		return s.droppables
	}
	return s
}

// fixTerms completes the terms of the message that is being started.
func (s *sender) fixTerms(now int64, t *terms) {
	t.attempts = attempts{first: now, n: 1}
	if t.options&wire.OptionDroppable != 0 {
		t.precedes = s.open.End()
		t.first = s.groups.first(t, t.precedes)
		t.index = s.groups.countDroppable(t.precedes)
	} else if t.group != 0 {
		id := s.open.End() - 1
		t.first = s.groups.first(t, id)
		s.groups.current, s.groups.began = t.group, t.first
	}
}

// wide reports whether an id must go in four bytes.
func (s *sender) wide(id uint64) bool {
	if s.cfg.Delivery.Reliable() {
		return id-s.open.Base() >= 1<<14
	}
	return id-s.arrived >= 1<<14
}
