package endpoint

import (
	"math"
	"math/bits"
)

// A throttle is a bucket that fills at a rate. Whatever is limited in bytes, packets or messages
// a second has one: the path's pacing, a channel's cap, what the peer takes, and what is taken
// of the peer. Something may go as long as the bucket is not empty, and leaves a debt if it was
// larger than what was there.
type throttle struct {
	rate  int   // units a second; 0: no limit
	burst int64 // units that it holds at most
	level int64 // units times a billion
	at    int64 // when that was

	stalled bool // of a path: its window has held packets back since the last one
}

// newThrottle returns a full bucket that holds what a twentieth of a second gives.
func newThrottle(now int64, rate int) throttle {
	burst := int64(max(rate/20, 1))
	return throttle{rate: rate, burst: burst, level: burst * second, at: now}
}

// refill adds what has come in since the last time.
func (t *throttle) refill(now int64) {
	elapsed, full := now-t.at, t.burst*second
	if elapsed <= 0 || t.rate <= 0 {
		return
	}
	t.at = now
	if t.level >= full {
		t.level = full
		return
	}
	high, gained := bits.Mul64(uint64(elapsed), uint64(t.rate))
	if high > 0 || gained > uint64(full-t.level) {
		t.level = full
		return
	}
	t.level += int64(gained)
}

// spend takes units out.
func (t *throttle) spend(now int64, units int) {
	if t.rate <= 0 {
		return
	}
	t.refill(now)
	t.level -= int64(units) * second
}

// ready reports whether something may go.
func (t *throttle) ready(now int64) bool {
	return t.readyAt() <= now
}

// readyAt is when something may go.
func (t *throttle) readyAt() int64 { return t.readyAtRate(t.rate) }

// readyAtRate is readyAt if the bucket fills at a rate from now on.
func (t *throttle) readyAtRate(rate int) int64 {
	if rate <= 0 || t.level > 0 {
		return longAgo
	}
	return t.at + -t.level/int64(rate) + 1
}

// until is how much may go until a time, debts paid.
func (t *throttle) until(now, end int64) int64 {
	if t.rate <= 0 {
		return math.MaxInt64
	}
	was := *t
	was.refill(now)
	return max(0, was.level/second+mulDiv(max(0, end-now), int64(t.rate), second))
}

// mulDiv is a×b/c of numbers that are not negative, or as much as can be computed.
func mulDiv(a, b, c int64) int64 {
	high, low := bits.Mul64(uint64(a), uint64(b))
	if high > 0 {
		low = math.MaxInt64
	}
	return int64(min(low, math.MaxInt64)) / max(c, 1)
}

// pace sets the rate of a path's bucket to the controller's. It holds ten packets, as many as
// begin a connection (RFC 9002, 7.7), or what two milliseconds give, so that a caller who looks
// every millisecond reaches the rate, and what a game sends in a tick is not held up by a rate that
// it does not use. After a time in which the window held packets back it holds one pacing quantum:
// two packets, or what a millisecond gives; more would leave together for the narrowest place.
func (t *throttle) pace(now int64, rate int) {
	t.rate = max(rate, 1)
	if now <= t.at {
		return
	}
	t.burst = max(initialWindow, min(int64(rate)/500, 1<<32))
	if t.stalled {
		t.burst = max(2*packetBytes, min(int64(rate)/1000, 1<<32))
	}
	t.refill(now)
}
