package mem

import (
	"sync"
	"time"

	"github.com/tickwire/tickwire/transport"
)

// An inbox is the bounded queue of datagrams that have arrived at a socket: a
// ring in which [lent, next) is what the last take handed out and [next, tail) is
// what waits. Writers only ever touch the rest, so that lent bytes stay as they
// are without being copied out.
type inbox struct {
	mu               sync.Mutex
	slots            []transport.Datagram
	lent, next, tail uint64 // positions; a slot's index is its position modulo len(slots)
	overflowed       uint64
}

func (q *inbox) init(size int) { q.slots = make([]transport.Datagram, size) }

// put copies d into the queue as having come from a path, and reports whether
// there was room.
func (q *inbox) put(from transport.Path, d *transport.Datagram, now time.Time) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.tail-q.lent == uint64(len(q.slots)) {
		q.overflowed++
		return false
	}
	slot := &q.slots[q.tail%uint64(len(q.slots))]
	slot.Path = from
	slot.Bytes = append(slot.Bytes[:0], d.Bytes...)
	slot.Received = now
	slot.ECN = d.ECN
	q.tail++
	return true
}

// take gives back what was lent before and lends what fits into ds.
func (q *inbox) take(ds []transport.Datagram) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.lent = q.next
	n := int(min(uint64(len(ds)), q.tail-q.next))
	for i := range n {
		ds[i] = q.slots[q.next%uint64(len(q.slots))]
		q.next++
	}
	return n
}

// waiting reports whether take would find something.
func (q *inbox) waiting() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.tail != q.next
}

// counts returns how many datagrams were taken and how many found no room.
func (q *inbox) counts() (taken, overflowed uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.next, q.overflowed
}
