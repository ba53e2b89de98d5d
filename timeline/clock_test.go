package timeline

import (
	"math/rand/v2"
	"testing"
	"time"
)

// A wire is a network between two clocks, for tests: exchanges with a delay each way.
type wire struct {
	random     *rand.Rand
	ahead      time.Duration // the peer's clock at zero of ours
	drift      float64
	out, in    time.Duration // shortest ways
	jitter     time.Duration // mean of an exponential delay on top
	clockGrain bool          // times as coarse as on the wire
}

func newWire(seed uint64) *wire { return &wire{random: rand.New(rand.NewPCG(seed, 1))} }

func (w *wire) peer(at time.Duration) time.Duration {
	return at + w.ahead + time.Duration(w.drift*float64(at))
}

func (w *wire) wait(least time.Duration) time.Duration {
	return least + time.Duration(w.random.ExpFloat64()*float64(w.jitter))
}

// exchange is a sample of a packet sent at a time of the own clock.
func (w *wire) exchange(at time.Duration) Sample {
	arrives := at + w.wait(w.out)
	hold := time.Duration(w.random.IntN(20)) * time.Millisecond
	s := Sample{Sent: at, Arrived: w.peer(arrives), Answered: w.peer(arrives + hold), Received: arrives + hold + w.wait(w.in)}
	if w.clockGrain {
		held := (s.Answered - s.Arrived).Truncate(128 * time.Microsecond)
		s.Arrived = s.Arrived.Truncate(64 * time.Microsecond)
		s.Answered = s.Arrived + held
	}
	return s
}

// play has the clock see an exchange each 100 ms and returns the largest error after a while.
func (w *wire) play(c *Clock, from, to, settled time.Duration) (worst time.Duration) {
	for at := from; at < to; at += 100 * time.Millisecond {
		s := w.exchange(at)
		c.Add(s)
		if off := (c.At(s.Received) - w.peer(s.Received)).Abs(); at >= settled {
			worst = max(worst, off)
		}
	}
	return worst
}

func TestClockFollowsOffsetAndDrift(t *testing.T) {
	for seed := range uint64(20) {
		w := newWire(seed)
		w.ahead, w.drift, w.clockGrain = 17*time.Minute, 200e-6, true
		w.out, w.in, w.jitter = 30*time.Millisecond, 30*time.Millisecond, 5*time.Millisecond
		var c Clock
		if worst := w.play(&c, 0, time.Minute, 20*time.Second); worst > time.Millisecond {
			t.Errorf("seed %d: off by %v, want a millisecond at most", seed, worst)
		}
		if d := c.Drift() - 200e-6; d > 20e-6 || d < -20e-6 {
			t.Errorf("seed %d: drift %.0f ppm, want 200 ± 20", seed, c.Drift()*1e6)
		}
		if c.Delay() < 60*time.Millisecond || c.Delay() > 63*time.Millisecond {
			t.Errorf("seed %d: delay %v, want about 60ms", seed, c.Delay())
		}
	}
}

// A minute without a sample, with 200 ppm, is 12 ms: the drift that was learned makes it good.
func TestClockCarriesOn(t *testing.T) {
	w := newWire(3)
	w.drift, w.clockGrain = -200e-6, true
	w.out, w.in, w.jitter = 20*time.Millisecond, 20*time.Millisecond, 3*time.Millisecond
	var c Clock
	w.play(&c, 0, 40*time.Second, time.Hour)
	later := 100 * time.Second
	if off := (c.At(later) - w.peer(later)).Abs(); off > 2*time.Millisecond {
		t.Errorf("a minute later the clock is off by %v, want 2ms at most", off)
	}
}

// What is off by a way that takes longer is half of the difference and is within Uncertainty.
func TestClockAsymmetric(t *testing.T) {
	w := newWire(5)
	w.out, w.in, w.jitter = 80*time.Millisecond, 20*time.Millisecond, 2*time.Millisecond
	var c Clock
	worst := w.play(&c, 0, 30*time.Second, 5*time.Second)
	if worst < 28*time.Millisecond || worst > 32*time.Millisecond {
		t.Errorf("off by %v, want half of the 60ms by which the ways differ", worst)
	}
	if worst > c.Uncertainty() {
		t.Errorf("off by %v, above the Uncertainty of %v", worst, c.Uncertainty())
	}
}

// A queue that fills for ten seconds, on one way only, moves the estimate by little: what came
// without it is remembered.
func TestClockPassesOverQueues(t *testing.T) {
	w := newWire(7)
	w.out, w.in, w.jitter = 25*time.Millisecond, 25*time.Millisecond, time.Millisecond
	var c Clock
	w.play(&c, 0, 20*time.Second, time.Hour)
	w.out = 225 * time.Millisecond
	if worst := w.play(&c, 20*time.Second, 30*time.Second, 0); worst > 2*time.Millisecond {
		t.Errorf("a queue of 200ms moved the clock by %v, want 2ms at most", worst)
	}
}

// A shorter way is believed at once.
func TestClockTakesTheShorterWay(t *testing.T) {
	w := newWire(9)
	w.out, w.in = 100*time.Millisecond, 20*time.Millisecond
	var c Clock
	w.play(&c, 0, 20*time.Second, time.Hour)
	w.out = 20 * time.Millisecond
	if worst := w.play(&c, 20*time.Second, 25*time.Second, 21*time.Second); worst > time.Millisecond {
		t.Errorf("a second after the way became shorter the clock is off by %v, want 1ms", worst)
	}
}

