package workload

import (
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire/endpoint"
	"github.com/tickwire/tickwire/simnet"
)

// TestFreshnessCountsFrom: what was old before the time that counts is not counted.
func TestFreshnessCountsFrom(t *testing.T) {
	f := freshness{since: 100}
	f.heard(50, 0)
	f.pass(200)
	if least, most := f.percentile(1), f.percentile(100); least < 100 || least > 102 || most != 200 {
		t.Errorf("ages of %d to %d, want 100 to 200", least, most)
	}
}

// TestRampCountsFrom: what arrived before it was looked for does not count.
func TestRampCountsFrom(t *testing.T) {
	r := newRamp(int64(time.Second), 8_000_000)
	r.add(int64(900*time.Millisecond), 1<<20)
	if r.reached != Never {
		t.Fatal("it was reached before it was looked for")
	}
	if r.add(int64(1100*time.Millisecond), 1<<20); r.reached != 100*time.Millisecond {
		t.Errorf("reached after %v, want 100ms", r.reached)
	}
}

// TestCapacityOfATrace: the capacity is that of the link, whatever its queue holds.
func TestCapacityOfATrace(t *testing.T) {
	trace, err := simnet.ReadTrace(strings.NewReader(strings.Repeat("1\n", 50))) // 75 000 bytes each millisecond
	if err != nil {
		t.Fatal(err)
	}
	up := sealed(simnet.LinkConfig{Trace: trace, QueuePackets: 10})
	k, err := capacityOf(&Cell{Up: up, For: 2 * time.Second, Settle: time.Second})
	if want := 75_000_000; err != nil || k.bytes < want*99/100 || k.bytes > want*101/100 {
		t.Errorf("%d bytes in a second, want %d: %v", k.bytes, want, err)
	}
}

// TestAllOfTheLink: who sends more than the link takes uses all of it, to the last byte.
func TestAllOfTheLink(t *testing.T) {
	c := alike(Bulk, link(0, 0, 10_000_000), 0)
	c.For, c.Controller = 8*time.Second, fixedRate(11_000_000)
	if r := played(t, c, 1)[0]; r.Utilization < 0.999 || r.Utilization > 1.001 {
		t.Errorf("%.4f of the link", r.Utilization)
	}
}

// TestWhatNeverArrives: messages that do not arrive are late for ever, and count.
func TestWhatNeverArrives(t *testing.T) {
	c := alike(Stream, link(1, 0, 0), 0)
	c.For = 2 * time.Second
	c.Endpoint = func(cfg *endpoint.Config) { cfg.Timeout = -1 }
	r := played(t, c, 1)[0]
	if r.Messages != 120 || r.Missing != 120 || r.Latency.P50 != Never || r.Latency.N != 120 || len(r.Latencies) != 120 {
		t.Errorf("%d messages, %d missing, %+v", r.Messages, r.Missing, r.Latency)
	}
	if got := LatencyP50.Format(LatencyP50.Of(&r)); got != "never" {
		t.Errorf("shown as %s", got)
	}
}

// TestFigures: medians, the worst, and which of two values is worse, are not to be mixed up.
func TestFigures(t *testing.T) {
	results := make([]Result, 4)
	for i, v := range []float64{3, 1, 4, 2} {
		results[i].Goodput, results[i].Latency.P99 = v*1e6, time.Duration(v)*time.Millisecond
	}
	if s := Summarize(Goodput, results); s.Median != 2 || s.Worst != 1 || s.At != 1 {
		t.Errorf("goodput: %+v", s)
	}
	if s := Summarize(LatencyP99, results); s.Median != 2 || s.Worst != 4 || s.At != 2 {
		t.Errorf("latency: %+v", s)
	}
	for _, r := range []Result{{Goodput: 3, Other: 4}, {Goodput: 4, Other: 3}} {
		if v := Evenness.Of(&r); v != 75 {
			t.Errorf("%v and %v bits a second are even by %v", r.Goodput, r.Other, v)
		}
	}
	r := Result{Goodput: 3e6, Other: 1e6, Ceiling: 4e6, Up: Traffic{Bytes: 300}, Payload: 200, Messages: 3, BareBytes: 50}
	for f, want := range map[*Figure]float64{
		&Part: 75, &Efficiency: 75, &Overhead: 1.5, &MessageBytes: 100, &MessageTimes: 2, &Other: 1, &Back: 1, &Goodput: 3,
	} {
		if v := f.Of(&r); v != want {
			t.Errorf("%s: %v, want %v", f.Name, v, want)
		}
	}
}

// TestPercentiles: by nearest rank, of any number of samples.
func TestPercentiles(t *testing.T) {
	for n, want := range map[int]Spread{
		1:    {1, 1, 1, 1, 1},
		2:    {2, 1, 2, 2, 2},
		20:   {20, 10, 19, 20, 20},
		100:  {100, 50, 95, 99, 100},
		101:  {101, 51, 96, 100, 101},
		3600: {3600, 1800, 3420, 3564, 3600},
	} {
		samples := make([]time.Duration, n)
		for i := range samples {
			samples[i] = time.Duration(n - i)
		}
		if got := newSpread(samples); got != want {
			t.Errorf("%d samples: %+v, want %+v", n, got, want)
		}
	}
}

// TestPointsEndWithTheirTime: what passes, or arrives, at the very end of a tenth of a second
// belongs to it.
func TestPointsEndWithTheirTime(t *testing.T) {
	const ms = time.Millisecond
	c := Cell{Workload: Bulk, Up: simnet.LinkConfig{BitsPerSecond: 8_000_000}, For: time.Second, Settle: -1, Every: 100 * ms}
	res, err := c.Judge(&Record{
		Got:    []Arrival{{100 * ms, 1000}, {101 * ms, 500}, {1000 * ms, 250}},
		Passed: []Passage{{50 * ms, 100 * ms, 100 * ms, 1000}, {100 * ms, 102 * ms, 102 * ms, 1000}},
	})
	if err != nil || len(res.Series) != 10 {
		t.Fatalf("%d points: %v", len(res.Series), err)
	}
	if p := res.Series; p[0].Goodput != 80_000 || p[1].Goodput != 40_000 || p[9].Goodput != 20_000 {
		t.Errorf("%v, %v and %v bits a second", p[0].Goodput, p[1].Goodput, p[9].Goodput)
	}
	if p := res.Series; p[0].Queue != 49*ms || p[1].Queue != ms {
		t.Errorf("queues of %v and %v", p[0].Queue, p[1].Queue)
	}
}

// TestPromisesAreWatched: a message that comes twice, out of order, or was never sent is an error
// and no figure.
func TestPromisesAreWatched(t *testing.T) {
	for name, numbers := range map[string][]byte{"out of order": {0, 2}, "twice": {0, 1, 1}, "never sent": {0, 1, 2, 3}} {
		v := conversation{ends: [2]*end{{sentAt: make([]int64, 3)}, {}}}
		for _, n := range numbers {
			v.took(1, StreamChannel, append([]byte{n}, make([]byte, 99)...))
		}
		if v.ends[1].err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
