package udp

import "time"

// A stampClock turns the kernel's times of arrival, which follow the system's
// clock, into times with a monotonic reading. It looks at both clocks now and then,
// and counts from there: a stamp that is not just behind the last look makes it look again, so
// that who is told of one datagram after the other does not pay for the time of each.
//
// When the one clock moves against the other in a step (someone set it) the stamps
// of what waited meanwhile are from before or after, nobody knows, so none is
// believed until the queue has been empty once.
type stampClock struct {
	read    func() time.Time // time.Now
	base    time.Time        // where the monotonic readings count from
	now     time.Time        // of the last look
	unix    int64            // the same by the system's clock, nanoseconds
	offset  int64            // system clock less monotonic then, nanoseconds
	looked  bool             // since the last read
	stepped bool
}

// A clock that is being slewed drifts by 500 ppm (adjtimex(2)); an offset is
// read some nanoseconds apart, or a scheduler's slice.
const (
	slewPerMille = 1
	offsetSlack  = int64(2 * time.Millisecond)
)

// lookAgain is how far behind a look a stamp may be to be counted from there. A step that this
// hides is one within offsetSlack.
const lookAgain = int64(time.Millisecond)

func (c *stampClock) init(read func() time.Time) {
	c.read, c.base = read, read()
	c.now, c.unix = c.base, c.base.UnixNano()
	c.offset = c.unix
}

// look reads both clocks.
func (c *stampClock) look() {
	now := c.read()
	mono, unix := int64(now.Sub(c.base)), now.UnixNano()
	slack := offsetSlack + int64(now.Sub(c.now))*slewPerMille/1000
	if change := unix - mono - c.offset; change > slack || change < -slack {
		c.stepped = true
	}
	c.now, c.unix, c.offset, c.looked = now, unix, unix-mono, true
}

// time returns when a datagram arrived of the last read; about now if the kernel did not tell.
func (c *stampClock) time(stamp int64) time.Time {
	if since := stamp - c.unix; !c.looked && (c.stepped || since < 0 || since > lookAgain) {
		c.look()
	}
	since := stamp - c.unix
	if stamp == 0 || c.stepped || c.looked && since >= 0 {
		return c.now
	}
	return c.now.Add(time.Duration(since))
}

// over ends a read, which may have left the queue empty.
func (c *stampClock) over(emptied bool) {
	c.looked = false
	if emptied {
		c.stepped = false
	}
}
