package timeline

import (
	"bytes"
	"encoding/json"
	"flag"
	"math/rand/v2"
	"os"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden vectors anew")

const vectorFile = "../testdata/vectors/timeline.json"

// vectors are what implementations in other languages are held to: not the wire's, but a game that is played
// from two languages should look the same. Times are in microseconds.
type vectors struct {
	About  string
	Clocks []goldenClock
	Ticks  []goldenTicks
	Buffer []goldenBuffer
	Lead   []goldenLead
}

// A goldenClock is samples (sent, arrived, answered, received), and what the clock thinks after each.
type goldenClock struct {
	Name  string
	Steps []clockStep
}

type clockStep struct {
	Sample [4]int64
	Added  bool
	Offset float64 // at the end of the sample
	Drift  float64 // in millionths
	Delay  float64
}

// GoldenTicks are calls of Advance, with the own clock as the peer's.
type goldenTicks struct {
	Name           string
	TicksPerSecond int
	Anchor         uint64
	At             int64
	Steps          []ticksStep
}

type ticksStep struct {
	Now, Ahead int64
	Tick       uint64
	Over       float64
	Due        int
}

// A goldenBuffer is values that are pushed, the time that each is of as its value, and shown after each.
type goldenBuffer struct {
	Name  string
	Steps []bufferStep
}

type bufferStep struct {
	Push     []int64 // of when, if there is one
	Taken    bool
	Now      int64
	Shown    []float64 // at, from, to, fraction; nothing if there is nothing
	Starved  bool
	HeldBack float64
}

// A goldenLead is inputs that are sent each 60th of a second, and of each third how long it took.
type goldenLead struct {
	Name string
	Took []int64
	Lead []float64
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

func (w *wire) rounded(at time.Duration) (s Sample, us [4]int64) {
	s = w.exchange(at)
	for i, d := range []*time.Duration{&s.Sent, &s.Arrived, &s.Answered, &s.Received} {
		*d = d.Truncate(time.Microsecond)
		us[i] = d.Microseconds()
	}
	return s, us
}

func makeClock(name string, w *wire, jump time.Duration) goldenClock {
	g := goldenClock{Name: name}
	var c Clock
	for i := range 100 {
		if i == 70 {
			w.ahead += jump
		}
		s, us := w.rounded(time.Duration(i) * 257 * time.Millisecond)
		added := c.Add(s)
		g.Steps = append(g.Steps, clockStep{us, added, micros(c.Offset(s.Received)), c.Drift() * 1e6, micros(c.Delay())})
	}
	return g
}

func makeTicks(t *testing.T, name string, rate int, anchor uint64, at time.Duration, random *rand.Rand) goldenTicks {
	ticks := newTicks(t, TicksConfig{TicksPerSecond: rate})
	ticks.Anchor(anchor, at)
	g := goldenTicks{Name: name, TicksPerSecond: rate, Anchor: anchor, At: at.Microseconds()}
	now, ahead := at, time.Duration(0)
	for i := range 90 {
		now += time.Duration(random.IntN(30_000)) * time.Microsecond
		switch {
		case i == 80:
			ahead += time.Second
		case i%20 == 0:
			ahead = time.Duration(random.IntN(200_000)) * time.Microsecond
		}
		tick, over := ticks.Advance(now, ahead)
		g.Steps = append(g.Steps, ticksStep{now.Microseconds(), ahead.Microseconds(), tick, over, ticks.Due()})
	}
	return g
}

func makeBuffer(t *testing.T, name string, jitter int, random *rand.Rand) goldenBuffer {
	b, err := NewBuffer[int64](nil, BufferConfig{Entries: 16})
	if err != nil {
		t.Fatal(err)
	}
	g := goldenBuffer{Name: name}
	now := time.Duration(0)
	for i := range 140 {
		s := bufferStep{}
		now += time.Duration(10_000+random.IntN(12_000)) * time.Microsecond
		if random.IntN(20) > 0 {
			at := time.Duration(i)*16_667*time.Microsecond - time.Duration(random.IntN(jitter))*time.Microsecond
			s.Push = []int64{at.Microseconds()}
			s.Taken = b.Push(now, at, at.Microseconds())
		}
		s.Now = now.Microseconds()
		if v, ok := b.Show(now); ok {
			s.Shown = []float64{micros(v.At), float64(v.From), float64(v.To), v.Fraction}
			s.Starved = v.Starved
		}
		s.HeldBack = micros(b.Delay())
		g.Steps = append(g.Steps, s)
	}
	return g
}

func makeLead(t *testing.T, name string, base, jitter int, random *rand.Rand) goldenLead {
	ticks, l := newLead(t, LeadConfig{})
	g := goldenLead{Name: name}
	for i := 1; i < 600; i++ {
		now := (time.Duration(i) * frame).Truncate(time.Microsecond)
		tick, _ := ticks.Advance(now, l.Ahead())
		l.Sent(tick, now)
		if i%3 > 0 {
			continue
		}
		if i == 450 {
			base /= 2
		}
		took := time.Duration(base+random.IntN(jitter)) * time.Microsecond
		l.Arrived(tick, now+took)
		g.Took = append(g.Took, took.Microseconds())
		g.Lead = append(g.Lead, micros(l.Ahead()))
	}
	return g
}

func makeVectors(t *testing.T) *vectors {
	random := rand.New(rand.NewPCG(7, 7))
	ms := time.Millisecond
	calm := newWire(1)
	calm.ahead, calm.drift, calm.out, calm.in, calm.jitter, calm.clockGrain = time.Hour, 150e-6, 30*ms, 20*ms, 4*ms, true
	restarted := newWire(2)
	restarted.ahead, restarted.drift, restarted.out, restarted.in, restarted.jitter = 3*time.Second, -80e-6, 10*ms, 60*ms, 20*ms
	return &vectors{
		About: "What package timeline makes of times, in microseconds. Written by: go test ./timeline -update",
		Clocks: []goldenClock{
			makeClock("a clock that drifts", calm, 0),
			makeClock("jitter, and a peer that is started again", restarted, -time.Minute),
		},
		Ticks: []goldenTicks{
			makeTicks(t, "60 a second, ahead by more and less, and a jump", 60, 1000, 3*time.Second, random),
			makeTicks(t, "128 a second", 128, 0, 0, random),
		},
		Buffer: []goldenBuffer{
			makeBuffer(t, "little jitter", 4000, random),
			makeBuffer(t, "much jitter, and values that come twice or too late", 60_000, random),
		},
		Lead: []goldenLead{
			makeLead(t, "a short way that becomes shorter", 40_000, 6000, random),
			makeLead(t, "a long one with jitter", 150_000, 60_000, random),
		},
	}
}

// TestGolden holds the vectors to what the package does: they are read by the tests of ts/timeline.
func TestGolden(t *testing.T) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	if err := e.Encode(makeVectors(t)); err != nil {
		t.Fatal(err)
	}
	text := bytes.ReplaceAll(b.Bytes(), []byte(`},{"`), []byte("},\n{\""))
	if *update {
		if err := os.WriteFile(vectorFile, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(vectorFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, text) {
		t.Errorf("%s is not what the package does now: go test ./timeline -run TestGolden -update, if that is meant", vectorFile)
	}
}
