package netcode

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// Sizes of tokens.
const (
	// TokenBytes is the size of a connect token as the backend hands it out.
	TokenBytes = tokenBytes

	tokenBytes          = 2048
	privateTokenBytes   = 1024 // sealed, tag included
	challengeTokenBytes = 300  // sealed, tag included
	maxAddresses        = wire.MaxAddresses

	publicAddressesAt  = len(versionInfo) + 3*8 + nonceXBytes + privateTokenBytes + 4
	privateAddressesAt = 8 + 4
)

// A Token is a connect token in the hands of a client: where the server is,
// the keys to talk to it, and a sealed private part that only the server can
// read. Whoever has it can connect as the player it was made for, once.
//
//	13 "NETCODE 1.02\0" | u64 protocol id | u64 created | u64 expires | 24 nonce | 1024 private part, sealed
//	| u32 timeout | u32 number of addresses | addresses | 32 client to server key | 32 server to client key | zeros to 2048
//
// with our pad in the last 64 bytes of tokens that a tickwire backend made.
type Token struct {
	// ProtocolID tells games, and versions of a game, apart.
	ProtocolID uint64
	// Created and Expires are in seconds since 1970.
	Created, Expires uint64
	// TimeoutSeconds is how long silence may last; zero or less: for ever.
	TimeoutSeconds int32
	// Addresses are of one server if the token is ours; foreign tokens may name
	// several, which are tried in turn.
	Addresses []netip.AddrPort
	// Pad is ours, or not present.
	Pad Pad

	reveal  hidden[*tokenKeys] // nil in one that nobody made or read
	nonce   [nonceXBytes]byte
	private *[privateTokenBytes]byte // nil in one without
}

// A TokenError says what is wrong with a connect token.
type TokenError struct {
	// Field is the part of the token.
	Field string
	// Problem is its value and what should be there.
	Problem string
}

func (e *TokenError) Error() string {
	return "netcode: connect token: " + e.Field + ": " + e.Problem + "; ask the backend for another token"
}

// faults collects what is wrong with a token.
type faults []*TokenError

func (f *faults) add(field, format string, args ...any) {
	*f = append(*f, &TokenError{field, fmt.Sprintf(format, args...)})
}

// ParseToken reads a connect token of any netcode 1.02 backend and makes the
// checks that the standard asks of a client, which takes tokens that never expire; one with our pad lives
// for [MaxLifetime] at most. It keeps nothing of b.
func ParseToken(b []byte) (*Token, error) {
	t, faults := readToken(b)
	if len(faults) > 0 {
		return nil, faults[0]
	}
	return t, nil
}

// readToken reads what it can of a token, and says what is wrong with the rest.
func readToken(b []byte) (*Token, faults) {
	t, wrong := &Token{reveal: hide(new(tokenKeys))}, faults(nil)
	if len(b) != tokenBytes {
		wrong.add("length", "%d bytes, a token has %d", len(b), tokenBytes)
		return t, wrong
	}
	r := wire.NewReader(b)
	if v := r.Take(len(versionInfo)); string(v) != versionInfo {
		wrong.add("version", "%q, not %q", v, versionInfo)
	}
	t.ProtocolID, t.Created, t.Expires = r.U64(), r.U64(), r.U64()
	if t.Created > t.Expires {
		wrong.add("expiry", "expires at %d, before it was created at %d", t.Expires, t.Created)
	}
	copy(t.nonce[:], r.Take(nonceXBytes))
	t.private = new([privateTokenBytes]byte)
	copy(t.private[:], r.Take(privateTokenBytes))
	t.TimeoutSeconds = int32(r.U32())
	t.Addresses = readAddresses(&r, nil)
	copy(t.keys().clientToServer[:], r.Take(len(rawKey{})))
	copy(t.keys().serverToClient[:], r.Take(len(rawKey{})))
	if r.Bad() {
		wrong.add("addresses", "%s", addressFault(b[publicAddressesAt:]))
		t.Addresses = nil
	}
	var drop Drop
	if t.Pad, drop = readPad(b[publicPadAt:]); drop != DropNone {
		wrong.add("pad", "malformed, or of a later version of tickwire: %s", padFault(b[publicPadAt:]))
	} else if lacking := t.Pad.unfit(AnyProtection); lacking != "" {
		wrong.add("pad", "asks for %s", lacking)
	}
	if life := t.Expires - t.Created; t.Pad.Present && t.Created <= t.Expires && life > uint64(MaxLifetime/time.Second) {
		wrong.add("expiry", "lives for %d s, and no backend of ours makes one for more than %v", life, MaxLifetime)
	}
	return t, wrong
}

// Append appends the 2048 bytes of the token.
func (t *Token) Append(dst []byte) []byte {
	start := len(dst)
	dst = append(dst, versionInfo...)
	dst = binary.LittleEndian.AppendUint64(dst, t.ProtocolID)
	dst = binary.LittleEndian.AppendUint64(dst, t.Created)
	dst = binary.LittleEndian.AppendUint64(dst, t.Expires)
	dst = append(dst, t.nonce[:]...)
	dst = append(dst, t.sealed()...)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(t.TimeoutSeconds))
	dst = appendAddresses(dst, t.Addresses)
	keys := t.keys()
	dst = append(dst, keys.clientToServer[:]...)
	dst = append(dst, keys.serverToClient[:]...)
	dst = append(dst, make([]byte, start+publicPadAt-len(dst))...)
	if t.Pad.Present {
		return t.Pad.append(dst)
	}
	return append(dst, make([]byte, padBytes)...)
}

