package endpoint

// An expiry knows when the messages of a channel expire, roughly: the earliest time, and when
// it was looked last. Looking costs a walk over the channel, so it is done at most every few
// milliseconds; a packet that is built looks at each message that it would carry.
type expiry struct {
	next   int64 // no message of the channel expires before it
	looked int64
}

// expiryGrain is the least time between two looks at a channel, and so the most that a receipt
// comes late.
const expiryGrain = 4 * millisecond

// note takes a new message into account and says when to look.
func (x *expiry) note(at int64) int64 {
	x.next = min(x.next, at)
	return x.due()
}

func (x *expiry) due() int64 {
	if x.next == never {
		return never
	}
	return max(x.next, x.looked+expiryGrain)
}

// expired reports whether a message is of no use any more.
func (m *outMessage) expired(now int64) bool { return m.terms != nil && m.terms.expires <= now }

// expireMessages drops what has expired, waiting or sent, and says when to look again.
func (s *sender) expireMessages(now int64) int64 {
	x := &s.expiry
	if x.due() > now {
		return x.due()
	}
	*x = expiry{next: never, looked: now}
	for n := s.queue.Base(); n < s.queue.End(); n++ {
		if m := s.queue.At(n); m.expired(now) {
			s.dropInPlace(m, Expired)
		} else if m.terms != nil {
			x.next = min(x.next, m.terms.expires)
		}
	}
	s.trim()
	s.expireOpen(now, x)
	if s.droppables != nil {
		s.droppables.expireOpen(now, x)
	}
	return x.due()
}

// expireOpen gives up what has expired of what was started, and notes when the next does.
func (s *sender) expireOpen(now int64, x *expiry) {
	for id := s.open.Base(); id < s.open.End(); id++ {
		m := s.open.At(id)
		switch {
		case m.state != outFlying || m.terms == nil:
		case m.expired(now):
			s.expireSent(id, m)
		default:
			x.next = min(x.next, m.terms.expires)
		}
	}
	s.popDone()
}

// expireSent gives up a message of which something was sent. What an unreliable delivery sent
// whole is left to the fate of its packet.
func (s *sender) expireSent(id uint64, m *outMessage) {
	switch {
	case s.cfg.Delivery.Reliable():
		s.giveUp(id, m, Expired)
	case s.cutting == id+1:
		s.finishCut(id)
		s.lose(m, Expired)
		s.done(m)
	}
}
