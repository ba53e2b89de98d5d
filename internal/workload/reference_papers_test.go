package workload

import (
	"math"
	"testing"
	"time"
)

// TestLongPapers: the references do what their papers say in figures, over a link of 10 Mbit/s.
func TestLongPapers(t *testing.T) {
	const ms = time.Millisecond
	const pkt = 983 * time.Microsecond // takes a datagram
	for _, c := range []struct {
		name       string
		rtt        time.Duration
		loss       float64
		queue      int           // datagrams; 0: 100
		last       time.Duration // how long; 0: 32 s
		efficiency [2]float64
		p50, p95   [2]time.Duration
		because    string
	}{
		{"copa", 10 * ms, 0, 0, 0, [2]float64{0.97, 1.01}, [2]time.Duration{0, 5 * pkt}, [2]time.Duration{0, 6 * pkt}, "NSDI 2018, 2.2: it oscillates between nothing and 2.5/δ packets"},
		{"copa", 20 * ms, 0, 0, 0, [2]float64{0.97, 1.01}, [2]time.Duration{0, 5 * pkt}, [2]time.Duration{0, 6 * pkt}, "the same"},
		{"copa", 40 * ms, 0, 1000, 0, [2]float64{0.97, 1.01}, [2]time.Duration{0, 5 * pkt}, [2]time.Duration{0, 8 * pkt}, "the same, however long the queue may be"},
		{"copa", 40 * ms, 0.05, 0, 0, [2]float64{0.9, 1.01}, [2]time.Duration{0, 5 * pkt}, [2]time.Duration{0, 12 * pkt}, "5.3: random loss costs it nothing in its default mode"},
		{"bbr", 40 * ms, 0, 0, 0, [2]float64{0.96, 0.99}, [2]time.Duration{0, 2 * ms}, [2]time.Duration{5 * ms, 14 * ms}, "ACM Queue 2016: a quarter of a round trip for one round of eight, and 2 % for the rounds of four packets"},
		{"bbr", 100 * ms, 0.15, 0, 0, [2]float64{0.75, 1.02}, [2]time.Duration{0, 20 * ms}, [2]time.Duration{0, 60 * ms}, "figure 8: near to all up to 15 % of loss"},
		{"bbr", 100 * ms, 0.3, 0, 0, [2]float64{0, 0.3}, [2]time.Duration{0, 20 * ms}, [2]time.Duration{0, 60 * ms}, "figure 8: no more where a quarter more does not make up for the losses"},
		{"ledbat", 40 * ms, 0, 300, 100 * time.Second, [2]float64{0.98, 1.01}, [2]time.Duration{85 * ms, 105 * ms}, [2]time.Duration{90 * ms, 110 * ms}, "RFC 6817, 2.4.2: towards 100 ms of queue"},
		{"sprout-ewma", 40 * ms, 0, -1, 0, [2]float64{0.98, 1.02}, [2]time.Duration{50 * ms, 100 * ms}, [2]time.Duration{50 * ms, 105 * ms}, "NSDI 2013, 3.4: what is sent is there within 100 ms"},
		{"cubic", 100 * ms, 0.001, 0, 0, [2]float64{0.2, 0.9}, [2]time.Duration{0, 20 * ms}, [2]time.Duration{0, 90 * ms}, "RFC 9438, 5.1: 38 segments in flight of the 81 that the link holds"},
	} {
		l := link(c.loss, 0, 10_000_000)
		l.Delay, l.QueuePackets = c.rtt/2, c.queue
		cell := alike(Bulk, l, 0)
		cell.For = c.last
		var err error
		if cell.Controller, err = Controller(c.name); err != nil {
			t.Fatal(err)
		}
		within := func(d time.Duration, between [2]time.Duration) bool { return d >= between[0] && d <= between[1] }
		for i, r := range played(t, cell, 2) {
			if e := r.Efficiency(); e < c.efficiency[0] || e > c.efficiency[1] || !within(r.Queue.P50, c.p50) || !within(r.Queue.P95, c.p95) {
				t.Errorf("%s, %v, loss %v, seed %d: %.3f of the ceiling, want %v; queue %v, want %v and %v: %s",
					c.name, c.rtt, c.loss, 1+i, e, c.efficiency, r.Queue, c.p50, c.p95, c.because)
			}
		}
	}
}

// TestCubicWindow: the average windows that RFC 9438, 5.1 works out for a round trip of 100 ms and
// so many losses, C being 0.4.
func TestCubicWindow(t *testing.T) {
	for every, want := range map[int]float64{100: 12, 1000: 38, 10_000: 187, 100_000: 1054} {
		const rtt = int64(100 * time.Millisecond)
		w := newCubicWindow()
		w.threshold = 0
		sum, rounds, sent := 0.0, 0, 0.0
		now, losses := int64(0), 0
		for losses < 40 {
			now += rtt
			n := w.cwnd / segment
			for range n {
				w.acked(now, segment, rtt)
			}
			if losses >= 20 { // it has settled
				sum, rounds = sum+float64(n), rounds+1
			}
			if sent += float64(n); sent >= float64(every) {
				sent -= float64(every)
				losses++
				w.lost()
			}
		}
		if mean := sum / float64(rounds); math.Abs(mean/want-1) > 0.2 {
			t.Errorf("a loss for each %d segments: %.1f segments on average, want %.0f", every, mean, want)
		}
	}
}
