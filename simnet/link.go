package simnet

// A Link is one direction of a path. It owns no clock: now is in nanoseconds on
// any monotonic scale of the caller's. Everything it does follows from its
// configuration, its seed and the calls made on it.
//
// A datagram inside is in one of two places: in the queue of the bottleneck, or
// past it and in flight. To drive a link, ask Next when to come back, and take
// what arrived by then with Receive.
//
// A Link is not safe for concurrent use.
type Link struct {
	cfg   LinkConfig // defaults filled in
	given LinkConfig // as it was set
	odds  odds
	rng   streams
	pool  *pool

	now      int64
	cut      bool
	neck     bottleneck
	air      flight
	inBurst  bool   // the loss model's state: every datagram is lost
	pace     int64  // a pause so long counts to bursts of losses as a datagram does; 0: none does
	drewAt   int64  // when it was last drawn whether a datagram is lost
	latest   int64  // arrival of the last datagram that kept its place
	inOrder  int64  // arrival of the last one of a stream
	seq      uint64 // of the next datagram
	seen     uint64 // one more than the largest seq delivered
	held     int    // memory of the datagrams inside
	lent     *packet
	stats    LinkStats
	schedule scheduled                                 // its place among the links of a Network or Relay
	watch    func(p *packet, through int64, lost bool) // nil: nobody is told
}

// odds are the probabilities of a LinkConfig as integers.
type odds struct{ lose, enter, leave, duplicate, reorder, corrupt chance }

// LinkStats count what happened to the datagrams of a link. At any time
//
//	Sent + Duplicated = Delivered + Lost + QueueDropped + Overflowed + TooLarge + Cut + Queued + InFlight
type LinkStats struct {
	Sent         uint64 // datagrams given to Send
	Delivered    uint64 // datagrams taken out, copies included
	Lost         uint64 // lost by Loss
	QueueDropped uint64 // found the queue full
	Overflowed   uint64 // found MaxBytes used up
	TooLarge     uint64 // exceeded the MTU
	Cut          uint64 // sent while the link was cut
	Duplicated   uint64 // got a copy
	Corrupted    uint64 // got bits flipped, copies included
	Reordered    uint64 // delivered after one that was sent later
	Marked       uint64 // marked as Congestion Experienced
	Resent       uint64 // would have been lost, and came later: of Reliable sockets

	SentBytes      uint64 // payload given to Send
	DeliveredBytes uint64 // payload taken out

	Queued   int // datagrams that wait for the bottleneck now, or cross it
	InFlight int // datagrams past it that have not been taken out
}

// NewLink returns a link that begins at now: that is where its trace starts. The
// error is that of [LinkConfig.Validate].
func NewLink(now int64, cfg LinkConfig, seed uint64) (*Link, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return newLink(now, cfg, seed, new(pool)), nil
}

// newLink returns a link over a shared pool; cfg is valid.
func newLink(now int64, cfg LinkConfig, seed uint64, q *pool) *Link {
	l := &Link{pool: q, now: now, latest: now, schedule: unscheduled}
	l.rng.seed(seed)
	l.configure(cfg)
	l.neck.origin = now - int64(cfg.TraceOffset)
	return l
}

// Config returns the configuration as it was set.
func (l *Link) Config() LinkConfig { return l.given }

// SetConfig changes what the link does from now on. Datagrams in flight arrive
// when they would have; those in the queue stay in it and leave at the new
// rate, even if there are more of them than the new queue has room for. Order
// is kept over a change: with a shorter delay the next datagrams still do not
// overtake those in flight. A trace starts anew only if it is another one, or
// enters at another offset. The error is that of [LinkConfig.Validate], and
// then nothing changes.
func (l *Link) SetConfig(now int64, cfg LinkConfig) error {
	if err := cfg.Validate(); err != nil {
		return err
	}
	l.reconfigure(now, cfg)
	return nil
}

// reconfigure is SetConfig with a configuration that is valid.
func (l *Link) reconfigure(now int64, cfg LinkConfig) {
	l.advance(now)
	old := l.given
	l.configure(cfg)
	if cfg.Trace != old.Trace || cfg.TraceOffset != old.TraceOffset {
		l.neck.origin = l.now - int64(cfg.TraceOffset)
	}
	l.neck.resume(l.now)
	for !l.neck.limits() && l.neck.queue.n > 0 {
		p, _ := l.neck.leave()
		l.cross(l.now, p)
	}
}

