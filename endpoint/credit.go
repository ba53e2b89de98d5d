package endpoint

import "github.com/tickwire/tickwire/internal/wire"

// returnCharge gives credit back to the sender. WINDOW goes out when half a window is due, or
// what a blocked sender waits for.
func (r *receiver) returnCharge(bytes int) {
	r.returned += uint64(bytes)
	if r.halfDue() || r.wanted > r.limit && r.returned+uint64(r.window) >= r.wanted {
		r.oweLimit()
	}
}

// oweLimit has WINDOW sent.
func (r *receiver) oweLimit() { r.limitDue, r.in.owing = true, true }

// halfDue reports whether at least half a window came back since the last WINDOW.
func (r *receiver) halfDue() bool {
	return r.returned+uint64(r.window)-r.limit >= uint64(r.window/2)
}

// announce is the limit to send in WINDOW now. When half a window was used up within two round
// trips, the window is what holds the sender back, and it doubles, out of the pool; when that took
// seconds it is larger than it needs to be, and what it has of the pool goes back, the half that
// the sender does not know yet; likewise when the connection holds more than its share.
func (r *receiver) announce(now, trip int64) uint64 {
	if r.halfDue() && !r.own() {
		over := r.in.cfg.Pool.overdrawn(&r.in.share)
		switch took, trips := now-r.limitAt, 2*trip; {
		case r.wanted > r.limit && (over || took >= trips): // it has just grown for a message that waits
		case over || took > windowIdle:
			r.shrinkWindow(int(r.limit - r.returned))
		case took < trips:
			r.growWindow(2 * r.window)
		}
	}
	r.limitDue = false
	r.limitAt = now
	r.limit = max(r.limit, r.returned+uint64(r.window))
	return r.limit
}

const (
	// maxWindow is how far a window grows by use.
	maxWindow = 16 << 20
	// windowSteps is by how much it grows for a BLOCKED: as much as the rate of a sender who is
	// finding out what the path carries (hintSteps).
	windowSteps = 4
	// windowIdle is how long the use of half a window takes that is larger than it needs to be.
	windowIdle = 5 * second
)

// growWindow grows a window to size as far as the pool allows.
func (r *receiver) growWindow(size int) {
	size = min(size, maxWindow)
	if size <= r.window {
		return
	}
	r.widen(r.in.cfg.Pool.take(&r.in.share, 1, size-r.window))
}

// shrinkWindow gives back what a window has of the pool beyond size.
func (r *receiver) shrinkWindow(size int) {
	if bytes := min(r.pooled, r.window-size); bytes > 0 {
		r.in.cfg.Pool.give(&r.in.share, bytes)
		r.widen(-bytes)
	}
}

// widen adds bytes of the pool to a window.
func (r *receiver) widen(bytes int) {
	r.window += bytes
	r.pooled += bytes
}

// buildWindow appends WINDOW.
func (r *receiver) buildWindow(b *builder, trip int64) {
	limit := r.announce(b.now, trip)
	b.dst = wire.AppendWindow(b.dst, r.id, uint32(limit))
	b.pkt.eliciting = true
	b.record(content{kind: contentWindow, inbound: r})
}

// buildBlocked says that the next message does not fit the credit: once for each message,
// again if that was lost, and each second, since the peer's pool may have been empty.
func (s *sender) buildBlocked(b *builder) {
	wanted, before := s.wanted(s.queue.First()), len(b.dst)
	s.blockedFor, s.blockedBy, s.blockedAt = wanted, s.limit, b.now
	b.dst = wire.AppendBlocked(b.dst, s.id, uint32(wanted))
	b.pkt.eliciting = true
	b.record(content{kind: contentBlocked, channel: s})
	s.serve(b, len(b.dst)-before)
}

// buildBlocked appends BLOCKED of the channels that are held up by credit, or soon will be.
func (out *outbox) buildBlocked(b *builder) {
	busy := out.busy()
	for i := range busy {
		for _, s := range busy[i].active {
			if (b.now >= s.blockedDue() || s.creditShort(b.now, b.path)) && b.room() >= 8 {
				s.buildBlocked(b)
			}
		}
	}
}

// blockedDue is when BLOCKED of a channel is to be sent.
func (out *outbox) blockedDue() int64 {
	at, busy := never, out.busy()
	for i := range busy {
		for _, s := range busy[i].active {
			at = min(at, s.blockedDue())
		}
	}
	return at
}

// creditShort reports whether credit will hold a channel up within a round trip: what is left of it
// is less than the path takes in one, and less than what waits. Then BLOCKED goes out ahead of time,
// once in a round trip, since its answer takes one, and once for each limit: a path of 50 Mbit/s and
// 100 ms whose rate is found in four round trips would wait for credit in each of them.
func (s *sender) creditShort(now int64, p *path) bool {
	if !p.sampled() || s.limit == s.blockedBy || now-s.blockedAt < p.roundTrip() ||
		!s.cfg.Delivery.Reliable() || s.queue.Len() == 0 {
		return false
	}
	soon := min(int64(p.windowBytes()), s.turn.cap.until(now, now+p.roundTrip()), int64(s.queued))
	return s.limit-s.started < uint64(soon) && s.wanted(s.queue.First()) <= s.limit
}

// handleWindow takes a new limit for what we may start.
func (out *outbox) handleWindow(channel uint16, limit uint32) error {
	s := out.sender(channel)
	if s == nil || !s.cfg.Delivery.Reliable() {
		return errProtocol
	}
	// A sum modulo 2^32: one that is behind is an old frame that came late.
	if grown := int32(limit - uint32(s.limit)); grown > 0 {
		s.limit += uint64(grown)
	}
	return nil
}

// handleBlocked: the sender's next message does not fit. The window grows as far as that
// message needs it to fit alone, so that it can come at all; a game that does not drain the
// channel gets no more than that. Where it does, the window quadruples.
// WINDOW goes out also if the limit stays, since the last one may have been lost.
func (in *inbox) handleBlocked(now int64, channel uint16, wanted uint32, trip int64) error {
	r := in.receiver(channel)
	if r == nil || !r.cfg.Delivery.Reliable() {
		return errProtocol
	}
	if missing := int32(wanted - uint32(r.returned)); missing > 0 {
		r.wanted = r.returned + uint64(missing)
	}
	// What was started and is still on its way makes the message look larger than it is.
	length := int64(r.wanted) - int64(r.started)
	if grow := int(min(length, int64(charge(r.cfg.largest())))) - r.window; grow > 0 {
		r.widen(in.cfg.Pool.take(&in.share, grow, grow))
	}
	if r.tooNarrow(now, trip) {
		r.growWindow(windowSteps * r.window)
		r.widenedAt, r.widenedTo = now, r.returned
	}
	r.oweLimit() // also if it did not grow: the last WINDOW may have been lost
	return nil
}

// tooNarrow reports whether the window holds the sender back and not the game, which has returned
// an eighth of it since this was found last, a round trip ago at least, and has less than a quarter
// to take: the rest is on its way, or waits for something that was lost. On a long path with
// losses that is several round trips' worth. An eighth of the first window is less than the ten
// packets that begin a connection.
func (r *receiver) tooNarrow(now, trip int64) bool {
	quarter := r.window / 4
	soon := r.widenedTo > 0 && now-r.widenedAt < trip
	if r.own() || soon || r.returned-r.widenedTo < uint64(r.window/8) {
		return false
	}
	return r.untaken < quarter
}
