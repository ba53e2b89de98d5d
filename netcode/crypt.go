package netcode

import (
	"crypto/cipher"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"io"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/tickwire/tickwire/internal/config"
)

// KeyBytes is the size of a [Key].
const KeyBytes = len(rawKey{})

// A Key is the symmetric key that backend and servers share; the zero Key is none. Its bytes
// lie behind a func, where nothing that prints or encodes a struct by reflection gets
// at them, also not where a Key is a field that is not exported, of which fmt calls no String.
// Two Keys cannot be compared.
type Key struct{ reveal hidden[*rawKey] }

// KeyFrom makes a Key of secret bytes. Of zeros alone it makes the zero Key.
func KeyFrom(b [KeyBytes]byte) Key {
	if b == (rawKey{}) {
		return Key{}
	}
	return Key{hide((*rawKey)(&b))}
}

// UnmarshalBinary makes it the Key of [KeyBytes] secret bytes. The error is a *[ConfigError].
func (k *Key) UnmarshalBinary(b []byte) error {
	if len(b) != KeyBytes {
		return config.Wrong("Key", fmt.Sprintf("%d bytes", len(b)), fmt.Sprintf("%d, from a good random source", KeyBytes))
	}
	*k = KeyFrom([KeyBytes]byte(b))
	return nil
}

// IsZero reports whether there is no key.
func (k Key) IsZero() bool { return k.reveal == nil }

// Append appends the bytes of the key, for whoever has to store it.
func (k Key) Append(dst []byte) []byte { return append(dst, k.raw()[:]...) }

// Equal reports whether two keys are the same, in a time that says nothing about them.
func (k Key) Equal(other Key) bool {
	return subtle.ConstantTimeCompare(k.raw()[:], other.raw()[:]) == 1
}

// String keeps the key out of logs.
func (Key) String() string { return "(secret key)" }

// GoString does so for %#v.
func (k Key) GoString() string { return k.String() }

// raw returns the bytes, not to be changed.
func (k Key) raw() *rawKey {
	if k.IsZero() {
		return new(rawKey)
	}
	return k.reveal()
}

// A rawKey is the bytes of any symmetric key.
type rawKey [32]byte

// A hidden value lies behind a func. Whatever an owner can hold, and so print, has its secrets
// hidden: fmt and all else that goes by reflection follow pointers, and stop there.
type hidden[T any] func() T

func hide[T any](v T) hidden[T] { return func() T { return v } }

// A veil is an AEAD that hides another one, with its key.
type veil struct{ hidden[cipher.AEAD] }

func (v *veil) NonceSize() int { return v.hidden().NonceSize() }
func (v *veil) Overhead() int  { return v.hidden().Overhead() }

func (v *veil) Seal(dst, nonce, text, ad []byte) []byte {
	return v.hidden().Seal(dst, nonce, text, ad)
}

func (v *veil) Open(dst, nonce, sealed, ad []byte) ([]byte, error) {
	return v.hidden().Open(dst, nonce, sealed, ad)
}

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
func chacha(key *rawKey) cipher.AEAD {
	a, _ := chacha20poly1305.New(key[:])
	return &veil{hide(a)}
}

// xchacha returns XChaCha20-Poly1305 under key.
func xchacha(key *rawKey) cipher.AEAD {
	a, _ := chacha20poly1305.NewX(key[:])
	return &veil{hide(a)}
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

func newPacketKey(key *rawKey, protocolID uint64) *packetKey {
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
