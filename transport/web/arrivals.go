package web

import (
	"time"

	"github.com/tickwire/tickwire/transport"
)

// An arrival is a datagram that waits to be read.
type arrival struct {
	from *association
	held *buffer
	at   time.Time
}

// The arrivals are the bounded queue of all that has arrived at a socket, a ring that grows up to its
// limit, and what the last Read lent. The lock is the board's.
type arrivals struct {
	ring        []arrival
	first, size int
	limit       int
	lent        []*buffer
}

// firstArrivals is how long the ring begins.
const firstArrivals = 64

func (q *arrivals) full() bool { return q.size >= q.limit }

// put adds one; the caller has seen that there is room.
func (q *arrivals) put(x arrival) {
	if q.size == len(q.ring) {
		q.grow()
	}
	q.ring[(q.first+q.size)%len(q.ring)] = x
	q.size++
}

func (q *arrivals) grow() {
	bigger := make([]arrival, min(max(2*len(q.ring), firstArrivals), q.limit))
	for i := range q.size {
		bigger[i] = q.ring[(q.first+i)%len(q.ring)]
	}
	q.ring, q.first = bigger, 0
}

// take lends the oldest; there is one.
func (q *arrivals) take(d *transport.Datagram) *association {
	x := q.ring[q.first]
	q.ring[q.first] = arrival{}
	q.first = (q.first + 1) % len(q.ring)
	q.size--
	q.lent = append(q.lent, x.held)
	*d = transport.Datagram{Path: x.from.path, Bytes: x.held.filled(), Received: x.at}
	return x.from
}

// takeBack gives what was lent to those that are free.
func (q *arrivals) takeBack(free *buffers) {
	for i, b := range q.lent {
		free.give(b)
		q.lent[i] = nil
	}
	q.lent = q.lent[:0]
}
