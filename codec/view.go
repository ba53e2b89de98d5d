package codec

import (
	"encoding/binary"
	"unsafe"
)

// le loads and stores words. There is no function of our own around it: the compiler leaves a NOP
// for each one that it inlines.
var le = binary.LittleEndian

// A word is eight bytes anywhere.
type word = *[8]byte

// Text writes the low n bits of v, at most 56, as [Writer.Bits] does, then the bytes of a string.
// There must be room: it panics if there is none. It is faster than both alone: the bits stay in a
// register.
func (w *Writer) Text(v uint64, n uint, s string) {
	w.text(v, n, unsafe.Pointer(unsafe.StringData(s)), len(s))
}

// Raw writes bits, then bytes, as [Writer.Text] does.
func (w *Writer) Raw(v uint64, n uint, s []byte) {
	w.text(v, n, unsafe.Pointer(unsafe.SliceData(s)), len(s))
}

func (w *Writer) text(v uint64, n uint, from unsafe.Pointer, size int) {
	end := w.pos + n
	_ = w.b[end>>3+uint(size)+7] // the last byte that may be stored
	into, shift := unsafe.Add(unsafe.Pointer(unsafe.SliceData(w.b)), w.pos>>3), w.pos&7
	v, n = v<<shift|uint64(*(*byte)(into)), n+shift
	w.pos = end + uint(size)*8
	if size < 8 {
		few(into, v, n, unsafe.Slice((*byte)(from), size))
		return
	}
	le.PutUint64(word(into)[:], v|le.Uint64(word(from)[:])<<(n&63))
	shifted(unsafe.Add(into, n>>3+1), from, 8-n&7, size)
}

// few is text of less than eight bytes: the low n bits of v, less than 64, and s.
func few(into unsafe.Pointer, v uint64, n uint, s []byte) {
	last := lastWord(s)
	le.PutUint64(word(into)[:], v|last<<(n&63))
	if len(s) > 0 {
		le.PutUint64(word(unsafe.Add(into, n>>3+1))[:], last>>((8-n&7)&63))
	}
}

// shifted stores the bits from up (1 to 8) on of n bytes, eight at least. A word has seven whole
// bytes when it is shifted: so the next one is stored where its seventh ends, and the last one, with
// zeros above its last bits, where the bytes end. No slices: their bounds would cost more than all
// of it.
func shifted(into, from unsafe.Pointer, up uint, n int) { // up is third, so it is where a shift wants it
	at, last := 0, n-8
	for ; at < last-7; at += 14 {
		le.PutUint64(word(unsafe.Add(into, at))[:], le.Uint64(word(unsafe.Add(from, at))[:])>>(up&63))
		le.PutUint64(word(unsafe.Add(into, at+7))[:], le.Uint64(word(unsafe.Add(from, at+7))[:])>>(up&63))
	}
	if at < last {
		le.PutUint64(word(unsafe.Add(into, at))[:], le.Uint64(word(unsafe.Add(from, at))[:])>>(up&63))
	}
	le.PutUint64(word(unsafe.Add(into, last))[:], le.Uint64(word(unsafe.Add(from, last))[:])>>(up&63))
}

// Text is [Reader.String] of a length that was read already, by Bits with others.
func (r *Reader) Text(field, old string, n uint64, limit int) string {
	before := r.pos - 1 // in the length, so there is one
	if n-1 >= uint64(limit) || before>>3+uint(n) >= uint(len(r.b)) {
		r.noBytes(field, n, limit)
		return ""
	}
	r.pos += uint(n) * 8
	from, size, up := unsafe.Add(unsafe.Pointer(unsafe.SliceData(r.b)), before>>3), int(n), before&7+1
	if size < 8 {
		return r.few(old, size)
	}
	if size == len(old) && (le.Uint64(word(from)[:])>>up^le.Uint64(word(unsafe.Pointer(unsafe.StringData(old)))[:]))<<8 == 0 && same(from, old, up) {
		return old
	}
	raw := unsafe.Slice((*byte)(from), size)
	s := make([]byte, len(raw))
	copy(s, raw) // or it would be cleared
	shifted(unsafe.Pointer(unsafe.SliceData(s)), from, up, size)
	s[size-1] = byte(tail(from, size) >> (up & 15))
	return unsafe.String(unsafe.SliceData(s), size) // nobody else has s
}

// tail is the two bytes that the last of n bytes is in, which do not begin where a byte does.
func tail(from unsafe.Pointer, n int) uint16 {
	return le.Uint16((*[2]byte)(unsafe.Add(from, n-1))[:])
}

// few is the string of the last n bytes that were taken, less than eight.
func (r *Reader) few(old string, n int) string {
	v := r.before(n)
	if n == len(old) && v == lastWord(bytesOf(old)) {
		return old
	}
	s := make([]byte, n)
	putFew(s, v)
	return unsafe.String(unsafe.SliceData(s), n)
}

// Raw is [Reader.Bytes] of a length that was read already, by Bits with others.
func (r *Reader) Raw(field string, old []byte, n uint64, limit int) []byte {
	before := r.pos - 1
	if n-1 >= uint64(limit) || before>>3+uint(n) >= uint(len(r.b)) {
		r.noBytes(field, n, limit)
		return old[:0]
	}
	r.pos += uint(n) * 8
	s := Resize(old, int(n))
	if len(s) < 8 {
		putFew(s, r.before(len(s)))
	} else {
		from, up := unsafe.Pointer(&r.b[before>>3]), before&7+1
		shifted(unsafe.Pointer(unsafe.SliceData(s)), from, up, len(s))
		s[len(s)-1] = byte(tail(from, len(s)) >> (up & 15))
	}
	return s
}

// same reports whether Text would make old of the bytes that begin in those from up on.
func same(from unsafe.Pointer, old string, up uint) bool {
	there, last := unsafe.Pointer(unsafe.StringData(old)), len(old)-8
	for at := 0; at < last; at += 7 {
		if (le.Uint64(word(unsafe.Add(from, at))[:])>>(up&63)^le.Uint64(word(unsafe.Add(there, at))[:]))<<8 != 0 {
			return false
		}
	}
	return (le.Uint64(word(unsafe.Add(from, last))[:])>>(up&63)^le.Uint64(word(unsafe.Add(there, last))[:]))<<8 == 0 &&
		byte(tail(from, len(old))>>(up&15)) == old[len(old)-1]
}

// ViewString reads a string as [Reader.View] reads bytes: it changes when the memory of the
// message does.
func (r *Reader) ViewString(field string, limit int) string {
	s := r.View(field, limit)
	return unsafe.String(unsafe.SliceData(s), len(s))
}

// bytesOf is the memory of a string, to be read.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }
