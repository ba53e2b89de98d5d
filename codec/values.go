package codec

import (
	"encoding/binary"
	"net/netip"
)

// Bits is a type that writes and reads its own bits, as nested messages do. AppendBits makes the
// room it needs, with [Writer.Grow], unless its owner did.
type Bits interface {
	AppendBits(*Writer)
	ReadBits(*Reader)
}

// The kinds of an address.
const (
	addrNone = iota
	addr4
	addr6
)

// Addr writes an address: two bits for its kind, then 32 or 128 bits.
func (w *Writer) Addr(field string, a netip.Addr) {
	w.Grow(2*slack + 3)
	switch {
	case a.Zone() != "":
		w.Fail(field, a, "", ErrZone)
	case a.Is4():
		b := a.As4()
		w.Bits(addr4|uint64(binary.LittleEndian.Uint32(b[:]))<<2, 34)
	case a.IsValid():
		b := a.As16()
		w.Bits(addr6, 2)
		w.Wide(binary.LittleEndian.Uint64(b[:]), 64)
		w.Wide(binary.LittleEndian.Uint64(b[8:]), 64)
	default:
		w.Bits(addrNone, 2)
	}
}

// Addr reads an address.
func (r *Reader) Addr(field string) netip.Addr {
	switch r.Bits(2) {
	case addrNone:
		return netip.Addr{}
	case addr4:
		var b [4]byte
		binary.LittleEndian.PutUint32(b[:], uint32(r.Bits(32)))
		return netip.AddrFrom4(b)
	case addr6:
		var b [16]byte
		binary.LittleEndian.PutUint64(b[:], r.Wide(64))
		binary.LittleEndian.PutUint64(b[8:], r.Wide(64))
		return netip.AddrFrom16(b)
	}
	r.Fail(field, nil, "", ErrZone)
	return netip.Addr{}
}

// AddrPort writes an address, then its port in 16 bits.
func (w *Writer) AddrPort(field string, a netip.AddrPort) {
	w.Addr(field, a.Addr())
	w.Bits(uint64(a.Port()), 16)
}

// AddrPort reads an address and its port.
func (r *Reader) AddrPort(field string) netip.AddrPort {
	return netip.AddrPortFrom(r.Addr(field), uint16(r.Bits(16)))
}
