package seq

// Seen remembers which numbers were resolved: all below Base, and those above
// it that are set in a bitmap which slides along. Unlike a [Window] it forgets
// nothing: Base moves only over numbers that were added.
type Seen struct {
	bits []uint64 // a ring of words; its length is a power of two
	base uint64
	end  uint64 // one more than the largest number added
}

// NewSeen returns an empty set whose first number is first.
func NewSeen(first uint64) Seen { return Seen{base: first, end: first} }

// Base is the lowest number not added.
func (s *Seen) Base() uint64 { return s.base }

// End is one more than the largest number added.
func (s *Seen) End() uint64 { return s.end }

// Has reports whether n was added.
func (s *Seen) Has(n uint64) bool {
	if n < s.base {
		return true
	}
	if n >= s.end {
		return false
	}
	return s.word(n)&(1<<(n%64)) != 0
}

// Add adds n, which the caller has bounded to a sensible distance above Base,
// and reports whether it was new.
func (s *Seen) Add(n uint64) bool {
	if n == s.base && n == s.end { // in order, and nothing is missing
		s.base, s.end = n+1, n+1
		return true
	}
	if s.Has(n) {
		return false
	}
	if n >= s.end {
		s.reserve(n)
		s.end = n + 1
	}
	s.bits[n/64&uint64(len(s.bits)-1)] |= 1 << (n % 64)
	for s.base < s.end && s.word(s.base)&(1<<(s.base%64)) != 0 {
		s.bits[s.base/64&uint64(len(s.bits)-1)] &^= 1 << (s.base % 64)
		s.base++
	}
	return true
}

func (s *Seen) word(n uint64) uint64 { return s.bits[n/64&uint64(len(s.bits)-1)] }

// reserve makes room for the words from base to n.
func (s *Seen) reserve(n uint64) {
	need := int(n/64-s.base/64) + 1
	if need <= len(s.bits) {
		return
	}
	size := max(1, len(s.bits))
	for size < need {
		size *= 2
	}
	bits := make([]uint64, size)
	for w := s.base / 64; len(s.bits) > 0 && w <= s.end/64 && w-s.base/64 < uint64(len(s.bits)); w++ {
		bits[w&uint64(size-1)] = s.bits[w&uint64(len(s.bits)-1)]
	}
	s.bits = bits
}
