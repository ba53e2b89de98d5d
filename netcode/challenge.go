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

// A challengeKey seals and opens challenge tokens.
type challengeKey struct {
	aead  cipher.AEAD
	nonce [nonceBytes]byte // here, so that sealing allocates nothing
}

// append seals a challenge for the token entry e shown from source.
func (k *challengeKey) append(dst []byte, sequence uint64, e *tokenEntry, source Source) []byte {
	start := len(dst)
	dst = binary.LittleEndian.AppendUint64(dst, e.clientID)
	dst = e.userData.append(dst)
	dst = append(dst, source[:]...)
	binary.LittleEndian.PutUint64(k.nonce[4:], sequence)
	return k.aead.Seal(dst[:start], k.nonce[:], dst[start:], nil)
}

// open opens b in place.
func (k *challengeKey) open(b []byte, sequence uint64) (c challenge, ok bool) {
	binary.LittleEndian.PutUint64(k.nonce[4:], sequence)
	p, err := k.aead.Open(b[:0], k.nonce[:], b, nil)
	if err != nil || len(p) != challengePlain {
		return c, false
	}
	c.clientID = binary.LittleEndian.Uint64(p)
	copy(c.source[:], p[8+UserDataBytes:])
	return c, true
}
