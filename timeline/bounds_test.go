package timeline

import (
	"encoding/binary"
	"errors"
	"math"
	"testing"
	"time"
)

// Whatever a peer says of its clock: the estimate stays a number, its drift within what crystals
// do, and its uncertainty is none below the grain of the wire.
func FuzzClock(f *testing.F) {
	sample := func(v ...int64) (b []byte) {
		for _, n := range v {
			b = binary.LittleEndian.AppendUint64(b, uint64(n))
		}
		return b
	}
	f.Add(sample(0, 10, 20, 30, 40, 50, 60, 70))
	f.Add(sample(0, math.MaxInt64, math.MaxInt64, 1, 2, math.MinInt64, math.MaxInt64, 3))
	f.Add(sample(math.MinInt64, 0, 0, math.MaxInt64, math.MinInt64, math.MinInt64, math.MaxInt64, math.MaxInt64))
	f.Fuzz(func(t *testing.T, b []byte) {
		var c Clock
		ticks := newTicks(t, TicksConfig{})
		at := func(i int) time.Duration { return time.Duration(binary.LittleEndian.Uint64(b[8*i:])) }
		for now := time.Duration(0); len(b) >= 32; b, now = b[32:], now+time.Second {
			c.Add(Sample{at(0), at(1), at(2), at(3)})
			if d := c.Drift(); !(d >= -maxDrift && d <= maxDrift) {
				t.Fatalf("a drift of %v", d)
			}
			if math.IsNaN(c.offset) || c.Uncertainty() < clockGrain || c.n > 0 && c.Delay() < 0 {
				t.Fatalf("%v off, ± %v, a delay of %v", c.offset, c.Uncertainty(), c.Delay())
			}
			c.Own(c.At(now))
			if _, over := ticks.advance(now, c.At(now)); !(over >= 0 && over < 1) {
				t.Fatalf("%v of a tick is over", over)
			}
		}
	})
}

// Whatever times a peer gives its values: views lie between two of them, and the delay within its
// bounds.
func FuzzBuffer(f *testing.F) {
	f.Add([]byte{1, 2, 3, 200, 5, 9, 255}, int64(1), int64(1<<40))
	f.Add([]byte{0, 128, 255, 0, 7, 128}, int64(math.MinInt64), int64(math.MaxInt64/3))
	f.Fuzz(func(t *testing.T, values []byte, zero, step int64) {
		b := newBuffer(t, BufferConfig{Entries: 4, MinDelay: time.Millisecond, MaxDelay: time.Second})
		now := time.Duration(0)
		for i, v := range values {
			now += time.Duration(v) * time.Millisecond
			b.push(now, time.Duration(zero+int64(v)*step), float64(i))
			if d := b.Delay(); d < time.Millisecond || d > time.Second {
				t.Fatalf("held back for %v", d)
			}
			view, ok := b.show(now, time.Duration(zero)+now)
			if ok && !(view.Fraction >= 0 && view.Fraction <= 1) {
				t.Fatalf("%v of the way", view.Fraction)
			}
			if len(b.entries) > 4 {
				t.Fatalf("%d values wait", len(b.entries))
			}
		}
	})
}

// The units of the wire may make a packet arrive before it was sent, by as much and no more.
func TestClockGrain(t *testing.T) {
	at := func(early time.Duration) Sample {
		return Sample{Sent: time.Second, Arrived: time.Second - early, Answered: time.Second, Received: time.Second}
	}
	var c Clock
	if c.Add(at(201*time.Microsecond + time.Nanosecond)); c.Synced() {
		t.Error("a sample was taken that is off by more than the units of the wire")
	}
	s := at(0)
	s.Answered += 150 * time.Microsecond
	if !c.Add(s) || c.Delay() != 0 || c.Uncertainty() != clockGrain {
		t.Errorf("a delay of %v, ± %v", c.Delay(), c.Uncertainty())
	}
	c.Reset()
	c.Add(Sample{Sent: 0, Arrived: 30 * time.Millisecond, Answered: 30 * time.Millisecond, Received: 60 * time.Millisecond})
	if c.Uncertainty() != 30*time.Millisecond+clockGrain {
		t.Errorf("± %v after 60ms", c.Uncertainty())
	}
}

