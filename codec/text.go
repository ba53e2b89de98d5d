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
	w.Bits(uint64(len(s)), Width(uint64(limit)))
	w.Raw(s)
}

// Text writes the bytes of a string. There must be room.
func (w *Writer) Text(s string) { w.Raw(bytesOf(s)) }

// Raw writes bytes. There must be room.
func (w *Writer) Raw(s []byte) {
	shift, to := w.pos&7, w.b[w.pos>>3:]
	w.pos += uint(len(s)) * 8
	if shift == 0 {
		to[copy(to, s)] = 0
		return
	}
	back := (64 - shift) & 63
	carry, rest, wide := uint64(to[0]), lastWord(s), len(s) >= 8
	for len(s) >= 32 { // in arrays, whose bounds are checked once
		from, into := (*[32]byte)(s), (*[32]byte)(to)
		v, v2 := binary.LittleEndian.Uint64(from[:8]), binary.LittleEndian.Uint64(from[8:16])
		v3, v4 := binary.LittleEndian.Uint64(from[16:24]), binary.LittleEndian.Uint64(from[24:])
		binary.LittleEndian.PutUint64(into[:8], carry|v<<shift)
		binary.LittleEndian.PutUint64(into[8:16], v>>back|v2<<shift)
		binary.LittleEndian.PutUint64(into[16:24], v2>>back|v3<<shift)
		binary.LittleEndian.PutUint64(into[24:], v3>>back|v4<<shift)
		carry, s, to = v4>>back, s[32:], to[32:]
	}
	for len(s) >= 8 {
		v := binary.LittleEndian.Uint64(s)
		binary.LittleEndian.PutUint64(to, carry|v<<shift)
		carry, s, to = v>>back, s[8:], to[8:]
	}
	if wide {
		rest = rest >> 8 >> (56 - 8*uint(len(s))) // by 64 if nothing is left
	}
	binary.LittleEndian.PutUint64(to, carry|rest<<shift)
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
	src, shift := r.b[r.pos>>3:], r.pos&7
	r.pos += uint(len(dst)) &^ 7 * 8
	for len(dst) >= 8 {
		v := binary.LittleEndian.Uint64(src)>>shift | uint64(src[8])<<(64-shift)
		binary.LittleEndian.PutUint64(dst, v)
		dst, src = dst[8:], src[8:]
	}
	v := r.Bits(8 * uint(len(dst)))
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
