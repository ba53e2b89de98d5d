package endpoint

import (
	"hash/fnv"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// A journey is a run of two ends in which about everything happens that time is a part of: losses,
// bulk over a narrow way, a second path, a move, a hold, a pause, a drain. Its sum is over every
// packet, and when it left.
type journey struct {
	*mesh
	rnd *rand.Rand
	sum uint64
}

// newJourney begins at a time of the clock.
func newJourney(t *testing.T, start int64, seed uint64) *journey {
	cfg := channels()
	cfg.Congestion.Kind = CongestionKind(seed % 2)
	j := &journey{mesh: (&mesh{t: t, now: start, seed: seed}).join(cfg, 20*time.Millisecond), rnd: rand.New(rand.NewPCG(seed, 3))}
	j.carrier = Carrier{MaxDatagramBytes: 1472, DontFragment: true}
	j.narrow(j.ways[0])
	sum := fnv.New64a()
	j.watch = func(end int, w *way, b []byte) {
		sum.Write([]byte{byte(end), byte(w.socket), byte(w.address)})
		at := j.now - start
		sum.Write([]byte{byte(at), byte(at >> 8), byte(at >> 16), byte(at >> 24), byte(at >> 32), byte(at >> 40)})
		sum.Write(b)
		j.sum = sum.Sum64()
	}
	return j
}

// narrow makes a way lossy, and carry no more than half a megabyte a second.
func (j *journey) narrow(w *way) {
	w.lossy(0.03, 2*time.Millisecond)
	for i := range w.links {
		w.links[i].rate, w.links[i].queue, w.links[i].busy, w.links[i].behind = 500_000, 100*time.Millisecond, j.now, j.now
	}
}

// play lets ticks pass in which both ends speak, and one of them may have bulk to send.
func (j *journey) play(ticks int, bulk bool) {
	for n := range ticks {
		for end := range j.ends {
			j.send(end, chanOf(UnreliableLatest), message(n, 40))
			j.send(end, chanOf(ReliableOrdered), message(n, 60))
			if j.rnd.IntN(8) == 0 {
				j.send(end, chanOf(ReliableUnordered), message(n, 3000))
			}
			if bulk && end == n%2 && j.ends[end].Stats().QueuedBytes < 100_000 {
				j.send(end, chanOf(ReliableOrdered), message(n, 50_000))
			}
		}
		j.run(time.Second / 60)
		for end := range j.ends {
			for _, d := range deliveries {
				j.received(end, chanOf(d))
			}
			j.events(end)
		}
	}
}

// travel is the whole journey.
func (j *journey) travel() {
	j.play(60, false)
	j.narrow(j.addWay(1, 1, 35*time.Millisecond))
	if _, err := j.ends[0].OpenPath(j.now, PathConfig{Route: 1}); err != nil {
		j.t.Fatal(err)
	}
	j.play(120, true)
	j.narrow(j.rebind(0, 2))
	j.play(120, true)
	j.ways[1].dead = true
	j.play(90, false)
	if err := j.ends[1].Hold(j.now, 2*time.Second); err != nil {
		j.t.Fatal(err)
	}
	j.run(3 * time.Second)
	j.ways[1].dead = false
	j.play(300, false)
	j.run(20 * time.Second)
	j.play(60, true)
	j.ends[0].Drain(j.now, CodeApplication, "enough", 5*time.Second)
	j.run(6 * time.Second)
}

// TestJourneyFromAnywhere: where a clock starts changes nothing, be it far before zero or right before
// it: what leaves, and when, is the same. The clock on the wire has 24 bits, so they start the same.
func TestJourneyFromAnywhere(t *testing.T) {
	const lap = wire.ClockUnit << clockUnitsShift
	for seed := range uint64(4) {
		want := newJourney(t, 4*lap, seed)
		want.travel()
		for _, start := range []int64{0, -lap, -5 * lap, 1000 * lap, -1000 * lap} {
			j := newJourney(t, start, seed)
			if j.travel(); j.sum != want.sum {
				t.Errorf("seed %d: another journey from %v on", seed, time.Duration(start))
			}
		}
	}
}

// TestDeadlineIsAQuestion: whoever asks ten times between any two other calls has the same journey as
// who asks once.
func TestDeadlineIsAQuestion(t *testing.T) {
	for seed := range uint64(4) {
		want := newJourney(t, second, seed)
		want.travel()
		j := newJourney(t, second, seed)
		j.asks = 10
		if j.travel(); j.sum != want.sum {
			t.Errorf("seed %d: another journey", seed)
		}
	}
}
