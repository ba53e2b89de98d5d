package endpoint

import "github.com/tickwire/tickwire/internal/wire"

const (
	// cutRoom is the least room that is filled with a part of a message which would fit a
	// packet of its own.
	cutRoom = 256
	// fragmentRoom is the least room for a fragment that does not end its message, and half of it
	// the least of the message in it; in a small packet half of that, and a quarter.
	fragmentRoom = 64
)

func (b *builder) fragmentRoom() int { return min(fragmentRoom, b.most/2) }

// buildResends appends what a channel must send again: whole messages as runs, lost bytes as
// fragments, superseded ones as SKIP.
func (s *sender) buildResends(b *builder) {
	for b.room() > 0 {
		id, m := s.nextResend()
		if m == nil {
			return
		}
		if m.state == outFlying && m.expired(b.now) {
			s.giveUp(id, m, Expired)
			continue
		}
		ok := false
		switch {
		case m.state == outSkipping:
			ok = s.buildSkip(b, id)
		case m.cut != nil:
			ok = s.buildLostBytes(b, id, m)
		default:
			ok = s.buildRun(b, id, true) || s.cutToResend(b, id, m)
		}
		if !ok {
			return
		}
	}
}

// buildFirst appends messages that were not sent yet.
func (s *sender) buildFirst(b *builder) {
	for b.room() > 0 {
		if cutter := s.cutter(); cutter != nil {
			if !cutter.buildNextBytes(b) {
				return
			}
			continue
		}
		m := s.next()
		if m == nil {
			return
		}
		if m.expired(b.now) {
			s.dropOldest(Expired)
			continue
		}
		if !s.mayStart(b.now) || !s.buildRun(b, 0, false) && !s.startCut(b, m) {
			return
		}
	}
}

// runRoom is what a message takes in a run.
func (m *outMessage) runRoom() int {
	n := wire.UvarintLen(uint64(m.len())) + m.len()
	if m.terms.keyed() {
		n += wire.UvarintLen(m.terms.key)
	}
	return n
}

// runHeader is the header of a run that begins with a message of this id, or which will have
// it. Unreliable messages have an id on the wire if they are copied or repaired, so that each
// comes once.
func (s *sender) runHeader(id uint64, m *outMessage, copied bool) wire.Run {
	if s.cfg.Delivery == Unreliable {
		copied = copied || s.repair.on()
		return wire.Run{Channel: s.id, Count: 1, HasIDs: copied, First: id, Wide: copied && s.farAhead(id)}
	}
	run := wire.Run{Channel: s.id, HasIDs: true, Wide: s.wide(id), First: id, Count: 1}
	if t := m.terms; t != nil && t.options != 0 {
		run.Options = t.options
		run.Back = back(id, s.firstOf(id, m))
		run.Index = s.groups.indexOf(id)
	}
	return run
}

// firstOf is the first id of the group of a message.
func (s *sender) firstOf(id uint64, m *outMessage) uint64 {
	if m.state == outQueued {
		return s.groups.first(m.terms, id)
	}
	return m.terms.first
}

// buildRun appends as many whole messages with consecutive ids as fit: those to send again
// from id on, or the first ones of the queue. False: not one fits.
func (s *sender) buildRun(b *builder, id uint64, again bool) bool {
	if !again {
		id = s.open.End()
	}
	m := s.runNext(id, again)
	run, group, to := s.runHeader(id, m, b.copiers != 0), m.group(), s.holder(m)
	c := content{kind: contentRun, channel: to, first: id}
	if to != s {
		c.first = to.open.End()
	}
	if run.HasIDs && s.cfg.Delivery == Unreliable {
		c.offset = 1
	}
	header, need := len(b.dst), wire.RunHeaderLen(&run)
	headerLen := need
	repaired := !again && s.willRepair()
	for int(c.count) < run.MaxCount() && s.mayStart(b.now) {
		if need += m.runRoom(); need > b.room() {
			break
		}
		if c.count == 0 {
			b.dst = wire.AppendRun(b.dst, &run)
		}
		repaired = repaired && m.len() <= s.repair.kind.largest()
		s.putInRun(b, id+uint64(c.count), m, again)
		c.count++
		m = s.runNext(id+uint64(c.count), again)
		if m == nil || !m.goesWith(b.now, run.Options, group) {
			break
		}
		need = 0
	}
	if c.count == 0 {
		return false
	}
	if repaired {
		b.pkt.sort |= packetRepaired
	}
	wire.SetRunCount(b.dst[header:], headerLen, int(c.count))
	b.pkt.eliciting = true
	b.record(c)
	return true
}

