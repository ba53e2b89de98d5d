package workload

import (
	"testing"
	"time"

	"github.com/tickwire/tickwire/endpoint"
)

// TestRepairNeighboursLong: streams that are not the one of the comparison: other round trips, rates and
// sizes, more losses, in rows and of acknowledgements alone, jitter. None is later with repair than
// without, and each is within what it reaches with some room to spare.
func TestRepairNeighboursLong(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		name              string
		rtt, jitter       time.Duration // 0: 100 ms, none
		loss, burst, acks float64       // 0: the acks are lost like the others
		rate, bytes       int
		p95, p99, times   float64 // at most: ms, and parts of the bytes without repair and loss
	}{
		{name: "10 ms", rtt: 10 * ms, loss: 0.05, p95: 8, p99: 17, times: 1.4},
		{name: "30 ms", rtt: 30 * ms, loss: 0.05, p95: 14, p99: 18, times: 1.85},
		{name: "200 ms", rtt: 200 * ms, loss: 0.05, p95: 16, p99: 22, times: 1.8},
		{name: "400 ms", rtt: 400 * ms, loss: 0.05, p95: 16, p99: 55, times: 1.8},
		{name: "400 ms, a fifth lost", rtt: 400 * ms, loss: 0.2, p95: 40, p99: 100, times: 2.55},
		{name: "10 % lost", loss: 0.1, p95: 18, p99: 45, times: 2.1},
		{name: "rows of five", loss: 0.05, burst: 5, p95: 60, p99: 215, times: 2.5},
		{name: "30 Hz", loss: 0.01, rate: 30, p95: 1, p99: 34, times: 1.7},
		{name: "128 Hz", loss: 0.05, rate: 128, p95: 8, p99: 9, times: 1.8},
		{name: "128 Hz, a fifth lost", loss: 0.2, rate: 128, p95: 20, p99: 45, times: 2.6},
		{name: "acks lost", loss: 0.01, acks: 0.2, p95: 1, p99: 17, times: 1.7},
		{name: "jitter", jitter: 5 * ms, loss: 0.01, p95: 6, p99: 21, times: 1.7},
		{name: "20 bytes", loss: 0.05, bytes: 20, p95: 16, p99: 18, times: 1.45},
		{name: "250 bytes", loss: 0.05, bytes: 250, p95: 16, p99: 18, times: 1.95},
		{name: "400 bytes", loss: 0.05, bytes: 400, p95: 101, p99: 110, times: 1.2}, // these are not repaired
	} {
		l := link(c.loss, c.burst, 0)
		if l.Jitter = c.jitter; c.rtt > 0 {
			l.Delay = c.rtt / 2
		}
		cell := Cell{Workload: Stream, Up: l, Down: l, For: 30 * time.Second, Rate: c.rate, Bytes: c.bytes}
		if c.acks > 0 {
			cell.Down.Loss = c.acks
		}
		off, bare := cell, cell.bareCell()
		off.Repair = endpoint.RepairOff
		least := meansOf(t, bare, 1).bytes
		on, without := meansOf(t, cell, 5), meansOf(t, off, 5)
		t.Logf("%s: %.1f / %.1f ms at %.2f of the bytes, without repair %.1f / %.1f", c.name, on.p95, on.p99, on.bytes/least, without.p95, without.p99)
		if on.p95 > c.p95 || on.p99 > c.p99 || on.bytes > c.times*least {
			t.Errorf("%s: want %v / %v ms at %v of the bytes", c.name, c.p95, c.p99, c.times)
		}
		if on.p95 > without.p95+1 || on.p99 > without.p99+1 {
			t.Errorf("%s: later with repair", c.name)
		}
	}
}
