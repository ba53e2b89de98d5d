package netcode

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"

	"github.com/tickwire/tickwire/internal/config"
)

// A Suite is how DATA packets are protected. The issuer of a token chooses it.
type Suite uint8

const (
	// SuiteChaCha20Poly1305 encrypts, in constant time on every machine (RFC 8439).
	SuiteChaCha20Poly1305 Suite = 1
	// SuiteAES256GCM encrypts, faster where the processor has instructions for it;
	// where it has none it is slower, and not in constant time.
	SuiteAES256GCM Suite = 2
	// SuiteSignedOnly leaves messages readable to everybody on the way; nobody
	// can change a byte, the header included. The tag is HMAC-SHA256, cut to
	// between MinTagBytes and 32 bytes: a forger guesses one of n bytes once in
	// 2^(8n) packets, and has nothing else to try. Its players cannot be handed over to another
	// server, since that takes a token over the line. It is for being read, not for speed:
	// HMAC-SHA256 costs more than AES-GCM, and about as much as ChaCha20-Poly1305.
	SuiteSignedOnly Suite = 3
)

// MinTagBytes is the shortest tag, which only SuiteSignedOnly may have.
const MinTagBytes = 8

func (s Suite) String() string {
	switch s {
	case SuiteChaCha20Poly1305:
		return "ChaCha20-Poly1305"
	case SuiteAES256GCM:
		return "AES-256-GCM"
	case SuiteSignedOnly:
		return "signed only"
	}
	return fmt.Sprintf("suite %d", uint8(s))
}

// Encrypts reports whether nobody on the way can read what it protects.
func (s Suite) Encrypts() bool { return s == SuiteChaCha20Poly1305 || s == SuiteAES256GCM }

// takes reports whether the suite exists and makes tags of n bytes.
func (s Suite) takes(n uint8) bool {
	switch s {
	case SuiteChaCha20Poly1305, SuiteAES256GCM:
		return n == macBytes
	case SuiteSignedOnly:
		return n >= MinTagBytes && n <= sha256.Size
	}
	return false
}

// aead returns what seals and opens under a key. Its nonces have 12 bytes.
func (s Suite) aead(key *rawKey, tagBytes uint8) cipher.AEAD {
	switch s {
	case SuiteAES256GCM:
		block, _ := aes.NewCipher(key[:]) // fails for keys of other lengths only
		gcm, _ := cipher.NewGCM(block)    // and this for other blocks
		return &veil{hide(gcm)}
	case SuiteSignedOnly:
		return &veil{hide[cipher.AEAD](&signer{mac: hmac.New(sha256.New, key[:]), tagBytes: int(tagBytes)})}
	}
	return chacha(key)
}

// A signer is a cipher.AEAD that encrypts nothing: its tag is the first bytes
// of HMAC-SHA256 over nonce, additional data and text. The additional data of
// a packet, its header, says by its first byte how long it is, so that no two
// packets make the same string.
type signer struct {
	mac      hash.Hash
	tagBytes int
	sum      [sha256.Size]byte
}

var errUnsigned = errors.New("netcode: the tag does not match")

func (s *signer) NonceSize() int { return nonceBytes }
func (s *signer) Overhead() int  { return s.tagBytes }

func (s *signer) tag(nonce, text, ad []byte) []byte {
	s.mac.Reset()
	s.mac.Write(nonce)
	s.mac.Write(ad)
	s.mac.Write(text)
	return s.mac.Sum(s.sum[:0])[:s.tagBytes]
}

// Seal appends the text and its tag to dst.
func (s *signer) Seal(dst, nonce, text, ad []byte) []byte {
	tag := s.tag(nonce, text, ad)
	return append(append(dst, text...), tag...)
}

// Open appends the text of what Seal made to dst.
func (s *signer) Open(dst, nonce, sealed, ad []byte) ([]byte, error) {
	n := len(sealed) - s.tagBytes
	if n < 0 || !hmac.Equal(sealed[n:], s.tag(nonce, sealed[:n], ad)) {
		return nil, errUnsigned
	}
	return append(dst, sealed[:n]...), nil
}

// A Protection is how much of it a side insists on, whatever the issuer of the
// token chose.
type Protection uint8

const (
	// AnyProtection accepts every suite that this version has.
	AnyProtection Protection = iota
	// Encrypted refuses SuiteSignedOnly.
	Encrypted
	// ForwardSecret wants a fresh exchange of keys on top of that. Tokens of
	// other backends than tickwire's cannot ask for one, so they are refused.
	ForwardSecret
)

// checkPeers checks what both configs say of peers.
func checkPeers(v *config.Check, plain PlainPolicy, least Protection, epochPackets int) {
	v.That(plain <= PlainOnly, "Plain", uint8(plain), "PlainRefuse, PlainAllow or PlainOnly")
	v.That(least <= ForwardSecret, "LeastProtection", uint8(least), "AnyProtection, Encrypted or ForwardSecret")
	v.That(epochPackets >= 0 && epochPackets <= MaxEpochPackets, "EpochPackets", epochPackets,
		fmt.Sprintf("1 to %d, or 0 for the most", MaxEpochPackets))
}

// unfit says what a pad asks for that this side does not have or does not
// accept, "" if nothing.
func (p *Pad) unfit(least Protection) string {
	switch {
	case !p.Suite.takes(p.TagBytes):
		return fmt.Sprintf("protection suite %d with %d bytes of tag; this version has suites 1 and 2 with 16, and 3 with 8 to 32",
			p.Suite, p.TagBytes)
	case least >= Encrypted && p.Suite == SuiteSignedOnly:
		return "no encryption, less than LeastProtection"
	case least >= ForwardSecret && !p.ForwardSecrecy:
		return "no forward secrecy, less than LeastProtection"
	}
	return ""
}
