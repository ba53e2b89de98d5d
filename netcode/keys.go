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
	clientToServer, serverToClient Key
}

func (k *tokenKeys) equal(other *tokenKeys) bool {
	return subtle.ConstantTimeCompare(k.clientToServer[:], other.clientToServer[:])&
		subtle.ConstantTimeCompare(k.serverToClient[:], other.serverToClient[:]) == 1
}

// handshakeKeys are derived from a token's keys, one for each purpose, so that
// OFFER, ACCEPT and REASON share a key with nothing.
type handshakeKeys struct {
	secret                []byte // T of the specification
	offer, accept, reason cipher.AEAD
}

func newHandshakeKeys(k *tokenKeys, protocolID uint64) *handshakeKeys {
	ikm := slices.Concat(k.clientToServer[:], k.serverToClient[:])
	h := &handshakeKeys{secret: extract(ikm, "tickwire 1 token")}
	pid := string(binary.LittleEndian.AppendUint64(nil, protocolID))
	key := func(label string) cipher.AEAD {
		return xchacha((*Key)(expand(h.secret, label+pid, len(Key{}))))
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

// trafficSecrets returns the first secret of each direction. Both shares are
// in it, so keys are new for every connection, also when a token is shown
// twice; agreed is what they come to with forward secrecy.
func (h *handshakeKeys) trafficSecrets(clientShare, serverShare *[shareBytes]byte, agreed []byte, c *trafficContext) (toServer, toClient []byte) {
	s := extract(slices.Concat(h.secret, agreed), string(clientShare[:])+string(serverShare[:]))
	x := c.info()
	return expand(s, "tickwire 1 c2s"+x, sha256.Size), expand(s, "tickwire 1 s2c"+x, sha256.Size)
}

// traffic returns the first epoch of each direction.
func (h *handshakeKeys) traffic(clientShare, serverShare *[shareBytes]byte, agreed []byte, c *trafficContext) (toServer, toClient epoch) {
	up, down := h.trafficSecrets(clientShare, serverShare, agreed, c)
	return newEpoch(up, c.pad.Suite, c.pad.TagBytes), newEpoch(down, c.pad.Suite, c.pad.TagBytes)
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
