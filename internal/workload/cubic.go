package workload

// A cubicWindow is the congestion window of CUBIC, RFC 9438, in segments. It counts in integers
// of a 1024th of a segment and in milliseconds, as Linux does, so that a run replays bit for bit
// on every machine.
//
//	slow start → (a loss) → avoidance, in epochs that begin with a loss
type cubicWindow struct {
	cwnd      int64
	threshold int64 // of slow start
	wMax      int64 // the window before the last loss
	epoch     int64 // when avoidance began, ns; 0: it has not
	origin    int64 // where the curve is flat
	k         int64 // ms from the epoch until it is there
	reno      int64 // what Reno would have (4.3)
}

const (
	segment      = 1024 // one, in the units of cubicWindow
	cubicInitial = 10 * segment
	cubicMin     = 2 * segment
	// C of RFC 9438, 4.1.3 is 0.4, beta of 4.6 is 0.7.
	cubicBetaTenths = 7
)

func newCubicWindow() cubicWindow { return cubicWindow{cwnd: cubicInitial, threshold: 1 << 40} }

// acked is told of segments that were acknowledged, in thousandths of one.
func (w *cubicWindow) acked(now int64, units, rtt int64) {
	if w.cwnd < w.threshold {
		w.cwnd += units
		return
	}
	if w.epoch == 0 {
		w.begin(now)
	}
	// 4.2: where the curve is a round trip from now; at most half more than the window.
	target := w.origin + cube((now-w.epoch+rtt)/1_000_000-w.k)
	target = min(max(target, w.cwnd), w.cwnd+w.cwnd/2)
	grow := (target - w.cwnd) * units / w.cwnd
	// 4.3: not slower than Reno, whose window grows by 3 (1-beta) / (1+beta) = 9/17 of a segment
	// for each window, and by a whole one once it is back where it was.
	if w.reno < w.wMax {
		w.reno += segment * units / w.cwnd * 9 / 17
	} else {
		w.reno += segment * units / w.cwnd
	}
	w.cwnd = max(w.cwnd+grow, w.reno)
}

// begin begins an epoch of avoidance (4.8 if no loss came before).
func (w *cubicWindow) begin(now int64) {
	w.epoch, w.reno = now, w.cwnd
	w.origin, w.k = w.cwnd, 0
	if w.cwnd < w.wMax {
		w.origin = w.wMax
		// K = cbrt((wMax - cwnd) / C) seconds.
		w.k = cubeRoot((w.wMax - w.cwnd) * 10 / 4 * 1_000_000_000 / segment)
	}
}

// lost reduces the window, once for each event of congestion.
func (w *cubicWindow) lost() {
	if w.cwnd < w.wMax {
		w.wMax = w.cwnd * (10 + cubicBetaTenths) / 20 // 4.7, fast convergence
	} else {
		w.wMax = w.cwnd
	}
	w.cwnd = max(w.cwnd*cubicBetaTenths/10, cubicMin)
	w.threshold, w.epoch = w.cwnd, 0
}

// timedOut begins again with one segment (4.9).
func (w *cubicWindow) timedOut() {
	w.lost()
	w.cwnd = segment
}

// cube is C t³ of RFC 9438 in units of the window, for t in milliseconds.
func cube(ms int64) int64 {
	ms = min(max(ms, -100_000), 100_000)
	return ms * ms * ms / 1000 * 4 / 10 * segment / 1_000_000
}

// cubeRoot rounds down.
func cubeRoot(n int64) int64 {
	low, high := int64(0), int64(1)<<20
	for low < high {
		if mid := (low + high + 1) / 2; mid*mid*mid <= n {
			low = mid
		} else {
			high = mid - 1
		}
	}
	return low
}
