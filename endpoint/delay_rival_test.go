package endpoint

import (
	"math/rand/v2"
	"testing"
	"time"
)

// TestDelayTakesNobodyForARival: neither flows of its own kind that come one after the other, nor a
// rate that falls, nor a way that becomes longer, nor jitter.
func TestDelayTakesNobodyForARival(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	for name, play := range map[string]func(f, late *lineFlow) *line{
		"two":    func(f, late *lineFlow) *line { return newLine(10*megabit, 100, 50*millisecond, f, late) },
		"slow":   func(f, late *lineFlow) *line { return newLine(megabit, 0, 20*millisecond, f, late) },
		"far":    func(f, late *lineFlow) *line { return newLine(10*megabit, 1000, 150*millisecond, f, late) },
		"falls":  func(f, _ *lineFlow) *line { return newLine(20*megabit, 0, 20*millisecond, f) },
		"jitter": func(f, _ *lineFlow) *line { return newLine(10*megabit, 100, 50*millisecond, f) },
		"longer": func(f, _ *lineFlow) *line { return newLine(10*megabit, 100, 50*millisecond, f) },
	} {
		c := byDelay()
		f, late := &lineFlow{cc: c}, &lineFlow{cc: byDelay(), begin: 5 * second}
		switch name {
		case "jitter":
			f.hold = func(int64) int64 { return rnd.Int64N(30 * millisecond) }
		case "longer":
			f.clock = func(at int64) int64 {
				if at > 5*second {
					at += 60 * millisecond
				}
				return at
			}
		}
		l, beside := play(f, late), int64(0)
		for ; l.now < 30*second; l.run(l.now + 10*millisecond) {
			if name == "falls" && l.now == 10*second {
				l.rate /= 8
			}
			if c.rivals.on {
				beside += 10 * millisecond
			}
		}
		if beside > 0 {
			t.Errorf("%s: for %v it thought that there was a rival", name, time.Duration(beside))
		}
	}
}

// TestCubicCurve: after a loss the window is back where it was after K seconds (RFC 9438, 4.2), and
// beyond it later.
func TestCubicCurve(t *testing.T) {
	var w cubicCurve
	w.begin(0, 1000*packetBytes)
	w.lost(0)
	if w.bytes != 700*packetBytes || w.flat < 9080 || w.flat > 9090 { // cbrt(300 / 0.4) s
		t.Fatalf("%d packets, flat after %d ms", w.bytes/packetBytes, w.flat)
	}
	const roundTrip = second / 10
	for now := int64(0); now <= 14*second; now += roundTrip {
		switch n := w.bytes / packetBytes; now {
		case 5 * second:
			if n < 930 || n > 985 {
				t.Errorf("%d packets after 5 s", n)
			}
		case 9 * second:
			if n < 985 || n > 1001 {
				t.Errorf("%d packets after 9 s", n)
			}
		case 14 * second:
			if n < 1030 || n > 1060 {
				t.Errorf("%d packets after 14 s", n)
			}
		}
		w.acked(now, w.bytes, roundTrip, false)
	}
	before := w.bytes
	if w.acked(20*second, w.bytes, roundTrip, true); w.bytes != before {
		t.Error("it grew although it was not used")
	}
}

// TestLongerWayIsNoRival: pauses that find the same wait each time have found a longer way; what differs
// by more than two packets of the best rate, and a millisecond, is the queue of somebody.
func TestLongerWayIsNoRival(t *testing.T) {
	for _, c := range []struct {
		best, differs int64
		rival         bool
	}{
		{1_200_000, 2 * millisecond, false}, {1_200_000, 2*millisecond + 1, true},
		{12_000_000, millisecond, false}, {12_000_000, millisecond + 1, true},
		{12_000, 100 * millisecond, false}, // at the present rate of 24 KB/s that is two packets
		{12_000, 100*millisecond + 1, true},
	} {
		d := byDelay()
		d.rate = 24_000
		d.rivals.best.add(0, -c.best, bestSpan)
		d.queue.base.add(0, 0, baseSpan)
		for n, wait := range []int64{300 * millisecond, 300*millisecond + c.differs, 300*millisecond + c.differs/2} {
			if d.rivals.on || !d.queue.base.any {
				t.Fatalf("%+v: decided after %d pauses", c, n)
			}
			now := second * int64(n+1)
			d.queue.wait, d.rivals.pause.wait, d.rivals.pause.sentAt = wait, wait, now-50*millisecond
			d.answer(now+20*millisecond, now)
		}
		if d.rivals.on != c.rival || d.queue.base.any != c.rival {
			t.Errorf("%+v: a rival %v, the base is known %v", c, d.rivals.on, d.queue.base.any)
		}
	}
}
