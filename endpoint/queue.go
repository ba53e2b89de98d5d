package endpoint

import "github.com/tickwire/tickwire/internal/wire"

// A FullPolicy is what happens to a message that finds its queue full (MaxQueuedBytes). Only
// messages that wait are dropped, none that was started.
type FullPolicy uint8

const (
	// FullDefault is Refuse for the reliable deliveries and DropOldest for the others.
	FullDefault FullPolicy = iota
	// Refuse: Send returns ErrFull. An event Writable follows when there is room again.
	Refuse
	// DropOldest: the messages that wait longest are dropped until it fits.
	DropOldest
	// DropNewest: it is dropped itself.
	DropNewest
)

var fullNames = [...]string{"FullDefault", "Refuse", "DropOldest", "DropNewest"}

// String names the policy.
func (p FullPolicy) String() string {
	if int(p) < len(fullNames) {
		return fullNames[p]
	}
	return "FullPolicy(?)"
}

// Fits reports whether the queue of a channel has room for a message of so many bytes.
func (e *Endpoint) Fits(channel ChannelID, bytes int) bool {
	s := e.outbox.sender(uint16(channel))
	return s != nil && s.queued+charge(bytes) <= s.cfg.MaxQueuedBytes
}

// HalfEmpty reports whether the queue of a channel is half empty, as it is when Writable says that
// there is room again: who waits for room need not be woken for each message that leaves.
func (e *Endpoint) HalfEmpty(channel ChannelID) bool {
	s := e.outbox.sender(uint16(channel))
	return s != nil && s.halfEmpty()
}

// Blocked reports whether the next message of a channel waits for credit, which the peer gives when
// its game takes what was sent before.
func (e *Endpoint) Blocked(channel ChannelID) bool {
	s := e.outbox.sender(uint16(channel))
	return s != nil && s.blocked()
}

func (s *sender) halfEmpty() bool { return s.queued <= s.cfg.MaxQueuedBytes/2 }

// placeLatest returns where a value goes in the queue: the place of the one that it replaces,
// or the end.
func (s *sender) placeLatest(t *terms) *outMessage {
	k := s.keyOf(t)
	if m := s.queuedAt(k.place); m != nil {
		refused := s.refused
		s.refused = 0 // the room is not for others, before it is known how much the new value takes
		s.dropInPlace(m, Replaced)
		s.refused = refused
		s.dead-- // the place is taken again
		*m = outMessage{}
		return m
	}
	k.place = s.queue.End() + 1
	return s.queue.Push()
}

// queuedAt returns the message that waits at a place, a number of the queue plus one; nil if
// it waits no more.
func (s *sender) queuedAt(place uint64) *outMessage {
	if place == 0 || !s.queue.Has(place-1) {
		return nil
	}
	if m := s.queue.At(place - 1); m.state == outQueued {
		return m
	}
	return nil
}

// makeQueueRoom makes room for a message of this charge as the channel's policy has it, and
// reports whether the message may be queued.
func (s *sender) makeQueueRoom(t *terms, cost int) (bool, error) {
	need := s.queued + cost
	if s.cfg.Delivery.latest() {
		if k := s.keys.of(t); k != nil && s.queuedAt(k.place) != nil {
			need -= charge(s.queuedAt(k.place).len()) // it goes
		}
	}
	if need <= s.cfg.MaxQueuedBytes {
		return true, nil
	}
	switch s.cfg.Full {
	case Refuse:
		s.refused = cost
		return false, s.fullError(need)
	case DropNewest:
		return false, nil
	}
	for s.queued+cost > s.cfg.MaxQueuedBytes {
		s.dropOldest(Dropped)
	}
	return true, nil
}

// fullError says that the queue is full. Who fills it again and again is told the same with each
// message that is refused, in the same words.
func (s *sender) fullError(need int) error {
	if s.full == nil || s.full.Value != need {
		s.full = &SendError{s.cfg.ID, ErrFull, "MaxQueuedBytes", need, s.cfg.MaxQueuedBytes}
	}
	return s.full
}

// unqueued ends a Send whose message does not enter the queue: refused, or dropped at once.
func (s *sender) unqueued(receipt bool, err error) (Receipt, error) {
	if err != nil {
		return 0, err
	}
	m := outMessage{}
	if receipt {
		m.receipt = s.out.newReceipt()
	}
	id := m.receipt
	s.counts.messages++
	s.lose(&m, Dropped)
	return id, nil
}

// dropOldest drops the message that waits longest.
func (s *sender) dropOldest(why LossReason) {
	s.dropInPlace(s.queue.At(s.queue.Base()), why)
	s.trim()
}

// dropInPlace lets a message die in the queue. It keeps its place until the head comes by.
func (s *sender) dropInPlace(m *outMessage, why LossReason) {
	m.state = outDone
	s.dead++
	s.leftQueue(m.len())
	s.lose(m, why)
	s.out.freePayload(m)
	s.out.freeTerms(m.terms)
	m.terms = nil
}

// lose counts a message that is given up, and tells the game.
func (s *sender) lose(m *outMessage, why LossReason) {
	if s.counts.dropped[why]++; s.ordered != nil {
		s.ordered.counts.dropped[why]++
	}
	s.tellFate(m, Lost, why)
}

// trim removes the dead at the head of the queue, and all of them when they are most of it: a
// head that is held up shall not let the queue grow with what died behind it.
func (s *sender) trim() {
	for s.dead > 0 && s.queue.Len() > 0 && s.queue.At(s.queue.Base()).state == outDone {
		s.queue.Pop()
		s.dead--
	}
	if s.dead < 64 || s.dead < s.queue.Len()/2 {
		return
	}
	for n := s.queue.Len(); n > 0; n-- {
		m := *s.queue.At(s.queue.Base())
		s.queue.Pop()
		if m.state == outDone {
			continue
		}
		if s.cfg.Delivery.latest() {
			s.keyOf(m.terms).place = s.queue.End() + 1
		}
		*s.queue.Push() = m
	}
	s.dead = 0
}

// leftQueue notes that a message waits no more.
func (s *sender) leftQueue(length int) {
	if s.queued -= charge(length); s.refused > 0 {
		s.tellWritable()
	}
}

// tellWritable tells a game that was refused when there is room again, unless it has not read
// the last such event yet.
func (s *sender) tellWritable() {
	if !s.halfEmpty() || s.queued+s.refused > s.cfg.MaxQueuedBytes {
		return
	}
	s.refused = 0
	if !s.out.events.unread(s.told) {
		s.out.events.pushLatest(&s.told, Event{Kind: Writable, Channel: s.cfg.ID})
	}
}

// tellFate tells the game what became of a message, if it asked.
func (s *sender) tellFate(m *outMessage, kind EventKind, why LossReason) {
	if m.receipt == 0 {
		return
	}
	s.out.openReceipts--
	s.out.events.push(Event{Kind: kind, Channel: s.cfg.ID, Receipt: m.receipt, Why: why})
	m.receipt = 0
}

// keyed reports whether the terms name a key.
func (t *terms) keyed() bool { return t != nil && t.options&wire.OptionKeyed != 0 }
