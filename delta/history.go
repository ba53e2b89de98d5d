package delta

import (
	"slices"

	"github.com/tickwire/tickwire/codec"
)

// mostVersions is how many newer versions of a value a Sender may have sent when it hears that one
// arrived, and may make it the baseline.
const mostVersions = 128

// reorderSpan is how many messages later one may come and still find its baselines: a Receiver
// keeps for that long what newer messages have no use for. It drops what comes later still, and the
// Sender, which hears that the newer ones came before, does not count on it.
const reorderSpan = 64

// keptVersions is how many versions a Receiver keeps for being new: when the first message with a
// baseline comes, so many have come after that at most. What was a baseline of the last reorderSpan
// messages it keeps beside them.
const keptVersions = mostVersions + reorderSpan

// A version is a value as it was written into one message.
type version struct {
	seq  uint64 // of that message
	base uint64 // of its baseline's message; 0: it was written in full
	nth  uint64 // of the versions of a Sender
	bits []byte // all of it, encoded
}

// A history is the versions of one value, the oldest first. Their memory is used again.
type history struct{ versions []version }

// add puts a version in its place; there is none of that message yet.
func (h *history) add(v version) {
	n := len(h.versions)
	h.versions = slices.Grow(h.versions, 1)[:n+1]
	v.bits = append(h.versions[n].bits[:0], v.bits...)
	at := n
	for ; at > 0 && h.versions[at-1].seq > v.seq; at-- {
		h.versions[at] = h.versions[at-1]
	}
	h.versions[at] = v
}

// prune forgets what no message can have as its baseline any more: what is older than the baseline
// that was in use a reorderSpan ago, and beyond keptVersions all that was none since.
func (h *history) prune() {
	newest := h.versions[len(h.versions)-1].seq
	floor, since := uint64(0), 0 // the first version since a reorderSpan
	for ; h.versions[since].seq+reorderSpan < newest; since++ {
		floor = max(floor, h.versions[since].base)
	}
	old := 0
	for h.versions[old].seq < floor {
		old++
	}
	h.forget(old)
	for at := 0; at < len(h.versions)-keptVersions; {
		if h.inUse(h.versions[at].seq, max(since-old, 0)) {
			at++
		} else {
			h.drop(at)
		}
	}
}

// inUse reports whether a version was the baseline of one that stands at a place or behind it.
func (h *history) inUse(seq uint64, from int) bool {
	return slices.ContainsFunc(h.versions[min(from, len(h.versions)):], func(v version) bool { return v.base == seq })
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
