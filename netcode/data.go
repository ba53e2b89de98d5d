package netcode

import (
	"crypto/cipher"
	"encoding/binary"

	"github.com/tickwire/tickwire/internal/seq"
	"github.com/tickwire/tickwire/internal/wire"
)

// A DATA packet:
//
//	prefix u8 = 0000 1 e nn (e epoch's parity, nn bytes of the number - 1) | id | number, little-endian | sealed frames | tag 16
//
// The id is four bytes towards the server, and what the client chose, often
// nothing, towards the client. The nonce is the iv XOR path u32 and number
// u64, big-endian; the additional data is the header as sent.

const (
	// MaxPaths is how many paths a connection can have.
	MaxPaths = 8
	// ClientOverhead and ServerOverhead are what a DATA packet with a two-byte
	// number costs in each direction, beside the client's own id.
	ClientOverhead = 1 + connectionIDBytes + 2 + macBytes
	ServerOverhead = 1 + 2 + macBytes

	connectionIDBytes = 4
	pathMask          = MaxPaths - 1
	dataWindow        = 1024
	plainWindow       = 256
	rememberedTails   = 16
	goneTailBytes     = 8
	goneBytes         = 1 + connectionIDBytes + goneTailBytes
)

// A Sealer makes the DATA packets of one direction of a connection. It
// allocates nothing.
type Sealer struct {
	aead      cipher.AEAD
	iv, nonce [12]byte
	id        [4]byte
	idLen     uint8
	pathAt    uint8 // which byte of id has the path in its low 3 bits

	tails [rememberedTails][goneTailBytes]byte // of the newest packets, to believe a GONE
	sent  uint64
}

func newSealer(secret []byte, id []byte, pathAt int) Sealer {
	s := Sealer{idLen: uint8(len(id)), pathAt: uint8(pathAt)}
	s.aead, s.iv = epochKey(secret)
	copy(s.id[:], id)
	return s
}

// Overhead is how many bytes header and tag of a packet with a number of
// numberBytes take.
func (s *Sealer) Overhead(numberBytes int) int { return 1 + int(s.idLen) + numberBytes + macBytes }

// AppendHeader begins a packet of a path below [MaxPaths] with a number
// written in numberBytes, 1 to 4, bytes. Frames are appended behind it, then
// [Sealer.Seal] seals them.
func (s *Sealer) AppendHeader(dst []byte, path uint8, number uint64, numberBytes int) []byte {
	dst = append(dst, wire.PrefixData|byte(numberBytes-1))
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
func (s *Sealer) Seal(dst []byte, start, frames int, path uint8, number uint64) []byte {
	setDataNonce(&s.nonce, &s.iv, path, number)
	dst = s.aead.Seal(dst[:frames], s.nonce[:], dst[frames:], dst[start:frames])
	copy(s.tails[s.sent%rememberedTails][:], dst[len(dst)-goneTailBytes:])
	s.sent++
	return dst
}

// sentTail reports whether one of the newest packets ended with tail.
func (s *Sealer) sentTail(tail []byte) bool {
	for i := range min(s.sent, rememberedTails) {
		if string(s.tails[i][:]) == string(tail) {
			return true
		}
	}
	return false
}

func setDataNonce(nonce, iv *[12]byte, path uint8, number uint64) {
	*nonce = *iv
	nonce[3] ^= path
	low := binary.BigEndian.Uint64(nonce[4:]) ^ number
	binary.BigEndian.PutUint64(nonce[4:], low)
}

// An opener reads the DATA packets of one direction. Each path has its own
// numbers and replay window, made when its first packet proves authentic.
type opener struct {
	aead      cipher.AEAD
	iv, nonce [12]byte
	paths     [MaxPaths]*seq.Window
}

func newOpener(secret []byte) opener {
	var o opener
	o.aead, o.iv = epochKey(secret)
	first := seq.NewWindow(dataWindow)
	o.paths[0] = &first
	return o
}

// open opens the packet b in place, whose id has idLen bytes and names path.
func (o *opener) open(b []byte, idLen int, path uint8) (number uint64, frames []byte, drop Drop) {
	numberBytes := int(b[0]&3) + 1
	header := 1 + idLen + numberBytes
	if len(b) < header+macBytes {
		return 0, nil, DropTooShort
	}
	if b[0]&wire.PrefixDataEpoch != 0 {
		return 0, nil, DropEpoch
	}
	for i := range numberBytes {
		number |= uint64(b[1+idLen+i]) << (8 * i)
	}
	w := o.paths[path]
	var expected uint64
	if w != nil {
		if largest, ok := w.Largest(); ok {
			expected = largest + 1
		}
	}
	number = seq.Nearest(expected, number, uint(8*numberBytes))
	if w != nil && !w.Fresh(number) {
		return 0, nil, DropReplay
	}
	setDataNonce(&o.nonce, &o.iv, path, number)
	frames, err := o.aead.Open(b[header:header], o.nonce[:], b[header:], b[:header])
	if err != nil {
		return 0, nil, DropForged
	}
	if w == nil {
		made := seq.NewWindow(dataWindow)
		w = &made
		o.paths[path] = w
	}
	w.Mark(number)
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