// String names the token without its secrets, also of a copy: fmt looks for it on values too.
func (t Token) String() string {
	return fmt.Sprintf("connect token of protocol %#x for %v, expires at %d", t.ProtocolID, t.Addresses, t.Expires)
}

// GoString keeps the keys out of %#v too.
func (t Token) GoString() string { return t.String() }

// sealed is the part that servers read; zeros in a token that nobody made or read.
func (t *Token) sealed() []byte {
	if t.private == nil {
		return make([]byte, privateTokenBytes)
	}
	return t.private[:]
}

// opened is what a connection still needs of a token, beside the keys that it led to.
func (t *Token) opened() *Token {
	return &Token{
		ProtocolID: t.ProtocolID, Created: t.Created, Expires: t.Expires, TimeoutSeconds: t.TimeoutSeconds,
		Addresses: t.Addresses, Pad: t.Pad,
	}
}

func (t *Token) keys() *tokenKeys {
	if t.reveal == nil {
		return new(tokenKeys)
	}
	return t.reveal()
}

// A privateToken is the part of a connect token that only backend and servers
// can read:
//
//	u64 client id | u32 timeout | u32 number of addresses | addresses | 32 client to server key | 32 server to client key
//	| 256 user data | zeros to 1008, our pad in the last 64 | 16 tag
type privateToken struct {
	clientID       uint64
	timeoutSeconds int32
	addresses      []netip.AddrPort
	keys           tokenKeys
	userData       [UserDataBytes]byte
	pad            Pad
}

func (p *privateToken) append(dst []byte) []byte {
	start := len(dst)
	dst = binary.LittleEndian.AppendUint64(dst, p.clientID)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(p.timeoutSeconds))
	dst = appendAddresses(dst, p.addresses)
	dst = append(dst, p.keys.clientToServer[:]...)
	dst = append(dst, p.keys.serverToClient[:]...)
	dst = append(dst, p.userData[:]...)
	dst = append(dst, make([]byte, start+privatePadAt-len(dst))...)
	if p.pad.Present {
		return p.pad.append(dst)
	}
	return append(dst, make([]byte, padBytes)...)
}

// read parses the opened private part. The addresses reuse p's slice.
func (p *privateToken) read(b []byte) Drop {
	r := wire.NewReader(b)
	p.clientID = r.U64()
	p.timeoutSeconds = int32(r.U32())
	p.addresses = readAddresses(&r, p.addresses[:0])
	copy(p.keys.clientToServer[:], r.Take(len(rawKey{})))
	copy(p.keys.serverToClient[:], r.Take(len(rawKey{})))
	copy(p.userData[:], r.Take(UserDataBytes))
	if r.Bad() || len(b) < privatePadAt+padBytes {
		return DropTokenMalformed
	}
	var drop Drop
	p.pad, drop = readPad(b[privatePadAt:])
	return drop
}

// tokenAD is what is authenticated beside the private part: version, protocol
// id and expiry, which the request carries in the clear.
func tokenAD(protocolID, expires uint64) []byte {
	ad := append(make([]byte, 0, len(versionInfo)+16), versionInfo...)
	ad = binary.LittleEndian.AppendUint64(ad, protocolID)
	return binary.LittleEndian.AppendUint64(ad, expires)
}

// appendAddresses writes a count and each address.
func appendAddresses(dst []byte, addresses []netip.AddrPort) []byte {
	dst = wire.AppendAddressCount(dst, len(addresses))
	for _, a := range addresses {
		if ip := a.Addr().Unmap(); ip.Is4() {
			v4 := ip.As4()
			dst = wire.AppendAddress(dst, v4[:], a.Port())
		} else {
			v6 := ip.As16()
			dst = wire.AppendAddress(dst, v6[:], a.Port())
		}
	}
	return dst
}

// readAddresses reads what appendAddresses writes, IPv4-mapped addresses unmapped.
func readAddresses(r *wire.Reader, to []netip.AddrPort) []netip.AddrPort {
	n := r.U32()
	r.Want(n >= 1 && n <= wire.MaxAddresses)
	for ; n > 0 && !r.Bad(); n-- {
		b, size, port := r.Address()
		ip := netip.AddrFrom16(b).Unmap()
		if size == 4 {
			ip = netip.AddrFrom4([4]byte(b[:4]))
		}
		to = append(to, netip.AddrPortFrom(ip, port))
	}
	return to
}

// addressFault says what is wrong with a list that readAddresses refuses.
func addressFault(b []byte) string {
	r := wire.NewReader(b)
	n := r.U32()
	if n < 1 || n > maxAddresses {
		return fmt.Sprintf("%d of them, not 1 to %d", n, maxAddresses)
	}
	for i := range n {
		switch kind := r.U8(); kind {
		case wire.AddressIPv4:
			r.Take(4)
		case wire.AddressIPv6:
			r.Take(16)
		default:
			return fmt.Sprintf("number %d of %d is of type %d, not 1 (IPv4) or 2 (IPv6)", i+1, n, kind)
		}
		r.U16()
	}
	return fmt.Sprintf("%d of them do not fit", n)
}
