// Package seq holds the small structures that every numbered thing needs:
// rebuilding truncated numbers, windows of what was seen, rings indexed by
// number, and sets of ranges. None of them knows a clock or allocates in steady
// state.
package seq

// Nearest rebuilds a number of which only the low bits are known: of all
// numbers that end in them, the one in (expected − half, expected + half], not
// below 0 and not above 2^64 − 1 (RFC 9000, A.3).
func Nearest(expected, low uint64, bits uint) uint64 {
	if bits >= 64 {
		return low
	}
	size := uint64(1) << bits
	half := size / 2
	n := expected&^(size-1) | low&(size-1)
	switch {
	case n > expected && n-expected > half && n >= size:
		return n - size
	case n < expected && expected-n >= half && n <= ^uint64(0)-size:
		return n + size
	}
	return n
}
