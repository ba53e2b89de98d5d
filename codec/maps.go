package codec

import (
	"cmp"
	"slices"
)

// Keys appends the keys of m to scratch, in ascending order: that in which a map is written.
func Keys[K cmp.Ordered, V any](scratch []K, m map[K]V) []K {
	for k := range m {
		scratch = append(scratch, k)
	}
	slices.Sort(scratch)
	return scratch
}

// Ascends checks that the key that came is above the one before, if there was one.
func Ascends[K cmp.Ordered](r *Reader, field string, first bool, before, key K) bool {
	if !first && before >= key {
		r.Fail(field, key, "", ErrOrder)
		return false
	}
	return true
}
