package netcode

import (
	"bytes"
	"crypto/cipher"
	"encoding/binary"
	"io"

	"github.com/tickwire/tickwire/internal/wire"
)

// The kinds of handshake packet, the byte behind prefix 0x07. All of them are
// sealed with XChaCha20-Poly1305 under a key of their own and a random nonce.
const (
	longOffer  = 1
	longAccept = 2
	longReason = 3
	longResume = 4
	longRetry  = 5
)

// sealLong seals b from behind its nonce, which it draws.
func sealLong(random io.Reader, aead cipher.AEAD, b []byte, nonce int, ad []byte) ([]byte, bool) {
	body := nonce + nonceXBytes
	if !fill(random, b[nonce:body]) {
		return b[:0], false
	}
	return aead.Seal(b[:body], b[nonce:body], b[body:], ad), true
}

// openLong opens b in place.
func openLong(aead cipher.AEAD, b []byte, nonce int, ad []byte) ([]byte, bool) {
	body := nonce + nonceXBytes
	if len(b) < body+macBytes {
		return nil, false
	}
	p, err := aead.Open(b[body:body], b[nonce:body], b[body:], ad)
	return p, err == nil
}

// A wireID is the connection id that a client chose for the server's DATA
// packets: none, or up to four bytes, the low 3 bits of the first for the path.
type wireID struct {
	b [4]byte
	n uint8
}

func (w *wireID) bytes() []byte { return w.b[:w.n] }

// An offer is the body of OFFER, the client's answer to a challenge:
//
//	07 01 | challenge sequence u64 | nonce 24 | sealed | tag
//	sealed = wire version u8 | client share 32 | n u8, client id n | n u8, pad items | challenge token 300 | HELLO body
type offer struct {
	sequence  uint64 // of the challenge; its low 24 bits name the token's entry
	version   uint8
	share     [shareBytes]byte
	wireID    wireID
	padItems  []byte
	challenge []byte
	hello     []byte
}

const (
	offerNonceAt  = 2 + 8
	minOfferBytes = offerNonceAt + nonceXBytes + 1 + shareBytes + 1 + 1 + challengeTokenBytes + macBytes
	maxOfferBytes = minOfferBytes + len(wireID{}.b) + maxPadItems + wire.MaxHelloBytes
)

func (o *offer) append(random io.Reader, k *handshakeKeys, dst []byte) ([]byte, bool) {
	start := len(dst)
	dst = append(dst, wire.PrefixHandshake, longOffer)
	dst = binary.LittleEndian.AppendUint64(dst, o.sequence)
	dst = append(dst, make([]byte, nonceXBytes)...)
	dst = append(dst, o.version)
	dst = append(dst, o.share[:]...)
	dst = append(dst, o.wireID.n)
	dst = append(dst, o.wireID.bytes()...)
	dst = append(dst, byte(len(o.padItems)))
	dst = append(dst, o.padItems...)
	dst = append(dst, o.challenge...)
	dst = append(dst, o.hello...)
	return sealLong(random, k.offer, dst, start+offerNonceAt, dst[start:start+offerNonceAt])
}

// open opens the OFFER b in place; the slices in o point into b.
func (o *offer) open(k *handshakeKeys, b []byte) Drop {
	body, ok := openLong(k.offer, b, offerNonceAt, b[:offerNonceAt])
	if !ok {
		return DropForged
	}
	r := wire.NewReader(body)
	o.sequence = binary.LittleEndian.Uint64(b[2:])
	o.version = r.U8()
	copy(o.share[:], r.Take(shareBytes))
	o.wireID.n = uint8(copy(o.wireID.b[:], r.Short(len(o.wireID.b))))
	o.padItems = r.Short(maxPadItems)
	o.challenge = r.Take(challengeTokenBytes)
	o.hello = r.Rest()
	if r.Bad() || len(o.hello) > wire.MaxHelloBytes || o.wireID.b[0]&pathMask != 0 {
		return DropMalformed
	}
	return DropNone
}

// An accept is the body of ACCEPT, the server's confirmation:
//
//	07 02 | client id | nonce 24 | sealed | tag                    additional data = 07 02 | client id | client share
//	sealed = connection id 4 | server share 32 | flags u8 | n u8, pad items | client index u32 | max clients u32
//	       | source as the server sees it 20 | HELLO body
type accept struct {
	connectionID [4]byte
	share        [shareBytes]byte
	flags        uint8
	padItems     []byte
	index, max   uint32
	source       Source
	hello        []byte
}

// flagContinue of ACCEPT: the endpoint goes on where it was; of RESUME: it wants to.
const flagContinue = 2

const maxAcceptBytes = 2 + len(wireID{}.b) + nonceXBytes + 4 + shareBytes + 1 + 1 + maxPadItems + 4 + 4 + sourceBytes + wire.MaxHelloBytes + macBytes

func acceptAD(id *wireID, clientShare *[shareBytes]byte) []byte {
	ad := append([]byte{wire.PrefixHandshake, longAccept}, id.bytes()...)
	return append(ad, clientShare[:]...)
}

func (a *accept) append(random io.Reader, k *handshakeKeys, dst []byte, id wireID, clientShare *[shareBytes]byte) ([]byte, bool) {
	dst = append(dst, wire.PrefixHandshake, longAccept)
	dst = append(dst, id.bytes()...)
	nonce := len(dst)
	dst = append(dst, make([]byte, nonceXBytes)...)
	dst = append(dst, a.connectionID[:]...)
	dst = append(dst, a.share[:]...)
	dst = append(dst, a.flags, byte(len(a.padItems)))
	dst = append(dst, a.padItems...)
	dst = binary.LittleEndian.AppendUint32(dst, a.index)
	dst = binary.LittleEndian.AppendUint32(dst, a.max)
	dst = append(dst, a.source[:]...)
	dst = append(dst, a.hello...)
	return sealLong(random, k.accept, dst, nonce, acceptAD(&id, clientShare))
}

// open opens the ACCEPT b in place; the slices in a point into b.
func (a *accept) open(k *handshakeKeys, b []byte, id wireID, clientShare *[shareBytes]byte) Drop {
	head := 2 + int(id.n)
	if len(b) < head || !bytes.Equal(b[2:head], id.bytes()) {
		return DropForged
	}
	body, ok := openLong(k.accept, b, head, acceptAD(&id, clientShare))
	if !ok {
		return DropForged
	}
	r := wire.NewReader(body)
	copy(a.connectionID[:], r.Take(len(a.connectionID)))
	copy(a.share[:], r.Take(shareBytes))
	a.flags = r.U8()
	a.padItems = r.Short(maxPadItems)
	a.index, a.max = r.U32(), r.U32()
	copy(a.source[:], r.Take(sourceBytes))
	a.hello = r.Rest()
	if r.Bad() || len(a.hello) > wire.MaxHelloBytes || a.flags&^flagContinue != 0 || a.connectionID[connectionIDBytes-1]&pathMask != 0 {
		return DropMalformed
	}
	return DropNone
}

// offerSequence is the challenge sequence of an OFFER, which is in the clear.
func offerSequence(b []byte) uint64 { return binary.LittleEndian.Uint64(b[2:]) }
