package world

import (
	"slices"

	"github.com/tickwire/tickwire/transport"
)

// A basket has what several sockets were sent, in the order in which it came: as one socket gives it.
type basket struct {
	waiting []taken
	poured  int // of those
	room    []transport.Datagram
}

// taken is a datagram, and the socket that it came by.
type taken struct {
	transport.Datagram
	by *sniffer
}

// basketful is how much is taken from a socket at a time: what came to it behind that, and before the
// last that another one has, is out of order.
const basketful = 1 << 10

func (b *basket) empty() bool { return b.poured == len(b.waiting) }

// fill takes what a socket has. It has to be empty before the first of them is asked, or bytes would be
// overwritten that are still to be read.
func (b *basket) fill(s *sniffer) error {
	if b.room == nil {
		b.room = make([]transport.Datagram, basketful)
	}
	if b.empty() {
		b.waiting, b.poured = b.waiting[:0], 0
	}
	n, err := s.take(b.room)
	for _, d := range b.room[:n] {
		b.waiting = append(b.waiting, taken{d, s})
	}
	slices.SortStableFunc(b.waiting, func(x, y taken) int { return x.Received.Compare(y.Received) })
	return err
}

// pour hands out those that somebody wants, and drops the others.
func (b *basket) pour(ds []transport.Datagram, wants func(*taken) bool) (n int) {
	for !b.empty() && n < len(ds) {
		if d := &b.waiting[b.poured]; wants(d) {
			ds[n] = d.Datagram
			n++
		}
		b.poured++
	}
	return n
}
