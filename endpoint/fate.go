package endpoint

import "github.com/tickwire/tickwire/internal/seq"

// What happens to the contents of a packet when it is acknowledged, lost, or repeated in a
// probe.

// open is the ids of the messages that it speaks of and that are not settled yet: the first,
// and one more than the last.
func (c *content) open() (id, end uint64) {
	return max(c.first, c.channel.open.Base()), c.first + uint64(c.count)
}

func (e *Endpoint) contentAcked(now int64, c *content, late bool) {
	switch c.kind {
	case contentRun:
		s := c.channel
		if c.offset > 0 {
			s.known = max(s.known, c.first+uint64(c.count)-1)
		}
		for id, end := c.open(); id < end; id++ {
			s.messageAcked(id, late)
		}
		s.settle()
	case contentFragment:
		e.outbox.fragmentAcked(now, c)
		c.channel.settle()
	case contentSkip:
		s := c.channel
		for id, end := c.open(); id < end; id++ {
			if m := s.open.At(id); m.state == outSkipping {
				s.done(m)
			}
		}
		s.settle()
	case contentHello:
		e.life.hello.acked = true
	case contentHold:
		e.life.holdAcked(c.first)
	case contentDraining:
		e.life.drain.known = max(e.life.drain.known, uint8(c.first))
	case contentHome:
		e.homeAcked(now, e.paths[c.offset], c.first)
	}
}

// messageAcked: the peer has the whole message.
func (s *sender) messageAcked(id uint64, late bool) {
	m := s.open.At(id)
	if !late && m.flying > 0 {
		m.flying--
	}
	if s.cfg.Delivery == UnreliableLatest {
		s.arrived = max(s.arrived, id)
	}
	if m.state == outDone {
		return
	}
	s.resolve(m, Delivered, 0)
	s.done(m)
}

// done ends the life of a message in open.
func (s *sender) done(m *outMessage) {
	if m.state == outDone {
		return
	}
	if m.resend {
		s.resent(m)
	}
	if s.cfg.Delivery.Reliable() && m.state != outSkipping {
		s.underway -= charge(m.len())
	}
	m.state = outDone
	if m.payload != nil || m.terms != nil || m.cut != nil {
		s.strip(m)
	}
}

// strip frees what a message that is not sent any more has of its own.
func (s *sender) strip(m *outMessage) {
	s.out.freePayload(m)
	if m.terms != nil {
		s.out.freeTerms(m.terms)
		m.terms = nil
	}
	if m.cut != nil {
		if m.cut.awaiting {
			s.waiting--
		}
		s.out.freeCut(m.cut)
		m.cut = nil
	}
}

// settle drops the messages at the low end of open that are done.
func (s *sender) settle() {
	for s.open.Len() > 0 && s.open.At(s.open.Base()).state == outDone {
		s.open.Pop()
	}
	for s.cuts.Len() > 0 && !s.open.Has(*s.cuts.At(s.cuts.Base())) {
		s.cuts.Pop()
	}
}

func (e *Endpoint) contentLost(now int64, c *content) {
	switch c.kind {
	case contentRun:
		s := c.channel
		for id, end := c.open(); id < end; id++ {
			s.messageLost(now, id, c.again)
		}
		s.settle()
	case contentFragment:
		if !c.again {
			e.outbox.fragmentLost(now, c)
			c.channel.settle()
		}
	case contentSkip:
		s := c.channel
		if c.again {
			return
		}
		for id, end := c.open(); id < end; id++ {
			if m := s.open.At(id); m.state == outSkipping {
				s.wantResend(id, m)
			}
		}
	case contentWindow:
		c.inbound.oweLimit()
	case contentStored:
		c.inbound.storedLost(c.first, c.count)
	case contentRebuilt:
		c.inbound.rebuiltLost(c.first, c.count)
	case contentBlocked:
		c.channel.blockedFor = 0
	case contentHold:
		e.life.holdLost(c.first)
	case contentDraining:
		e.life.drainLost(uint8(c.first))
	case contentStatus:
		e.statusLost(c)
	}
}

// messageLost: a packet with the whole message was lost, and may have been overdue before.
func (s *sender) messageLost(now int64, id uint64, again bool) {
	m := s.open.At(id)
	if !again && m.flying > 0 {
		m.flying--
	}
	if m.state != outFlying || m.flying > 0 || m.resend || m.cut != nil {
		return
	}
	s.resendOrGiveUp(now, id, m, attemptsOf(m))
}

// repair decides what the loss of a message, or of bytes of it, means that were sent so often:
// sent again, skipped, or lost.
func (s *sender) resendOrGiveUp(now int64, id uint64, m *outMessage, sent int) {
	switch {
	case !s.cfg.Delivery.Reliable():
		if !s.awaitRebuilt(now, id) {
			s.lose(m, NotKnown)
			s.done(m)
		}
	case s.passed(id, m):
		// A newer value was started: this one need not arrive, but its charge must return.
		s.giveUp(id, m, Superseded)
	case !s.mayResend(now, m, sent):
		s.giveUp(id, m, GaveUp)
	default:
		s.wantResend(id, m)
	}
}

// giveUp ends the attempts to get a message of a reliable delivery across: SKIP will tell the
// peer not to wait for it, so that its charge returns and an ordered channel moves on.
func (s *sender) giveUp(id uint64, m *outMessage, why LossReason) {
	s.lose(m, why)
	s.finishCut(id)
	s.strip(m)
	m.state = outSkipping
	s.underway -= charge(m.len())
	s.wantResend(id, m)
}

