package endpoint

import (
	"math"

	"github.com/tickwire/tickwire/internal/wire"
)

// needDroppables makes the sender that holds the droppables of an ordered channel: they are sent
// and settled as messages of an unreliable one.
func (s *sender) needDroppables() {
	if s.droppables != nil {
		return
	}
	cfg := *s.cfg
	cfg.Delivery = Unreliable
	s.droppables = &sender{out: s.out, cfg: &cfg, id: s.id, ordered: s, repair: repairer{kind: RepairOff}}
}

// droppable reports whether the message is sent, or was, as one.
func (s *sender) droppable(m *outMessage) bool { return s.optionsOf(m)&wire.OptionDroppable != 0 }

// optionsOf is what the wire says of a message: that waits, if it were started now. If as many
// droppables were sent before the next id as the wire can count, one goes like the messages that are
// not: it arrives in its place.
func (s *sender) optionsOf(m *outMessage) byte {
	t := m.terms
	switch {
	case t == nil:
		return 0
	case m.state == outQueued && t.options&wire.OptionDroppable != 0 && s.groups.indexOf(s.open.End()) > wire.MaxIndex:
		return t.options &^ wire.OptionDroppable
	}
	return t.options
}

// whole is the sender of the channel: that of the ordered messages if s holds its droppables.
func (s *sender) whole() *sender {
	if s.ordered != nil {
		return s.ordered
	}
	return s
}

// storedID is what STORED calls a droppable (SPEC.md, 6.6).
func storedID(precedes, index uint64) uint32 {
	return uint32(precedes&0xffff) | uint32(index)<<16
}

// storedID is what STORED calls the message.
func (h *head) storedID() uint32 {
	if h.droppable() {
		return storedID(h.id, h.index)
	}
	return uint32(h.id)
}

// droppableStored: the peer says that it has a whole droppable. Those that went in pieces are in order,
// so that an id which a peer makes up costs the logarithm of how many they are. Of two with the
// same number the newer one is meant.
func (s *sender) droppableStored(stored uint32) {
	if s.waiting == 0 || s.cuts.Len() == 0 {
		return
	}
	newest := s.cuts.At(s.cuts.End() - 1).at.id
	at := position{newest - (newest-uint64(stored))&0xffff, math.MaxUint64}
	last := s.cutUpTo(at)
	if last == nil || last.at.id != at.id {
		return
	}
	at.index = last.at.index - (last.at.index-uint64(stored>>16))&0xffff
	c := s.cutUpTo(at)
	if c == nil || c.at != at || !s.open.Has(c.id) {
		return
	}
	if id := c.id; s.open.At(id).cut != nil {
		s.messageStored(id, s.open.At(id))
	}
}

// cutUpTo is the last droppable in pieces that is not behind a position; nil if there is none.
func (s *sender) cutUpTo(p position) *fragmented {
	low, high := s.cuts.Base(), s.cuts.End()
	for low < high {
		s.storedVisits++
		if mid := low + (high-low)/2; p.before(s.cuts.At(mid).at) {
			high = mid
		} else {
			low = mid + 1
		}
	}
	if low == s.cuts.Base() {
		return nil
	}
	return s.cuts.At(low - 1)
}

// A position is a place in the order of an ordered channel: that of the droppable with this
// index among those before message id.
type position struct{ id, index uint64 }

func (p position) before(q position) bool { return p.id < q.id || p.id == q.id && p.index < q.index }

// droppableBudget bounds the droppables of a channel that wait, here and in the game's hands.
func (r *receiver) droppableBudget() int {
	return max(defaultUnreliable, charge(r.cfg.largest()))
}

// maxWaiting is how many droppables of a channel wait for their turn at most.
const maxWaiting = 1024

// pass makes everything before a position late.
func (r *receiver) pass(p position) {
	if r.passed.before(p) {
		r.passed = p
	}
}

// late reports whether something that comes after the droppable was delivered.
func (r *receiver) late(h *head) bool { return position{h.id, h.index}.before(r.passed) }

// wantsDroppable reports whether a droppable, or a part of one, is of use.
func (r *receiver) wantsDroppable(h *head) (bool, error) {
	if h.id > r.seen.Base()+maxAhead {
		return false, errProtocol
	}
	if r.late(h) {
		r.in.stats.MessagesStale++
		return false, nil
	}
	return true, nil
}

// droppableArrived takes a whole droppable. It owns the payload.
func (r *receiver) droppableArrived(h *head, payload []byte) {
	if !r.makeDroppableRoom(nil, charge(len(payload))) {
		r.in.cfg.Buffers.release(payload)
		return
	}
	r.held += charge(len(payload))
	m := waitingMessage{position{h.id, h.index}, h.first, payload}
	switch {
	case h.first <= r.seen.Base():
		r.deliverDroppable(&m)
	case r.droppables.len() >= maxWaiting:
		r.dropDroppable(payload)
		r.in.stats.MessagesOverflowed++
	default:
		r.droppables.push(m)
	}
}

// makeDroppableRoom drops droppables until bytes more fit: unfinished ones except keep, then
// those that wait for their turn, the oldest first. False: the game has not taken so many that
// nothing more fits.
func (r *receiver) makeDroppableRoom(keep *partial, bytes int) bool {
	for i := 0; i < len(r.partials) && r.held+bytes > r.droppableBudget(); {
		if r.partials[i] == keep {
			i++
			continue
		}
		r.dropPartial(r.partials[i])
		r.in.stats.MessagesOverflowed++
	}
	for r.droppables.len() > 0 && r.held+bytes > r.droppableBudget() {
		r.dropWaiting()
	}
	if r.held+bytes > r.droppableBudget() {
		r.in.stats.MessagesOverflowed++
		return false
	}
	return true
}

// dropWaiting drops the droppable that comes first of those that wait.
func (r *receiver) dropWaiting() {
	r.dropDroppable(r.droppables.pop().payload)
	r.in.stats.MessagesOverflowed++
}

// dropDroppable drops the payload of a droppable that waits.
func (r *receiver) dropDroppable(payload []byte) {
	r.held -= charge(len(payload))
	r.in.cfg.Buffers.release(payload)
}

// deliverDroppables delivers those that wait before an id below end, or whose group begins
// below began.
func (r *receiver) deliverDroppables(end, began uint64) {
	for q := &r.droppables; q.len() > 0 && (q.first().id < end || q.first().first < began); {
		m := q.pop()
		r.deliverDroppable(&m)
	}
}

// deliverDroppable hands on a droppable whose turn it is, unless it waited twice.
func (r *receiver) deliverDroppable(m *waitingMessage) {
	if m.before(r.passed) {
		r.dropDroppable(m.payload)
		r.in.stats.MessagesDuplicate++
		return
	}
	r.pass(position{m.id, m.index + 1})
	r.deliver(m.payload).droppable = true
}

// droppable reports whether a frame's message is one.
func (h *head) droppable() bool { return h.options&wire.OptionDroppable != 0 }
