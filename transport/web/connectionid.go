//go:build !js

package web

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"

	"github.com/quic-go/quic-go"
)

const (
	idRandom = 5
	idCheck  = 5
	idBytes  = idRandom + idCheck
)

// connectionIDs are those that QUIC's packets for us begin with: five random bytes, and five that
// prove to us that we gave them. So a packet tells by itself that it is QUIC, from whatever address
// it comes after a migration, where a packet of a plain netcode player passes for one once in 2^40.
type connectionIDs struct{ key [32]byte }

var _ quic.ConnectionIDGenerator = (*connectionIDs)(nil)

func newConnectionIDs() *connectionIDs {
	c := new(connectionIDs)
	rand.Read(c.key[:]) // never fails
	return c
}

// GenerateConnectionID implements quic.ConnectionIDGenerator.
func (c *connectionIDs) GenerateConnectionID() (quic.ConnectionID, error) {
	var id [idBytes]byte
	rand.Read(id[:idRandom])
	check := c.check(id[:idRandom])
	copy(id[idRandom:], check[:])
	return quic.ConnectionIDFromBytes(id[:]), nil
}

// ConnectionIDLen implements quic.ConnectionIDGenerator.
func (c *connectionIDs) ConnectionIDLen() int { return idBytes }

// isOurs reports whether b begins with an id that we gave.
func (c *connectionIDs) isOurs(b []byte) bool {
	if len(b) < idBytes {
		return false
	}
	check := c.check(b[:idRandom])
	return subtle.ConstantTimeCompare(check[:], b[idRandom:idBytes]) == 1
}

// check is a hash under a key. Input of one length needs no HMAC.
func (c *connectionIDs) check(random []byte) (check [idCheck]byte) {
	var b [len(c.key) + idRandom]byte
	copy(b[:], c.key[:])
	copy(b[len(c.key):], random)
	sum := sha256.Sum256(b[:])
	copy(check[:], sum[:])
	return check
}
