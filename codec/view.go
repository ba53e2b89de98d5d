package codec

import (
	"encoding/binary"
	"math/bits"
	"unsafe"
)

// String reads a string of at most limit bytes. If it is old it is returned, and nothing is
// allocated. Its bytes need not be UTF-8.
func (r *Reader) String(field, old string, limit int) string {
	n := r.length(field, limit)
	if n == 0 {
		return ""
	}
	if n == len(old) && r.holds(bytesOf(old)) {
		r.pos += 8 * uint(n)
		return old
	}
	s := make([]byte, n)
	r.pull(s)
	return unsafe.String(unsafe.SliceData(s), n) // nobody else has s
}

// ViewString reads a string as [Reader.View] reads bytes: it changes when the memory of the
// message does.
func (r *Reader) ViewString(field string, limit int) string {
	s := r.View(field, limit)
	return unsafe.String(unsafe.SliceData(s), len(s))
}

// bytesOf is the memory of a string, to be read.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// turned writes s, shifted by less than eight bits, behind the bits of carry; rest is what is behind
// its last whole word. There is room: to is longer than s by eight bytes. Each word is rotated
// once, not shifted twice, and there are no slices, whose bounds cost more than all of it.
func turned(to, s []byte, shift uint, carry, rest uint64) {
	from, into, above := unsafe.Pointer(unsafe.SliceData(s)), unsafe.Pointer(unsafe.SliceData(to)), ^uint64(0)<<shift
	n := len(s) &^ 7
	for i := 0; i < n; i += 8 {
		v := bits.RotateLeft64(binary.LittleEndian.Uint64((*[8]byte)(unsafe.Add(from, i))[:]), int(shift))
		binary.LittleEndian.PutUint64((*[8]byte)(unsafe.Add(into, i))[:], carry|v&above)
		carry = v &^ above
	}
	binary.LittleEndian.PutUint64((*[8]byte)(unsafe.Add(into, n))[:], carry|rest<<shift)
}

// turnedBack is the way back, of eight bytes at least; s is a byte longer than dst. The two may be
// the same memory, from where s begins on or in front of it: so the last eight are read first.
func turnedBack(dst, s []byte, shift uint) {
	from, into, n := unsafe.Pointer(unsafe.SliceData(s)), unsafe.Pointer(unsafe.SliceData(dst)), len(dst)-8
	last := straight(unsafe.Add(from, n), shift)
	for i := 0; i < n; i += 8 {
		binary.LittleEndian.PutUint64((*[8]byte)(unsafe.Add(into, i))[:], straight(unsafe.Add(from, i), shift))
	}
	binary.LittleEndian.PutUint64((*[8]byte)(unsafe.Add(into, n))[:], last)
}

// straight loads eight bytes out of nine.
func straight(from unsafe.Pointer, shift uint) uint64 {
	below := ^uint64(0) >> (shift & 63)
	v := bits.RotateLeft64(binary.LittleEndian.Uint64((*[8]byte)(from)[:]), -int(shift))
	next := bits.RotateLeft64(uint64(*(*byte)(unsafe.Add(from, 8))), -int(shift))
	return v&below | next&^below
}
