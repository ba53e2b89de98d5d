package endpoint

// A cubicCurve is the window of CUBIC, RFC 9438, in bytes: it comes back to where something was
// lost quickly, stays there for a while, and goes beyond.
type cubicCurve struct {
	bytes  int64
	most   int64 // before the last loss
	origin int64 // where the curve is flat
	epoch  int64 // when it began
	k      int64 // milliseconds from then until it is flat
	reno   int64 // what Reno would have, in the same time (4.3)
}

// begin begins with so many bytes, and no loss before.
func (w *cubicCurve) begin(now, bytes int64) {
	*w = cubicCurve{bytes: max(bytes, 2*packetBytes), epoch: now}
	w.origin, w.reno = w.bytes, w.bytes
}

// acked lets it grow.
func (w *cubicCurve) acked(now, bytes, roundTrip int64, limited bool) {
	if limited {
		return
	}
	target := w.origin + cube((now-w.epoch+roundTrip)/millisecond-w.k)
	target = min(max(target, w.bytes), w.bytes*3/2)
	grow := (target - w.bytes) * bytes / w.bytes
	reno := packetBytes * bytes / w.bytes
	if w.reno < w.most {
		reno = reno * 9 / 17
	}
	w.reno += reno
	w.bytes = min(max(w.bytes+grow, w.reno), 1<<30)
}

// lost reduces it, for all that was lost in a round trip together.
func (w *cubicCurve) lost(now int64) {
	w.most, w.origin = w.bytes, w.bytes
	w.bytes = max(w.bytes*7/10, 2*packetBytes)
	w.epoch, w.reno = now, w.bytes
	w.k = cubeRoot((w.origin - w.bytes) * 10 / 4 * 1_000_000_000 / packetBytes)
}

// cube is C t³ with the C of 0.4 packets (4.1.3), for t in milliseconds.
func cube(ms int64) int64 {
	ms = min(max(ms, -100_000), 100_000)
	return ms * ms * ms / 1000 * 4 / 10 * packetBytes / 1_000_000
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
