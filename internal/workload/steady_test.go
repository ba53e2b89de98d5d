package workload

import (
	"testing"
	"time"
)

// TestLongColdStart: whoever begins has nine tenths of a rate that nobody told him after four to six
// round trips, with the credit that the other end has to give, and does not fill a short queue.
func TestLongColdStart(t *testing.T) {
	for _, c := range []struct {
		rtt   time.Duration
		mbits int64
		queue int
		loss  float64
		most  time.Duration
	}{
		{20 * time.Millisecond, 10, 100, 0, 300 * time.Millisecond},
		{100 * time.Millisecond, 2, 100, 0, 450 * time.Millisecond},
		{100 * time.Millisecond, 10, 100, 0, 500 * time.Millisecond},
		{100 * time.Millisecond, 10, 30, 0, 500 * time.Millisecond},
		{100 * time.Millisecond, 10, 100, 0.01, 750 * time.Millisecond},
		{100 * time.Millisecond, 50, 100, 0, 650 * time.Millisecond},
		{200 * time.Millisecond, 50, 100, 0, 1150 * time.Millisecond},
		{300 * time.Millisecond, 10, 100, 0, 1200 * time.Millisecond},
		{600 * time.Millisecond, 10, 100, 0, 2700 * time.Millisecond},
	} {
		up := link(c.loss, 0, c.mbits*1_000_000)
		up.Delay, up.QueuePackets = c.rtt/2, c.queue
		cell := alike(Bulk, up, 5)
		cell.For, cell.Settle = 5*time.Second, -1
		for _, r := range played(t, cell, 3) {
			t.Logf("# %v, %d Mbit/s, queue %d, loss %v: %v, %d dropped", c.rtt, c.mbits, c.queue, c.loss, r.RampUp, r.Neck.QueueDropped)
			if r.RampUp > c.most || r.Neck.QueueDropped > 40 {
				t.Errorf("%v, %d Mbit/s, queue %d, loss %v: nine tenths of the rate after %v, %d dropped",
					c.rtt, c.mbits, c.queue, c.loss, r.RampUp, r.Neck.QueueDropped)
			}
		}
	}
}

// TestLongStep: a queue that stands when the rate falls to a fifth drains within a second, and does
// not come back; the rate is found again within three. On longer paths both take as many round
// trips more, and jitter hides the queue a little.
func TestLongStep(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		rtt, jitter     time.Duration
		queue           int
		short, regained time.Duration
	}{
		{10 * ms, 0, 100, 400 * ms, 800 * ms},
		{40 * ms, 0, 30, 1000 * ms, 1500 * ms},
		{40 * ms, 0, 1000, 1000 * ms, 1500 * ms},
		{100 * ms, 0, 100, 1000 * ms, 2000 * ms},
		{100 * ms, 0, 1000, 1000 * ms, 2000 * ms},
		{300 * ms, 0, 100, 2200 * ms, 4800 * ms},
		{600 * ms, 0, 100, 3400 * ms, 6800 * ms},
		{100 * ms, 5 * ms, 100, 1500 * ms, 2500 * ms},
	} {
		up := link(0, 0, 10_000_000)
		up.Delay, up.QueuePackets, up.Jitter = c.rtt/2, c.queue, c.jitter
		for _, r := range played(t, alike(Step, up, 5), 3) {
			t.Logf("# %v, queue %d, jitter %v: %v and %v", c.rtt, c.queue, c.jitter, r.Shortened, r.Regained)
			if r.Shortened > c.short || r.Regained > c.regained {
				t.Errorf("%v, queue %d, jitter %v: short again after %v, rate again after %v", c.rtt, c.queue, c.jitter, r.Shortened, r.Regained)
			}
		}
	}
}

// TestLongJitter: packets that are delayed one by one, by up to 30 ms, are no queue.
func TestLongJitter(t *testing.T) {
	up := link(0, 0, 10_000_000)
	up.Jitter = 30 * time.Millisecond
	c := alike(Bulk, up, 5)
	c.For = 20 * time.Second
	if m := Summarize(Efficiency, played(t, c, 9)); m.Median < 88 || m.Worst < 65 {
		t.Errorf("%.1f %% of the ceiling, at worst %.1f", m.Median, m.Worst)
	}
}
