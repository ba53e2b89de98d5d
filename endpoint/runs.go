package endpoint

import "github.com/tickwire/tickwire/internal/wire"

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
	if options := s.optionsOf(m); options != 0 {
		run.Options = options
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
	first := id
	if to != s {
		first = to.open.End()
	}
	c := ofRun(to, first, run.HasIDs)
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
		if m == nil || !s.goesWith(b.now, m, run.Options, group) {
			break
		}
		need = 0
	}
	if c.count == 0 {
		return false
	}
	if repaired {
		b.pkt.flags |= packetRepaired
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
func (s *sender) goesWith(now int64, m *outMessage, options byte, group uint64) bool {
	if m.terms == nil {
		return options == 0
	}
	return s.optionsOf(m) == options && m.terms.group == group && m.terms.expires > now
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
		s.planTwin(b, id, m)
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

// sentUnreliable frees the payload of a message that is never sent again.
func (out *outbox) sentUnreliable(m *outMessage) {
	out.freePayload(m)
	if m.terms != nil {
		m.terms.expires = never // its packet decides
	}
}
