package netcode

import (
	"crypto/cipher"
	"encoding/binary"
)

// A challenge is what a challenge token holds. The client echoes the token
// unread; what the standard leaves as zeros holds the source that was
// challenged, so that an answer from elsewhere, or to the challenge of another
// token, is recognised without any state per address.
//
//	u64 client id | 256 user data | source 20 | 16 tag       sealed with ChaCha20-Poly1305, no additional data
//
// The nonce is four zero bytes and the challenge sequence: a counter that
// never repeats under one key, in its high 40 bits, and the entry of the
// token, in its low 24.
type challenge struct {
	clientID uint64
	source   Source
}

const (
	entryBits      = 24
	maxEntries     = 1 << entryBits
	maxChallenges  = 1 << (64 - entryBits)
	challengePlain = 8 + UserDataBytes + sourceBytes
)

func challengeNonce(sequence uint64) []byte {
	return binary.LittleEndian.AppendUint64(make([]byte, 4, 12), sequence)
}

// appendChallengeToken seals a challenge for the token entry e shown from
// source.
func appendChallengeToken(dst []byte, key cipher.AEAD, sequence uint64, e *tokenEntry, source Source) []byte {
	start := len(dst)
	dst = binary.LittleEndian.AppendUint64(dst, e.clientID)
	dst = append(dst, e.userData[:]...)
	dst = append(dst, source[:]...)
	return key.Seal(dst[:start], challengeNonce(sequence), dst[start:], nil)
}

// openChallengeToken opens b in place.
func openChallengeToken(b []byte, key cipher.AEAD, sequence uint64) (c challenge, ok bool) {
	p, err := key.Open(b[:0], challengeNonce(sequence), b, nil)
	if err != nil || len(p) != challengePlain {
		return c, false
	}
	c.clientID = binary.LittleEndian.Uint64(p)
	copy(c.source[:], p[8+UserDataBytes:])
	return c, true
}