// contentRepeat makes what is in flight ready to be sent once more.
func (e *Endpoint) contentRepeat(now int64, c *content) {
	s := c.channel
	switch {
	case s == nil || !s.cfg.Delivery.Reliable():
		switch c.kind {
		case contentWindow:
			c.inbound.oweLimit()
		case contentHold:
			e.life.holdLost(c.first)
		case contentDraining:
			e.life.drainLost(uint8(c.first))
		case contentStatus:
			e.statusLost(c)
		}
	case c.kind == contentRun || c.kind == contentSkip:
		for id, end := c.open(); id < end; id++ {
			if m := s.open.At(id); m.state == outSkipping || m.state == outFlying && m.cut == nil && !m.resend && s.mayResend(now, m, attemptsOf(m)) {
				s.wantResend(id, m)
			}
		}
	case c.kind == contentFragment && s.open.Has(c.first):
		if m := s.open.At(c.first); m.state == outFlying && m.cut != nil && c.missing(m.cut) && s.mayResend(now, m, int(c.attempt)) {
			c.addLost(m.cut)
			s.wantResend(c.first, m)
		}
	}
}

// contentOverdue has what is reliable sent once more, as if its packet were lost, and reports
// whether there was something. What a policy decides about waits until the packet is lost: it
// may give up, and an ack that is late is no reason.
func (out *outbox) contentOverdue(pkt *sentPacket, c *content) (any bool) {
	s := c.channel
	if s == nil || !s.cfg.Delivery.Reliable() || s.cfg.Resend.limits() {
		return false
	}
	alone := pkt.set == 0 // else its copies are in flight, and lost when the last of them is
	switch {
	case c.kind == contentRun:
		for id, end := c.open(); id < end; id++ {
			any = s.messageOverdue(id, alone) || any
		}
		c.again = alone
	case c.kind == contentSkip:
		for id, end := c.open(); id < end; id++ {
			if m := s.open.At(id); m.state == outSkipping {
				s.wantResend(id, m)
				any = true
			}
		}
		c.again = any && alone
	case c.kind == contentFragment && s.open.Has(c.first):
		if m := s.open.At(c.first); m.state == outFlying && m.cut != nil && c.missing(m.cut) {
			c.addLost(m.cut)
			s.wantResend(c.first, m)
			any, c.again = true, alone
		}
	}
	return any
}

// messageOverdue: the ack of a packet with the whole message is overdue.
func (s *sender) messageOverdue(id uint64, alone bool) bool {
	m := s.open.At(id)
	if alone && m.flying > 0 {
		m.flying--
	}
	if m.state != outFlying || alone && m.flying > 0 || m.resend || m.cut != nil || s.passed(id, m) {
		return false
	}
	s.wantResend(id, m)
	return true
}

// missing reports whether bytes of a fragment need to be sent again, if its packet is lost.
func (c *content) missing(of *cut) bool {
	_, any := of.missing(int(c.offset), int(c.offset)+int(c.count), c.attempt)
	return any
}

func (c *content) addLost(to *cut) {
	to.addLost(int(c.offset), int(c.offset)+int(c.count), c.attempt)
}

func (out *outbox) fragmentAcked(now int64, c *content) {
	s := c.channel
	if !s.open.Has(c.first) {
		return
	}
	m := s.open.At(c.first)
	if s.cfg.Delivery == UnreliableLatest {
		s.arrived = max(s.arrived, c.first)
	}
	if m.state != outFlying || m.cut == nil {
		return
	}
	if s.cfg.Delivery == Unreliable {
		s.arrived = max(s.arrived, m.cut.wireID)
	}
	from, to := int(c.offset), int(c.offset)+int(c.count)
	m.cut.arrived(from, to)
	if s.cfg.Delivery.Reliable() {
		if m.resend && !m.cut.anyLost() {
			s.resent(m)
		}
		if m.cut.acked.Covers(0, m.len()) {
			s.resolve(m, Delivered, 0)
			s.finishCut(c.first)
			s.done(m)
		}
		return
	}
	if m.cut.acked.Covers(0, m.len()) && !m.cut.awaiting {
		s.awaitStored(now, m)
	}
}

// finishCut ends the first transmission of a message.
func (s *sender) finishCut(id uint64) {
	if s.cutting == id+1 {
		s.cutting = 0
	}
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

func (out *outbox) fragmentLost(now int64, c *content) {
	s := c.channel
	if !s.open.Has(c.first) {
		return
	}
	m := s.open.At(c.first)
	if m.state != outFlying || m.cut == nil {
		return
	}
	if s.cfg.Delivery.Reliable() {
		if c.missing(m.cut) {
			c.addLost(m.cut)
			s.resendOrGiveUp(now, c.first, m, int(c.attempt))
		}
		return
	}
	if m.cut.awaiting {
		return
	}
	// The rest would be of no use: nothing of it is sent any more.
	s.lose(m, NotKnown)
	s.finishCut(c.first)
	s.done(m)
}

// handleStored takes the confirmations of STORED.
func (s *sender) handleStored(ids []byte) error {
	if s.cfg.Delivery == ReliableOrdered {
		if s = s.loose; s == nil {
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
		if s.of != nil {
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
		id = *s.cuts.At(wireID)
	}
	if s.open.Has(id) && s.open.At(id).cut != nil {
		s.stored(id, s.open.At(id))
	}
}

func (s *sender) stored(id uint64, m *outMessage) {
	s.resolve(m, Delivered, 0)
	s.finishCut(id)
	s.done(m)
	s.settle()
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
	s.settle()
	return next
}
