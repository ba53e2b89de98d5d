package codec

import (
	"encoding/binary"
	"strconv"
)

// String writes a string of at most limit bytes: its length, then its bytes, unaligned. It makes
// its own room.
func (w *Writer) String(field, s string, limit int) { w.Bytes(field, bytesOf(s), limit) }

// Bytes writes bytes as [Writer.String] writes a string.
func (w *Writer) Bytes(field string, s []byte, limit int) {
	if len(s) > limit {
		w.Fail(field, len(s), "at most "+strconv.Itoa(limit)+" bytes", ErrTooLong)
		return
	}
	w.Grow(4 + len(s))
	w.Raw(uint64(len(s)), Width(uint64(limit)), s)
}

// Text writes the low n bits of v, at most 56, as [Writer.Bits] does, then the bytes of a string.
// There must be room. It is faster than both alone: the bits stay in a register.
func (w *Writer) Text(v uint64, n uint, s string) { w.Raw(v, n, bytesOf(s)) }

// Raw writes bits, then bytes, as [Writer.Text] does.
func (w *Writer) Raw(v uint64, n uint, s []byte) {
	var rest uint64
	if size := len(s); size >= 8 {
		rest = binary.LittleEndian.Uint64(s[size-8:]) >> 8 >> (56 - 8*uint(size&7)) // by 64 if nothing is left
	} else {
		rest = lastWord(s)
	}
	shift := w.pos & 7
	to, carry := w.b[w.pos>>3:], v<<shift
	carry |= uint64(to[0])
	shift += n
	w.pos += n + uint(len(s))*8
	binary.LittleEndian.PutUint64(to, carry)
	to = to[shift>>3:]
	if shift&7 == 0 && len(s) >= 64 {
		to[copy(to, s)] = 0
		return
	}
	turned(to[:len(s)+8], s, shift&7, carry>>(shift&^7&63), rest)
}

// Spare is the memory behind the message, for a type that appends itself: hand the result of its
// AppendBinary to [Writer.Appended] at once.
func (w *Writer) Spare() []byte {
	w.Grow(2 * slack)
	return w.b[:w.pos>>3+2*slack]
}

// Appended writes what an AppendBinary made of [Writer.Spare], as [Writer.Bytes] would.
func (w *Writer) Appended(field string, spare []byte, err error, limit int) {
	if err != nil {
		w.Fail(field, nil, "", err)
		return
	}
	w.Bytes(field, spare[w.pos>>3+2*slack:], limit)
}

// length reads the length of bytes that are all there.
func (r *Reader) length(field string, limit int) int {
	n := r.Bits(Width(uint64(limit)))
	switch {
	case n > uint64(limit):
		r.Fail(field, n, "at most "+strconv.Itoa(limit)+" bytes", ErrTooLong)
		return 0
	case n*8 > uint64(r.left()):
		r.Fail(field, n, "as many bytes as came", ErrShort)
		return 0
	}
	return int(n)
}

// pull reads as many bytes as dst is long. They are there: length has looked. It may write into
// the message itself, at or in front of where it reads.
func (r *Reader) pull(dst []byte) {
	if len(dst) == 0 {
		return // the end may be in front of here
	}
	if r.pos&7 == 0 {
		r.pos += 8 * uint(copy(dst, r.b[r.pos>>3:]))
		return
	}
	if n := len(dst); n >= 8 {
		turnedBack(dst, r.b[r.pos>>3:][:n+1], r.pos&7)
		r.pos += uint(n) * 8
		return
	}
	v := r.Bits(8 * uint(len(dst)))
	if n := len(dst); n >= 4 {
		binary.LittleEndian.PutUint32(dst, uint32(v))
		binary.LittleEndian.PutUint32(dst[n-4:], uint32(v>>(8*uint(n-4)&63)))
		return
	}
	for i := range dst {
		dst[i], v = byte(v), v>>8
	}
}

// holds reports whether the bytes that come are these. As many are there: length has looked.
func (r *Reader) holds(s []byte) bool {
	src, shift := r.b[r.pos>>3:], r.pos&7
	if shift == 0 {
		return string(src[:len(s)]) == string(s)
	}
	for len(s) >= 8 && len(src) > 8 {
		if binary.LittleEndian.Uint64(src)>>shift|uint64(src[8])<<(64-shift) != binary.LittleEndian.Uint64(s) {
			return false
		}
		s, src = s[8:], src[8:]
	}
	for ; len(s) > 0 && len(src) > 1; s, src = s[1:], src[1:] {
		if src[0]>>shift|src[1]<<(8-shift) != s[0] {
			return false
		}
	}
	return true
}

// Bytes reads bytes of at most limit into the memory of old, or into new memory if that is too
// small.
func (r *Reader) Bytes(field string, old []byte, limit int) []byte {
	s := Resize(old, r.length(field, limit))
	r.pull(s)
	return s
}

// View reads bytes of at most limit without a copy. They are a part of the message, whose bytes
// are moved to where a byte begins: the message cannot be read a second time.
func (r *Reader) View(field string, limit int) []byte {
	n := r.length(field, limit)
	if n == 0 {
		return nil
	}
	i := r.pos >> 3
	s := r.b[i : i+uint(n) : i+uint(n)]
	r.pull(s)
	return s
}

// Resize is a slice of n elements in the memory of s, with the elements that s had, or in new
// memory of that size. Elements keep what they hold, so that they can be read into again.
func Resize[T any](s []T, n int) []T {
	if n <= cap(s) {
		return s[:n]
	}
	grown := make([]T, n)
	copy(grown, s[:cap(s)])
	return grown
}
