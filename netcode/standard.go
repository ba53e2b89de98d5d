package netcode

import (
	"math"
	"math/bits"
)

// A packetKind is the type of a standard packet: the low nibble of its prefix.
type packetKind uint8

const (
	kindRequest    packetKind = 0
	kindDenied     packetKind = 1
	kindChallenge  packetKind = 2
	kindResponse   packetKind = 3
	kindKeepAlive  packetKind = 4
	kindPayload    packetKind = 5
	kindDisconnect packetKind = 6
	numKinds       packetKind = 7
)

// MaxPayloadBytes is the largest payload that a plain netcode peer accepts.
const MaxPayloadBytes = 1200

const (
	minStandardBytes = 18 // prefix, one byte of sequence, tag
	requestBytes     = 1 + len(versionInfo) + 8 + 8 + nonceXBytes + privateTokenBytes
	challengeBody    = 8 + challengeTokenBytes
	maxResponseBytes = 1 + 8 + challengeBody + macBytes
	keepAliveBody    = 8
)

// A roleMask has a bit for each kind of packet that a role reads.
type roleMask uint8

const (
	serverReads roleMask = 1<<kindResponse | 1<<kindKeepAlive | 1<<kindPayload | 1<<kindDisconnect
	clientReads roleMask = 1<<kindDenied | 1<<kindChallenge | 1<<kindKeepAlive | 1<<kindPayload | 1<<kindDisconnect
)

// A standardHeader is what precedes the sealed part of every standard packet
// but the request:
//
//	prefix u8 (bytes of sequence << 4 | kind) | sequence, little-endian, without its high zero bytes
type standardHeader struct {
	kind     packetKind
	sequence uint64
	size     int
}

// appendStandardHeader writes the shortest form, which has at least one byte
// of sequence.
func appendStandardHeader(dst []byte, kind packetKind, sequence uint64) []byte {
	n := max(1, (bits.Len64(sequence)+7)/8)
	dst = append(dst, byte(n)<<4|byte(kind))
	for range n {
		dst = append(dst, byte(sequence))
		sequence >>= 8
	}
	return dst
}

// readStandardHeader makes the checks that come before replay protection and
// decryption, in the order that the standard gives. Longer forms of a
// sequence than needed are accepted, as the reference does. The largest sequence is
// not: it has no successor, and the reference marks free places of its window by it.
func readStandardHeader(b []byte, reads roleMask) (h standardHeader, drop Drop) {
	if len(b) < minStandardBytes {
		return h, DropTooShort
	}
	h.kind = packetKind(b[0] & 15)
	if h.kind >= numKinds {
		return h, DropUnknownType
	}
	if reads&(1<<h.kind) == 0 {
		return h, DropWrongRole
	}
	n := int(b[0] >> 4)
	if n < 1 || n > 8 {
		return h, DropSequenceBytes
	}
	h.size = 1 + n
	if len(b) < h.size+macBytes {
		return h, DropTooShort
	}
	for i := range n {
		h.sequence |= uint64(b[1+i]) << (8 * i)
	}
	if h.sequence == math.MaxUint64 {
		return h, DropSequenceBytes
	}
	return h, DropNone
}

// replayProtected reports whether the kind is subject to the replay window.
// The others are harmless to repeat by the design of the state machines.
func (k packetKind) replayProtected() bool { return k >= kindKeepAlive }

// bodySizeOK is the check after decryption.
func (k packetKind) bodySizeOK(n int) bool {
	switch k {
	case kindDenied, kindDisconnect:
		return n == 0
	case kindChallenge, kindResponse:
		return n == challengeBody
	case kindKeepAlive:
		return n == keepAliveBody
	case kindPayload:
		return n >= 1 && n <= MaxPayloadBytes
	}
	return false
}
