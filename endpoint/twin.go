package endpoint

// A twin is the second copy of a small message that was lost and went again. A resend that is
// lost, too, costs a whole further round trip: at a loss of 5 % one message in four hundred and
// all that wait for it, which is the 99th percentile of an ordered stream; the twin makes that
// one in eight thousand. It rides on the next packet with messages, so that it needs no headers
// and is not lost in one row with the first, or goes alone if none comes soon. Where an ack has
// told meanwhile that the message is there, it does not go.
type twin struct {
	channel *sender
	id      uint64
	packet  uint64 // in which the message went again: the twin goes in another one
	at      int64  // when it goes alone
}

const (
	// twinBytes is the largest message that has a twin: alone in a packet it would cost as much
	// again with all headers.
	twinBytes = 500
	// maxTwins bounds those that wait. Where more is lost at once the path has other worries.
	maxTwins = 32
	// twinWait is how long a twin waits for a packet to ride on, on a path of a longer round trip
	// than four times that: a tick of sixty a second.
	twinWait = second / 60
)

// planTwin notes that a message of which nothing is in flight goes again in the packet that is
// being built. A channel on which more waits is bulk, and has no twins; nor has a path that loses
// next to nothing, so that only acks are missing, or one that is silent: probes go there.
func (s *sender) planTwin(b *builder, id uint64, m *outMessage) {
	if m.flying > 0 || m.len() > twinBytes || s.queue.Len() > 0 || s.cfg.Resend.limits() ||
		b.path.silent() || b.path.lossless() || !b.path.lossy() || s.out.twins.Len() >= maxTwins {
		return
	}
	*s.out.twins.Push() = twin{s, id, s.out.packets, b.now + min(b.path.roundTrip()/4, twinWait)}
}

// twinAt is when a twin goes alone.
func (out *outbox) twinAt() int64 {
	if out.twins.Len() == 0 || out.flush.spent(out.overhead) {
		return never
	}
	return out.twins.First().at
}

// buildTwins adds twins to a packet that has messages, or for which it is time. One that may not
// go then is dropped: it would come too late.
func (out *outbox) buildTwins(b *builder) {
	for out.twins.Len() > 0 {
		t := *out.twins.First()
		due := t.at <= b.now
		if t.packet == out.packets || !due && len(b.dst) == b.begun || !out.buildTwin(b, &t) && !due {
			return
		}
		out.twins.Pop()
	}
}

// buildTwin reports whether a twin is done with: it went, or is of no use any more.
func (out *outbox) buildTwin(b *builder, t *twin) bool {
	s := t.channel
	if !s.open.Has(t.id) {
		return true
	}
	m := s.open.At(t.id)
	if m.state != outFlying || m.resend || m.cut != nil || m.flying == 0 || s.passed(t.id, m) || m.expired(b.now) {
		return true
	}
	if s.turnAt() > b.now {
		return false
	}
	before := len(b.dst)
	s.wantResend(t.id, m)
	if !s.buildRun(b, t.id, true) {
		s.resent(m)
		return false
	}
	out.stats.MessagesDoubled++
	s.serve(b, len(b.dst)-before)
	return true
}

// passed reports whether a newer value of a ReliableLatest channel was started, so that the
// message need not arrive.
func (s *sender) passed(id uint64, m *outMessage) bool {
	return s.cfg.Delivery == ReliableLatest && s.outdated(id, m)
}