// A clock that runs faster than any crystal is not followed at its speed: somebody lies.
func TestClockDriftIsBounded(t *testing.T) {
	for _, drift := range []float64{-5e-3, 5e-3} {
		w := newWire(21)
		w.drift, w.out, w.in = drift, 300*time.Millisecond, 300*time.Millisecond
		var c Clock
		for at := time.Duration(0); at < 20*time.Second; at += 100 * time.Millisecond {
			if c.Add(w.exchange(at)); math.Abs(c.Drift()) > 500e-6 {
				t.Fatalf("a drift of %v", c.Drift())
			}
		}
	}
}

// What was heard half a minute ago counts, what was heard a minute ago no longer: a route that
// stays longer is the route.
func TestClockForgets(t *testing.T) {
	w := newWire(22)
	w.out, w.in = 25*time.Millisecond, 25*time.Millisecond
	var c Clock
	w.play(&c, 0, 20*time.Second, time.Hour)
	w.out = 225 * time.Millisecond
	w.play(&c, 20*time.Second, 45*time.Second, time.Hour)
	if d := c.Delay(); d != 50*time.Millisecond {
		t.Errorf("a delay of %v after 25 seconds, want 50ms still", d)
	}
	w.play(&c, 45*time.Second, 60*time.Second, time.Hour)
	if d := c.Delay(); d < 250*time.Millisecond {
		t.Errorf("a delay of %v after 40 seconds, want 250ms", d)
	}
}

// An exchange tells of its middle, which matters when it takes long and clocks drift.
func TestClockOverASlowWay(t *testing.T) {
	w := newWire(23)
	w.drift, w.out, w.in = 400e-6, time.Second, time.Second
	var c Clock
	if worst := w.play(&c, 0, 40*time.Second, 30*time.Second); worst > 60*time.Microsecond {
		t.Errorf("off by %v", worst)
	}
}

// The defaults are what the documentation says.
func TestTicksDefaults(t *testing.T) {
	ms := time.Millisecond
	ticks := newTicks(t, TicksConfig{})
	if tick, _ := ticks.advance(0, time.Second); tick != 60 {
		t.Errorf("tick %d after a second", tick)
	}
	ticks.advance(1000*ms, 2000*ms+200*ms)
	if at := ticks.slew.at; at != 2050*ms {
		t.Errorf("an error of 200ms: a second later it is %v, want 2.05s", at)
	}
	ticks = newTicks(t, TicksConfig{})
	ticks.advance(0, time.Second)
	if ticks.advance(0, time.Second+250*ms); ticks.Jumps() != 0 {
		t.Error("a quarter of a second is jumped over")
	}
	if ticks.advance(0, time.Second-251*ms); ticks.Jumps() != 1 {
		t.Error("more than a quarter of a second is not jumped over")
	}
	if _, err := NewTicks(nil, TicksConfig{TicksPerSecond: 100_000}); err != nil {
		t.Error(err)
	}
	if _, err := NewTicks(nil, TicksConfig{TicksPerSecond: 100_001}); err == nil {
		t.Error("100001 ticks a second are taken")
	}
}

// Time is slowed down by no more than it is sped up.
func TestTicksSlewBack(t *testing.T) {
	ticks := newTicks(t, TicksConfig{TicksPerSecond: 1000, Slew: 0.05})
	ms := time.Millisecond
	ticks.advance(0, time.Second)
	for now, before := ms, time.Second; now <= 10*time.Second; now += ms {
		ticks.advance(now, time.Second+now-200*ms)
		if step := ticks.slew.at - before; step < ms*95/100-1 || step > ms {
			t.Fatalf("at %v a millisecond took %v", now, step)
		}
		before = ticks.slew.at
	}
}

