//go:build !js

package web

import (
	"encoding/binary"
	"sync/atomic"
	"time"

	"github.com/tickwire/tickwire/transport"
)

// A carrier moves the datagrams that WebRTC and WebTransport consist of. A udp.Socket is one, whose
// Write may be called from any goroutine; so is an ownPort.
type carrier interface {
	Write(ds []transport.Datagram) (int, error)
}

// A protocol is whose a datagram is, by what is in it.
type protocol uint8

const (
	ofGame      protocol = iota // and whatever else is none of ours
	ofSTUN                      // a check of ICE
	ofDTLS                      // a record of a data channel, if it is from a browser
	ofQUICLong                  // QUIC before there are keys
	ofQUICShort                 // QUIC with a connection id that we gave
)

const (
	stunHeader = 20
	stunCookie = 0x2112A442

	dtlsHeader = 13
	// The least and the greatest content type of DTLS 1.2, change_cipher_spec and tls12_cid (RFC 9147,
	// section 4; RFC 9146, section 3).
	dtlsLeast, dtlsMost = 20, 25

	// quicForm and quicFixed are bits of the first byte of QUIC (RFC 9000, section 17).
	quicForm, quicFixed = 0x80, 0x40
)

// protocolOf tells the protocols of a port apart. First bytes alone do not (RFC 9443): packets of the
// netcode standard begin with 0x11 to 0x86, where DTLS and QUIC are too (SPEC.md, section 1).
//
//	STUN        00 or 01, length at 2, a multiple of 4, cookie at 4 (RFC 8489, section 5). A connect
//	            request has "CODE" there, and nothing else of the game's begins so.
//	QUIC, long  0xC0 and above: nothing of the game's begins so
//	QUIC, short 0x40 to 0x7F, then a connection id, which proves itself
//	DTLS        20 to 25, version 0xFEFF or 0xFEFD, length at 11. Who sends it says the rest: the caller
//	            takes it only from an address that has passed ICE.
func protocolOf(b []byte, ids *connectionIDs) protocol {
	if len(b) == 0 {
		return ofGame
	}
	switch first := b[0]; {
	case first <= 1 && isSTUN(b):
		return ofSTUN
	case first >= dtlsLeast && first <= dtlsMost && isDTLS(b):
		return ofDTLS
	case first >= quicForm|quicFixed:
		return ofQUICLong
	case first&(quicForm|quicFixed) == quicFixed && ids.isOurs(b[1:]):
		return ofQUICShort
	}
	return ofGame
}

func isSTUN(b []byte) bool {
	if len(b) < stunHeader || binary.BigEndian.Uint32(b[4:]) != stunCookie {
		return false
	}
	length := int(binary.BigEndian.Uint16(b[2:]))
	return length%4 == 0 && length == len(b)-stunHeader
}

// isDTLS looks at the first record only: several may share a datagram.
func isDTLS(b []byte) bool {
	if len(b) < dtlsHeader || b[1] != 0xFE || b[2] != 0xFF && b[2] != 0xFD {
		return false
	}
	return b[0] == dtlsMost || int(binary.BigEndian.Uint16(b[11:])) <= len(b)-dtlsHeader // a CID shifts the length
}

// A diverter stands between a UDP port and the game that owns it: what is WebRTC's or WebTransport's
// goes into bounded queues, from which pion and quic-go read, and the rest is left to the game. It
// keeps no state for an address that has proved nothing.
type diverter struct {
	out  carrier
	ids  *connectionIDs
	ice  *iceTable   // nil: no WebRTC here
	quic *packetConn // nil: no WebTransport here

	start time.Time // of its clock
	count divertCounters
}

func newDiverter(out carrier) *diverter {
	return &diverter{out: out, ids: newConnectionIDs(), start: time.Now()}
}

// envoy sends by the same port.
func (v *diverter) envoy() envoy { return envoy{v.out, func() { v.count.unsent.Add(1) }} }

var _ transport.Diverter = (*diverter)(nil)

// divertCounters count datagrams by what became of them.
type divertCounters struct {
	stun, dtls, quicLong, quicShort atomic.Uint64 // taken
	strangers                       atomic.Uint64 // taken, and dropped: of no association that we know
	overflowed                      atomic.Uint64 // taken, and dropped: a queue was full
	tooMany                         atomic.Uint64 // taken, and dropped: checks of one association beyond its share
	unsent                          atomic.Uint64 // not taken by the system
}

// Divert implements [transport.Diverter]. It may be called from several goroutines at once, as by
// the shards of a server.
func (v *diverter) Divert(d transport.Datagram) bool {
	switch protocolOf(d.Bytes, v.ids) {
	case ofSTUN:
		return v.ice != nil && v.check(d)
	case ofDTLS:
		return v.ice != nil && v.record(d)
	case ofQUICLong:
		return v.quic != nil && v.packet(d, &v.count.quicLong, stranger)
	case ofQUICShort:
		return v.quic != nil && v.packet(d, &v.count.quicShort, known)
	}
	return false
}

// check takes a message of STUN.
func (v *diverter) check(d transport.Datagram) bool {
	v.count.stun.Add(1)
	c := v.ice.forCheck(d)
	switch {
	case c == nil:
		v.count.strangers.Add(1)
	case !c.mayCheck(int64(time.Since(v.start))):
		v.count.tooMany.Add(1)
	default:
		v.put(&c.in, d, stranger)
	}
	return true
}

// record takes a record of DTLS from an address that passed ICE, and leaves all others.
func (v *diverter) record(d transport.Datagram) bool {
	c := v.ice.at(d.Path.Remote)
	if c == nil {
		return false
	}
	v.count.dtls.Add(1)
	v.put(&c.in, d, known)
	return true
}

// packet takes a packet of QUIC.
func (v *diverter) packet(d transport.Datagram, count *atomic.Uint64, who standing) bool {
	count.Add(1)
	v.put(&v.quic.in, d, who)
	return true
}

func (v *diverter) put(in *intake, d transport.Datagram, who standing) {
	if !in.put(d, who) {
		v.count.overflowed.Add(1)
	}
}
