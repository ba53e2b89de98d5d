package endpoint

import "github.com/tickwire/tickwire/internal/wire"

// Messages that go in fragments: how they are cut, and what becomes of the pieces. A cut knows of
// each byte how often it was sent and whether it arrived.

const (
	// cutRoom is the least room that is filled with a part of a message which would fit a
	// packet of its own.
	cutRoom = 256
	// fragmentRoom is the least room for a fragment that does not end its message, and half of it
	// the least of the message in it; in a small packet half of that, and a quarter.
	fragmentRoom = 64
)

func (b *builder) fragmentRoom() int { return min(fragmentRoom, b.most/2) }

// startCut starts a message as fragments if it is too large for a packet of its own, or
// reliable and there is room worth filling.
func (s *sender) startCut(b *builder, m *outMessage) bool {
	run := s.runHeader(s.open.End(), m, b.copiers != 0)
	whole := wire.RunHeaderLen(&run)+m.runRoom() <= b.full
	fill := (s.cfg.Delivery == ReliableUnordered || s.cfg.Delivery == ReliableOrdered) && s.holder(m) == s
	if whole && !(fill && b.room() >= cutRoom) || b.room() < b.fragmentRoom() {
		return false
	}
	to, id, m := s.start(b.now)
	m.cut = s.out.cfg.Buffers.cuts.fetch()
	if to.cfg.Delivery == Unreliable {
		m.cut.wireID = to.cuts.End()
		*to.cuts.Push() = to.fragmented(id, m)
	}
	to.cutting = id + 1
	return true
}

// A fragmented is a message of an unreliable delivery that went in fragments.
type fragmented struct {
	id uint64   // in open
	at position // of a droppable
}

func (s *sender) fragmented(id uint64, m *outMessage) fragmented {
	f := fragmented{id: id}
	if s.ordered != nil {
		f.at = position{m.terms.precedes, m.terms.index}
	}
	return f
}

// cutter is the sender that holds the message whose first transmission is under way; nil if
// there is none.
func (s *sender) cutter() *sender {
	if s.cutting != 0 {
		return s
	}
	if s.droppables != nil && s.droppables.cutting != 0 {
		return s.droppables
	}
	return nil
}

// buildNextBytes sends the next bytes of the message whose first transmission is under way.
func (s *sender) buildNextBytes(b *builder) bool {
	id := s.cutting - 1
	m := s.open.At(id)
	if m.expired(b.now) {
		s.expireSent(id, m)
		s.popDone()
		return true
	}
	n := s.buildFragment(b, id, m, m.cut.sent, m.len())
	if n == 0 {
		return false
	}
	m.cut.sent += n
	if m.cut.sent == m.len() {
		s.cutting = 0
		if !s.cfg.Delivery.Reliable() {
			s.out.sentUnreliable(m)
		}
	}
	return true
}

// buildLostBytes sends lost bytes of a message again.
func (s *sender) buildLostBytes(b *builder, id uint64, m *outMessage) bool {
	span, attempt := m.cut.firstLost()
	if attempt == 0 {
		s.resent(m)
		return true
	}
	n := s.buildFragment(b, id, m, span.From, span.To)
	if n == 0 {
		return false
	}
	b.last().attempt = m.cut.sentAgain(span.From, span.From+n, attempt, s.cfg.Resend.limits())
	s.out.stats.FragmentsResent++
	if !m.cut.anyLost() {
		s.resent(m)
	}
	return true
}

// cutToResend sends a message in fragments that was sent whole once, if packets have become
// too small for it.
func (s *sender) cutToResend(b *builder, id uint64, m *outMessage) bool {
	run := s.runHeader(id, m, false)
	if wire.RunHeaderLen(&run)+m.runRoom() <= b.full || b.room() < b.fragmentRoom() {
		return false
	}
	m.cut = s.out.cfg.Buffers.cuts.fetch()
	m.cut.sent = m.len()
	m.cut.addLost(0, m.len(), uint32(max(attemptsOf(m)-1, 1))) // the next attempt was granted
	return true
}