func TestClockBeginsAnewWhenThePeerDoes(t *testing.T) {
	for _, ahead := range []time.Duration{0, 2 * time.Hour} {
		w := newWire(11)
		w.ahead, w.out, w.in = time.Hour, 30*time.Millisecond, 30*time.Millisecond
		var c Clock
		w.play(&c, 0, 10*time.Second, time.Hour)
		w.ahead = ahead // it restarted
		refused := 0
		for at := 10 * time.Second; at < 11*time.Second; at += 100 * time.Millisecond {
			if !c.Add(w.exchange(at)) {
				refused++
			}
		}
		if refused != clockDoubts-1 {
			t.Errorf("%v ahead: %d samples refused, want %d", ahead, refused, clockDoubts-1)
		}
		if off := (c.At(11*time.Second) - w.peer(11*time.Second)).Abs(); off > time.Millisecond {
			t.Errorf("%v ahead: the clock is off by %v after the peer began anew", ahead, off)
		}
	}
}

// Single samples that contradict all others, as of a peer that lies now and then, change nothing.
func TestClockBearsLiars(t *testing.T) {
	w := newWire(12)
	w.ahead, w.out, w.in = time.Hour, 30*time.Millisecond, 30*time.Millisecond
	var c Clock
	w.play(&c, 0, 10*time.Second, time.Hour)
	for at := 10 * time.Second; at < 20*time.Second; at += 500 * time.Millisecond {
		lie := w.exchange(at)
		lie.Arrived, lie.Answered = lie.Arrived+time.Minute, lie.Answered+time.Minute
		if c.Add(lie) {
			t.Fatal("a lie was taken")
		}
		if worst := w.play(&c, at+100*time.Millisecond, at+500*time.Millisecond, 0); worst > time.Millisecond {
			t.Fatalf("at %v the clock is off by %v", at, worst)
		}
	}
}

// A few samples show no drift: what jitter makes of them must not be carried on for long.
func TestClockIsCarefulAtFirst(t *testing.T) {
	for seed := range uint64(20) {
		w := newWire(seed)
		w.out, w.in, w.jitter = 20*time.Millisecond, 20*time.Millisecond, 5*time.Millisecond
		var c Clock
		w.play(&c, 0, 2*time.Second, time.Hour)
		if d := c.Drift(); d > 150e-6 || d < -150e-6 {
			t.Errorf("seed %d: two seconds show a drift of %.0f ppm, which is none", seed, d*1e6)
		}
	}
}

// After a long pause the clocks may have drifted apart, and that is no contradiction.
func TestClockAfterAPause(t *testing.T) {
	w := newWire(14)
	w.drift, w.out, w.in = 300e-6, 10*time.Millisecond, 10*time.Millisecond
	var c Clock
	c.Add(w.exchange(0))
	if !c.Add(w.exchange(10 * time.Minute)) {
		t.Error("a sample after ten minutes was refused")
	}
}

// The best sample of each half second is kept, also when they get better all the time.
func TestClockKeepsOneOfEachInterval(t *testing.T) {
	w := newWire(16)
	w.in = 10 * time.Millisecond
	var c Clock
	for i := range 100 {
		w.out = time.Duration(200-i) * time.Millisecond
		c.Add(w.exchange(time.Duration(i) * 100 * time.Millisecond))
	}
	if c.n != 20 {
		t.Errorf("%d points of ten seconds, want 20", c.n)
	}
}

func TestClockRefusesWhatCannotBe(t *testing.T) {
	ms := time.Millisecond
	for _, tt := range []struct {
		name string
		s    Sample
	}{
		{"nobody's", Sample{}},
		{"received before it was sent", Sample{Sent: 20 * ms, Arrived: 5 * ms, Answered: 6 * ms, Received: 10 * ms}},
		{"answered before it arrived", Sample{Sent: 1 * ms, Arrived: 9 * ms, Answered: 6 * ms, Received: 10 * ms}},
		{"held for longer than it was away", Sample{Sent: 1 * ms, Arrived: 2 * ms, Answered: 22 * ms, Received: 10 * ms}},
	} {
		var c Clock
		if c.Add(tt.s) || c.Synced() {
			t.Errorf("%s: taken", tt.name)
		}
	}
	var c Clock
	if !c.Add(Sample{Sent: 10 * ms, Arrived: 15 * ms, Answered: 16 * ms, Received: 20 * ms}) {
		t.Fatal("a good sample was refused")
	}
	if c.Add(Sample{Sent: 1 * ms, Arrived: 5 * ms, Answered: 6 * ms, Received: 9 * ms}) {
		t.Error("a sample that is older than the last was taken")
	}
	if c.Reset(); c.Synced() {
		t.Error("Reset left something")
	}
}

func TestClockBothWays(t *testing.T) {
	w := newWire(13)
	w.ahead, w.drift, w.out, w.in = -3*time.Second, 300e-6, 10*time.Millisecond, 10*time.Millisecond
	var c Clock
	w.play(&c, time.Hour, time.Hour+30*time.Second, 0)
	for _, now := range []time.Duration{time.Hour, time.Hour + 29*time.Second, 2 * time.Hour} {
		if back := c.Own(c.At(now)); (back - now).Abs() > time.Microsecond {
			t.Errorf("Own(At(%v)) is off by %v", now, back-now)
		}
	}
}

func TestAllocClock(t *testing.T) {
	w := newWire(15)
	w.out, w.in, w.jitter = 10*time.Millisecond, 10*time.Millisecond, time.Millisecond
	var c Clock
	at := time.Duration(0)
	if n := testing.AllocsPerRun(1000, func() { at += 50 * time.Millisecond; c.Add(w.exchange(at)) }); n != 0 {
		t.Errorf("%v allocations a sample, want 0", n)
	}
}
