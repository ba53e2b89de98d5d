package codec

import (
	"encoding/binary"
	"strconv"
)

// A Reader takes the bits of one message. It lives on the stack of UnmarshalBinary:
//
//	Start ─▶ Bits, String, … ─▶ Finish
//
// It trusts nobody. Bits behind the end are zeros; [Reader.Finish] tells that there were any. A
// field that is wrong is noted by [Reader.Fail], and from then on all bits are zeros too: so
// reading comes to its end without a branch for each field, and loops stay short.
type Reader struct {
	// Version is the schema version of the message, if there are several. Start leaves it.
	Version int

	b    []byte
	pos  uint   // in bits
	tail uint   // the bit at which last begins: 64 before the end, modulo 2^64
	last uint64 // the last eight bytes; zeros stand in front of fewer
	err  error
}

// Start begins to read the message that is all of b.
func (r *Reader) Start(b []byte) { // as Writer.Start, not by a composite literal
	r.b, r.pos, r.err = b, 0, nil
	r.tail, r.last = ending(b)
}

// ending loads the last eight bytes, with zeros in front if there are fewer, and tells where they
// begin. It calls nothing: so it needs no frame, and Start is small enough to be inlined.
func ending(b []byte) (at uint, last uint64) {
	n := uint(len(b))
	at = n*8 - 64
	switch {
	case n >= 8:
		return at, binary.LittleEndian.Uint64(b[n-8:])
	case n >= 4:
		last = uint64(binary.LittleEndian.Uint32(b[n-4:]))<<32 | uint64(binary.LittleEndian.Uint32(b))<<(-at&63)
	case n >= 2:
		last = uint64(binary.LittleEndian.Uint16(b[n-2:]))<<48 | uint64(b[0])<<(-at&63)
	case n == 1:
		last = uint64(b[0]) << 56
	}
	return at, last
}

// lastWord loads the last eight bytes, or all if there are fewer.
func lastWord(b []byte) uint64 {
	switch n := len(b); {
	case n >= 8:
		return binary.LittleEndian.Uint64(b[n-8:])
	case n >= 4:
		low, high := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[n-4:])
		return uint64(low) | uint64(high)<<(uint(n-4)*8)
	case n >= 2:
		return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[n-1])<<(uint(n-1)*8)
	case n == 1:
		return uint64(b[0])
	}
	return 0
}

// Load is the bits that come, 57 of them at least. It does not take them: Take does.
func (r *Reader) Load() uint64 {
	if i := r.pos >> 3; i+8 <= uint(len(r.b)) {
		return binary.LittleEndian.Uint64(r.b[i:i+8]) >> (r.pos & 7)
	}
	return r.last >> (r.pos - r.tail)
}

// Take takes n bits that Load has loaded.
func (r *Reader) Take(n uint) { r.pos += n }

// Bits reads n bits, at most 56.
func (r *Reader) Bits(n uint) uint64 {
	v := r.Load()
	r.pos += n
	return v & (1<<n - 1)
}

// Wide reads n bits, at most 64: Bits does for 56.
func (r *Reader) Wide(n uint) uint64 {
	low := r.Bits(min(n, 32))
	return low | r.Bits(n-min(n, 32))<<32
}

// Bits2 reads n bits, 57 to 112, in two lanes of 56. Above these a lane has zeros, or bits of the
// next one: nobody takes them off, because a number that ends in the next lane wants the same there.
func (r *Reader) Bits2(n uint) (v, v2 uint64) {
	i, s := r.pos>>3, r.pos&7
	if i+8 <= uint(len(r.b)) {
		v = binary.LittleEndian.Uint64(r.b[i:i+8]) >> s
	} else {
		v = r.last >> (r.pos - r.tail)
	}
	if i+15 <= uint(len(r.b)) {
		v2 = binary.LittleEndian.Uint64(r.b[i+7:i+15]) >> s
	} else {
		v2 = r.last >> (r.pos + 56 - r.tail)
	}
	r.pos += n
	return v, v2
}

