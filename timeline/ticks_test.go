package timeline

import (
	"errors"
	"testing"
	"time"
)

func newTicks(t *testing.T, cfg TicksConfig) *Ticks {
	t.Helper()
	ticks, err := NewTicks(nil, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return ticks
}

// Over a network with drift, jitter and a step of its delay each tick comes once, in order, and
// near to when it should.
func TestTicksComeOnceAndInOrder(t *testing.T) {
	w := newWire(1)
	w.ahead, w.drift, w.clockGrain = time.Hour, 200e-6, true
	w.out, w.in, w.jitter = 20*time.Millisecond, 30*time.Millisecond, 5*time.Millisecond
	var c Clock
	ticks := newTicks(t, TicksConfig{TicksPerSecond: 60})
	ticks.Anchor(1000, w.ahead)
	var last, sum uint64
	for now := time.Duration(0); now < time.Minute; now += 7 * time.Millisecond {
		if now%(14*7*time.Millisecond) == 0 {
			c.Add(w.exchange(now - 60*time.Millisecond))
		}
		if now == 30*time.Second/(7*time.Millisecond)*(7*time.Millisecond) {
			w.out, w.in = 120*time.Millisecond, 30*time.Millisecond
		}
		tick, over := ticks.advance(now, c.At(now))
		due := ticks.Due()
		if sum == 0 {
			sum, last = tick, tick
		} else {
			sum += uint64(due)
		}
		if tick < last || tick != sum || over < 0 || over >= 1 {
			t.Fatalf("at %v: tick %d (%.2f) after %d, %d by what was due", now, tick, over, last, sum)
		}
		last = tick
		truth := 1000 + (w.peer(now)-w.ahead).Seconds()*60
		if off := float64(tick) + over - truth; now > 10*time.Second && (off > 0.5 || off < -0.5) {
			t.Fatalf("at %v: tick %d.%02d, the server is in %.2f", now, tick, int(over*100), truth)
		}
	}
	if ticks.Jumps() != 0 {
		t.Errorf("%d jumps", ticks.Jumps())
	}
}

// An error is made good at no more than the configured speed, and to the end.
func TestTicksSlew(t *testing.T) {
	ticks := newTicks(t, TicksConfig{TicksPerSecond: 1000, Slew: 0.05})
	ms := time.Millisecond
	at := func() time.Duration { return ticks.slew.at }
	ticks.advance(0, 0)
	before := at()
	for now := ms; now <= 10*time.Second; now += ms {
		ticks.advance(now, now+200*ms)
		if step := at() - before; step < ms || step > ms+51*time.Microsecond {
			t.Fatalf("at %v a millisecond took %v", now, step)
		}
		before = at()
	}
	if off := at() - (10*time.Second + 200*ms); off.Abs() > ms {
		t.Errorf("off by %v in the end", off)
	}
}

// The last of an error goes gently: in a second two thirds of it.
func TestTicksSlewGently(t *testing.T) {
	ticks := newTicks(t, TicksConfig{})
	const off = 10 * time.Millisecond
	ticks.advance(0, 0)
	now := time.Duration(0)
	for ; now < time.Second; now += time.Millisecond {
		ticks.advance(now, now+off)
	}
	if left := now - time.Millisecond + off - ticks.slew.at; left < off*30/100 || left > off*45/100 {
		t.Errorf("after a second %v of %v are left, want about a third", left, off)
	}
}

func TestTicksJumpOverWhatIsTooFar(t *testing.T) {
	ticks := newTicks(t, TicksConfig{TicksPerSecond: 50, Jump: 100 * time.Millisecond})
	tick, _ := ticks.advance(0, 10*time.Second)
	if due := ticks.Due(); tick != 500 || due != 1 {
		t.Errorf("at first tick %d, %d due, want 500 and 1", tick, due)
	}
	tick, _ = ticks.advance(20*time.Millisecond, 20*time.Second)
	if due := ticks.Due(); tick != 1000 || due != 1 || ticks.Jumps() != 1 {
		t.Errorf("tick %d, %d due, %d jumps, want 1000, 1, 1", tick, due, ticks.Jumps())
	}
	tick, _ = ticks.advance(40*time.Millisecond, 2*time.Second)
	if due := ticks.Due(); tick != 100 || due != 1 || ticks.Jumps() != 2 {
		t.Errorf("tick %d, %d due, %d jumps, want 100, 1, 2", tick, due, ticks.Jumps())
	}
	tick, _ = ticks.advance(140*time.Millisecond, 2100*time.Millisecond)
	if due := ticks.Due(); tick != 105 || due != 5 {
		t.Errorf("a tenth of a second later tick %d, %d due, want 105 and 5", tick, due)
	}
	ticks.Anchor(7, 2100*time.Millisecond)
	if tick, _ = ticks.advance(140*time.Millisecond, 2100*time.Millisecond); tick != 7 || ticks.Due() != 1 {
		t.Errorf("tick %d after another anchor, want 7", tick)
	}
	if tick, over := ticks.advance(140*time.Millisecond, 2050*time.Millisecond); tick != 7 || over != 0 {
		t.Errorf("before the anchored tick it is %d (%.2f), want 7 at its beginning", tick, over)
	}
}

func TestTicksConfig(t *testing.T) {
	for field, cfg := range map[string]TicksConfig{
		"TicksPerSecond": {TicksPerSecond: -1}, "Slew": {Slew: 1}, "Jump": {Jump: -1},
	} {
		var e *ConfigError
		if _, err := NewTicks(nil, cfg); !errors.As(err, &e) || e.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}
