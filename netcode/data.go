package netcode

import (
	"crypto/subtle"
	"encoding/binary"

	"github.com/tickwire/tickwire/internal/seq"
	"github.com/tickwire/tickwire/internal/wire"
)

// A DATA packet:
//
//	prefix u8 = 0000 1 e nn (e epoch's parity, nn bytes of the number - 1) | id | number, little-endian | sealed frames | tag
//
// The id is four bytes towards the server, and what the client chose, often
// nothing, towards the client. The nonce is the iv XOR path u32 and number
// u64, big-endian; the additional data is the header as sent.

const (
	// MaxPaths is how many paths a connection can have.
	MaxPaths = wire.MaxPath + 1

	connectionIDBytes = 4
	pathMask          = MaxPaths - 1
	dataWindow        = 1024
	plainWindow       = 256
	rememberedTails   = 16
	goneTailBytes     = 8
	goneBytes         = 1 + connectionIDBytes + goneTailBytes
	epochBit          = 2 // of the prefix, from below
)

// A Sealer makes the DATA packets of one direction of a connection. It
// allocates nothing, but for the keys of a new epoch.
type Sealer struct {
	epoch  epoch
	epochs uint64 // how many there were before this one
	nonce  [nonceBytes]byte
	id     [4]byte
	idLen  uint8
	pathAt uint8 // which byte of id has the path in its low 3 bits

	sealed  int              // packets of this epoch
	most    int              // after how many it should end
	used    uint8            // a bit for each path that has some
	paths   uint8            // likewise, of any epoch
	first   [MaxPaths]uint64 // number of the first of them, on these paths
	begunAt int64            // when the first of them was sealed
	wanted  bool

	sent  uint64
	tails *[rememberedTails][goneTailBytes]byte // of the newest packets, to believe a GONE; nil at a server
}

// newSealer returns what seals in the first epoch e; most is how many packets
// an epoch has, zero for the usual number.
func newSealer(e epoch, id []byte, pathAt, most int) Sealer {
	if most == 0 {
		most = MaxEpochPackets
	}
	s := Sealer{epoch: e, idLen: uint8(len(id)), pathAt: uint8(pathAt), most: most}
	copy(s.id[:], id)
	return s
}

// Overhead is how many bytes header and tag of a packet with a number of
// numberBytes take.
func (s *Sealer) Overhead(numberBytes int) int {
	return 1 + int(s.idLen) + numberBytes + int(s.epoch.tagBytes)
}

// AppendHeader begins a packet of a path below [MaxPaths] with a number
// written in numberBytes, 1 to 4, bytes. Frames are appended behind it, then
// [Sealer.Seal] seals them; keys change before a header, not behind it.
func (s *Sealer) AppendHeader(dst []byte, path uint8, number uint64, numberBytes int) []byte {
	dst = append(dst, wire.PrefixData|byte(s.epochs&1)<<epochBit|byte(numberBytes-1))
	id := len(dst)
	dst = append(dst, s.id[:s.idLen]...)
	if s.idLen > 0 {
		dst[id+int(s.pathAt)] |= path & pathMask
	}
	for range numberBytes {
		dst = append(dst, byte(number))
		number >>= 8
	}
	return dst
}

// Seal seals the frames dst[frames:] in place behind the header
// dst[start:frames], and appends the tag. A path and number must never seal
// two different packets; the sealed bytes may be sent more than once.
func (s *Sealer) Seal(now int64, dst []byte, start, frames int, path uint8, number uint64) []byte {
	if s.used == 0 {
		s.begunAt = now
	}
	if s.used&(1<<path) == 0 {
		s.used |= 1 << path
		s.paths |= 1 << path
		s.first[path] = number
	}
	keys := s.epoch.keys()
	setDataNonce(&s.nonce, &keys.iv, path, number)
	dst = keys.aead.Seal(dst[:frames], s.nonce[:], dst[frames:], dst[start:frames])
	if s.tails != nil {
		copy(s.tails[s.sent%rememberedTails][:], dst[len(dst)-goneTailBytes:])
	}
	s.sent++
	s.sealed++
	return dst
}

