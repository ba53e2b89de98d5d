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

// BoolKeys is Keys of a map whose keys are false and true.
func BoolKeys[K ~bool, V any](scratch []K, m map[K]V) []K {
	for _, k := range [...]K{false, true} {
		if _, ok := m[k]; ok {
			scratch = append(scratch, k)
		}
	}
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

// SameMap reports whether two maps have the same keys, and the same at each.
func SameMap[K comparable, V any](a, b map[K]V, same func(a, b *V) bool) bool {
	if len(a) != len(b) {
		return false
	}
	for key, of := range a {
		other, ok := b[key]
		if !ok || !same(&of, &other) {
			return false
		}
	}
	return true
}
