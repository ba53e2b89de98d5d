package endpoint

import "github.com/tickwire/tickwire/internal/seq"

// A Lone is an endpoint used alone, over a carrier of the caller's: each packet goes as a
// datagram of its own with its number, cut to two bytes, in front (SPEC.md, section 5). The
// carrier may lose, repeat and reorder datagrams. It must keep strangers out: a Lone has no
// seal, and whoever can write a datagram can speak for the peer.
type Lone struct {
	*Endpoint
	// Carrier is what is known of whatever carries the datagrams. The zero value takes those of
	// Config.MaxDatagramBytes.
	Carrier Carrier
}

// NewLone returns an endpoint for use without package netcode. Handshake and Trusted of the
// configuration are ignored.
func NewLone(now int64, cfg Config) (Lone, error) {
	cfg.Handshake, cfg.Trusted = false, false
	if cfg.PacketOverheadBytes == 0 {
		cfg.PacketOverheadBytes = loneHeader
	}
	e, err := New(now, cfg)
	return Lone{Endpoint: e}, err
}

const loneHeader = 2

// HandleDatagram takes a datagram of the peer.
func (l Lone) HandleDatagram(now int64, b []byte) {
	if len(b) < loneHeader {
		l.stats.Dropped[DropShort]++
		return
	}
	p := l.paths[0]
	expected := uint64(0)
	if largest, ok := p.received.Largest(); ok {
		expected = largest + 1
	}
	number := seq.Nearest(expected, uint64(b[0])|uint64(b[1])<<8, 16)
	l.HandlePacket(now, 0, 0, number, b[loneHeader:])
}

// AppendDatagram appends the next datagram for the peer to dst; nothing if there is none to
// send now. Call it until it appends nothing.
func (l Lone) AppendDatagram(now int64, dst []byte) []byte {
	number := l.NextNumber(0)
	if l.outOfNumbers(number) {
		return dst
	}
	start := len(dst)
	dst = append(dst, byte(number), byte(number>>8))
	packet := l.AppendPacket(now, 0, number, dst, l.NextDatagramBytes(now, 0, l.Carrier)-loneHeader)
	if len(packet) == len(dst) {
		return dst[:start]
	}
	return packet
}

// outOfNumbers reports whether so many packets are in flight that nothing new may be sent. A
// probe may as long as the peer can tell its number from an older one: an ack must get through
// for the others to follow.
func (l Lone) outOfNumbers(number uint64) bool {
	p, most := l.paths[0], uint64(1<<14)
	if p.loss.probe > 0 {
		most = 1<<15 - 1
	}
	return !l.life.ended() && number-p.largestAcked >= most
}

// Deadline returns when HandleTimeout or AppendDatagram has something to do at the latest, as
// that of Endpoint does.
func (l Lone) Deadline() int64 {
	if l.outOfNumbers(l.paths[0].next) {
		at := l.lifeDeadline()
		if p := l.paths[0]; p.loss.probe == 0 && !l.Away() {
			at = min(at, l.probeAt(p))
		}
		return at
	}
	return l.Endpoint.Deadline()
}