// A now that runs back, as it must not, neither turns time back nor counts any twice.
func TestTicksNowRunsBack(t *testing.T) {
	ticks := newTicks(t, TicksConfig{TicksPerSecond: 1000})
	ms := time.Millisecond
	ticks.advance(0, 0)
	for range 100 {
		for _, now := range []time.Duration{100 * ms, 60 * ms} {
			before := ticks.slew.at
			if ticks.advance(now, 100*ms); ticks.slew.at < before || ticks.slew.at > 100*ms {
				t.Fatalf("%v after %v", ticks.slew.at, before)
			}
		}
	}
}

// The same anchor once more changes nothing; the same time of another tick does.
func TestTicksAnchorAgain(t *testing.T) {
	ticks := newTicks(t, TicksConfig{TicksPerSecond: 100})
	ticks.Anchor(5, time.Second)
	ticks.advance(0, time.Second)
	ticks.Due()
	ticks.Anchor(5, time.Second)
	if tick, _ := ticks.advance(30*time.Millisecond, 1030*time.Millisecond); tick != 8 || ticks.Due() != 3 {
		t.Errorf("tick %d after the same anchor, want 8, and 3 of them due", tick)
	}
	ticks.Anchor(50, time.Second)
	if tick, _ := ticks.advance(30*time.Millisecond, 1030*time.Millisecond); tick != 53 || ticks.Due() != 1 {
		t.Errorf("tick %d after another anchor, want 53, and one due", tick)
	}
}

// Years of a fast clock.
func TestTicksAfterYears(t *testing.T) {
	ticks := newTicks(t, TicksConfig{TicksPerSecond: 100_000})
	const hours = 200 * 365 * 24
	tick, over := ticks.advance(0, hours*time.Hour+25*time.Microsecond)
	if tick != hours*3600*100_000+2 || over < 0.49 || over > 0.51 {
		t.Errorf("tick %d and %v", tick, over)
	}
}

func TestBufferDefaults(t *testing.T) {
	b := newBuffer(t, BufferConfig{MinDelay: 40 * time.Millisecond})
	if b.Delay() != 40*time.Millisecond {
		t.Errorf("held back for %v at first", b.Delay())
	}
	for i := range time.Duration(65) {
		b.push(time.Second, i*time.Millisecond, 0)
	}
	if s := b.Stats(); s.Taken != 65 || s.Pushed != 1 || s.Delay != 500*time.Millisecond {
		t.Errorf("%+v: want one of 65 pushed out, and half a second of delay", s)
	}
	ms, b := time.Millisecond, newBuffer(t, BufferConfig{})
	at := pushSome(b, time.Second, 300, 100*ms)
	if at = pushSome(b, at, 4900, 20*ms); b.Delay() != 100*ms {
		t.Errorf("held back for %v before five seconds of calm", b.Delay())
	}
	if pushSome(b, at, 5000, 20*ms); b.Delay() != 20*ms {
		t.Errorf("held back for %v after them", b.Delay())
	}
	for _, share := range []float64{-0.1, 1.5, math.NaN()} {
		var e *ConfigError
		if _, err := NewBuffer[int](nil, BufferConfig{Late: share}); !errors.As(err, &e) || e.Field != "Late" {
			t.Errorf("a share of %v: %v", share, err)
		}
	}
}

// One value that comes too late is enough to hold the next ones back for longer, at once.
func TestBufferHeedsTheLate(t *testing.T) {
	ms := time.Millisecond
	b := newBuffer(t, BufferConfig{})
	at := pushSome(b, time.Second, 40, 20*ms)
	b.show(at, at)
	if b.push(at, at-90*ms, 0) {
		t.Fatal("it came in time")
	}
	if d := b.Delay(); d < 90*ms {
		t.Errorf("held back for %v after one came 90ms late", d)
	}
}

