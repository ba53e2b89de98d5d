package codec

import "math"

// DeltaCount writes how many elements there are now, of at most limit, if that is not what there
// were. It makes its own room, and none for the elements.
func (w *Writer) DeltaCount(n, had, limit int) {
	w.Grow(5)
	if n == had {
		w.Bits(0, 1)
	} else {
		w.Bits(1|uint64(n)<<1, 1+Width(uint64(limit)))
	}
}

// DeltaCount reads how many elements there are now: at most limit, and at most as many as the rest
// of the message can hold if those that there were take a bit each, and the others at least so many
// (none counts as one). Otherwise it fails and returns 0.
func (r *Reader) DeltaCount(field string, had, limit int, least uint) int {
	if !r.Bool() {
		return had
	}
	n := r.Count(field, limit, 1)
	if n > had && uint64(had)+uint64(n-had)*uint64(max(least, 1)) > uint64(r.left()) {
		r.Fail(field, n, "as many as came", ErrShort)
		return 0
	}
	return n
}

// SameFloat reports whether two floats have the same bits: a NaN is the same as itself, and -0 is
// not 0.
func SameFloat[F ~float32 | ~float64](a, b F) bool {
	return math.Float64bits(float64(a)) == math.Float64bits(float64(b))
}

// SameSlice reports whether two slices have the same elements.
func SameSlice[T any](a, b []T, same func(a, b *T) bool) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !same(&a[i], &b[i]) {
			return false
		}
	}
	return true
}

// SamePointer reports whether both are nil, or lead to the same.
func SamePointer[T any](a, b *T, same func(a, b *T) bool) bool {
	if a == nil || b == nil {
		return a == b
	}
	return same(a, b)
}

// SameBits reports whether two values are written as the same bits, in a schema version. What
// cannot be written is the same as nothing.
func SameBits(a, b Bits, version int) bool {
	var scratch [256]byte
	var v, w Writer
	v.Version, w.Version = version, version
	v.Start(scratch[:0:128], 0)
	w.Start(scratch[128:128], 0)
	a.AppendBits(&v)
	b.AppendBits(&w)
	if v.pos != w.pos {
		return false
	}
	x, errX := v.Finish()
	y, errY := w.Finish()
	return errX == nil && errY == nil && string(x) == string(y)
}

// A Binary is a type that appends itself to bytes, and is read from them.
type Binary interface {
	AppendBinary([]byte) ([]byte, error)
	UnmarshalBinary([]byte) error
}

// SameBinary reports whether two values are written as the same bytes. What cannot be written is
// the same as nothing.
func SameBinary(a, b Binary) bool {
	var scratch [256]byte
	x, errX := a.AppendBinary(scratch[:0:128])
	y, errY := b.AppendBinary(scratch[128:128])
	return errX == nil && errY == nil && string(x) == string(y)
}

// CopyBits makes to what from is, by way of bits, so that they share no memory. What cannot be
// written is not copied.
func CopyBits(to, from Bits) {
	var w Writer
	w.Start(nil, 64)
	from.AppendBits(&w)
	if b, err := w.Finish(); err == nil {
		var r Reader
		r.Start(b)
		to.ReadBits(&r)
	}
}

// CopyBinary makes to what from is, as [CopyBits] does.
func CopyBinary(to, from Binary) {
	if b, err := from.AppendBinary(nil); err == nil {
		_ = to.UnmarshalBinary(b)
	}
}
