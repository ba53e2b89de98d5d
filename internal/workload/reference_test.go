package workload

import (
	"math/rand/v2"
	"testing"
	"time"
)

// TestLongReferences: each published controller does over a link of 10 Mbit/s with 100 ms and a
// queue of 100 datagrams, which takes 97 ms, what its paper says that it does.
func TestLongReferences(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		name       string
		loss       float64
		efficiency [2]float64 // at least, at most
		queue      [2]time.Duration
	}{
		{"aimd", 0, [2]float64{0.95, 1.01}, [2]time.Duration{40 * ms, 97 * ms}},  // fills the queue
		{"aimd", 0.01, [2]float64{0.05, 0.3}, [2]time.Duration{0, 5 * ms}},       // takes random loss for a full one
		{"cubic", 0, [2]float64{0.95, 1.01}, [2]time.Duration{40 * ms, 97 * ms}}, // likewise
		{"cubic", 0.01, [2]float64{0.05, 0.3}, [2]time.Duration{0, 5 * ms}},      // likewise
		{"bbr", 0, [2]float64{0.94, 1.01}, [2]time.Duration{0, 30 * ms}},         // a quarter of a round trip now and then
		{"bbr", 0.05, [2]float64{0.9, 1.02}, [2]time.Duration{0, 30 * ms}},       // does not look at losses
		{"copa", 0, [2]float64{0.95, 1.01}, [2]time.Duration{0, 30 * ms}},        // a queue of 1/δ packets, about
		{"copa", 0.01, [2]float64{0.9, 1.01}, [2]time.Duration{0, 30 * ms}},
		{"ledbat", 0, [2]float64{0.8, 1.01}, [2]time.Duration{20 * ms, 97 * ms}}, // towards 100 ms of queue
		{"sprout-ewma", 0, [2]float64{0.9, 1.02}, [2]time.Duration{20 * ms, 97 * ms}},
		{"sprout-ewma", 0.01, [2]float64{0.9, 1.02}, [2]time.Duration{20 * ms, 97 * ms}}, // forecasts what arrives
	} {
		cell := alike(Bulk, link(c.loss, 0, 10_000_000), 0)
		var err error
		if cell.Controller, err = Controller(c.name); err != nil {
			t.Fatal(err)
		}
		for i, r := range played(t, cell, 2) {
			if e := r.Efficiency(); e < c.efficiency[0] || e > c.efficiency[1] {
				t.Errorf("%s at loss %v, seed %d: %.3f of the ceiling, want %v", c.name, c.loss, 1+i, e, c.efficiency)
			}
			if q := r.Queue.P50; q < c.queue[0] || q > c.queue[1] {
				t.Errorf("%s at loss %v, seed %d: half of the datagrams wait for %v, want %v", c.name, c.loss, 1+i, q, c.queue)
			}
		}
	}
}

// TestReferencesBegin: each sends before it knows anything, and has a name.
func TestReferencesBegin(t *testing.T) {
	for _, name := range ControllerNames() {
		make, err := Controller(name)
		if err != nil {
			t.Fatal(err)
		}
		if make == nil {
			continue
		}
		c := make()
		if w, r := c.WindowBytes(), c.BytesPerSecond(); w < 2*packet || w > 30*packet || r < 10*packet {
			t.Errorf("%s begins with a window of %d and %d bytes a second", name, w, r)
		}
	}
	if _, err := Controller("vegas"); err == nil {
		t.Error("there is a controller that there is not")
	}
}

// TestLowest: never less than the smallest of the span, never more than that of half of it.
func TestLowest(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	l := lowest{span: 100}
	var values []int64
	for now := range int64(5000) {
		values = append(values, rnd.Int64N(1000))
		l.add(now, values[now])
		least := func(of int64) int64 {
			m := values[now]
			for _, v := range values[max(0, now-of+1):] {
				m = min(m, v)
			}
			return m
		}
		if got := l.value(); got < least(100) || got > least(50) {
			t.Fatalf("at %d: %d, want between %d and %d", now, got, least(100), least(50))
		}
	}
	l.add(10_000, 777) // after a pause only the new one counts
	if l.value() != 777 {
		t.Errorf("%d after a pause", l.value())
	}
}
