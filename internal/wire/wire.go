// Package wire lays out the packets and frames of SPEC.md: for each an Append
// function that trusts its caller and a Consume function that trusts nobody.
// It holds no state.
//
// Consume functions return how many bytes they read; a negative count means
// that the bytes are malformed. What they return points into the bytes they
// were given.
package wire

import "encoding/binary"

// Version is the version of the wire that this package speaks.
const Version = 1

// Limits of the wire.
const (
	MaxHelloBytes    = 256  // body of HELLO
	MinDatagramBytes = 576  // the smallest largest datagram that HELLO may state
	MaxTextBytes     = 200  // text of CLOSE and REASON
	MaxAckRanges     = 32   // ranges in an ACK, the first included
	MaxShortRun      = 63   // messages in a RUN of the short forms
	MaxRun           = 4096 // messages in a RUN of the long form
	MaxChannel       = 1<<14 - 1
	MaxTotal         = 1 << 30 // bytes of a message that is cut into fragments
	ChannelRowSize   = 12
	MaxSilenceMillis = 65535 * 1000 // in HOLD: what HELLO can grant
)

// Prefixes of packets: the first byte of a datagram.
const (
	PrefixRequest   = 0x00
	PrefixGone      = 0x05
	PrefixHandshake = 0x07
	PrefixData      = 0x08 // 0000 1 e nn
	PrefixDataEpoch = 0x04 // bit e
	PrefixDataMask  = 0xF8 // what to compare with PrefixData: 0x18 and above are netcode's
)

// Types of frames: the first byte of a frame.
const (
	TypePadding       = 0x00
	TypePing          = 0x01
	TypeHello         = 0x02
	TypeSkip          = 0x03
	TypeWindow        = 0x04
	TypeBlocked       = 0x05
	TypeStored        = 0x06
	TypeRepair        = 0x07
	TypePathChallenge = 0x08
	TypePathResponse  = 0x09
	TypePathStatus    = 0x0A
	TypeHold          = 0x0B
	TypeClose         = 0x0C
	TypeCloseAck      = 0x0D
	TypeDraining      = 0x0E
	TypeRebuilt       = 0x0F
	TypeAck           = 0x20 // low 5 bits: flags
	TypeFragment      = 0x40 // low 5 bits: flags
	TypeRunLong       = 0x60 // low 5 bits: flags
	TypeRunIDs        = 0x80 // low 6 bits: count
	TypeRunNoIDs      = 0xC0 // low 6 bits: count
)

// AppendUvarint appends v as LEB128 in its shortest form.
func AppendUvarint(b []byte, v uint64) []byte { return binary.AppendUvarint(b, v) }

// UvarintLen is how many bytes AppendUvarint writes for v.
func UvarintLen(v uint64) int {
	n := 1
	for v >= 0x80 {
		v >>= 7
		n++
	}
	return n
}

// ConsumeUvarint reads an LEB128 integer; longer forms than the shortest are
// malformed, so that one value has one encoding.
func ConsumeUvarint(b []byte) (v uint64, n int) {
	if len(b) > 0 && b[0] < 0x80 {
		return uint64(b[0]), 1
	}
	v, n = binary.Uvarint(b)
	if n <= 0 || b[n-1] == 0 {
		return 0, -1
	}
	return v, n
}

// AppendBytes appends the length of p and p.
func AppendBytes(b, p []byte) []byte {
	return append(AppendUvarint(b, uint64(len(p))), p...)
}

// ConsumeBytes reads a length and as many bytes.
func ConsumeBytes(b []byte) (p []byte, n int) {
	size, n := ConsumeUvarint(b)
	if n < 0 || size > uint64(len(b)-n) {
		return nil, -1
	}
	end := n + int(size)
	return b[n:end:end], end
}
