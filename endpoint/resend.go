package endpoint

import (
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// A ResendPolicy says how often a reliable channel sends a message again that was lost. A
// message that is given up is Lost (GaveUp), and the peer is told not to wait for it. The zero
// value never gives up.
type ResendPolicy struct {
	// MaxAttempts is how often a message, or any byte of one in fragments, is sent at most, the
	// first time included: all of them are used before it is given up. 0: as often as it takes.
	MaxAttempts int
	// Again, if not nil, is asked each time when a message was lost; false gives it up. Of a
	// message in fragments it is asked once in a round trip. It must not call the endpoint.
	Again func(ResendInput) bool
}

// A ResendInput is what a ResendPolicy may judge by.
type ResendInput struct {
	Age      time.Duration // since the message was first sent
	Attempts int           // how often it was sent, or the fragment that was lost
	Bytes    int           // length of the message
	RTT      time.Duration // smoothed, as in Stats; before the first sample a quarter of a second
	RTTVar   time.Duration // mean deviation of the samples from it
	Loss     float64       // share of lost packets lately, 0 to 1
}

func (p *ResendPolicy) limits() bool { return p.MaxAttempts != 0 || p.Again != nil }

// Attempts are how often a message was sent, and when its policy was asked last. For one in
// fragments the cut counts, byte for byte.
type attempts struct {
	first, askedAt int64
	n              int
	asked          bool
}

// attemptsOf is how often a message that is sent whole was sent; 0 if nobody counts.
func attemptsOf(m *outMessage) int {
	if m.terms == nil {
		return 0
	}
	return m.terms.attempts.n
}

// askPolicy asks the channel's policy about something that was sent so often and was lost, or that
// a probe may carry once more.
func (s *sender) askPolicy(now int64, m *outMessage, sent int) bool {
	policy := &s.cfg.Resend
	if !policy.limits() || m.terms == nil {
		return true
	}
	if policy.MaxAttempts != 0 && sent >= policy.MaxAttempts {
		return false
	}
	return policy.Again == nil || s.askAgain(now, m, sent)
}

// askAgain asks the function of a policy. For a message in fragments a leave holds for a round
// trip.
func (s *sender) askAgain(now int64, m *outMessage, sent int) bool {
	a, p := &m.terms.attempts, s.out.paths.lead()
	if m.cut != nil && a.asked && now-a.askedAt < p.roundTrip() {
		return true
	}
	a.asked, a.askedAt = true, now
	return s.cfg.Resend.Again(ResendInput{
		Age: time.Duration(now - a.first), Attempts: sent, Bytes: m.len(),
		RTT: time.Duration(p.roundTrip()), RTTVar: time.Duration(p.roundTripVaries()), Loss: p.lossShare(),
	})
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
	case !s.askPolicy(now, m, sent):
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
	s.freeMessage(m)
	m.state = outSkipping
	s.underway -= charge(m.len())
	s.wantResend(id, m)
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

// wantResend marks a message in open to be sent again, which is another attempt if its policy
// counts them.
func (s *sender) wantResend(id uint64, m *outMessage) {
	if m.resend {
		return
	}
	m.resend = true
	if m.terms != nil && m.cut == nil && s.cfg.Resend.limits() {
		m.terms.attempts.n++
	}
	if s.resend == 0 || id < s.resendFrom {
		s.resendFrom = id
	}
	s.resend++
	s.resendBytes += m.resendCost()
	s.activate()
}

// nextResend returns the lowest message that wants to be sent again.
func (s *sender) nextResend() (uint64, *outMessage) {
	if s.resend == 0 {
		return 0, nil
	}
	for id := max(s.resendFrom, s.open.Base()); id < s.open.End(); id++ {
		if m := s.open.At(id); m.resend {
			s.resendFrom = id
			return id, m
		}
	}
	s.resend, s.resendBytes = 0, 0
	return 0, nil
}

// resent: a message that wanted to be sent again was, or need not be.
func (s *sender) resent(m *outMessage) {
	m.resend = false
	s.resend--
	s.resendBytes -= m.resendCost()
}

// resendCost is about what it takes to send a message again: of a large one a packet.
func (m *outMessage) resendCost() int { return min(m.len(), packetBytes) + perMessage }

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
	b.record(ofSkip(s, id, count))
	return true
}
