package wire

import "encoding/binary"

// A Reader consumes one field after the other and remembers whether any of
// them was malformed, so that a parser reads like its layout.
type Reader struct {
	b   []byte
	at  int
	bad bool
}

// NewReader returns a Reader of b.
func NewReader(b []byte) Reader { return Reader{b: b} }

// frame returns a Reader of the frame in b that has read its type.
func frame(b []byte) Reader {
	r := Reader{b: b}
	r.U8()
	return r
}

// Take returns the next n bytes of what is read, not a copy.
func (r *Reader) Take(n int) []byte {
	if r.bad || n < 0 || n > len(r.b)-r.at {
		r.bad = true
		return nil
	}
	p := r.b[r.at : r.at+n : r.at+n]
	r.at += n
	return p
}

// Uvarint reads an integer (LEB128).
func (r *Reader) Uvarint() uint64 {
	if r.bad {
		return 0
	}
	v, n := ConsumeUvarint(r.b[r.at:])
	if n < 0 {
		r.bad = true
		return 0
	}
	r.at += n
	return v
}

// U8 reads a u8.
func (r *Reader) U8() uint8 {
	if p := r.Take(1); p != nil {
		return p[0]
	}
	return 0
}

// U16 reads a u16, little-endian.
func (r *Reader) U16() uint16 {
	if p := r.Take(2); p != nil {
		return binary.LittleEndian.Uint16(p)
	}
	return 0
}

// U24 reads a u24, little-endian.
func (r *Reader) U24() uint32 {
	if p := r.Take(3); p != nil {
		return uint32(p[0]) | uint32(p[1])<<8 | uint32(p[2])<<16
	}
	return 0
}

// U32 reads a u32, little-endian.
func (r *Reader) U32() uint32 {
	if p := r.Take(4); p != nil {
		return binary.LittleEndian.Uint32(p)
	}
	return 0
}

// U64 reads a u64, little-endian.
func (r *Reader) U64() uint64 {
	if p := r.Take(8); p != nil {
		return binary.LittleEndian.Uint64(p)
	}
	return 0
}

// Bytes reads a length (LEB128) and as many bytes.
func (r *Reader) Bytes() []byte {
	size := r.Uvarint()
	if r.bad || size > uint64(len(r.b)-r.at) {
		r.bad = true
		return nil
	}
	return r.Take(int(size))
}

func (r *Reader) channel() uint16 {
	ch := r.Uvarint()
	if ch > MaxChannel {
		r.bad = true
	}
	return uint16(ch)
}

// Short reads a length u8, at most limit, and as many bytes.
func (r *Reader) Short(limit int) []byte {
	n := int(r.U8())
	r.Want(n <= limit)
	return r.Take(n)
}

// Rest returns what was not read.
func (r *Reader) Rest() []byte { return r.Take(len(r.b) - r.at) }

// Bad reports whether a field was malformed or missing.
func (r *Reader) Bad() bool { return r.bad }

// Want marks what was read as malformed unless ok.
func (r *Reader) Want(ok bool) {
	if !ok {
		r.bad = true
	}
}

// n is what a Consume function returns.
func (r *Reader) n() int {
	if r.bad {
		return -1
	}
	return r.at
}
