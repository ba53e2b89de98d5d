package endpoint

import (
	"fmt"

	"github.com/tickwire/tickwire/internal/config"
	"github.com/tickwire/tickwire/internal/seq"
	"github.com/tickwire/tickwire/internal/wire"
)

// A lone is an endpoint and the one thing that stands in front of its packets: their number, cut to
// two bytes (SPEC.md, section 5).
type lone struct {
	*Endpoint
	Carrier Carrier
}

// newLone makes what a Lone is around. No datagram is marked, since a Lone hands on no marks.
func newLone(now int64, cfg Config, carrier Carrier) (lone, error) {
	cfg.Handshake, cfg.Trusted, cfg.DisableECN = false, false, true
	if cfg.PacketOverheadBytes == 0 {
		cfg.PacketOverheadBytes = loneHeader
	}
	e, err := New(now, cfg)
	if err != nil {
		return lone{}, err
	}
	l := lone{e, carrier}
	if err := l.check(carrier); err != nil {
		e.Release()
		return lone{}, err
	}
	return l, nil
}

// check finds a carrier over which HELLO could not go.
func (l *lone) check(carrier Carrier) error {
	if least := l.leastLone(); carrier.MaxDatagramBytes > 0 && carrier.MaxDatagramBytes < least {
		return config.Wrong("carrier.MaxDatagramBytes", carrier.MaxDatagramBytes,
			fmt.Sprintf("at least %d, which the HELLO of these channels takes, or 0 for no limit", least))
	}
	return nil
}

const loneHeader = 2

// leastLone is the size of the datagram in which HELLO travels.
func (e *Endpoint) leastLone() int {
	var body [wire.MaxHelloBytes]byte
	return loneHeader + helloFrame(e.AppendHello(0, body[:0]))
}

// HandleDatagram takes a datagram of the peer. It is only read, and not kept.
func (l lone) HandleDatagram(now int64, b []byte) { l.handle(now, b, NotECT) }

func (l lone) handle(now int64, b []byte, mark ECN) {
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
func (l lone) AppendDatagram(now int64, dst []byte) []byte {
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
func (l *lone) next(now int64, free []byte, out *Outgoing) bool {
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
func (l lone) outOfNumbers() bool {
	p, most := l.paths.all[0], uint64(1<<14)
	if p.loss.probe > 0 {
		most = 1<<15 - 1
	}
	return !l.life.ended() && p.nextNumber()-p.largestAcked >= most
}

// Deadline returns when HandleTimeout or AppendDatagram has something to do at the latest, as
// that of Endpoint does.
func (l lone) Deadline() int64 {
	if l.outOfNumbers() {
		at := l.firstLifeTimer()
		if p := l.paths.all[0]; p.loss.probe == 0 && !l.Away() {
			at = min(at, p.loss.lossAt, p.probeAt())
		}
		return at
	}
	return l.Endpoint.Deadline()
}
