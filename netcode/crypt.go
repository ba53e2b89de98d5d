package netcode

import (
	"crypto/cipher"
	"encoding/binary"
	"io"

	"golang.org/x/crypto/chacha20poly1305"
)

// A Key is a symmetric key: the one that backend and servers share, or one of
// the two that a token carries.
type Key [32]byte

// String keeps the key out of logs.
func (Key) String() string { return "(secret key)" }

// GoString does so for %#v.
func (k Key) GoString() string { return k.String() }

// Fixed sizes of netcode 1.02 and of the dialect built on it.
const (
	macBytes    = 16 // tag of Poly1305 and of GCM
	nonceBytes  = 12 // of ChaCha20 and of GCM: packets have numbers
	nonceXBytes = 24 // XChaCha20 nonce, random
	shareBytes  = 32 // what each side adds to the traffic keys
)

// versionInfo begins tokens and requests, and is authenticated with every
// standard packet: thirteen bytes, the last one zero.
const versionInfo = "NETCODE 1.02\x00"

// chacha returns ChaCha20-Poly1305 (RFC 8439) under key. The constructor
// fails only for a key of the wrong length, which the type rules out.
func chacha(key *Key) cipher.AEAD {
	a, _ := chacha20poly1305.New(key[:])
	return a
}

// xchacha returns XChaCha20-Poly1305 under key.
func xchacha(key *Key) cipher.AEAD {
	a, _ := chacha20poly1305.NewX(key[:])
	return a
}

// fill reads random bytes and reports whether all of them came. Nothing is
// ever sealed with a nonce or key that was not read in full.
func fill(random io.Reader, b []byte) bool {
	_, err := io.ReadFull(random, b)
	return err == nil
}

// A packetKey seals and opens the standard packets of one direction of one
// token. The nonce is four zero bytes and the sequence; the additional data is
// version, protocol id and prefix byte. Both live here so that sealing
// allocates nothing.
type packetKey struct {
	aead  cipher.AEAD
	nonce [nonceBytes]byte
	ad    [len(versionInfo) + 8 + 1]byte
}

func newPacketKey(key *Key, protocolID uint64) *packetKey {
	k := &packetKey{aead: chacha(key)}
	copy(k.ad[:], versionInfo)
	binary.LittleEndian.PutUint64(k.ad[len(versionInfo):], protocolID)
	return k
}

func (k *packetKey) set(prefix byte, sequence uint64) {
	binary.LittleEndian.PutUint64(k.nonce[4:], sequence)
	k.ad[len(k.ad)-1] = prefix
}

// append seals a standard packet onto dst. Body must not overlap dst.
func (k *packetKey) append(dst []byte, kind packetKind, sequence uint64, body []byte) []byte {
	prefix := len(dst)
	dst = appendStandardHeader(dst, kind, sequence)
	k.set(dst[prefix], sequence)
	start := len(dst)
	dst = append(dst, body...)
	return k.aead.Seal(dst[:start], k.nonce[:], dst[start:], k.ad[:])
}

// open opens the packet b in place, whose header is h.
func (k *packetKey) open(b []byte, h standardHeader) (body []byte, ok bool) {
	k.set(b[0], h.sequence)
	body, err := k.aead.Open(b[h.size:h.size], k.nonce[:], b[h.size:], k.ad[:])
	return body, err == nil
}
