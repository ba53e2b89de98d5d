package endpoint

import "time"

// A ResendPolicy says how often a reliable channel sends a message again that was lost. A
// message that is given up is Lost (GaveUp), and the peer is told not to wait for it. The zero
// value never gives up.
type ResendPolicy struct {
	// MaxAttempts is how often a message is sent at most, the first time included. 0: as often
	// as it takes.
	MaxAttempts int
	// Again, if not nil, is asked each time when a message was lost; false gives it up. It
	// must not call the endpoint.
	Again func(ResendInput) bool
}

// A ResendInput is what a ResendPolicy may judge by.
type ResendInput struct {
	Age      time.Duration // since the message was first sent
	Attempts int           // how often it was sent
	Bytes    int           // its length
	RTT      time.Duration // smoothed
	RTTVar   time.Duration
	Loss     float64 // share of lost packets lately, 0 to 1
}

func (p *ResendPolicy) limits() bool { return p.MaxAttempts != 0 || p.Again != nil }

// Attempts are how often a message was sent. Losses of a message in fragments within a round
// trip are one.
type attempts struct {
	first, last int64
	n           int
}

// mayResend asks the channel's policy about a message that was lost, or that a probe may carry
// once more.
func (e *Endpoint) mayResend(now int64, s *sender, m *outMessage) bool {
	if !s.cfg.Resend.limits() || m.terms == nil {
		return true
	}
	a, p := &m.terms.attempts, e.paths[0]
	if m.cut != nil && a.n > 1 && now-a.last < p.rtt.smooth {
		return true // the attempt that was granted
	}
	policy := &s.cfg.Resend
	again := policy.MaxAttempts == 0 || a.n < policy.MaxAttempts
	if again && policy.Again != nil {
		again = policy.Again(ResendInput{
			Age: time.Duration(now - a.first), Attempts: a.n, Bytes: m.len(),
			RTT: time.Duration(p.rtt.smooth), RTTVar: time.Duration(p.rtt.variance), Loss: p.outbound.share(),
		})
	}
	if again {
		a.n++
		a.last = now
	}
	return again
}
