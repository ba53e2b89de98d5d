package endpoint

import (
	"slices"

	"github.com/tickwire/tickwire/internal/seq"
	"github.com/tickwire/tickwire/internal/wire"
)

// What is said of whole messages of unreliable deliveries that came in fragments: that all of them
// arrived does not mean that the message did, since they need not have been there at one time.
// STORED says that it did, if its sender asked.

// confirmStored queues an id for STORED; if too many wait, the oldest goes and its receipt
// will read Lost(not known).
func (r *receiver) confirmStored(id uint32) {
	if len(r.stored) >= maxStored {
		r.stored = slices.Delete(r.stored, 0, 1)
	}
	r.stored, r.in.owing = append(r.stored, id), true
}

const maxStored = 64

// storedPerFrame is how many ids a STORED of ours holds, so that they fit the record of what a
// packet carried.
const storedPerFrame = 2

// storedLost queues the ids of a STORED that was lost again.
func (r *receiver) storedLost(ids uint64, count uint32) {
	for i := range count {
		r.confirmStored(uint32(ids >> (32 * i)))
	}
}

// buildStored appends STORED of the ids that wait longest.
func (r *receiver) buildStored(b *builder) {
	n := min(len(r.stored), storedPerFrame)
	c := ofStored(r, r.stored[:n])
	b.dst = wire.AppendStored(b.dst, r.id, r.stored[:n])
	r.stored = append(r.stored[:0], r.stored[n:]...)
	b.pkt.eliciting = true
	b.record(c)
}

// awaitStored: all fragments of an unreliable message arrived, which does not mean that it was
// complete at any time: STORED will say so, or not.
func (s *sender) awaitStored(now int64, m *outMessage) {
	if m.receipt == 0 {
		s.done(m)
		return
	}
	m.cut.awaiting = true
	m.cut.storedBy = now + storedWait
	s.waiting++
	s.out.expireLater(m.cut.storedBy)
}

// storedWait is how long a fragmented unreliable message waits for STORED after its last
// fragment was acknowledged.
const storedWait = second

// handleStored takes the confirmations of STORED.
func (s *sender) handleStored(ids []byte) error {
	if s.cfg.Delivery == ReliableOrdered {
		if s = s.droppables; s == nil {
			return errProtocol // there never was a droppable
		}
	}
	if s.cfg.Delivery.Reliable() {
		return errProtocol
	}
	expected := s.open.End()
	if s.cfg.Delivery == Unreliable {
		expected = s.cuts.End()
	}
	for ; len(ids) >= 4; ids = ids[4:] {
		id := uint64(ids[0]) | uint64(ids[1])<<8 | uint64(ids[2])<<16 | uint64(ids[3])<<24
		if s.ordered != nil {
			s.droppableStored(uint32(id))
			continue
		}
		s.storedArrived(seq.Nearest(expected, id, 32))
	}
	return nil
}

// storedArrived: the peer says that it has whole messages.
func (s *sender) storedArrived(wireID uint64) {
	id := wireID
	if s.cfg.Delivery == Unreliable {
		if !s.cuts.Has(wireID) {
			return
		}
		id = s.cuts.At(wireID).id
	}
	if s.open.Has(id) && s.open.At(id).cut != nil {
		s.messageStored(id, s.open.At(id))
	}
}

func (s *sender) messageStored(id uint64, m *outMessage) {
	s.tellFate(m, Delivered, 0)
	s.finishCut(id)
	s.done(m)
	s.popDone()
}

// expireStored gives up on messages whose STORED did not come.
func (s *sender) expireStored(now int64) (next int64) {
	next = never
	if s.waiting == 0 {
		return next
	}
	for id := s.open.Base(); id < s.open.End(); id++ {
		m := s.open.At(id)
		if m.cut == nil || !m.cut.awaiting {
			continue
		}
		if m.cut.storedBy <= now {
			s.lose(m, NotKnown)
			s.done(m)
		} else {
			next = min(next, m.cut.storedBy)
		}
	}
	s.popDone()
	return next
}
