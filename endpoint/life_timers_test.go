package endpoint

import (
	"slices"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// TestLifeTimers: Deadline tells of each timer of the life that is on, it is not over before its time,
// and what HandleTimeout does at that time ends it, or puts it off: nobody is called for nothing.
func TestLifeTimers(t *testing.T) {
	const hold, soon = 1500 * time.Millisecond, 2 * time.Second
	ordered := chanOf(ReliableOrdered)
	for name, c := range map[string]struct {
		timer lifeTimer
		begin func(s *script)
	}{
		"our hold":        {lifeOwnHold, func(s *script) { s.e.Hold(s.now, hold) }},
		"the peer's hold": {lifePeerHold, func(s *script) { s.hears(wire.AppendHold(nil, 1, 1500)) }},
		"the end":         {lifeOver, func(s *script) { s.e.Close(s.now, CodeNone, "") }},
		"silence":         {lifeSilence, func(*script) {}},
		"away":            {lifeGone, func(s *script) { s.wait(s.e.life.timeoutAt()) }},
		"an away's PING":  {lifePing, func(s *script) { s.wait(s.e.life.timeoutAt()) }},
		"expiry": {lifeExpiry, func(s *script) {
			s.e.Send(ordered, message(0, 10), SendOptions{TTL: soon})
		}},
		"a drain": {lifeDrain, func(s *script) {
			s.e.Send(ordered, message(0, 10), SendOptions{})
			s.e.Drain(s.now, CodeNone, "", soon)
		}},
	} {
		cfg := kept(time.Minute)
		cfg.MaxHold = 10 * time.Second
		s := newScript(t, cfg)
		c.begin(s)
		at := s.e.lifeTimes()[c.timer]
		if first := s.e.lifeTimes(); s.e.firstLifeTimer() != slices.Min(first[:]) {
			t.Errorf("%s: the first of %v is %d", name, first, s.e.firstLifeTimer())
		}
		if at == never || at <= s.now || s.e.Deadline() > at {
			t.Errorf("%s: due at %d, now %d, the deadline is %d", name, at, s.now, s.e.Deadline())
			continue
		}
		if s.e.HandleTimeout(at - 1); s.e.lifeTimes()[c.timer] != at {
			t.Errorf("%s: not due at %d any more, but at %d, before that", name, at, s.e.lifeTimes()[c.timer])
		}
		if s.e.HandleTimeout(at); s.e.lifeTimes()[c.timer] <= at {
			t.Errorf("%s: still due at %d", name, s.e.lifeTimes()[c.timer])
		}
	}
}

// TestLifeTimersOff: at the end of all time a timer that is not on does nothing.
func TestLifeTimersOff(t *testing.T) {
	cfg := kept(time.Minute)
	cfg.Timeout = -1
	s := newScript(t, cfg)
	if s.e.HandleTimeout(never); !s.e.Open() || s.e.Away() {
		t.Errorf("an endpoint without a timeout is open %v, away %v", s.e.Open(), s.e.Away())
	}
}

// TestAskingChangesNothing asks for the deadline again and again while messages wait for credit,
// for a place among droppables, and for leave to go again.
func TestAskingChangesNothing(t *testing.T) {
	cfg := Config{Channels: []ChannelConfig{{
		ID: 1, Delivery: ReliableOrdered, WindowBytes: 4096, Resend: ResendPolicy{MaxAttempts: 3},
	}}}
	p := newPair(t, cfg, 5*time.Millisecond).open()
	p.links[0].loss = 0.2
	s, waits := p.ends[0].outbox.sender(1), 0
	for i := range 400 {
		p.sendWith(0, 1, message(i, 600), SendOptions{Droppable: i%3 == 0})
		s.groups.precedes, s.groups.next = s.open.End(), wire.MaxIndex-2+uint64(i%5) // few places are left
		var queued []byte
		for n := s.queue.Base(); n < s.queue.End(); n++ {
			queued = append(queued, s.queue.At(n).terms.options)
		}
		attempts, groups, at := attemptsIn(s), s.groups, p.ends[0].Deadline()
		for range 3 {
			if again := p.ends[0].Deadline(); again != at {
				t.Fatalf("message %d: the deadline was %d and is %d", i, at, again)
			}
		}
		if s.blocked() {
			waits++
		}
		for n := s.queue.Base(); n < s.queue.End(); n++ {
			if options := s.queue.At(n).terms.options; options != queued[n-s.queue.Base()] {
				t.Fatalf("message %d: the options of one that waits became %#x", i, options)
			}
		}
		if now := attemptsIn(s); now != attempts || s.groups != groups {
			t.Fatalf("message %d: %d attempts became %d, %+v became %+v", i, attempts, now, groups, s.groups)
		}
		p.run(time.Millisecond)
		p.received(1, 1)
	}
	if waits == 0 {
		t.Error("none waited for credit")
	}
}

// attemptsIn is how often the messages that a sender has open were sent.
func attemptsIn(s *sender) (n int) {
	for id := s.open.Base(); id < s.open.End(); id++ {
		n += attemptsOf(s.open.At(id))
	}
	return n
}
