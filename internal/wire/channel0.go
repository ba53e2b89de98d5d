package wire

import "encoding/binary"

// A message of channel 0, the library's own, is its kind and a body (SPEC.md,
// 6.4):
//
//	kind v | body, to the end
//
// Kinds that a reader does not know are passed over.
const (
	ControlTicket    = 1 // a resume ticket (SPEC.md, 3.6)
	ControlTokenList = 2 // a token list for another server
	ControlAddresses = 3 // n u32, 1 to 32 | n × address of this server
)

// Limits of channel 0.
const (
	MaxControlBytes = 16384 // a whole message
	MaxAddresses    = 32    // in a list
	MaxTokens       = 7     // in a token list on channel 0: more do not fit
	TokenBytes      = 2048
	leastTicket     = 24 + 1 + 16 // bytes of a ticket behind its lifetime: nonce, sealed, tag
)

// AppendControl appends a message of channel 0.
func AppendControl(b []byte, kind uint64, body []byte) []byte {
	return append(AppendUvarint(b, kind), body...)
}

// ConsumeControl reads one, which must be all of b. The body of a kind that is
// known has its layout if ok.
func ConsumeControl(b []byte) (kind uint64, body []byte, ok bool) {
	kind, n := ConsumeUvarint(b)
	if n < 0 {
		return 0, nil, false
	}
	body = b[n:]
	switch ok = true; kind {
	case ControlTicket:
		_, _, _, ok = ConsumeTicket(body)
	case ControlTokenList:
		_, ok = ConsumeTokenList(body)
	case ControlAddresses:
		ok = validAddresses(body)
	}
	return kind, body, ok
}

// ControlKnown reports whether this package knows a kind.
func ControlKnown(kind uint64) bool { return kind >= ControlTicket && kind <= ControlAddresses }

// AppendTicket appends the body of ControlTicket: when it expires in seconds
// since 1970 by its server's clock, for how many seconds it is good, and what
// only its server reads.
func AppendTicket(b []byte, expires uint64, lifetime uint32, opaque []byte) []byte {
	b = binary.LittleEndian.AppendUint64(b, expires)
	b = binary.LittleEndian.AppendUint32(b, lifetime)
	return append(b, opaque...)
}

// ConsumeTicket reads it.
func ConsumeTicket(b []byte) (expires uint64, lifetime uint32, opaque []byte, ok bool) {
	r := NewReader(b)
	expires, lifetime = r.U64(), r.U32()
	opaque = r.Rest()
	return expires, lifetime, opaque, !r.bad && len(opaque) >= leastTicket
}

const tokenListHead = "TWTK\x01" // and the version

// AppendTokenList appends the body of ControlTokenList: a token list (SPEC.md, 2) of so
// many tokens, which lie one behind the other.
func AppendTokenList(b []byte, tokens []byte) []byte {
	b = append(append(b, tokenListHead...), byte(len(tokens)/TokenBytes))
	return append(b, tokens...)
}

// ConsumeTokenList reads it. The tokens themselves are not looked at.
func ConsumeTokenList(b []byte) (tokens []byte, ok bool) {
	r := NewReader(b)
	head := r.Take(len(tokenListHead))
	n := int(r.U8())
	tokens = r.Rest()
	return tokens, string(head) == tokenListHead && n >= 1 && n <= MaxTokens && len(tokens) == n*TokenBytes
}

// Types of an address.
const (
	AddressIPv4 = 1
	AddressIPv6 = 2
)

// AppendAddress appends an address: type u8, then four bytes of IPv4, or eight
// u16 of IPv6 in little-endian order, and port u16. The bytes of ip, 4 or 16,
// are in network order.
func AppendAddress(b, ip []byte, port uint16) []byte {
	if len(ip) == 4 {
		b = append(append(b, AddressIPv4), ip...)
	} else {
		b = append(b, AddressIPv6)
		for i := 0; i+1 < len(ip); i += 2 {
			b = append(b, ip[i+1], ip[i])
		}
	}
	return binary.LittleEndian.AppendUint16(b, port)
}

// Address reads an address; the first n bytes of ip are it, in network order.
func (r *Reader) Address() (ip [16]byte, n int, port uint16) {
	switch r.U8() {
	case AddressIPv4:
		n = copy(ip[:], r.Take(4))
	case AddressIPv6:
		n = copy(ip[:], r.Take(16))
		for i := 0; i < len(ip); i += 2 {
			ip[i], ip[i+1] = ip[i+1], ip[i]
		}
	default:
		r.bad = true
	}
	return ip, n, r.U16()
}

// AppendAddressCount appends what stands in front of a list of addresses.
func AppendAddressCount(b []byte, n int) []byte {
	return binary.LittleEndian.AppendUint32(b, uint32(n))
}

// ConsumeAddresses reads a list of addresses, which must be all of b, and
// visits each. If it returns false it has visited none.
func ConsumeAddresses(b []byte, visit func(ip []byte, port uint16)) bool {
	if !validAddresses(b) {
		return false
	}
	r := NewReader(b)
	for count := r.U32(); count > 0; count-- {
		ip, n, port := r.Address()
		visit(ip[:n], port)
	}
	return true
}

func validAddresses(b []byte) bool {
	r := NewReader(b)
	count := r.U32()
	r.Want(count >= 1 && count <= MaxAddresses)
	for ; count > 0 && !r.bad; count-- {
		r.Address()
	}
	return !r.bad && r.at == len(b)
}
