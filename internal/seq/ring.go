package seq

// A Ring holds values under consecutive numbers [Base, End), in a slice whose
// length is a power of two. It grows by doubling and does not shrink.
type Ring[T any] struct {
	items     []T
	base, end uint64
}

// Base is the lowest number held, End one more than the highest.
func (r *Ring[T]) Base() uint64 { return r.base }

// End is the number that the next Push gives.
func (r *Ring[T]) End() uint64 { return r.end }

// Len is how many values the ring holds.
func (r *Ring[T]) Len() int { return int(r.end - r.base) }

// Has reports whether n is held.
func (r *Ring[T]) Has(n uint64) bool { return n-r.base < r.end-r.base }

// At returns the value under n, which must be held. The pointer is valid until
// the next Push.
func (r *Ring[T]) At(n uint64) *T { return &r.items[n&uint64(len(r.items)-1)] }

// First returns the lowest value, as At does; there must be one.
func (r *Ring[T]) First() *T { return r.At(r.base) }

// Push appends a zero value and returns it.
func (r *Ring[T]) Push() *T {
	if r.Len() == len(r.items) {
		r.grow()
	}
	p := &r.items[r.end&uint64(len(r.items)-1)]
	r.end++
	return p
}

// Pop removes the lowest value and zeroes it.
func (r *Ring[T]) Pop() {
	var zero T
	r.items[r.base&uint64(len(r.items)-1)] = zero
	r.base++
}

// Lend gives memory to a ring that has none: what another one has returned.
func (r *Ring[T]) Lend(items []T) { r.items = items }

// Bare reports whether a ring has no memory.
func (r *Ring[T]) Bare() bool { return len(r.items) == 0 }

// Return takes the memory of an empty ring, whose numbers go on.
func (r *Ring[T]) Return() (items []T) {
	items, r.items = r.items, nil
	return items
}

// Restart makes n the next number of an empty ring.
func (r *Ring[T]) Restart(n uint64) { r.base, r.end = n, n }

func (r *Ring[T]) grow() {
	items := make([]T, max(1, 2*len(r.items)))
	for n := r.base; n != r.end; n++ {
		items[n&uint64(len(items)-1)] = r.items[n&uint64(len(r.items)-1)]
	}
	r.items = items
}
