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
	widths16 = [4]uint8{4, 8, 11, 16}
	widths32 = [4]uint8{5, 11, 18, 32} // 18 bits are more than an hour of ticks
	widths64 = [4]uint8{7, 18, 41, 64} // 41 bits are the milliseconds since 1970
)

// class is the first class whose width is enough for n bits.
func class(widths *[4]uint8, n int) uint64 {
	var c uint64
	for c < 3 && int(widths[c]) < n {
		c++
	}
	return c
}

// Zigzag maps small numbers of either sign to small ones: 0, −1, 1, −2 to 0, 1, 2, 3.
func Zigzag(v int64) uint64 { return uint64(v)<<1 ^ uint64(v>>63) }

// Zagzig is the way back.
func Zagzig(u uint64) int64 { return int64(u>>1) ^ -int64(u&1) }

// Varint16 writes a uint16 (or by [Zigzag] an int16) in 6 to 18 bits. There must be room.
func (w *Writer) Varint16(v uint16) { w.varint(uint64(v), &widths16) }

// Varint32 writes a uint32 (or by [Zigzag] an int32) in 7 to 34 bits. There must be room.
func (w *Writer) Varint32(v uint32) { w.varint(uint64(v), &widths32) }

func (w *Writer) varint(v uint64, widths *[4]uint8) {
	c := class(widths, bits.Len64(v))
	w.Bits(v<<2|c, 2+uint(widths[c]))
}

// Varint64 writes a uint64 (or by [Zigzag] an int64) in 9 to 66 bits. There must be room.
func (w *Writer) Varint64(v uint64) {
	if v >= 1<<41 {
		w.Bits(v<<2&math.MaxUint32|3, 32)
		w.Bits(v>>30, 34)
		return
	}
	w.varint(v, &widths64)
}

// Varint16 reads what [Writer.Varint16] wrote.
func (r *Reader) Varint16(field string) uint16 { return uint16(r.varint(field, &widths16)) }

// Varint32 reads what [Writer.Varint32] wrote.
func (r *Reader) Varint32(field string) uint32 { return uint32(r.varint(field, &widths32)) }

func (r *Reader) varint(field string, widths *[4]uint8) uint64 {
	c := r.Bits(2)
	return r.shortest(field, r.Bits(uint(widths[c&3])), c, widths)
}

// Varint64 reads what [Writer.Varint64] wrote.
func (r *Reader) Varint64(field string) uint64 {
	c := r.Bits(2)
	if c == 3 {
		return r.shortest(field, r.Wide(64), c, &widths64)
	}
	return r.shortest(field, r.Bits(uint(widths64[c&3])), c, &widths64)
}

// shortest refuses a number that a smaller class could hold.
func (r *Reader) shortest(field string, v, c uint64, widths *[4]uint8) uint64 {
	if c > 0 && v>>widths[(c-1)&3] == 0 {
		r.Fail(field, v, "", ErrForm)
		return 0
	}
	return v
}
