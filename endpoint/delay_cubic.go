package endpoint

// A cubicCurve is the window of CUBIC, RFC 9438, in bytes: after a loss it comes back quickly to
// where that was, stays there for a while, and goes beyond.
type cubicCurve struct {
	bytes  int64
	most   int64 // before the last loss
	origin int64 // where the curve is flat
	epoch  int64 // when it began
	flat   int64 // milliseconds from then until it is there: K
	reno   int64 // what Reno would have in the same time (4.3)
}

// begin begins with so many bytes, and no loss before.
func (w *cubicCurve) begin(now, bytes int64) {
	bytes = min(max(bytes, 2*packetBytes), 1<<30)
	*w = cubicCurve{bytes: bytes, origin: bytes, reno: bytes, epoch: now}
}

// acked lets it grow for bytes that were acknowledged, if all of it was used (5.8).
func (w *cubicCurve) acked(now, bytes, roundTrip int64, limited bool) {
	if limited {
		return
	}
	target := w.origin + cubed((now-w.epoch+roundTrip)/millisecond-w.flat)
	target = min(max(target, w.bytes), w.bytes*3/2)
	reno := packetBytes * bytes / w.bytes
	if w.reno < w.most {
		reno = reno * 9 / 17 // 3 (1-β) / (1+β)
	}
	w.reno += reno
	w.bytes = min(max(w.bytes+(target-w.bytes)*bytes/w.bytes, w.reno), 1<<30)
}

// lost reduces it by the β of 0.7 (4.6), once for all that was lost in a round trip.
func (w *cubicCurve) lost(now int64) {
	w.most, w.origin = w.bytes, w.bytes
	w.bytes = max(w.bytes*7/10, 2*packetBytes)
	w.epoch, w.reno = now, w.bytes
	w.flat = cubeRoot((w.origin - w.bytes) * 10 / 4 * 1_000_000_000 / packetBytes)
}

// cubed is C t³ with the C of 0.4 packets (4.1.3), for t in milliseconds.
func cubed(t int64) int64 {
	t = min(max(t, -100_000), 100_000)
	return t * t * t / 1000 * 4 / 10 * packetBytes / 1_000_000
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
