package timeline

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"
)

// A lead at a server whose clock is the own one, with 60 ticks a second.
func newLead(t *testing.T, cfg LeadConfig) (*Ticks, *Lead) {
	t.Helper()
	ticks := newTicks(t, TicksConfig{})
	l, err := NewLead(ticks, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return ticks, l
}

// play sends an input each frame from a frame on, which is under way for as long as way says, and
// has each third told at once.
func playLead(ticks *Ticks, l *Lead, from, to int, way func(i int) time.Duration) {
	for i := from; i < to; i++ {
		now := time.Duration(i) * frame
		tick, _ := ticks.Advance(now, l.Ahead())
		l.Sent(tick, now)
		if i%3 == 0 {
			l.Arrived(tick, now+way(i))
		}
	}
}

func TestLeadFollows(t *testing.T) {
	const ms = time.Millisecond
	ticks, l := newLead(t, LeadConfig{})
	if l.Ahead() != 0 {
		t.Errorf("ahead by %v of nobody", l.Ahead())
	}
	steady := func(way time.Duration) func(int) time.Duration { return func(int) time.Duration { return way } }
	playLead(ticks, l, 1, 300, steady(40*ms))
	if a := l.Ahead(); a < 40*ms || a > 40*ms+2*frame {
		t.Errorf("ahead by %v of 40 ms", a)
	}
	t.Log("# longer within half a second, shorter after a calm")
	playLead(ticks, l, 300, 330, steady(90*ms))
	if a := l.Ahead(); a < 90*ms || a > 90*ms+2*frame {
		t.Errorf("ahead by %v of 90 ms", a)
	}
	playLead(ticks, l, 330, 600, steady(40*ms))
	if a := l.Ahead(); a < 90*ms {
		t.Errorf("ahead by %v so soon", a)
	}
	playLead(ticks, l, 600, 2400, steady(40*ms))
	if a := l.Ahead(); a < 40*ms || a > 40*ms+3*frame {
		t.Errorf("ahead by %v of 40 ms again", a)
	}
	t.Log("# an outage is forgiven, also early on")
	for _, from := range []int{30, 2400} {
		ticks, l := newLead(t, LeadConfig{})
		playLead(ticks, l, 1, from, steady(40*ms))
		playLead(ticks, l, from, from+12, func(i int) time.Duration { return time.Duration(from+60-i) * frame })
		playLead(ticks, l, from+12, from+600, steady(40*ms))
		if a := l.Ahead(); a > 40*ms+3*frame {
			t.Errorf("an outage from frame %d: ahead by %v", from, a)
		}
	}
}

// TestLeadBounds: what it is told is a peer's, who may say anything.
func TestLeadBounds(t *testing.T) {
	_, l := newLead(t, LeadConfig{MinAhead: 10 * time.Millisecond, MaxAhead: 50 * time.Millisecond})
	l.Arrived(7, time.Second)
	if s := l.Stats(); s.Unknown != 1 || s.Told != 0 || s.Ahead != 10*time.Millisecond {
		t.Errorf("%+v", s)
	}
	for tick := range uint64(1000) {
		l.Sent(tick, time.Duration(tick)*frame)
		l.Arrived(tick, math.MaxInt64-time.Duration(1000-tick))
		l.Arrived(tick, math.MinInt64)
	}
	if s := l.Stats(); s.Ahead != 50*time.Millisecond || s.Told != 2000 {
		t.Errorf("%+v", s)
	}
	l.Sent(5, 0)
	l.Sent(5+leadTicks, 0)
	if l.Arrived(5, time.Second); l.Stats().Unknown != 2 {
		t.Errorf("of a tick that was forgotten: %+v", l.Stats())
	}
	if l.Reset(); l.Ahead() != 10*time.Millisecond || l.reserve.forgive == 0 {
		t.Errorf("after Reset %v", l.Ahead())
	}
	_, err := NewLead(nil, LeadConfig{Late: 1, MinAhead: time.Minute, Calm: -1})
	for _, field := range []string{"Late", "MinAhead", "Calm"} {
		if !names(err, field) {
			t.Errorf("%s is not named: %v", field, err)
		}
	}
}

// names reports whether an error, a join, has a ConfigError of a field.
func names(err error, field string) bool {
	all, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return false
	}
	for _, e := range all.Unwrap() {
		var bad *ConfigError
		if errors.As(e, &bad) && bad.Field == field {
			return true
		}
	}
	return false
}

// TestUnsynced: before the clock is known nothing is counted, shown, or dated.
func TestUnsynced(t *testing.T) {
	var c Clock
	ticks, err := NewTicks(&c, TicksConfig{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := NewBuffer[int](&c, BufferConfig{})
	if err != nil {
		t.Fatal(err)
	}
	lead, err := NewLead(ticks, LeadConfig{})
	if err != nil {
		t.Fatal(err)
	}
	ticks.Anchor(9, 0)
	tick, over := ticks.Advance(time.Second, time.Hour)
	_, shows := b.Show(time.Second)
	lead.Sent(9, time.Second)
	lead.Arrived(9, 2*time.Second)
	if tick != 9 || over != 0 || ticks.Due() != 0 || b.Push(time.Second, 0, 1) || shows || b.Stats().Unsynced != 1 || lead.Stats().Unknown != 1 {
		t.Errorf("tick %d, %v over, buffer %+v, lead %+v", tick, over, b.Stats(), lead.Stats())
	}
	c.Add(Sample{Sent: 0, Arrived: time.Hour, Answered: time.Hour, Received: 40 * time.Millisecond})
	if a := lead.Ahead(); a != 30*time.Millisecond {
		t.Errorf("ahead by %v of 20 ms one way", a)
	}
	if !b.Push(time.Second, time.Hour, 1) {
		t.Error("a value of a known time is refused")
	}
	if tick, _ = ticks.Advance(time.Second, 0); tick < 9+60*3600 || ticks.Due() != 1 {
		t.Errorf("tick %d", tick)
	}
	for _, err := range []error{
		second(NewTicks(nil, TicksConfig{TicksPerSecond: -1, Slew: 2})), second(NewBuffer[int](nil, BufferConfig{Entries: 1, Slew: 2})),
	} {
		if !names(err, "Slew") {
			t.Errorf("the second fault is not named: %v", err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestLeadAllocatesNothing(t *testing.T) {
	ticks, l := newLead(t, LeadConfig{})
	i := 1
	if n := testing.AllocsPerRun(1000, func() {
		playLead(ticks, l, i, i+3, func(int) time.Duration { return time.Duration(i%7) * time.Millisecond })
		i += 3
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestLeadWithoutTicks: a Lead of no Ticks is refused, and the zero one says how it is made.
func TestLeadWithoutTicks(t *testing.T) {
	var wrong *ConfigError
	if l, err := NewLead(nil, LeadConfig{}); l != nil || !errors.As(err, &wrong) || wrong.Field != "ticks" {
		t.Errorf("of no Ticks: %v", err)
	}
	for name, f := range map[string]func(l *Lead){
		"Ahead": func(l *Lead) { l.Ahead() }, "Sent": func(l *Lead) { l.Sent(1, 0) }, "Arrived": func(l *Lead) { l.Arrived(1, 0) },
	} {
		func() {
			defer func() {
				if said, ok := recover().(string); !ok || !strings.Contains(said, "NewLead") {
					t.Errorf("%s of the zero Lead: %v", name, said)
				}
			}()
			f(new(Lead))
		}()
	}
}
