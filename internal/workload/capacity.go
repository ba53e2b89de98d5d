package workload

import "fmt"

// A capacity is what a bottleneck can give in the time that counts, and how fresh the news are
// that cross it if the sender knows it.
type capacity struct {
	bytes int // with all headers
	fresh freshness
	marks []int // bytes of each part of a series
}

// capacityAhead is how many datagrams wait for the bottleneck, so that it is never idle: more than
// a trace lets through in a millisecond.
const capacityAhead = 256

// capacityOf watches the bottleneck of a cell that always has something to do, and at its end the
// arrival of what leaves at that moment: each datagram is sent when the link is ready for it.
func capacityOf(c *Cell) (k capacity, err error) {
	up := c.Up
	up.QueuePackets, up.QueueBytes = -1, 0
	n, err := newNeck(up, int64(c.Settle), int64(c.For))
	if err != nil {
		return k, err
	}
	k.fresh = freshness{since: int64(c.Settle)}
	load, steps := make([]byte, c.datagram()+headerBytes-c.Up.OverheadBytes), c.Steps
	for range capacityAhead {
		n.send(0, 0, load)
	}
	for {
		at := n.next()
		if len(steps) > 0 && int64(steps[0].At) <= at {
			if err := n.setRate(int64(steps[0].At), steps[0].BitsPerSecond); err != nil {
				return k, err
			}
			steps = steps[1:]
			continue
		}
		if at > int64(c.For) {
			break
		}
		for _, _, ok := n.receive(at); ok; _, _, ok = n.receive(at) {
			n.send(at, 0, load)
			k.fresh.heard(at+int64(c.Up.Delay), at)
			k.mark(at, int64(c.Every), c.datagram()+headerBytes)
		}
	}
	k.fresh.pass(int64(c.For))
	k.bytes = n.through
	return k, nil
}

// mark counts a datagram that is through.
func (k *capacity) mark(at, every int64, bytes int) {
	if every <= 0 {
		return
	}
	for int64(len(k.marks)) <= (at-1)/every {
		k.marks = append(k.marks, 0)
	}
	k.marks[len(k.marks)-1] += bytes
}

// payloadShare is how much of what the bottleneck carries can be payload: of each datagram, which
// takes 28 bytes more on the wire, 31 are not, and so many get lost.
func (c *Cell) payloadShare() float64 {
	size := c.datagram()
	return float64(size-ownBytes) / float64(size+headerBytes) * (1 - c.Up.Loss)
}

// ceiling is the goodput that a rate gives at most.
func (c *Cell) ceiling(bitsPerSecond int64) float64 {
	return float64(bitsPerSecond) * c.payloadShare()
}

// CeilingFormula says how the ceiling of goodput is worked out.
func (c Cell) CeilingFormula() string {
	size := c.datagram()
	return fmt.Sprintf("rate × (%d − %d) / (%d + %d) × (1 − loss)", size, ownBytes, size, headerBytes)
}
