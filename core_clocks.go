package tickwire

import (
	"sync/atomic"
	"time"
)

// The clocks of a core move when a call gives a time, and by nothing else:
//
//	now   nanoseconds since base, which never run backwards: whatever lasts is measured by it
//	unix  seconds since 1970, as the host has them: for tokens and tickets, which others made
//
// So setting the clock of the host ends nothing that lasts. Under a Hub or a Session nobody ticks:
// there now may have stood still for long, and what a caller gives a length of time counts from
// nowOfCall instead.
type clocks struct {
	base   time.Time // where now begins
	clock  time.Time // the newest time that a call gave
	looked time.Time // when read looked at the clock of the host
	now    int64
	newest int64        // when the newest datagram came
	unix   atomic.Int64 // DevToken reads it from any goroutine
}

func (k *clocks) init(now time.Time) {
	k.base, k.clock = now, now
	k.unix.Store(now.Unix())
}

// lookAfter is for how long read counts from the last look at the clock of the host.
const lookAfter = 100 * time.Millisecond

// read is time.Now for who asks with each datagram: looking at the clock of the host as well costs
// as much again, and that one need not be known so exactly.
func (k *clocks) read() time.Time {
	since := time.Since(k.looked)
	if since < lookAfter {
		return k.looked.Add(since)
	}
	k.looked = time.Now()
	return k.looked
}

// setNow moves the clocks; time never runs backwards. One call of the game's may give the same time several times.
func (k *clocks) setNow(t time.Time) {
	if t == k.clock {
		return
	}
	k.now = max(k.now, int64(t.Sub(k.base)))
	if unix := t.Unix(); unix != k.unix.Load() { // a Load costs nothing, and a Store does
		k.unix.Store(unix)
	}
	k.clock = t
}

// nanosAt turns a time that may have no monotonic reading into a deadline, by how
// far off it is now.
func (k *clocks) nanosAt(t time.Time) int64 {
	d := int64(t.Sub(k.clock))
	if d > never-1-k.now {
		return never - 1
	}
	return k.now + d
}

// timeAt turns a deadline into a time; the zero time if it is never.
func (k *clocks) timeAt(at int64) time.Time {
	if at == never {
		return time.Time{}
	}
	return k.base.Add(time.Duration(max(at, 0)))
}

// cameAt is when a datagram came, as its socket says: before we looked. What another socket gave before
// it may have come later.
func (k *clocks) cameAt(received time.Time) int64 {
	if received.IsZero() {
		return k.now
	}
	return min(k.now, int64(received.Sub(k.base)))
}

// readAt is that for who reads what came by all sockets: not before the one ahead of it.
func (k *clocks) readAt(came int64) int64 {
	k.newest = max(k.newest, came)
	return k.newest
}
