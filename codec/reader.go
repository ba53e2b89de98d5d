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
	tail uint   // the bit at which last begins
	last uint64 // the last eight bytes, or all if there are fewer
	err  error
}

// Start begins to read the message that is all of b.
func (r *Reader) Start(b []byte) { // as Writer.Start, not by a composite literal
	r.b, r.pos, r.err = b, 0, nil
	if n := len(b); n >= 8 {
		r.tail, r.last = uint(n-8)*8, binary.LittleEndian.Uint64(b[n-8:])
	} else {
		r.tail, r.last = 0, lastWord(b)
	}
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

// Bits reads n bits, at most 56.
func (r *Reader) Bits(n uint) uint64 {
	var v uint64
	if i := r.pos >> 3; i+8 <= uint(len(r.b)) {
		v = binary.LittleEndian.Uint64(r.b[i:]) >> (r.pos & 7)
	} else {
		v = r.last >> (r.pos - r.tail)
	}
	r.pos += n
	return v & (1<<n - 1)
}

// Wide reads n bits, at most 64: Bits does for 56.
func (r *Reader) Wide(n uint) uint64 {
	low := r.Bits(min(n, 32))
	return low | r.Bits(n-min(n, 32))<<32
}

// Bits2 reads n bits, 65 to 128: the low 64 of them, and the others.
func (r *Reader) Bits2(n uint) (v, v2 uint64) {
	i, s := r.pos>>3, r.pos&7
	if i+17 > uint(len(r.b)) {
		v, v2, _ = r.end3(n)
		return v, v2 & (1<<(n-64) - 1)
	}
	b := r.b[i : i+17]
	r.pos += n
	v, v2 = binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])
	return v>>s | v2<<1<<(63-s), (v2>>s | uint64(b[16])<<1<<(63-s)) & (1<<(n-64) - 1)
}

// Bits3 reads n bits, 129 to 184, as Bits2 does.
func (r *Reader) Bits3(n uint) (v, v2, v3 uint64) {
	i, s := r.pos>>3, r.pos&7
	if i+24 > uint(len(r.b)) {
		v, v2, v3 = r.end3(n)
		return v, v2, v3 & (1<<(n-128) - 1)
	}
	b := r.b[i : i+24]
	r.pos += n
	v, v2, v3 = binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:]), binary.LittleEndian.Uint64(b[16:])
	return v>>s | v2<<1<<(63-s), v2>>s | v3<<1<<(63-s), v3 >> s & (1<<(n-128) - 1)
}

// end3 reads n bits, and those behind them, near the end of the message. All but the last eight
// bytes are loaded from where they are.
func (r *Reader) end3(n uint) (v, v2, v3 uint64) {
	i, s := r.pos>>3, r.pos&7
	if i+16 > uint(len(r.b)) {
		v, v2 = r.Wide(64), r.Wide(64)
		r.pos += n - 128
		return v, v2, 0
	}
	b := r.b[i : i+16]
	r.pos += n
	v, v2, v3 = binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:]), r.last>>((i+16)*8-r.tail)
	return v>>s | v2<<1<<(63-s), v2>>s | v3<<1<<(63-s), v3 >> s
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
	n := r.Bits(Width(uint64(limit)))
	if n > uint64(limit) {
		r.Fail(field, n, "at most "+strconv.Itoa(limit), ErrTooLong)
		return 0
	}
	if n*uint64(max(least, 1)) > uint64(r.left()) {
		r.Fail(field, n, "as many as came", ErrShort)
		return 0
	}
	return int(n)
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
	if r.pos > uint(len(r.b))*8 {
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

// Finish wants the message to end here, the rest of its last byte being zeros. It returns a
// *[FieldError] otherwise, or the one that was noted. message is the name of its type.
func (r *Reader) Finish(message string) error {
	if r.err == nil && (r.pos+7)>>3 == uint(len(r.b)) && r.last>>(r.pos-r.tail) == 0 {
		return nil
	}
	return r.unfinished(message)
}

// unfinished is the error of a message that does not end here, or in zeros, or has a wrong field.
func (r *Reader) unfinished(message string) error {
	switch used := (r.pos + 7) >> 3; {
	case r.err != nil:
		return r.err
	case r.pos > uint(len(r.b))*8:
		return &FieldError{Field: message, Err: ErrShort}
	case used != uint(len(r.b)):
		return &FieldError{Field: message, Value: uint(len(r.b)) - used, Err: ErrTrailing}
	}
	return &FieldError{Field: message, Err: ErrPadding}
}