func (l *Link) configure(cfg LinkConfig) {
	l.given, l.cfg = cfg, cfg.withDefaults()
	c := &l.cfg
	l.odds = odds{
		lose:      newChance(c.Loss),
		duplicate: newChance(c.Duplicate),
		reorder:   newChance(c.Reorder),
		corrupt:   newChance(c.Corrupt),
	}
	if c.LossBurst > 0 && c.Loss < 1 {
		// In the long run a part enter/(enter+leave) of the datagrams is lost.
		l.odds.leave = newChance(1 / c.LossBurst)
		l.odds.enter = newChance(c.Loss / (c.LossBurst * (1 - c.Loss)))
	} else {
		l.inBurst = false
	}
	l.neck.set(c)
}

// Cut takes the link down: what is sent while it is down is dropped and counted.
// What is inside arrives.
func (l *Link) Cut() { l.cut = true }

// Heal ends a Cut.
func (l *Link) Heal() { l.cut = false }

// Stats returns the counters.
func (l *Link) Stats() LinkStats {
	s := l.stats
	s.Queued, s.InFlight = l.neck.queue.n, l.air.len()
	return s
}

// Send puts a datagram on the link. It copies the payload.
func (l *Link) Send(now int64, payload []byte) {
	if l.admit(now, len(payload), false) {
		l.enter(l.pool.take(payload))
	}
}

// Next returns when to call Receive next: no datagram that is inside arrives
// earlier. It may be that none arrives then either, because the one that was
// due gets lost or delayed further; Next then has a later time. Without a
// datagram inside ok is false.
func (l *Link) Next() (at int64, ok bool) {
	if p := l.air.front(); p != nil {
		at, ok = p.at, true
	}
	if l.neck.queue.n > 0 {
		if soonest := l.neck.departs + int64(l.cfg.Delay); !ok || soonest < at {
			at, ok = soonest, true
		}
	}
	return at, ok
}

// Receive returns the next datagram that has arrived by now, if any. The bytes
// are valid until the next Receive, and may be changed until then.
func (l *Link) Receive(now int64) (payload []byte, ok bool) {
	if l.lent != nil {
		l.pool.put(l.lent)
		l.lent = nil
	}
	if l.lent = l.take(now); l.lent == nil {
		return nil, false
	}
	return l.lent.b, true
}

// take is Receive for those who return the packet to the pool themselves.
func (l *Link) take(now int64) *packet {
	l.advance(now)
	p := l.air.front()
	if p == nil || p.at > l.now {
		return nil
	}
	l.air.pop(p)
	l.held -= p.cost()
	l.stats.Delivered++
	l.stats.DeliveredBytes += uint64(len(p.b))
	if p.seq+1 < l.seen {
		l.stats.Reordered++
	}
	l.seen = max(l.seen, p.seq+1)
	return p
}

// admit decides about a datagram of n bytes that wants to enter, and counts. Of a
// stream nothing is refused: it comes in segments, and its socket bounds it.
func (l *Link) admit(now int64, n int, stream bool) bool {
	l.advance(now)
	l.stats.Sent++
	l.stats.SentBytes += uint64(n)
	size := n + l.cfg.OverheadBytes
	switch {
	case stream:
		return true
	case l.cut:
		l.stats.Cut++
	case size > l.cfg.MTU:
		l.stats.TooLarge++
	case l.held+classes[classOf(n)]+packetBytes > l.cfg.MaxBytes:
		l.stats.Overflowed++
	case l.neck.limits() && (l.neck.queue.n >= l.cfg.QueuePackets || l.neck.bytes+size > l.cfg.QueueBytes):
		l.stats.QueueDropped++
	default:
		return true
	}
	return false
}

// enter takes in a packet that was admitted.
func (l *Link) enter(p *packet) {
	p.seq, p.sent = l.seq, l.now
	l.seq++
	l.held += p.cost()
	if !l.neck.limits() {
		l.cross(l.now, p)
		return
	}
	if l.neck.queue.n >= l.cfg.MarkPackets && l.mark(p) {
		l.stats.Marked++
	}
	l.neck.join(l.now, p)
}

// advance moves everything that has left the bottleneck by now into flight.
func (l *Link) advance(now int64) {
	l.now = max(l.now, now)
	for l.neck.queue.n > 0 && l.neck.departs <= l.now {
		p, at := l.neck.leave()
		l.cross(at, p)
	}
}
