package timeline

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

func newBuffer(t *testing.T, cfg BufferConfig) *Buffer[float64] {
	t.Helper()
	b, err := NewBuffer[float64](nil, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A stream sends snapshots of a body that moves at one unit a second, 30 a second, over a network
// that loses and delays them, to a screen of 60 frames a second.
type stream struct {
	*wire
	b      *Buffer[float64]
	now    time.Duration
	flying []flight
	loss   float64

	frames, starved, jerks int
	last                   float64
}

type flight struct{ at, arrives time.Duration }

const frame = time.Second / 60

func (s *stream) run(until time.Duration) {
	for ; s.now < until; s.now += frame {
		if (s.now/frame)%2 == 0 && s.random.Float64() >= s.loss {
			s.flying = append(s.flying, flight{s.now, s.now + s.wait(s.out)})
		}
		slices.SortStableFunc(s.flying, func(a, b flight) int { return int((a.arrives - b.arrives) / 1000) })
		for len(s.flying) > 0 && s.flying[0].arrives <= s.now {
			f := s.flying[0]
			s.flying = s.flying[1:]
			s.b.push(f.arrives, f.at, f.at.Seconds())
		}
		v, ok := s.b.show(s.now, s.now)
		if !ok {
			continue
		}
		s.frames++
		if v.Starved {
			s.starved++
			continue
		}
		shown := v.From + (v.To-v.From)*v.Fraction
		if math.Abs(shown-v.At.Seconds()) > 1e-6 || v.Fraction < 0 || v.Fraction > 1 {
			s.jerks = math.MaxInt // wrong, and not only a jerk
		}
		if step := shown - s.last; s.last > 0 && (step < 0.9*frame.Seconds() || step > 1.1*frame.Seconds()) {
			s.jerks++
		}
		s.last = shown
	}
}

func newStream(t *testing.T, seed uint64, cfg BufferConfig) *stream {
	s := &stream{wire: newWire(seed), b: newBuffer(t, cfg)}
	s.out = 30 * time.Millisecond
	return s
}

func TestBufferEvensOutJitter(t *testing.T) {
	for seed := range uint64(10) {
		s := newStream(t, seed, BufferConfig{})
		s.jitter, s.loss = 10*time.Millisecond, 0.01
		s.run(10 * time.Second)
		s.frames, s.starved, s.jerks, s.last = 0, 0, 0, 0
		s.run(60 * time.Second)
		if s.starved > s.frames/25 {
			t.Errorf("seed %d: %d of %d frames had no next snapshot, want a 25th at most", seed, s.starved, s.frames)
		}
		if s.jerks > s.starved+2 {
			t.Errorf("seed %d: %d jerks in %d frames", seed, s.jerks, s.frames)
		}
		// 30 ms under way, about 46 ms of jitter at its 99th percentile, 33 ms to the next one.
		if d := s.b.Delay(); d < 90*time.Millisecond || d > 150*time.Millisecond {
			t.Errorf("seed %d: held back for %v, want 90 to 150ms", seed, d)
		}
	}
}

// More jitter is followed within a second, less only after Calm, in steps that do not waver.
func TestBufferHysteresis(t *testing.T) {
	s := newStream(t, 1, BufferConfig{Calm: 4 * time.Second})
	s.jitter = 2 * time.Millisecond
	s.run(20 * time.Second)
	calm := s.b.Delay()
	s.jitter = 30 * time.Millisecond
	s.run(21 * time.Second)
	rough := s.b.Delay()
	if rough < calm+40*time.Millisecond {
		t.Errorf("a second of jitter of 30ms: held back for %v, before %v", rough, calm)
	}
	s.run(24 * time.Second)
	s.jitter = 2 * time.Millisecond
	most := s.b.Delay()
	s.run(27 * time.Second)
	if d := s.b.Delay(); d < most*9/10 {
		t.Errorf("shorter (%v after %v) before it was calm for four seconds", d, most)
	}
	s.run(60 * time.Second)
	if d := s.b.Delay(); d > calm+20*time.Millisecond {
		t.Errorf("half a minute of calm: held back for %v, want about the %v of before", d, calm)
	}
	changes, d := 0, s.b.Delay()
	for until := 61 * time.Second; until < 120*time.Second; until += time.Second {
		if s.run(until); s.b.Delay() != d {
			changes, d = changes+1, s.b.Delay()
		}
	}
	if changes > 20 {
		t.Errorf("the delay changed in %d of 60 calm seconds", changes)
	}
}

func TestBufferRefuses(t *testing.T) {
	ms := time.Millisecond
	b := newBuffer(t, BufferConfig{Entries: 4})
	for i := range 4 {
		if !b.push(10*ms, time.Duration(i)*ms, float64(i)) {
			t.Fatalf("value %d refused", i)
		}
	}
	if b.push(10*ms, 2*ms, 2) {
		t.Error("a value was taken twice")
	}
	if !b.push(10*ms, 9*ms, 9) || b.push(10*ms, 0, 0) {
		t.Error("the oldest of a full buffer does not make room for what is newer")
	}
	if _, ok := b.show(20*ms, 20*ms); !ok {
		t.Fatal("nothing to show")
	}
	if b.push(10*ms, 4*ms, 0) {
		t.Error("a value that is older than what was shown was taken")
	}
	if s := b.Stats(); s.Taken != 5 || s.Repeated != 1 || s.Pushed != 2 || s.Late != 1 {
		t.Errorf("counted %+v", s)
	}
}

func TestBufferTakesInOrder(t *testing.T) {
	ms := time.Millisecond
	b := newBuffer(t, BufferConfig{MinDelay: 20 * ms})
	for _, at := range []int{5, 1, 3, 40} {
		b.push(time.Duration(at)*ms, time.Duration(at)*ms, float64(at))
	}
	var got []float64
	for _, v := range b.take(25*ms, 25*ms) {
		got = append(got, v)
	}
	if !slices.Equal(got, []float64{1, 3, 5}) {
		t.Errorf("took %v, want 1 3 5", got)
	}
	if b.push(26*ms, 5*ms, 5) {
		t.Error("what was taken last was taken again")
	}
	if b.push(26*ms, 4*ms, 4) {
		t.Error("what comes before something that was taken was taken, too")
	}
}

// Who allows more to be late waits for less.
func TestBufferLateShare(t *testing.T) {
	delay := func(late float64) time.Duration {
		s := newStream(t, 4, BufferConfig{Late: late})
		s.jitter = 10 * time.Millisecond
		s.run(30 * time.Second)
		return s.b.Delay()
	}
	if few, many := delay(0.01), delay(0.2); many > few-20*time.Millisecond {
		t.Errorf("held back for %v if a fifth may be late, for %v if a hundredth", many, few)
	}
}

// pushSome pushes values, one each millisecond, that were so long under way.
func pushSome(b *Buffer[float64], from time.Duration, n int, transit time.Duration) (next time.Duration) {
	for range n {
		b.push(from, from-transit, 0)
		from += time.Millisecond
	}
	return from
}

// The first values say at once what the network is like; later all that was needed during Calm
// counts, not what was needed at the end of it.
func TestBufferLearns(t *testing.T) {
	ms := time.Millisecond
	b := newBuffer(t, BufferConfig{Calm: 600 * ms})
	at := pushSome(b, time.Second, 3, 30*ms)
	if d := b.Delay(); d != 30*ms {
		t.Errorf("after three values held back for %v, want 30ms", d)
	}
	at = pushSome(b, at, 300, 100*ms)
	at = pushSome(b, at, 300, 60*ms)
	pushSome(b, at, 290, 20*ms)
	if d := b.Delay(); d != 100*ms {
		t.Errorf("held back for %v before it was calm for long enough, want 100ms", d)
	}
	pushSome(b, at+290*ms, 300, 20*ms)
	if d := b.Delay(); d != 60*ms {
		t.Errorf("held back for %v, want the 60ms that were needed while it was calm", d)
	}
}

func TestBufferConfig(t *testing.T) {
	for field, cfg := range map[string]BufferConfig{
		"Late": {Late: 1}, "MinDelay": {MinDelay: time.Second}, "Entries": {Entries: 1},
		"Calm": {Calm: -1}, "Slew": {Slew: -1}, "Jump": {Jump: -1},
	} {
		var e *ConfigError
		if _, err := NewBuffer[int](nil, cfg); !errors.As(err, &e) || e.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// TestBufferConfigNamesAll: what is wrong is told at once.
func TestBufferConfigNamesAll(t *testing.T) {
	_, err := NewBuffer[int](nil, BufferConfig{Late: 2, MinDelay: -1, MaxDelay: -1, Entries: 1, Calm: -1, Slew: 1, Jump: -1})
	for _, field := range []string{"Late", "MaxDelay", "MinDelay", "Entries", "Calm", "Slew", "Jump"} {
		if err == nil || !strings.Contains(err.Error(), " "+field+" is ") {
			t.Errorf("%v does not name %s", err, field)
		}
	}
}

func TestAllocBuffer(t *testing.T) {
	b := newBuffer(t, BufferConfig{})
	at := time.Duration(0)
	if n := testing.AllocsPerRun(2000, func() {
		at += frame
		b.push(at, at, 1)
		b.show(at, at)
	}); n != 0 {
		t.Errorf("%v allocations a frame, want 0", n)
	}
}
