package netcode

import (
	"encoding/binary"
	"io"

	"github.com/tickwire/tickwire/internal/wire"
)

// A resume is the body of RESUME, by which a client comes back with a ticket:
//
//	07 04 | n u16, ticket n | nonce 24 | sealed | tag 16                  additional data = the bytes before the nonce
//	sealed = wire version u8 | client share 32 | n u8, client id n | n u8, cookie n | flags u8 | attempt u64 | instance u64
//	       | n v, HELLO body n | zeros, to the end
//
// The first one has no cookie, and is answered by RETRY, which gives one; see cookieJar.
// It is at least as long as any ACCEPT, which the zeros are for. Of two RESUMEs with one
// ticket the one with the higher attempt counts: a client that begins again has a higher
// one, and whoever repeats what he saw has not.
type resume struct {
	version  uint8
	share    [shareBytes]byte
	wireID   wireID
	cookie   []byte
	flags    uint8
	attempt  uint64
	instance uint64 // of the server's endpoint that shall continue; else 0
	hello    []byte
}

const (
	resumeTicketAt = 2 + 2
	minResumeBytes = maxAcceptBytes
	maxResumeBytes = resumeTicketAt + maxTicketBytes + nonceXBytes + resumeFixed + len(wireID{}.b) + cookieBytes + 2 + wire.MaxHelloBytes + macBytes
	resumeFixed    = 1 + shareBytes + 1 + 1 + 1 + 8 + 8 // without the length of HELLO
)

func (r *resume) append(random io.Reader, k *handshakeKeys, dst, ticket []byte) ([]byte, bool) {
	start := len(dst)
	dst = append(dst, wire.PrefixHandshake, longResume)
	dst = binary.LittleEndian.AppendUint16(dst, uint16(len(ticket)))
	dst = append(dst, ticket...)
	nonce := len(dst)
	dst = append(dst, make([]byte, nonceXBytes)...)
	dst = append(dst, r.version)
	dst = append(dst, r.share[:]...)
	dst = append(dst, r.wireID.n)
	dst = append(dst, r.wireID.bytes()...)
	dst = append(dst, byte(len(r.cookie)))
	dst = append(dst, r.cookie...)
	dst = append(dst, r.flags)
	dst = binary.LittleEndian.AppendUint64(dst, r.attempt)
	dst = binary.LittleEndian.AppendUint64(dst, r.instance)
	dst = wire.AppendBytes(dst, r.hello)
	if short := minResumeBytes - (len(dst) - start + macBytes); short > 0 {
		dst = append(dst, make([]byte, short)...)
	}
	return sealLong(random, k.offer, dst, nonce, dst[start:nonce])
}

// splitResume returns the ticket of the RESUME b, and where its nonce is.
func splitResume(b []byte) (ticket []byte, nonce int, ok bool) {
	if len(b) < minResumeBytes || len(b) > maxResumeBytes {
		return nil, 0, false
	}
	n := int(binary.LittleEndian.Uint16(b[2:]))
	nonce = resumeTicketAt + n
	if n < minTicketBytes || n > maxTicketBytes || len(b) < nonce+nonceXBytes+resumeFixed+macBytes {
		return nil, 0, false
	}
	return b[resumeTicketAt:nonce:nonce], nonce, true
}

// open opens the RESUME b in place; the slices in r point into b.
func (r *resume) open(k *handshakeKeys, b []byte, nonce int) Drop {
	body, ok := openLong(k.offer, b, nonce, b[:nonce])
	if !ok {
		return DropForged
	}
	rd := wire.NewReader(body)
	r.version = rd.U8()
	copy(r.share[:], rd.Take(shareBytes))
	r.wireID.n = uint8(copy(r.wireID.b[:], rd.Short(len(r.wireID.b))))
	r.cookie = rd.Short(cookieBytes)
	r.flags = rd.U8()
	r.attempt, r.instance = rd.U64(), rd.U64()
	r.hello = rd.Bytes()
	for _, zero := range rd.Rest() {
		rd.Want(zero == 0)
	}
	if rd.Bad() || len(r.hello) > wire.MaxHelloBytes || r.flags&^flagContinue != 0 || r.wireID.b[0]&pathMask != 0 {
		return DropMalformed
	}
	return DropNone
}
