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

// String reads a string of at most limit bytes. If it is old it is returned, and nothing is
// allocated. Its bytes need not be UTF-8.
func (r *Reader) String(field, old string, limit int) string {
	return r.Text(field, old, r.Bits(Width(uint64(limit))), limit)
}

// Bytes reads bytes of at most limit into the memory of old, or into new memory if that is too
// small.
func (r *Reader) Bytes(field string, old []byte, limit int) []byte {
	return r.Raw(field, old, r.Bits(Width(uint64(limit))), limit)
}

// View reads bytes of at most limit without a copy. They are a part of the message, whose bytes
// are moved to where a byte begins: the message cannot be read a second time.
func (r *Reader) View(field string, limit int) []byte {
	n := r.Bits(Width(uint64(limit)))
	i, shift := r.pos>>3, r.pos&7
	if n-1 >= uint64(limit) || (r.pos-1)>>3+uint(n) >= uint(len(r.b)) {
		r.noBytes(field, n, limit)
		return nil
	}
	r.pos += uint(n) * 8
	if shift > 0 {
		move(r.b[i:i+uint(n)+1], shift)
	}
	return r.b[i : i+uint(n) : i+uint(n)]
}

// move moves bytes that begin in the bits from shift on of the first one to its beginning.
func move(s []byte, shift uint) {
	const seven = 1<<56 - 1
	for ; len(s) >= 8; s = s[7:] {
		v := binary.LittleEndian.Uint64(s)
		binary.LittleEndian.PutUint64(s, v>>shift&seven|v&^seven) // the eighth is still to come
	}
	for ; len(s) > 1; s = s[1:] {
		s[0] = s[0]>>shift | s[1]<<(8-shift)
	}
}

// noBytes fails if there are to be bytes, but not so many.
func (r *Reader) noBytes(field string, n uint64, limit int) {
	if n > 0 {
		r.tooMany(field, n, limit, " bytes", "as many bytes as came")
	}
}

// before is the last n bytes that were taken, less than eight.
func (r *Reader) before(n int) uint64 {
	r.pos -= 8 * uint(n)
	return r.Bits(8 * uint(n))
}

// putFew stores the bytes of v, less than eight.
func putFew(s []byte, v uint64) {
	if n := len(s); n >= 4 {
		binary.LittleEndian.PutUint32(s, uint32(v))
		binary.LittleEndian.PutUint32(s[n-4:], uint32(v>>(8*uint(n-4)&63)))
		return
	}
	for i := range s {
		s[i], v = byte(v), v>>8
	}
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
