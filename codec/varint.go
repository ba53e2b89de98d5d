package codec

import (
	"math"
	"math/bits"
)

// Width is how many bits a number from 0 to limit takes.
func Width(limit uint64) uint { return uint(bits.Len64(limit)) }

// Integers without a range are varints of bits: two bits of class, then as many bits as the
// class has. SPEC.md, 10.2 lists the classes.
var (
	short16 = classesOf(4, 8, 11, 16)
	short32 = classesOf(5, 11, 18, 32) // 18 bits are more than an hour of ticks
	short64 = classesOf(7, 18, 41, 64) // 41 bits are the milliseconds since 1970
)

// classes are the widths of four, and the least number and the largest of each.
type classes struct {
	width       [4]uint
	least, most [4]uint64
}

func classesOf(a, b, c, d uint) classes {
	return classes{[4]uint{a, b, c, d}, [4]uint64{0, 1 << a, 1 << b, 1 << c}, [4]uint64{1<<a - 1, 1<<b - 1, 1<<c - 1, 1<<d - 1}}
}

// of is the first class that v fits into, without a branch to guess.
func (c *classes) of(v uint64) (class uint64) {
	if v >= c.least[1] {
		class = 1
	}
	if v >= c.least[2] {
		class = 2
	}
	if v >= c.least[3] {
		class = 3
	}
	return class
}

// Zigzag maps small numbers of either sign to small ones: 0, −1, 1, −2 to 0, 1, 2, 3.
func Zigzag(v int64) uint64 { return uint64(v)<<1 ^ uint64(v>>63) }

// Zagzig is the way back.
func Zagzig(u uint64) int64 { return int64(u>>1) ^ -int64(u&1) }

// Varint16 writes a uint16 (or by [Zigzag] an int16) in 6 to 18 bits. There must be room.
func (w *Writer) Varint16(v uint16) { w.varint(uint64(v), &short16) }

// Varint32 writes a uint32 (or by [Zigzag] an int32) in 7 to 34 bits. There must be room.
func (w *Writer) Varint32(v uint32) { w.varint(uint64(v), &short32) }

// Short16 is what [Writer.Varint16] writes, and in how many bits: to be written by Bits with others.
func Short16(v uint16) (code uint64, n uint) { return short(uint64(v), &short16) }

// Short32 is what [Writer.Varint32] writes.
func Short32(v uint32) (code uint64, n uint) { return short(uint64(v), &short32) }

func short(v uint64, c *classes) (code uint64, n uint) {
	class := c.of(v)
	return v<<2 | class, 2 + c.width[class&3]
}

func (w *Writer) varint(v uint64, c *classes) {
	w.Bits(short(v, c))
}

// Varint64 writes a uint64 (or by [Zigzag] an int64) in 9 to 66 bits. There must be room.
func (w *Writer) Varint64(v uint64) {
	if v >= 1<<41 {
		w.Bits(v<<2&math.MaxUint32|3, 32)
		w.Bits(v>>30, 34)
		return
	}
	w.varint(v, &short64)
}

// Varint16 reads what [Writer.Varint16] wrote.
func (r *Reader) Varint16(field string) uint16 { return uint16(r.varint(field, &short16)) }

// Varint32 reads what [Writer.Varint32] wrote.
func (r *Reader) Varint32(field string) uint32 { return uint32(r.varint(field, &short32)) }

func (r *Reader) varint(field string, c *classes) uint64 {
	v, n, ok := long(r.Load(), c)
	r.pos += n
	if !ok {
		return r.Form(field, v)
	}
	return v
}

// Long16 is the number that [Short16] has made w of, whatever is above it, and in how many bits. It
// is not ok if there is a shorter form: [Reader.Form] tells.
func Long16(w uint64) (v uint16, n uint, ok bool) {
	code, n, ok := long(w, &short16)
	return uint16(code), n, ok
}

// Long32 is the number that [Short32] has made w of, as Long16 is.
func Long32(w uint64) (v uint32, n uint, ok bool) {
	code, n, ok := long(w, &short32)
	return uint32(code), n, ok
}

func long(w uint64, c *classes) (v uint64, n uint, ok bool) {
	class := w & 3
	v = w >> 2 & c.most[class]
	return v, 2 + c.width[class], v >= c.least[class]
}

// Varint64 reads what [Writer.Varint64] wrote.
func (r *Reader) Varint64(field string) uint64 {
	if r.Load()&3 < 3 {
		return r.varint(field, &short64)
	}
	r.pos += 2
	v := r.Wide(64)
	if v < short64.least[3] {
		return r.Form(field, v)
	}
	return v
}

// Form notes that a number is in a longer form than it needs. It returns 0.
//
//go:noinline
func (r *Reader) Form(field string, v uint64) uint64 {
	r.Fail(field, v, "", ErrForm)
	return 0
}
