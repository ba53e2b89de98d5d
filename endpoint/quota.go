package endpoint

import "github.com/tickwire/tickwire/internal/wire"

// A quota is what the peer takes, as its HELLO says, and so what is sent to it. Acknowledgements
// alone are free; probes, and what keeps the connection alive, go in any case and leave a debt.
type quota struct{ packets, bytes, messages throttle }

// unlimited is that of a peer that states no limits. Nothing is counted without a rate, so that it
// never changes.
var unlimited quota

// ready reports whether a packet may go.
func (q *quota) ready(now int64) bool { return q.packets.ready(now) && q.bytes.ready(now) }

func (q *quota) readyAt() int64 { return max(q.packets.readyAt(), q.bytes.readyAt()) }

// keepTo takes over the limits that the peer stated.
func (out *outbox) keepTo(now int64, h *wire.Hello) {
	out.quota = &unlimited
	if h.Limits != (wire.Limits{}) {
		out.quota = &quota{
			packets:  newThrottle(now, int(h.Limits.Packets)),
			bytes:    newThrottle(now, int(h.Limits.Bytes)),
			messages: newThrottle(now, int(h.Limits.Messages)),
		}
	}
	for _, l := range h.ChannelLimits {
		s := out.sender(l.Channel)
		if s == nil || s.own() {
			continue
		}
		if own := s.cfg.BytesPerSecond; l.Bytes > 0 && (own <= 0 || own > int(l.Bytes)) {
			s.turn.cap = newThrottle(now, int(l.Bytes))
		}
		s.turn.count = newThrottle(now, int(l.Messages))
	}
	for _, s := range out.senders {
		if s != nil && !s.own() {
			t := &s.turn
			t.limited = t.cap.rate > 0 || t.count.rate > 0 || h.Limits.Messages > 0
		}
	}
}

// allowed reports whether the peer's limits let a packet go.
func (out *outbox) allowed(now int64) bool { return out.quota.ready(now) }

// allowedAt is when they do.
func (out *outbox) allowedAt() int64 { return out.quota.readyAt() }

// spend takes a packet that is no ack alone off the budget of the flush and off the peer's limits.
func (out *outbox) spend(b *builder) {
	out.flush.used += int(b.pkt.bytes)
	out.quota.packets.spend(b.now, 1)
	out.quota.bytes.spend(b.now, len(b.dst)-b.start+packetCharge)
}

// mayStart reports whether a message of a sender may go, whole or its first piece.
func (s *sender) mayStart(now int64) bool {
	return !s.turn.limited || s.out.quota.messages.ready(now) && s.turn.count.ready(now)
}

// countMessage notes that one goes of a sender that has limits.
func (s *sender) countMessage(b *builder) {
	s.out.quota.messages.spend(b.now, b.times())
	s.turn.count.spend(b.now, b.times())
}
