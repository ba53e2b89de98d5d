package endpoint

import (
	"fmt"

	"github.com/tickwire/tickwire/internal/config"
	"github.com/tickwire/tickwire/internal/seq"
	"github.com/tickwire/tickwire/internal/wire"
)

// A Lone is an endpoint used alone, over a carrier of the caller's: each packet goes as a
// datagram of its own with its number, cut to two bytes, in front. The
// carrier may lose, repeat and reorder datagrams, but neither join, cut nor damage them: over a
// serial line, say, the caller frames them and adds a checksum. It must keep strangers out: a Lone
// has no seal, and whoever can write a datagram can speak for the peer, or end the connection by one
// that makes no sense.
type Lone struct {
	*Endpoint
	// Carrier is what NewLone was told. It may be changed when the carrier changes, as one does
	// that agrees with the peer on larger frames.
	Carrier Carrier
}

// NewLone returns an endpoint for use without package netcode, over a carrier of which so much is
// known: the zero Carrier takes whatever Config.MaxDatagramBytes allows. Handshake and Trusted of
// the configuration are ignored; no datagram is marked, since a Lone hands on no marks. The error
// is a join of ConfigErrors: also if the carrier takes so little that the two ends could not meet.
func NewLone(now int64, cfg Config, carrier Carrier) (Lone, error) {
	cfg.Handshake, cfg.Trusted, cfg.DisableECN = false, false, true
	if cfg.PacketOverheadBytes == 0 {
		cfg.PacketOverheadBytes = loneHeader
	}
	e, err := New(now, cfg)
	if err != nil {
		return Lone{}, err
	}
	if least := e.leastLone(); carrier.MaxDatagramBytes > 0 && carrier.MaxDatagramBytes < least {
		e.Release()
		return Lone{}, config.Wrong("carrier.MaxDatagramBytes", carrier.MaxDatagramBytes,
			fmt.Sprintf("at least %d, which the HELLO of these channels takes, or 0 for no limit", least))
	}
	return Lone{e, carrier}, nil
}

const loneHeader = 2

// leastLone is the size of the datagram in which HELLO travels.
func (e *Endpoint) leastLone() int {
	var body [wire.MaxHelloBytes]byte
	return loneHeader + helloFrame(e.AppendHello(0, body[:0]))
}

// HandleDatagram takes a datagram of the peer. It is only read, and not kept.
func (l Lone) HandleDatagram(now int64, b []byte) { l.handle(now, b, NotECT) }

func (l Lone) handle(now int64, b []byte, mark ECN) {
	if len(b) < loneHeader {
		l.stats.Dropped[DropShort]++
		return
	}
	p := l.paths.all[0]
	expected := uint64(0)
	if largest, ok := p.received.Largest(); ok {
		expected = largest + 1
	}
	number := seq.Nearest(expected, uint64(b[0])|uint64(b[1])<<8, 16)
	l.HandlePacket(now, Incoming{ECN: mark, Number: number, Frames: b[loneHeader:]})
}

// AppendDatagram appends the next datagram for the peer to dst; nothing if there is none to
// send now. Call it until it appends nothing.
func (l Lone) AppendDatagram(now int64, dst []byte) []byte {
	var out Outgoing
	switch {
	case !l.next(now, dst[len(dst):], &out):
		return dst
	case len(dst) == 0:
		return out.Packet
	}
	return append(dst, out.Packet...) // onto itself, if there was room
}

// next makes the next datagram in free memory; false if there is none.
func (l *Lone) next(now int64, free []byte, out *Outgoing) bool {
	if l.outOfNumbers() {
		return false
	}
	l.SetNow(now)
	return l.packetOn(now, l.paths.all[0], out, func(h Header) ([]byte, Envelope) {
		return append(free, byte(h.Number), byte(h.Number>>8)), Envelope{Carrier: l.Carrier}
	})
}

// outOfNumbers reports whether so many packets are in flight that nothing new may be sent. A
// probe may as long as the peer can tell its number from an older one: an ack must get through
// for the others to follow.
func (l Lone) outOfNumbers() bool {
	p, most := l.paths.all[0], uint64(1<<14)
	if p.loss.probe > 0 {
		most = 1<<15 - 1
	}
	return !l.life.ended() && p.nextNumber()-p.largestAcked >= most
}

// Deadline returns when HandleTimeout or AppendDatagram has something to do at the latest, as
// that of Endpoint does.
func (l Lone) Deadline() int64 {
	if l.outOfNumbers() {
		at := l.lifeDeadline()
		if p := l.paths.all[0]; p.loss.probe == 0 && !l.Away() {
			at = min(at, p.loss.lossAt, p.probeAt())
		}
		return at
	}
	return l.Endpoint.Deadline()
}
