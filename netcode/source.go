package netcode

import (
	"encoding/binary"
	"fmt"
	"net/netip"
)

// A Source says where a datagram came from: an address and port, or the number
// of an association for transports that have no addresses. It is comparable,
// and one peer has one Source: IPv4-mapped IPv6 addresses and plain IPv4
// addresses are the same.
//
// Its bytes are those of the wire: 16 of address, u16 port, u16 kind.
type Source [sourceBytes]byte

const sourceBytes = 20

// SourceFrom returns the Source of a UDP address. Zones are dropped: two link-local peers of one
// address on different links are one Source.
func SourceFrom(addr netip.AddrPort) Source {
	var s Source
	a := addr.Addr().As16()
	copy(s[:], a[:])
	binary.LittleEndian.PutUint16(s[16:], addr.Port())
	return s
}

// SourceOf returns the Source of an association of a transport without
// addresses. Kind must not be zero, which means UDP.
func SourceOf(kind uint16, association uint64) Source {
	var s Source
	binary.LittleEndian.PutUint64(s[:], association)
	binary.LittleEndian.PutUint16(s[18:], kind)
	return s
}

// Kind returns the kind of transport, zero for UDP.
func (s Source) Kind() uint16 { return binary.LittleEndian.Uint16(s[18:]) }

// Association returns the number given to [SourceOf].
func (s Source) Association() uint64 { return binary.LittleEndian.Uint64(s[:]) }

// AddrPort returns the address given to [SourceFrom], IPv4 unmapped; the zero
// AddrPort for an association.
func (s Source) AddrPort() netip.AddrPort {
	if s.Kind() != 0 {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(netip.AddrFrom16([16]byte(s[:16])).Unmap(), binary.LittleEndian.Uint16(s[16:]))
}

func (s Source) String() string {
	if k := s.Kind(); k != 0 {
		return fmt.Sprintf("association %d of kind %d", s.Association(), k)
	}
	return s.AddrPort().String()
}

// Sources are where a peer is, as each path reaches it.
type sources struct {
	source Source                // on path 0
	others *[MaxPaths - 1]Source // on the others; nil: there are none
}

// on is where it is on a path; the zero Source if that is not known.
func (s *sources) on(path uint8) Source {
	switch {
	case path == 0:
		return s.source
	case s.others == nil:
		return Source{}
	}
	return s.others[path-1]
}

// settle notes where it is on a path.
func (s *sources) settle(path uint8, at Source) {
	if path == 0 {
		s.source = at
		return
	}
	if s.others == nil {
		s.others = new([MaxPaths - 1]Source)
	}
	s.others[path-1] = at
}
