package netcode

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"io"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// A cookieJar makes the cookies by which a client that resumes proves where it is, as a
// challenge does for one with a token. A cookie is of one source, one attempt of one
// ticket and a while, and nothing is kept of it: whoever copies a RESUME and sends it from
// elsewhere, later, or to a server that was restarted, gets another cookie and no more.
type cookieJar struct {
	mac hidden[hash.Hash]
	sum [sha256.Size]byte
	in  [macBytes + shareBytes + sourceBytes + 8]byte // here, so that making one allocates nothing
	ad  [retryADBytes]byte

	count uint64 // of RETRYs
}

const retryADBytes = 2 + len(wireID{}.b) + shareBytes

const (
	cookieBytes = 16
	retryBody   = 8 + cookieBytes
	// cookieLife is how long a cookie is good at least; at most twice as long.
	cookieLife = int64(16 * time.Second)
)

// newCookieJar draws the key, a new one in each run, and begins to count where no earlier run has
// come to.
func newCookieJar(unix int64, random io.Reader) (cookieJar, bool) {
	var k rawKey
	if !fill(random, k[:]) {
		return cookieJar{}, false
	}
	return cookieJar{mac: hide(hmac.New(sha256.New, k[:])), count: seconds(unix) << 20}, true
}

// make returns the cookie of a while, valid until the next one is made.
func (j *cookieJar) make(while int64, ticket *[macBytes]byte, share *[shareBytes]byte, source *Source) []byte {
	b := append(j.in[:0], ticket[:]...)
	b = append(append(b, share[:]...), source[:]...)
	b = binary.LittleEndian.AppendUint64(b, uint64(while))
	mac := j.mac()
	mac.Reset()
	mac.Write(b)
	return mac.Sum(j.sum[:0])[:cookieBytes]
}

// good reports whether a cookie is of now, or of the while before.
func (j *cookieJar) good(now int64, cookie []byte, ticket *[macBytes]byte, share *[shareBytes]byte, source *Source) bool {
	while := now / cookieLife
	return len(cookie) > 0 && (hmac.Equal(cookie, j.make(while, ticket, share, source)) ||
		hmac.Equal(cookie, j.make(while-1, ticket, share, source)))
}

// appendRetry builds the RETRY that gives a client a cookie. It has a number, so that a client knows
// one that is repeated:
//
//	07 05 | client id | nonce 24 | sealed{ number u64 | cookie 16 } | tag 16         additional data = 07 05 | client id | client share
func (j *cookieJar) appendRetry(random io.Reader, k *handshakeKeys, dst []byte, id wireID, clientShare *[shareBytes]byte, cookie []byte) ([]byte, bool) {
	start := len(dst)
	dst = append(dst, wire.PrefixHandshake, longRetry)
	dst = append(dst, id.bytes()...)
	nonce := len(dst)
	dst = append(dst, make([]byte, nonceXBytes)...)
	j.count++
	dst = binary.LittleEndian.AppendUint64(dst, j.count)
	dst = append(dst, cookie...)
	return sealLong(random, k.accept, dst, nonce, append(append(j.ad[:0], dst[start:nonce]...), clientShare[:]...))
}

// openRetry opens a RETRY in place.
func openRetry(k *handshakeKeys, b []byte, id wireID, clientShare *[shareBytes]byte) (number uint64, cookie []byte, drop Drop) {
	head := 2 + int(id.n)
	if len(b) < head || !bytes.Equal(b[2:head], id.bytes()) {
		return 0, nil, DropForged
	}
	body, ok := openLong(k.accept, b, head, append(append([]byte{}, b[:head]...), clientShare[:]...))
	switch {
	case !ok:
		return 0, nil, DropForged
	case len(body) != retryBody:
		return 0, nil, DropMalformed
	}
	return binary.LittleEndian.Uint64(body), body[8:], DropNone
}