// Bits3 reads n bits, 113 to 168, in three lanes, as Bits2 does.
func (r *Reader) Bits3(n uint) (v, v2, v3 uint64) {
	i, s := r.pos>>3, r.pos&7
	if i+22 > uint(len(r.b)) {
		v, v2 = r.Bits2(112)
		v3 = r.Load()
		r.pos += n - 112
		return v, v2, v3
	}
	b := r.b[i : i+22]
	r.pos += n
	return binary.LittleEndian.Uint64(b) >> s, binary.LittleEndian.Uint64(b[7:]) >> s, binary.LittleEndian.Uint64(b[14:]) >> s
}

// Bool reads a bit.
func (r *Reader) Bool() bool { return r.Bits(1) != 0 }

// left is how many bits there are still.
func (r *Reader) left() uint {
	if end := uint(len(r.b)) * 8; end > r.pos {
		return end - r.pos
	}
	return 0
}

// Count reads how many elements follow: at most limit, and at most as many as the rest of the
// message can hold if each takes so many bits (none counts as one). If they are more, it fails and
// returns 0; so what is allocated for them has a bound.
func (r *Reader) Count(field string, limit int, least uint) int {
	return r.Fits(field, r.Bits(Width(uint64(limit))), limit, least)
}

// Fits is [Reader.Count] of a number that was read already, by Bits with others.
func (r *Reader) Fits(field string, n uint64, limit int, least uint) int {
	if n > uint64(limit) || n*uint64(max(least, 1)) > uint64(r.left()) {
		return r.tooMany(field, n, limit, "", "as many as came")
	}
	return int(n)
}

// tooMany fails because of a count or a length, and returns 0.
//
//go:noinline
func (r *Reader) tooMany(field string, n uint64, limit int, unit, came string) int {
	if n > uint64(limit) {
		r.Fail(field, n, "at most "+strconv.Itoa(limit)+unit, ErrTooLong)
	} else {
		r.Fail(field, n, came, ErrShort)
	}
	return 0
}

// Fail notes that a field is not what it may be: the value that came, what would be right (as
// text, may be empty), and one of the errors of this package or another. The first failure counts.
// If the message was at its end before, that is what is told.
//
//go:noinline
func (r *Reader) Fail(field string, value any, want string, err error) {
	if r.err != nil {
		return
	}
	if r.Short() {
		value, want, err = nil, "", ErrShort
	}
	r.err = &FieldError{Field: field, Value: value, Want: want, Err: err}
	r.b, r.last = nil, 0
}

// Range notes that a value is out of its range, which is given as text.
//
//go:noinline
func (r *Reader) Range(field string, value any, limits string) {
	r.Fail(field, value, limits, ErrRange)
}

// Failed reports whether a field was wrong.
func (r *Reader) Failed() bool { return r.err != nil }

// Short reports whether more was taken than there is: the last of it was zeros that did not come.
func (r *Reader) Short() bool { return r.pos > uint(len(r.b))*8 }

// Complete reports whether the message ends here, the rest of its last byte being zeros, and no
// field was wrong. Finish says the same; but this needs no call.
func (r *Reader) Complete() bool {
	at := r.pos - r.tail
	return at-57 < 8 && r.last>>at == 0 && r.err == nil
}

// Finish wants the message to be [Reader.Complete]. It returns a *[FieldError] otherwise: what was
// noted, if there is something. message is the name of its type.
func (r *Reader) Finish(message string) error {
	switch used := (r.pos + 7) >> 3; {
	case r.Complete():
		return nil
	case r.err != nil:
		return r.err
	case r.Short():
		return &FieldError{Field: message, Err: ErrShort}
	case used != uint(len(r.b)):
		return &FieldError{Field: message, Value: uint(len(r.b)) - used, Err: ErrTrailing}
	}
	return &FieldError{Field: message, Err: ErrPadding}
}
