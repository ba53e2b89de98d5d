package endpoint

import (
	"github.com/tickwire/tickwire/internal/seq"
	"github.com/tickwire/tickwire/internal/wire"
)

// Twins are second copies of small messages that were sent again: another round trip to learn
// that the resend was lost, too, costs more than the bytes. One rides on the next packet with
// messages, so that it takes no headers and a row of losses is less likely to take both; if none
// goes soon it goes alone. By then an ack may have made it unnecessary.
type twins struct {
	ring seq.Ring[twin]
}

// A twin is a message that was sent again, and goes once more.
type twin struct {
	channel *sender
	id      uint64
	packet  uint64 // in which it was sent again: not with that one
	at      int64  // when it goes alone
}

const (
	// twinBytes is the largest message that is doubled. A resend alone in its packet costs 60
	// bytes of headers, so that a small one doubled costs less than twice.
	twinBytes = 256
	// maxTwins bounds those that wait. Where more is lost at once, the path is not one with room.
	maxTwins = 32
	// twinWait is how long one waits at most for a packet to ride on; less on a short path.
	twinWait = second / 60
)

// double notes that a message was sent again in the packet that is being built.
func (e *Endpoint) double(b *builder, s *sender, id uint64, m *outMessage) {
	p, w := b.path, &e.twins.ring
	if m.len() > twinBytes || w.Len() >= maxTwins || s.queue.Len() > 0 || s.cfg.Resend.limits() ||
		p.reliable || p.loss.probes > 0 {
		return
	}
	*w.Push() = twin{s, id, e.packets, b.now + min(p.rtt.smooth/4, twinWait)}
}

// twinAt is when a twin goes alone.
func (e *Endpoint) twinAt() int64 {
	if e.twins.ring.Len() == 0 || e.state != stateOpen || e.flush.spent(e.cfg.PacketOverheadBytes) {
		return never
	}
	return e.twins.ring.First().at
}

// buildTwins adds twins to a packet that has messages, or for which it is time.
func (e *Endpoint) buildTwins(b *builder) {
	w := &e.twins.ring
	for w.Len() > 0 {
		t := w.First()
		if t.packet == e.packets || t.at > b.now && len(b.dst) == b.begun {
			return
		}
		if !e.buildTwin(b, t) && t.at > b.now {
			return // there is no room
		}
		w.Pop()
	}
}

// buildTwin reports whether a twin is done with: sent, or of no use any more.
func (e *Endpoint) buildTwin(b *builder, t *twin) bool {
	s := t.channel
	if !s.open.Has(t.id) {
		return true
	}
	m := s.open.At(t.id)
	if m.state != outFlying || m.resend || m.cut != nil || m.expired(b.now) ||
		s.cfg.Delivery == ReliableLatest && s.outdated(t.id, m) {
		return true
	}
	before := len(b.dst)
	if e.turnAt(s) > b.now || !e.buildAgain(b, s, t.id, m) {
		return false
	}
	e.serve(b.now, s, len(b.dst)-before)
	return true
}

// buildAgain appends a run of one message that is in flight.
func (e *Endpoint) buildAgain(b *builder, s *sender, id uint64, m *outMessage) bool {
	run := s.runHeader(id, m, b.copiers != 0)
	if wire.RunHeaderLen(&run)+m.runRoom() > b.room() {
		return false
	}
	b.dst = wire.AppendRun(b.dst, &run)
	if s.turn.limited {
		e.countMessage(b.now, s)
	}
	m.flying++
	e.stats.MessagesResent++
	if m.terms.keyed() {
		b.dst = wire.AppendUvarint(b.dst, m.terms.key)
	}
	b.dst = wire.AppendBytes(b.dst, m.payload)
	b.pkt.eliciting = true
	b.record(content{kind: contentRun, channel: s, first: id, count: 1})
	return true
}
