package timeline

import (
	"testing"
	"time"
)

// A player closes the lid of a laptop for an hour, and opens it again. The own clock may have
// stood still meanwhile, as on Linux and macOS, or gone on. Two samples later at most than the
// third that contradicts, all three know the time; ticks and the picture jump once.
func TestSleepForAnHour(t *testing.T) {
	for _, stands := range []bool{false, true} {
		w := newWire(31)
		w.drift, w.clockGrain = 120e-6, true
		w.out, w.in, w.jitter = 20*time.Millisecond, 20*time.Millisecond, 2*time.Millisecond
		var c Clock
		ticks, b := newTicks(t, TicksConfig{}), newBuffer(t, BufferConfig{})
		ticks.Anchor(0, w.ahead)
		play := func(from, to time.Duration) {
			for now := from; now < to; now += 25 * time.Millisecond {
				if now%(100*time.Millisecond) == 0 {
					c.Add(w.exchange(now - 70*time.Millisecond))
				}
				at := w.peer(now - 25*time.Millisecond)
				b.push(c.At(now), at, at.Seconds())
				ticks.advance(now, c.At(now))
				ticks.Due()
				b.show(now, c.At(now))
			}
		}
		play(0, 40*time.Second)
		from := 40*time.Second + time.Hour
		if stands {
			from, w.ahead = 40*time.Second, w.ahead+time.Hour
		}
		play(from, from+500*time.Millisecond)
		now := from + 500*time.Millisecond
		if off := (c.At(now) - w.peer(now)).Abs(); off > 5*time.Millisecond {
			t.Errorf("the clock stood still: %v: half a second after waking up it is off by %v", stands, off)
		}
		if n := ticks.Jumps(); n != 1 && stands || n > 1 {
			t.Errorf("the clock stood still: %v: %d jumps of ticks", stands, n)
		}
		play(now, now+10*time.Second)
		now += 10 * time.Second
		tick, _ := ticks.advance(now, c.At(now))
		if want := w.peer(now).Seconds() * 60; float64(tick) < want-2 || float64(tick) > want+1 {
			t.Errorf("the clock stood still: %v: tick %d, the server is in %.1f", stands, tick, want)
		}
		v, ok := b.show(now, c.At(now))
		if shown := v.From + (v.To-v.From)*v.Fraction; !ok || v.Starved || v.At.Seconds()-shown > 0.001 || shown-v.At.Seconds() > 0.001 {
			t.Errorf("the clock stood still: %v: %+v is shown", stands, v)
		}
		if late := w.peer(now) - v.At; late < 20*time.Millisecond || late > 200*time.Millisecond {
			t.Errorf("the clock stood still: %v: what is shown is %v old", stands, late)
		}
	}
}

// What a game sees of all three together, over a line whose two ways differ, whose jitter comes
// and goes and whose route changes, with clocks 200 ppm apart: time never runs back, never jumps,
// and is off by no more than half of what the ways differ by.
func TestLineThatChanges(t *testing.T) {
	const ms = time.Millisecond
	for seed := range uint64(5) {
		w := newWire(40 + seed)
		w.ahead, w.drift, w.clockGrain = 3*time.Hour, -200e-6, true
		w.out, w.in, w.jitter = 20*ms, 30*ms, 2*ms
		var c Clock
		ticks := newTicks(t, TicksConfig{})
		before, starved, frames := time.Duration(0), 0, 0
		b := newBuffer(t, BufferConfig{})
		for now := time.Duration(0); now < 3*time.Minute; now += 20 * ms {
			switch now {
			case 60 * ms * 1000:
				w.out, w.in = 90*ms, 40*ms // another route, 50 ms of difference
			case 90 * ms * 1000:
				w.jitter = 15 * ms
			case 120 * ms * 1000:
				w.out, w.in, w.jitter = 15*ms, 15*ms, 2*ms // and a short one
			}
			if now%(100*ms) == 0 && now > 0 {
				c.Add(w.exchange(now - 100*ms))
			}
			if !c.Synced() {
				continue
			}
			arrives := now - w.wait(w.in)
			b.push(c.At(now), w.peer(arrives), 0)
			ticks.advance(now, c.At(now))
			if at := ticks.slew.at; before != 0 && (at-before < 19*ms || at-before > 21*ms) {
				t.Fatalf("seed %d, at %v: 20ms took %v", seed, now, at-before)
			}
			before = ticks.slew.at
			if off := (before - w.peer(now)).Abs(); now > 10*time.Second && off > 40*ms {
				t.Fatalf("seed %d, at %v: off by %v", seed, now, off)
			}
			if v, ok := b.show(now, c.At(now)); ok && now > 10*time.Second {
				if frames++; v.Starved {
					starved++
				}
			}
		}
		if ticks.Jumps() != 0 || b.Stats().JumpsOver != 0 || c.Uncertainty() > 16*ms {
			t.Errorf("seed %d: %d and %d jumps, ± %v", seed, ticks.Jumps(), b.Stats().JumpsOver, c.Uncertainty())
		}
		if starved > frames/20 || int(b.Stats().Starved) < starved {
			t.Errorf("seed %d: %d of %d pictures had nothing to go to", seed, starved, frames)
		}
	}
}