// buildFragment appends as much of [from, to) of a message as fits, and says how much. A
// fragment that fills the packet saves its length and is the last frame.
func (s *sender) buildFragment(b *builder, id uint64, m *outMessage, from, to int) int {
	if from == 0 && !s.whole().mayStart(b.now) {
		return 0
	}
	f := s.fragmentHeader(id, m)
	f.Offset, f.Total, f.Length = from, m.len(), to-from
	n := to - from
	last := n > b.room()-wire.FragmentHeaderLen(&f, m.len())
	if last {
		f.Length = -1
		n = min(n, b.room()-wire.FragmentHeaderLen(&f, m.len()))
		if n < b.fragmentRoom()/2 {
			return 0
		}
	}
	b.dst = wire.AppendFragment(b.dst, &f)
	if last { // the header may have been shorter than its bound
		n = min(to-from, b.room())
	}
	s.putFragment(b, id, m, from, n)
	if last {
		b.end = len(b.dst)
	}
	return n
}

// putFragment appends the bytes of a fragment.
func (s *sender) putFragment(b *builder, id uint64, m *outMessage, from, n int) {
	if whole := s.whole(); from == 0 && whole.turn.limited {
		whole.countMessage(b)
	}
	b.dst = append(b.dst, m.payload[from:from+n]...)
	b.pkt.eliciting = true
	b.record(ofFragment(s, id, from, n))
}

// fragmentHeader is the header of a fragment but for its bytes.
func (s *sender) fragmentHeader(id uint64, m *outMessage) wire.Fragment {
	f := wire.Fragment{Channel: s.id, ID: id, Stored: !s.cfg.Delivery.Reliable() && m.receipt != 0}
	switch t := m.terms; {
	case s.ordered != nil:
		f.ID, f.Wide = t.precedes, s.ordered.wide(t.precedes)
		f.Options, f.Back, f.Index = t.options, back(t.precedes, t.first), t.index
		return f
	case s.cfg.Delivery == Unreliable:
		f.ID = m.cut.wireID
	case t != nil && t.options != 0:
		f.Options, f.Key, f.Back = t.options, t.key, back(id, t.first)
	}
	f.Wide = s.wide(f.ID)
	return f
}

// fragmentAcked: the peer has bytes of a message.
func (s *sender) fragmentAcked(now int64, c *content) {
	if !s.open.Has(c.oldest()) {
		return
	}
	m := s.open.At(c.oldest())
	if s.cfg.Delivery == UnreliableLatest {
		s.arrived = max(s.arrived, c.oldest())
	}
	if m.cut == nil {
		return
	}
	if s.cfg.Delivery == Unreliable {
		s.arrived = max(s.arrived, m.cut.wireID)
	}
	from, to := c.span()
	m.cut.arrived(from, to)
	if s.cfg.Delivery.Reliable() {
		if m.resend && !m.cut.anyLost() {
			s.resent(m)
		}
		if m.cut.acked.Covers(0, m.len()) {
			s.tellFate(m, Delivered, 0)
			s.finishCut(c.oldest())
			s.done(m)
		}
		return
	}
	if m.cut.acked.Covers(0, m.len()) && !m.cut.awaiting {
		s.awaitStored(now, m)
	}
}

// cutOf is a message that is sent in fragments; nil: it has its fate, or is none of those.
func (s *sender) cutOf(id uint64) *outMessage {
	if !s.open.Has(id) || s.open.At(id).cut == nil {
		return nil
	}
	return s.open.At(id)
}

// fragmentLost: a packet with bytes of a message was lost.
func (s *sender) fragmentLost(now int64, c *content) {
	m := s.cutOf(c.oldest())
	if m == nil {
		return
	}
	if s.cfg.Delivery.Reliable() {
		if c.missing(m.cut) {
			c.addLost(m.cut)
			s.resendOrGiveUp(now, c.oldest(), m, int(c.attempt))
		}
		return
	}
	// The rest would be of no use: nothing of it is sent any more.
	s.lose(m, NotKnown)
	s.finishCut(c.oldest())
	s.done(m)
}

// fragmentRepeat has bytes sent once more that may have been lost.
func (s *sender) fragmentRepeat(now int64, c *content) {
	if m := s.cutOf(c.oldest()); m != nil && c.missing(m.cut) && s.askPolicy(now, m, int(c.attempt)) {
		c.addLost(m.cut)
		s.wantResend(c.oldest(), m)
	}
}

// finishCut ends the first transmission of a message.
func (s *sender) finishCut(id uint64) {
	if s.cutting == id+1 {
		s.cutting = 0
	}
}

// missing reports whether bytes of a fragment need to be sent again, if its packet is lost.
func (c *content) missing(of *cut) bool {
	from, to := c.span()
	_, any := of.missing(from, to, c.attempt)
	return any
}

// addLost notes the bytes of a fragment as lost.
func (c *content) addLost(of *cut) {
	from, to := c.span()
	of.addLost(from, to, c.attempt)
}