// The next value must be there when it is needed: a gap ahead. A pause is no gap, and neither is
// what is still to happen, however far ahead.
func TestBufferGap(t *testing.T) {
	const gap = 50 * time.Millisecond
	b := newBuffer(t, BufferConfig{})
	now := time.Second
	play := func(n int) {
		for range n {
			now += gap
			b.push(now, now, 0)
			b.show(now, now)
		}
	}
	play(200)
	if d := b.Delay(); d < gap*9/10 || d > gap*11/10 {
		t.Errorf("held back for %v, want the %v between values", d, gap)
	}
	b.push(now, now+time.Hour, 0)
	b.push(now, math.MaxInt64, 0)
	play(200)
	if d := b.Delay(); d < gap*9/10 || d > gap*11/10 {
		t.Errorf("held back for %v with something far ahead", d)
	}
	now += time.Minute
	play(2)
	if d := b.Delay(); d > 2*gap {
		t.Errorf("held back for %v after a pause", d)
	}
	b = newBuffer(t, BufferConfig{})
	b.push(now, now+time.Hour, 0)
	play(200)
	if d := b.Delay(); d < gap*9/10 || d > gap*11/10 {
		t.Errorf("held back for %v when the first was far ahead", d)
	}
}

// A peer whose clock began anew: what it says now is old by what was shown, until Reset.
func TestBufferReset(t *testing.T) {
	ms := time.Millisecond
	b := newBuffer(t, BufferConfig{MinDelay: 10 * ms, Entries: 8, Jump: 100 * ms})
	pushSome(b, time.Hour, 8, 80*ms)
	b.show(time.Hour, time.Hour)
	if b.push(20*ms, 10*ms, 7) {
		t.Fatal("what is older than what was shown was taken")
	}
	b.Reset()
	if b.Delay() != 10*ms || b.Stats() != (BufferStats{Delay: 10 * ms}) {
		t.Errorf("%+v after Reset", b.Stats())
	}
	if _, ok := b.show(time.Hour, 20*ms); ok {
		t.Error("something is shown of before")
	}
	for i := range time.Duration(8) {
		if !b.push(20*ms, 10*ms+i, float64(i)) {
			t.Error("a value of the new peer was refused")
		}
	}
	if v, ok := b.show(time.Hour+10*ms, 30*ms); !ok || v.From != 7 || b.Stats().Pushed != 0 {
		t.Errorf("%+v, %+v", v, b.Stats())
	}
	b.Reset()
	for _, e := range b.entries[:8] {
		if e.value != 0 {
			t.Error("a value is kept that nobody will see")
		}
	}
	if cap(b.entries) != 8 {
		t.Errorf("room for %d", cap(b.entries))
	}
	if n := testing.AllocsPerRun(100, b.Reset); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// One in a thousand is remembered among a few hundred, whatever came since.
func TestBufferRemembers(t *testing.T) {
	ms := time.Millisecond
	b := newBuffer(t, BufferConfig{Late: 0.001, Calm: 50 * ms})
	at := pushSome(b, time.Second, 20, 20*ms)
	at = pushSome(b, at, 1, 100*ms)
	if at = pushSome(b, at, 200, 20*ms); b.Delay() != 100*ms {
		t.Errorf("held back for %v: what was 100ms late is forgotten", b.Delay())
	}
	if pushSome(b, at, 200, 20*ms); b.Delay() != 20*ms {
		t.Errorf("held back for %v", b.Delay())
	}
}

// Without a later value the last one is shown on both sides; over what is too far time jumps.
func TestBufferStarves(t *testing.T) {
	b := newBuffer(t, BufferConfig{})
	b.push(time.Second, time.Second, 3)
	v, ok := b.show(time.Second, time.Second)
	if !ok || !v.Starved || v.From != 3 || v.To != 3 || v.Fraction != 0 || b.Stats().Starved != 1 {
		t.Errorf("%+v, %+v", v, b.Stats())
	}
	b.show(time.Second, time.Minute)
	if s := b.Stats(); s.JumpsOver != 1 || s.Starved != 2 {
		t.Errorf("%+v", s)
	}
}

// Between the oldest and the newest time that there is, now is in the middle.
func TestBufferOverAllTimes(t *testing.T) {
	b := newBuffer(t, BufferConfig{})
	b.push(0, math.MinInt64, 1)
	b.push(0, math.MaxInt64, 2)
	if v, ok := b.show(0, 0); !ok || v.Fraction < 0.49 || v.Fraction > 0.51 {
		t.Errorf("%+v", v)
	}
}
