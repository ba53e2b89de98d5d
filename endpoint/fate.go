package endpoint

// What happens to the contents of a packet when it is acknowledged, lost, or repeated in a probe:
// each goes to the part that it is of. What messages do then is in resend.go.

// contentAcked: the peer has what a packet carried; late if the packet was given up for lost before.
func (ps *paths) contentAcked(now int64, c *content, late bool) {
	switch c.kind {
	case contentRun, contentFragment, contentSkip:
		c.channel.contentAcked(now, c, late)
	case contentHello:
		ps.life.helloAcked()
	case contentHold:
		ps.life.holdAcked(c.serial())
	case contentDraining:
		ps.life.drainAcked(c.state())
	case contentHome:
		ps.all[c.path()].homeAcked(now, c.token())
	}
}

// contentLost: the packet that carried it was lost.
func (ps *paths) contentLost(now int64, c *content) {
	switch c.kind {
	case contentRun, contentFragment, contentSkip:
		c.channel.contentLost(now, c)
	case contentStored:
		c.inbound.storedLost(c.ids())
	case contentRebuilt:
		c.inbound.rebuiltLost(c.rebuilt())
	case contentBlocked:
		c.channel.forgetBlocked()
	default:
		ps.stateLost(c)
	}
}

// contentRepeat makes what is in flight ready to be sent once more.
func (ps *paths) contentRepeat(now int64, c *content) {
	switch c.kind {
	case contentRun, contentFragment, contentSkip:
		c.channel.contentRepeat(now, c)
	default:
		ps.stateLost(c)
	}
}

// stateLost has what an end says of itself said again, as it is by then.
func (ps *paths) stateLost(c *content) {
	switch c.kind {
	case contentWindow:
		c.inbound.oweLimit()
	case contentHold:
		ps.life.holdLost(c.serial())
	case contentDraining:
		ps.life.drainLost(c.state())
	case contentStatus:
		ps.statusLost(c)
	}
}

// settledBefore is the id before which all messages are settled.
func (s *sender) settledBefore() uint64 { return s.open.Base() }

// repairs reports whether what is lost of the channel is sent again.
func (s *sender) repairs() bool { return s.cfg.Delivery.Reliable() }

// contentAcked: the peer has messages, bytes of one, or a SKIP.
func (s *sender) contentAcked(now int64, c *content, late bool) {
	switch c.kind {
	case contentRun:
		if c.hasIDs() {
			s.known = max(s.known, c.end()-1)
		}
		for id, end := c.unsettled(); id < end; id++ {
			s.messageAcked(id, late)
		}
	case contentFragment:
		s.fragmentAcked(now, c)
	case contentSkip:
		for id, end := c.unsettled(); id < end; id++ {
			if m := s.open.At(id); m.state == outSkipping {
				s.done(m)
			}
		}
	}
	s.popDone()
}

// contentLost: they were lost. What went again already since it was overdue is left out.
func (s *sender) contentLost(now int64, c *content) {
	switch {
	case c.kind == contentRun:
		for id, end := c.unsettled(); id < end; id++ {
			s.messageLost(now, id, c.again)
		}
		s.popDone()
	case c.again:
	case c.kind == contentFragment:
		s.fragmentLost(now, c)
		s.popDone()
	case c.kind == contentSkip:
		for id, end := c.unsettled(); id < end; id++ {
			if m := s.open.At(id); m.state == outSkipping {
				s.wantResend(id, m)
			}
		}
	}
}

// forgetBlocked: the BLOCKED that a sender sent last was lost.
func (s *sender) forgetBlocked() { s.blockedFor = 0 }

// contentRepeat makes what is reliable ready to be sent once more.
func (s *sender) contentRepeat(now int64, c *content) {
	switch {
	case !s.cfg.Delivery.Reliable():
	case c.kind == contentFragment:
		s.fragmentRepeat(now, c)
	default:
		for id, end := c.unsettled(); id < end; id++ {
			m := s.open.At(id)
			if m.state == outSkipping || m.state == outFlying && m.cut == nil && !m.resend && s.askPolicy(now, m, attemptsOf(m)) {
				s.wantResend(id, m)
			}
		}
	}
}

// contentOverdue has what is reliable sent once more, as if its packet were lost, and reports
// whether there was something. What a policy decides about waits until the packet is lost: it
// may give up, and an ack that is late is no reason.
func (s *sender) contentOverdue(pkt *sentPacket, c *content) (any bool) {
	if !s.cfg.Delivery.Reliable() || s.cfg.Resend.limits() {
		return false
	}
	alone := pkt.set == 0 // else its copies are in flight, and lost when the last of them is
	switch {
	case c.kind == contentRun:
		for id, end := c.unsettled(); id < end; id++ {
			any = s.messageOverdue(id, alone) || any
		}
		c.again = alone
	case c.kind == contentSkip:
		for id, end := c.unsettled(); id < end; id++ {
			if m := s.open.At(id); m.state == outSkipping {
				s.wantResend(id, m)
				any = true
			}
		}
		c.again = any && alone
	case c.kind == contentFragment:
		if m := s.cutOf(c.oldest()); m != nil && c.missing(m.cut) {
			c.addLost(m.cut)
			s.wantResend(c.oldest(), m)
			any, c.again = true, alone
		}
	}
	return any
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
	s.tellFate(m, Delivered, 0)
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
		s.freeMessage(m)
	}
}

// freeMessage frees what a message that is not sent any more has of its own.
func (s *sender) freeMessage(m *outMessage) {
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

// popDone drops the messages at the low end of open that are done.
func (s *sender) popDone() {
	for s.open.Len() > 0 && s.open.At(s.open.Base()).state == outDone {
		s.open.Pop()
	}
	for s.cuts.Len() > 0 && !s.open.Has(s.cuts.At(s.cuts.Base()).id) {
		s.cuts.Pop()
	}
}
