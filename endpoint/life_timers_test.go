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
