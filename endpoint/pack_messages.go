package endpoint

import "github.com/tickwire/tickwire/internal/wire"

const (
	// cutRoom is the least room that is filled with a part of a message which would fit a
	// packet of its own.
	cutRoom = 256
	// fragmentRoom is the least room for a fragment that does not end its message.
	fragmentRoom = 64
)

// buildResends appends what a channel must send again: whole messages as runs, lost bytes as
// fragments, superseded ones as SKIP.
func (e *Endpoint) buildResends(b *builder, s *sender) {
	for b.room() > 0 {
		id, m := s.nextResend()
		if m == nil {
			return
		}
		ok := false
		switch {
		case m.state == outSkipping:
			ok = e.buildSkip(b, s, id)
		case m.cut != nil:
			ok = e.buildLostBytes(b, s, id, m)
		default:
			ok = e.buildRun(b, s, id, true) || e.cutToResend(b, s, id, m)
		}
		if !ok {
			return
		}
	}
}

// buildFirst appends messages that were not sent yet.
func (e *Endpoint) buildFirst(b *builder, s *sender) {
	for b.room() > 0 {
		if s.cutting != 0 {
			if !e.buildNextBytes(b, s) {
				return
			}
			continue
		}
		m := s.next()
		if m == nil {
			return
		}
		if !e.buildRun(b, s, 0, false) && !e.startCut(b, s, m) {
			return
		}
	}
}

// runRoom is what a message takes in a run.
func runRoom(length int) int { return wire.UvarintLen(uint64(length)) + length }

// runHeader is the header of a run that begins with id.
func (s *sender) runHeader(id uint64) wire.Run {
	if s.cfg.Delivery == Unreliable {
		return wire.Run{Channel: s.id, Count: 1}
	}
	return wire.Run{Channel: s.id, HasIDs: true, Wide: s.wide(id), First: id, Count: 1}
}

// buildRun appends as many whole messages with consecutive ids as fit: those to send again
// from id on, or the first ones of the queue. False: not one fits.
func (e *Endpoint) buildRun(b *builder, s *sender, id uint64, again bool) bool {
	if !again {
		id = s.open.End()
	}
	run := s.runHeader(id)
	header, headerLen := len(b.dst), wire.RunHeaderLen(&run)
	count := 0
	for count < run.MaxCount() {
		length, ok := s.runNext(id+uint64(count), again)
		need := runRoom(length)
		if count == 0 {
			need += headerLen
		}
		if !ok || need > b.room() {
			break
		}
		if count == 0 {
			b.dst = wire.AppendRun(b.dst, &run)
		}
		b.dst = wire.AppendBytes(b.dst, e.putInRun(s, id+uint64(count), again))
		if !s.cfg.Delivery.Reliable() {
			e.sentUnreliable(s)
		}
		count++
	}
	if count == 0 {
		return false
	}
	wire.SetRunCount(b.dst[header:], headerLen, count)
	b.pkt.eliciting = true
	b.record(content{kind: contentRun, channel: s, first: id, count: uint32(count)})
	return true
}

// runNext returns the length of the next message of a run; false if there is none with this
// id.
func (s *sender) runNext(id uint64, again bool) (length int, ok bool) {
	if again {
		if !s.open.Has(id) {
			return 0, false
		}
		m := s.open.At(id)
		return m.length, m.resend && m.cut == nil && m.state == outFlying
	}
	if m := s.next(); m != nil {
		return m.length, true
	}
	return 0, false
}

// putInRun notes that a message goes out and returns its payload.
func (e *Endpoint) putInRun(s *sender, id uint64, again bool) []byte {
	var m *outMessage
	if again {
		m = s.open.At(id)
		s.resent(m)
		e.stats.MessagesResent++
	} else {
		_, m = s.start()
		e.queuedMessages--
	}
	m.flying++
	return m.payload
}

// sentUnreliable frees the payload of the newest message started: it is never sent again.
func (e *Endpoint) sentUnreliable(s *sender) {
	m := s.open.At(s.open.End() - 1)
	e.cfg.Buffers.release(m.payload)
	m.payload = nil
}

