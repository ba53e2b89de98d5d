package codec

import (
	"encoding/binary"
	"slices"
	"strconv"
)

// slack is how far behind the last bit a store may reach: the room that [Writer.Grow] makes on
// top of what was asked for.
const slack = 8

// A Writer appends the bits of one message to a byte slice. It lives on the stack of AppendBinary:
//
//	Start ─▶ Bits, String, … ─▶ Finish
//
// Bits trusts that there is room; [Writer.Start] and [Writer.Grow] make it, once for all fields
// whose size has a bound. All other methods make their own. The first failure is kept and told by
// [Writer.Finish]; what is written after it goes nowhere.
type Writer struct {
	// Version is the schema version that generated code writes, if its messages have several. Start
	// leaves it.
	Version int

	b     []byte // all of the memory; the byte of pos holds the bits below pos, and zeros above
	pos   uint   // in bits
	start int    // length of what is in front of the message
	err   error
}

// Start begins a message behind dst, with room for so many bytes. It allocates if dst has a
// capacity of fewer than room+8 more bytes. Up to eight bytes behind the message are overwritten,
// within dst's capacity.
func (w *Writer) Start(dst []byte, room int) {
	n := len(dst)
	b := slices.Grow(dst, room+slack)
	b = b[:cap(b)]
	b[n] = 0
	// Not a composite literal: that would be made elsewhere and copied here by wide loads, which
	// wait for the narrow stores.
	w.b, w.pos, w.start, w.err = b, uint(n)*8, n, nil
}

// Grow makes room for so many bytes.
func (w *Writer) Grow(bytes int) {
	if len(w.b)-int(w.pos>>3) < bytes+slack {
		w.grow(bytes)
	}
}

//go:noinline
func (w *Writer) grow(bytes int) {
	used := w.pos>>3 + 1
	b := slices.Grow(w.b[:used], bytes+slack)
	w.b = b[:cap(b)]
}

// Bits writes the low n bits of v, at most 56; the others must be zero. There must be room: it
// panics if there is none.
func (w *Writer) Bits(v uint64, n uint) {
	i := w.pos >> 3
	b := w.b[i : i+8]
	binary.LittleEndian.PutUint64(b, uint64(b[0])|v<<(w.pos&7))
	w.pos += n
}

// Wide writes the low n bits of v, 57 to 64; the others must be zero. There must be room.
func (w *Writer) Wide(v uint64, n uint) {
	i, s := w.pos>>3, w.pos&7
	b := w.b[i : i+9]
	b[8] = byte(v >> 1 >> (63 - s))
	binary.LittleEndian.PutUint64(b, uint64(b[0])|v<<s)
	w.pos += n
}

// Bits2 writes the low n bits, 65 to 128, of a number whose low 64 are v; the others must be zero.
// There must be room. It is faster than Bits twice, which waits for the first to be stored.
func (w *Writer) Bits2(v, v2 uint64, n uint) {
	i, s := w.pos>>3, w.pos&7
	b := w.b[i : i+17]
	b[16] = byte(v2 >> 1 >> (63 - s))
	binary.LittleEndian.PutUint64(b, uint64(b[0])|v<<s)
	binary.LittleEndian.PutUint64(b[8:], v>>1>>(63-s)|v2<<s)
	w.pos += n
}

// Bits3 writes the low n bits, 129 to 184, as Bits2 does.
func (w *Writer) Bits3(v, v2, v3 uint64, n uint) {
	i, s := w.pos>>3, w.pos&7
	b := w.b[i : i+24]
	binary.LittleEndian.PutUint64(b, uint64(b[0])|v<<s)
	binary.LittleEndian.PutUint64(b[8:], v>>1>>(63-s)|v2<<s)
	binary.LittleEndian.PutUint64(b[16:], v2>>1>>(63-s)|v3<<s)
	w.pos += n
}

// Bool is a bit, to be written by Bits with others.
func Bool(v bool) uint64 {
	if v {
		return 1
	}
	return 0
}

// Count writes how many elements follow, of at most limit, in as many bits as the limit has. It
// makes no room for the elements.
func (w *Writer) Count(field string, n, limit int) {
	if n > limit {
		w.Fail(field, n, "at most "+strconv.Itoa(limit), ErrTooLong)
	}
	w.Grow(4)
	w.Bits(uint64(uint32(n)), Width(uint64(limit)))
}

// Fail notes that a field cannot be written: its value, what would be right (as text, may be
// empty), and one of the errors of this package or another. The first failure counts.
//
//go:noinline
func (w *Writer) Fail(field string, value any, want string, err error) {
	if w.err == nil {
		w.err = &FieldError{Field: field, Value: value, Want: want, Err: err}
	}
}

// Range notes that a value is out of its range, which is given as text.
//
//go:noinline
func (w *Writer) Range(field string, value any, limits string) {
	w.Fail(field, value, limits, ErrRange)
}

// Mark is where the next bit goes, for [Writer.Rewind].
func (w *Writer) Mark() uint { return w.pos }

// Rewind takes back what was written since Mark, as if it had never been.
func (w *Writer) Rewind(mark uint) {
	w.pos = mark
	w.b[mark>>3] &= 1<<(mark&7) - 1
}

// Finish fills the last byte with zeros and returns dst with the message behind it, or dst as it
// was and a *[FieldError].
func (w *Writer) Finish() ([]byte, error) {
	if w.err != nil {
		return w.b[:w.start], w.err
	}
	return w.b[:(w.pos+7)>>3], nil
}
