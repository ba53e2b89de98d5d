package endpoint

import "time"

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

// mayResend asks the channel's policy about something that was sent so often and was lost, or
// that a probe may carry once more.
func (s *sender) mayResend(now int64, m *outMessage, sent int) bool {
	policy := &s.cfg.Resend
	if !policy.limits() || m.terms == nil {
		return true
	}
	again := policy.MaxAttempts == 0 || sent < policy.MaxAttempts
	if again && policy.Again != nil {
		again = s.askAgain(now, m, sent)
	}
	if again && m.cut == nil {
		m.terms.attempts.n++
	}
	return again
}

// askAgain asks the function of a policy. For a message in fragments a leave holds for a round
// trip.
func (s *sender) askAgain(now int64, m *outMessage, sent int) bool {
	a, p := &m.terms.attempts, s.out.paths.lead()
	if m.cut != nil && a.asked && now-a.askedAt < p.rtt.smooth {
		return true
	}
	a.asked, a.askedAt = true, now
	return s.cfg.Resend.Again(ResendInput{
		Age: time.Duration(now - a.first), Attempts: sent, Bytes: m.len(),
		RTT: time.Duration(p.rtt.smooth), RTTVar: time.Duration(p.rtt.variance), Loss: p.outbound.share(),
	})
}