// startCut starts a message as fragments if it is too large for a packet of its own, or
// reliable and there is room worth filling.
func (e *Endpoint) startCut(b *builder, s *sender, m *outMessage) bool {
	run := s.runHeader(s.open.End())
	whole := wire.RunHeaderLen(&run)+runRoom(m.length) <= b.full
	fill := s.cfg.Delivery == ReliableUnordered || s.cfg.Delivery == ReliableOrdered
	if whole && !(fill && b.room() >= cutRoom) || b.room() < fragmentRoom {
		return false
	}
	id, m := s.start()
	e.queuedMessages--
	m.cut = e.newCut()
	if s.cfg.Delivery == Unreliable {
		m.cut.wireID = s.cuts.End()
		*s.cuts.Push() = id
	}
	s.cutting = id + 1
	return true
}

// buildNextBytes sends the next bytes of the message whose first transmission is under way.
func (e *Endpoint) buildNextBytes(b *builder, s *sender) bool {
	id := s.cutting - 1
	m := s.open.At(id)
	n := e.buildFragment(b, s, id, m, m.cut.sent, m.length)
	if n == 0 {
		return false
	}
	m.cut.sent += n
	if m.cut.sent == m.length {
		s.cutting = 0
		if !s.cfg.Delivery.Reliable() {
			e.cfg.Buffers.release(m.payload)
			m.payload = nil
		}
	}
	return true
}

// buildLostBytes sends lost bytes of a message again.
func (e *Endpoint) buildLostBytes(b *builder, s *sender, id uint64, m *outMessage) bool {
	if m.cut.lost.Len() == 0 {
		s.resent(m)
		return true
	}
	span := m.cut.lost.All()[0]
	n := e.buildFragment(b, s, id, m, span.From, span.To)
	if n == 0 {
		return false
	}
	m.cut.lost.Remove(span.From, span.From+n)
	e.stats.FragmentsResent++
	if m.cut.lost.Len() == 0 {
		s.resent(m)
	}
	return true
}

// cutToResend sends a message in fragments that was sent whole once, if packets have become
// too small for it.
func (e *Endpoint) cutToResend(b *builder, s *sender, id uint64, m *outMessage) bool {
	run := s.runHeader(id)
	if wire.RunHeaderLen(&run)+runRoom(m.length) <= b.full || b.room() < fragmentRoom {
		return false
	}
	m.cut = e.newCut()
	m.cut.sent = m.length
	m.cut.lost.Add(0, m.length)
	return true
}

// buildFragment appends as much of [from, to) of a message as fits, and says how much. A
// fragment that fills the packet saves its length and is the last frame.
func (e *Endpoint) buildFragment(b *builder, s *sender, id uint64, m *outMessage, from, to int) int {
	f := wire.Fragment{Channel: s.id, ID: id, Offset: from, Total: m.length, Length: to - from}
	if s.cfg.Delivery == Unreliable {
		f.ID = m.cut.wireID
	}
	f.Wide = s.wide(f.ID)
	f.Stored = !s.cfg.Delivery.Reliable() && m.receipt != 0
	n := to - from
	last := n > b.room()-wire.FragmentHeaderLen(&f, m.length)
	if last {
		f.Length = -1
		n = min(n, b.room()-wire.FragmentHeaderLen(&f, m.length))
		if n < fragmentRoom/2 {
			return 0
		}
	}
	b.dst = wire.AppendFragment(b.dst, &f)
	if last { // the header may have been shorter than its bound
		n = min(to-from, b.room())
	}
	e.putFragment(b, s, id, m, from, n)
	if last {
		b.end = len(b.dst)
	}
	return n
}

func (e *Endpoint) putFragment(b *builder, s *sender, id uint64, m *outMessage, from, n int) {
	b.dst = append(b.dst, m.payload[from:from+n]...)
	b.pkt.eliciting = true
	b.record(content{kind: contentFragment, channel: s, first: id, count: uint32(n), offset: uint32(from)})
}

// buildSkip says that superseded values from id on will not come.
func (e *Endpoint) buildSkip(b *builder, s *sender, id uint64) bool {
	const perFrame = 16
	var lengths [perFrame]int
	count := 0
	for ; count < perFrame && s.open.Has(id+uint64(count)); count++ {
		m := s.open.At(id + uint64(count))
		if m.state != outSkipping || !m.resend {
			break
		}
		lengths[count] = m.length
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
