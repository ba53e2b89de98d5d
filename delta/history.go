package delta

import (
	"slices"

	"github.com/tickwire/tickwire/codec"
)

// mostVersions is how many versions of a value an end keeps beside the baseline. A Sender that has
// sent so many without an acknowledgement forgets the oldest, so that a Receiver that keeps the
// newest so many has each that can become a baseline.
const mostVersions = 128

// reorderSpan is how many messages later one may come and still find its baselines: a Receiver
// keeps for that long what newer messages have no use for.
const reorderSpan = 64

// A version is a value as it was written into one message.
type version struct {
	seq  uint64 // of that message
	base uint64 // of its baseline's message; 0: it was written in full
	bits []byte // all of it, encoded
}

// A history is the versions of one value, the oldest first. Their memory is used again.
type history struct{ versions []version }

// add puts a version in its place; there is none of that message yet.
func (h *history) add(seq, base uint64, bits []byte) {
	n := len(h.versions)
	h.versions = slices.Grow(h.versions, 1)[:n+1]
	fresh := h.versions[n]
	fresh.seq, fresh.base, fresh.bits = seq, base, append(fresh.bits[:0], bits...)
	at := n
	for ; at > 0 && h.versions[at-1].seq > seq; at-- {
		h.versions[at] = h.versions[at-1]
	}
	h.versions[at] = fresh
}

// index is where the version of a message stands, or where it would.
func (h *history) index(seq uint64) (at int, found bool) {
	return slices.BinarySearchFunc(h.versions, seq, func(v version, seq uint64) int {
		switch {
		case v.seq < seq:
			return -1
		case v.seq > seq:
			return 1
		}
		return 0
	})
}

// forget drops the first n versions, and keeps their memory for those to come.
func (h *history) forget(n int) {
	for range n {
		h.drop(0)
	}
}

// drop forgets the version at a place.
func (h *history) drop(at int) {
	old, last := h.versions[at], len(h.versions)-1
	copy(h.versions[at:], h.versions[at+1:])
	h.versions[last] = old
	h.versions = h.versions[:last]
}

// A baseline is a value that both ends have.
type baseline[T any, P Message[T]] struct {
	seq   uint64 // of the message that brought it; 0: there is none
	bits  []byte // encoded
	value T      // decoded from bits, to which its views point
}

// set takes the version of a message, by a reader of the right schema.
func (b *baseline[T, P]) set(r *codec.Reader, seq uint64, bits []byte) bool {
	b.bits = append(b.bits[:0], bits...)
	r.Start(b.bits)
	P(&b.value).ReadBits(r)
	b.seq = seq
	if r.Failed() {
		b.seq = 0
	}
	return b.seq != 0
}