// sentTail reports whether one of the newest packets of a client ended with tail.
func (s *Sealer) sentTail(tail []byte) bool {
	same := 0
	for i := range min(s.sent, rememberedTails) {
		same |= subtle.ConstantTimeCompare(s.tails[i][:], tail)
	}
	return same == 1
}

func setDataNonce(nonce, iv *[nonceBytes]byte, path uint8, number uint64) {
	*nonce = *iv
	nonce[3] ^= path
	low := binary.BigEndian.Uint64(nonce[4:]) ^ number
	binary.BigEndian.PutUint64(nonce[4:], low)
}

// An opener reads the DATA packets of one direction. Each path has its own
// numbers and replay window, made when its first packet proves authentic; the
// epochs are the same for all.
// A window moves only for what was authentic, or a forged number would shut out the real ones. What
// does not open is counted against nobody: RFC 9001, 6.6 ends a connection at 2^36 of them, and then
// whoever forges so many could.
type opener struct {
	now, next epoch
	old       epoch // the one before, for a while
	epochs    uint64
	changedAt int64
	nonce     [nonceBytes]byte
	paths     [MaxPaths]*inbound
}

// An inbound is what is known of the packets of one path.
type inbound struct {
	seen  seq.Window
	epoch uint64 // in which one came last, counted from 1; 0: none came
	first uint64 // number of the one that came first in that epoch
}

func newOpener(e epoch) opener {
	return opener{now: e, next: e.next(), paths: [MaxPaths]*inbound{newInbound()}}
}

func newInbound() *inbound { return &inbound{seen: seq.NewWindow(dataWindow)} }

func (p *inbound) largest() uint64 {
	n, _ := p.seen.Largest()
	return n
}

// expected is the number that a packet of the path most likely has.
func (p *inbound) expected() uint64 {
	if p == nil {
		return 0
	}
	return p.largest() + 1 // 0 before the first packet
}

// mark notes an authentic packet; epoch counts from 1.
func (p *inbound) mark(number, epoch uint64) {
	p.seen.Mark(number)
	if epoch > p.epoch {
		p.epoch, p.first = epoch, number
	}
}

// open opens the packet b in place, whose id has idLen bytes and names path.
func (o *opener) open(now int64, b []byte, idLen int, path uint8) (number uint64, frames []byte, drop Drop) {
	numberBytes := int(b[0]&3) + 1
	header := 1 + idLen + numberBytes
	if len(b) < header+int(o.now.tagBytes) {
		return 0, nil, DropTooShort
	}
	for i := range numberBytes {
		number |= uint64(b[1+idLen+i]) << (8 * i)
	}
	p := o.paths[path]
	number = seq.Nearest(p.expected(), number, uint(8*numberBytes))
	if p != nil && !p.seen.Fresh(number) {
		return 0, nil, DropReplay
	}
	e := o.keys(now, p, uint64(b[0]&wire.PrefixDataEpoch)>>epochBit, number)
	if e == nil {
		return 0, nil, DropEpoch
	}
	keys := e.keys()
	setDataNonce(&o.nonce, &keys.iv, path, number)
	frames, err := keys.aead.Open(b[header:header], o.nonce[:], b[header:], b[:header])
	if err != nil {
		return 0, nil, DropForged
	}
	if p == nil {
		p = newInbound()
		o.paths[path] = p
	}
	switch e {
	case &o.old:
		p.mark(number, o.epochs)
		return number, frames, DropNone
	case &o.next:
		o.begin(now)
	}
	p.mark(number, o.epochs+1)
	return number, frames, DropNone
}

// appendGone builds the hint that an id is not known, which must be smaller than
// the datagram it answers:
//
//	05 | id 4, as it came | the last 8 bytes of the datagram
//
// The id is quoted because it may have been changed on the way: then the hint is
// about a connection that nobody has, and must not harm the one that it came from.
func appendGone(dst, datagram []byte) []byte {
	dst = append(dst, wire.PrefixGone)
	dst = append(dst, datagram[1:1+connectionIDBytes]...)
	return append(dst, datagram[len(datagram)-goneTailBytes:]...)
}