// runNext returns the next message of a run; nil if there is none with this id.
func (s *sender) runNext(id uint64, again bool) *outMessage {
	if !again {
		return s.next()
	}
	if !s.open.Has(id) {
		return nil
	}
	if m := s.open.At(id); m.resend && m.cut == nil && m.state == outFlying {
		return m
	}
	return nil
}

// goesWith reports whether a message may follow others of these options and group in a run.
func (m *outMessage) goesWith(now int64, options byte, group uint64) bool {
	if m.terms == nil {
		return options == 0
	}
	return m.terms.options == options && m.terms.group == group && m.terms.expires > now
}

func (m *outMessage) group() uint64 {
	if m.terms == nil {
		return 0
	}
	return m.terms.group
}

// putInRun appends a message.
func (s *sender) putInRun(b *builder, id uint64, m *outMessage, again bool) {
	to := s
	if s.turn.limited {
		s.countMessage(b)
	}
	if again {
		s.resent(m)
		s.out.stats.MessagesResent++
		s.double(b, id, m)
	} else {
		to, _, m = s.start(b.now)
	}
	m.flying++
	if m.terms.keyed() {
		b.dst = wire.AppendUvarint(b.dst, m.terms.key)
	}
	b.dst = wire.AppendBytes(b.dst, m.payload)
	if !to.cfg.Delivery.Reliable() && !to.keeps(m) {
		s.out.sentUnreliable(m)
	}
}

// fragmentHeader is the header of a fragment but for its bytes.
func (s *sender) fragmentHeader(id uint64, m *outMessage) wire.Fragment {
	f := wire.Fragment{Channel: s.id, ID: id, Stored: !s.cfg.Delivery.Reliable() && m.receipt != 0}
	switch t := m.terms; {
	case s.of != nil:
		f.ID, f.Wide = t.precedes, s.of.wide(t.precedes)
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

// sentUnreliable frees the payload of a message that is never sent again.
func (out *outbox) sentUnreliable(m *outMessage) {
	out.freePayload(m)
	if m.terms != nil {
		m.terms.expires = never // its packet decides
	}
}

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
	m.cut = s.out.cuts.fetch()
	if to.cfg.Delivery == Unreliable {
		m.cut.wireID = to.cuts.End()
		*to.cuts.Push() = id
	}
	to.cutting = id + 1
	return true
}

// cutter is the sender that holds the message whose first transmission is under way; nil if
// there is none.
func (s *sender) cutter() *sender {
	if s.cutting != 0 {
		return s
	}
	if s.loose != nil && s.loose.cutting != 0 {
		return s.loose
	}
	return nil
}

// buildNextBytes sends the next bytes of the message whose first transmission is under way.
func (s *sender) buildNextBytes(b *builder) bool {
	id := s.cutting - 1
	m := s.open.At(id)
	if m.expired(b.now) {
		s.expireSent(id, m)
		s.settle()
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
	m.cut = s.out.cuts.fetch()
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

func (s *sender) putFragment(b *builder, id uint64, m *outMessage, from, n int) {
	if whole := s.whole(); from == 0 && whole.turn.limited {
		whole.countMessage(b)
	}
	b.dst = append(b.dst, m.payload[from:from+n]...)
	b.pkt.eliciting = true
	b.record(content{kind: contentFragment, channel: s, first: id, count: uint32(n), offset: uint32(from), attempt: 1})
}

// buildSkip says that superseded values from id on will not come.
func (s *sender) buildSkip(b *builder, id uint64) bool {
	const perFrame = 16
	var lengths [perFrame]int
	count := 0
	for ; count < perFrame && s.open.Has(id+uint64(count)); count++ {
		m := s.open.At(id + uint64(count))
		if m.state != outSkipping || !m.resend {
			break
		}
		lengths[count] = m.len()
	}
	if b.room() < 10+5*count {
		return false
	}
	for i := range uint64(count) {
		s.resent(s.open.At(id + i))
	}
	b.dst = wire.AppendSkip(b.dst, s.id, uint32(id), lengths[:count])
	b.pkt.eliciting = true
	b.record(content{kind: contentSkip, channel: s, first: id, count: uint32(count)})
	return true
}
