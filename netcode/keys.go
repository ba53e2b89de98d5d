package netcode

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"slices"

	"github.com/tickwire/tickwire/internal/wire"
)

// tokenKeys are the two keys that a connect token carries. They seal standard
// packets and nothing else; everything of ours is derived.
type tokenKeys struct {
	clientToServer, serverToClient rawKey
}

func (k *tokenKeys) equal(other *tokenKeys) bool {
	return subtle.ConstantTimeCompare(k.clientToServer[:], other.clientToServer[:])&
		subtle.ConstantTimeCompare(k.serverToClient[:], other.serverToClient[:]) == 1
}

// handshakeKeys are derived from a token's keys, one for each purpose, so that
// OFFER, ACCEPT and REASON share a key with nothing.
type handshakeKeys struct {
	secret                hidden[[]byte] // T of the specification
	offer, accept, reason cipher.AEAD
}

func newHandshakeKeys(k *tokenKeys, protocolID uint64) *handshakeKeys {
	return deriveHandshakeKeys(slices.Concat(k.clientToServer[:], k.serverToClient[:]), "tickwire 1 token", protocolID)
}

// newResumeKeys are those of a ticket: RESUME is sealed as OFFER is.
func newResumeKeys(secret *rawKey, protocolID uint64) *handshakeKeys {
	return deriveHandshakeKeys(secret[:], "tickwire 1 resume", protocolID)
}

func deriveHandshakeKeys(ikm []byte, label string, protocolID uint64) *handshakeKeys {
	secret := extract(ikm, label)
	h := &handshakeKeys{secret: hide(secret)}
	pid := string(binary.LittleEndian.AppendUint64(nil, protocolID))
	key := func(label string) cipher.AEAD {
		return xchacha((*rawKey)(expand(secret, label+pid, len(rawKey{}))))
	}
	h.offer, h.accept, h.reason = key("tickwire 1 offer"), key("tickwire 1 accept"), key("tickwire 1 reason")
	return h
}

// trafficContext is what both sides must agree on for their traffic keys to
// match: X of the specification.
type trafficContext struct {
	protocolID   uint64
	pad          Pad
	connectionID [4]byte // path bits 0
	wireID       wireID
}

func (c *trafficContext) info() string {
	b := []byte{wire.Version}
	b = binary.LittleEndian.AppendUint64(b, c.protocolID)
	b = append(b, byte(c.pad.Suite), c.pad.TagBytes)
	b = append(b, c.connectionID[:]...)
	b = append(b, c.wireID.n)
	return string(append(b, c.wireID.bytes()...))
}

// connectionSecret is S of the specification. Both shares are in it, so keys are new for
// every connection, also when a token is shown twice; agreed is what they come to with
// forward secrecy.
func (h *handshakeKeys) connectionSecret(clientShare, serverShare *[shareBytes]byte, agreed []byte) []byte {
	return extract(slices.Concat(h.secret(), agreed), string(clientShare[:])+string(serverShare[:]))
}

// trafficSecrets returns the first secret of each direction, and what the secrets of
// resume tickets are derived from: it opens nothing that the connection says.
func (c *trafficContext) trafficSecrets(s []byte) (toServer, toClient, resumption []byte) {
	x := c.info()
	return expand(s, "tickwire 1 c2s"+x, sha256.Size), expand(s, "tickwire 1 s2c"+x, sha256.Size),
		expand(s, "tickwire 1 resumption"+x, len(rawKey{}))
}

// trafficKeys are what a connection begins with.
type trafficKeys struct {
	toServer, toClient epoch
	resumption         hidden[*rawKey]
}

func (h *handshakeKeys) traffic(clientShare, serverShare *[shareBytes]byte, agreed []byte, c *trafficContext) trafficKeys {
	up, down, resumption := c.trafficSecrets(h.connectionSecret(clientShare, serverShare, agreed))
	return trafficKeys{
		toServer:   newEpoch(up, c.pad.Suite, c.pad.TagBytes),
		toClient:   newEpoch(down, c.pad.Suite, c.pad.TagBytes),
		resumption: hide((*rawKey)(resumption)),
	}
}

// ticketSecret is R of the specification: what a ticket with the nonce gives to who had
// the connection.
func ticketSecret(resumption *rawKey, nonce []byte) rawKey {
	return rawKey(expand(resumption[:], "tickwire 1 ticket"+string(nonce), len(rawKey{})))
}

// ticketKey is what tickets are sealed under.
func ticketKey(key *rawKey, protocolID uint64) cipher.AEAD {
	pid := string(binary.LittleEndian.AppendUint64(nil, protocolID))
	return xchacha((*rawKey)(expand(extract(key[:], "tickwire 1 tickets"), "tickwire 1 ticket key"+pid, len(rawKey{}))))
}

// extract and expand are HKDF-SHA256 (RFC 5869). The standard library fails
// only for keys that its FIPS mode finds too short and for lengths beyond 255
// hashes; neither can happen here.
func extract(secret []byte, salt string) []byte {
	prk, err := hkdf.Extract(sha256.New, secret, []byte(salt))
	if err != nil {
		panic("netcode: HKDF: " + err.Error())
	}
	return prk
}

func expand(prk []byte, info string, n int) []byte {
	key, err := hkdf.Expand(sha256.New, prk, info, n)
	if err != nil {
		panic("netcode: HKDF: " + err.Error())
	}
	return key
}
