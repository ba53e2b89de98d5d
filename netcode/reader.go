package netcode

import (
	"encoding/binary"

	"github.com/tickwire/tickwire/internal/wire"
)

// A reader consumes one field after the other and remembers whether any of
// them was missing, so that a parser reads like its layout.
type reader struct {
	b   []byte
	bad bool
}

// take returns the next n bytes of what is read, not a copy.
func (r *reader) take(n int) []byte {
	if r.bad || n > len(r.b) {
		r.bad = true
		return nil
	}
	p := r.b[:n:n]
	r.b = r.b[n:]
	return p
}

func (r *reader) u8() uint8 {
	if p := r.take(1); p != nil {
		return p[0]
	}
	return 0
}

func (r *reader) u16() uint16 {
	if p := r.take(2); p != nil {
		return binary.LittleEndian.Uint16(p)
	}
	return 0
}

func (r *reader) u32() uint32 {
	if p := r.take(4); p != nil {
		return binary.LittleEndian.Uint32(p)
	}
	return 0
}

func (r *reader) u64() uint64 {
	if p := r.take(8); p != nil {
		return binary.LittleEndian.Uint64(p)
	}
	return 0
}

// bytes reads a length (LEB128) and as many bytes.
func (r *reader) bytes() []byte {
	if r.bad {
		return nil
	}
	p, n := wire.ConsumeBytes(r.b)
	if n < 0 {
		r.bad = true
		return nil
	}
	r.b = r.b[n:]
	return p
}

// short reads a length u8, at most limit, and as many bytes.
func (r *reader) short(limit int) []byte {
	n := int(r.u8())
	if n > limit {
		r.bad = true
	}
	return r.take(n)
}

// rest returns what was not read.
func (r *reader) rest() []byte { return r.take(len(r.b)) }
