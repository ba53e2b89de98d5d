package workload

import (
	"math"
	"slices"
	"testing"
	"time"
)

// TestLongTCPAlone: the TCP model takes a link that it has for itself, as CUBIC does on a real one.
func TestLongTCPAlone(t *testing.T) {
	for _, c := range []struct {
		rtt   time.Duration
		queue int
		share float64
	}{{100 * time.Millisecond, 100, 0.95}, {20 * time.Millisecond, 30, 0.9}, {100 * time.Millisecond, 30, 0.85}, {200 * time.Millisecond, 1000, 0.95}} {
		l := link(0, 0, 10_000_000)
		l.Delay, l.QueuePackets = c.rtt/2, c.queue
		cell := alike(Bulk, l, 1)
		cell.TCP = true
		r := played(t, cell, 1)[0]
		if got := r.Goodput / (10_000_000 * tcpBytes / (tcpBytes + tcpHeaders)); got < c.share || got > 1.001 {
			t.Errorf("%v, queue %d: %.3f of the link", c.rtt, c.queue, got)
		}
		if r.Overhead() > 1.2 {
			t.Errorf("%v, queue %d: %.2f bytes were sent for each that arrived", c.rtt, c.queue, r.Overhead())
		}
	}
}

// TestLongTCPLoss: at one per cent of random loss CUBIC gets what Reno gets, which is about
// 1.2 / sqrt(loss) segments in a round trip (RFC 9438, 5.1 has its formula), and goes on at
// twenty.
func TestLongTCPLoss(t *testing.T) {
	for _, c := range []struct{ loss, low, high float64 }{{0.01, 0.8, 2}, {0.2, 0.02, 1}} {
		cell := alike(Bulk, link(c.loss, 0, 10_000_000), 0)
		cell.TCP = true
		for i, r := range played(t, cell, 5) {
			reno := 1.2 / math.Sqrt(c.loss) * tcpBytes * 8 / 0.1
			if got := r.Goodput / reno; got < c.low || got > c.high {
				t.Errorf("loss %v, seed %d: %.0f bits a second, Reno %.0f", c.loss, 1+i, r.Goodput, reno)
			}
		}
	}
}

// TestLongTCPShares: two flows of it come to terms.
func TestLongTCPShares(t *testing.T) {
	cell := alike(Share, link(0, 0, 10_000_000), 0)
	cell.TCP, cell.For, cell.Later = true, 2*time.Minute, 5*time.Second
	for i, r := range played(t, cell, 3) {
		if e := Evenness.Of(&r); e < 30 || r.Utilization < 0.97 {
			t.Errorf("seed %d: %.0f and %.0f bits a second, %.3f of the link", 1+i, r.Goodput, r.Other, r.Utilization)
		}
	}
}

// TestCubicCurve: after a loss the window is back where it was K seconds later, K = cbrt(0.3 w /
// 0.4), flat around there, and then grows ever faster.
func TestCubicCurve(t *testing.T) {
	w := cubicWindow{cwnd: 1000 * segment}
	w.lost()
	if w.cwnd != 700*segment || w.threshold != w.cwnd {
		t.Fatalf("the window is %d of 1000 segments after a loss", w.cwnd/segment)
	}
	k := int64(math.Cbrt(0.3*1000/0.4) * 1000) // ms
	at := map[int64]int64{}
	for ms := int64(1); ms <= 2*k; ms++ {
		w.acked(ms*1e6, 10*segment, 0)
		at[ms] = w.cwnd / segment
	}
	for _, c := range []struct {
		ms     int64
		window float64
	}{{k / 2, 1000 - 300/8.0}, {k, 1000}, {k * 3 / 2, 1000 + 300/8.0}, {2 * k, 1300}} {
		if got := float64(at[c.ms]); math.Abs(got-c.window) > 15 {
			t.Errorf("after %d of %d ms the window is %v, want %v", c.ms, k, got, c.window)
		}
	}
	w.lost()
	if w.lost(); w.wMax >= w.cwnd*10/7 {
		t.Errorf("two losses in a row: the aim is %d segments, above the window before the loss", w.wMax/segment)
	}
	if w.timedOut(); w.cwnd != segment {
		t.Errorf("after a timeout the window is %d", w.cwnd)
	}
}

func TestCubeRoot(t *testing.T) {
	for _, n := range []int64{0, 1, 7, 8, 26, 27, 999_999_999, 1_000_000_000, 1 << 59} {
		r := cubeRoot(n)
		if r*r*r > n || (r+1)*(r+1)*(r+1) <= n {
			t.Errorf("the cube root of %d is %d", n, r)
		}
	}
}

// TestTCPRanges: whatever the order, the receiver knows what it has.
func TestTCPRanges(t *testing.T) {
	r := tcpReceiver{got: &meter{to: never}}
	for _, n := range []byte{0, 5, 3, 9, 4, 7, 3, 8, 0} {
		r.arrive(1, 0, []byte{n, 0, 0, 0})
	}
	if want := []tcpRange{{3, 6}, {7, 10}}; r.expected != 1 || !slices.Equal(r.above, want) {
		t.Errorf("expects %d, has %v above it", r.expected, r.above)
	}
	for n := r.expected; len(r.above) > 0; n++ {
		r.arrive(1, 0, []byte{byte(n), 0, 0, 0})
	}
	if r.expected != 10 || r.got.total != 10*tcpBytes {
		t.Errorf("expects %d, %d bytes are handed on", r.expected, r.got.total)
	}
	_, b := r.next(1, nil)
	if !slices.Equal(b, []byte{10, 0, 0, 0}) {
		t.Errorf("answers %v", b)
	}
}
