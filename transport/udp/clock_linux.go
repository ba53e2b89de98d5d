package udp

import "time"

// A stampClock turns the kernel's times of arrival, which follow the system's
// clock, into times with a monotonic reading. It tracks how far the one clock is
// from the other. When that changes in a step (someone set the clock) the stamps
// of what waited meanwhile are from before or after, nobody knows, so none is
// believed until the queue has been empty once.
type stampClock struct {
	base    time.Time     // where the monotonic readings count from
	at      time.Duration // monotonic, when offset was taken
	offset  int64         // system clock less monotonic, nanoseconds
	stepped bool
}

// A clock that is being slewed drifts by 500 ppm (adjtimex(2)); an offset is
// read some nanoseconds apart, or a scheduler's slice.
const (
	slewPerMille = 1
	offsetSlack  = int64(2 * time.Millisecond)
)

func (c *stampClock) init(now time.Time) {
	c.base = now
	c.offset = now.UnixNano()
}

// batch notes the time of a read, and whether that left the queue empty. Its
// stamps are then ready to be turned into times.
func (c *stampClock) batch(now time.Time, emptied bool) stampReader {
	mono := now.Sub(c.base)
	offset := now.UnixNano() - int64(mono)
	slack := offsetSlack + int64(mono-c.at)*slewPerMille/1000
	if change := offset - c.offset; change > slack || change < -slack {
		c.stepped = true
	}
	c.at, c.offset = mono, offset
	r := stampReader{now: now, unix: now.UnixNano(), believe: !c.stepped}
	if emptied {
		c.stepped = false
	}
	return r
}

// A stampReader reads the stamps of one batch.
type stampReader struct {
	now     time.Time
	unix    int64
	believe bool
}

// time returns when a datagram arrived, now if the kernel did not tell.
func (r stampReader) time(stamp int64) time.Time {
	age := r.unix - stamp
	if stamp == 0 || age <= 0 || !r.believe {
		return r.now
	}
	return r.now.Add(-time.Duration(age))
}
