package endpoint

import (
	"math"
	"slices"
)

// A class is the channels of one priority. While one of a higher class has something to send
// that fits the packet, none of a lower class sends. Within a class the channels share by
// weight: fair queueing by bytes with start times (Goyal, Vin and Cheng, 1996). The clock of a
// class is how much the channel that is being served had got, in bytes for a weight of one; a
// channel that begins to send, or goes on after it had to wait, starts there, so that it neither
// claims what it left unused nor pays for it.
type class struct {
	priority int
	active   []*sender // those that may have something to send, and some that have no more
	clock    uint64
}

// A turn is a sender's place in the schedule.
type turn struct {
	class  *class
	listed bool     // in class.active
	waits  bool     // for credit or a limit, when it was looked at last
	served uint64   // bytes sent, divided by the weight; wraps
	packet uint64   // the packet in which it had its turn last
	cap    throttle // bytes: the channel's own, or what the peer takes if that is less
	count  throttle // messages that the peer takes

	limited bool // by one of them, or by how many messages the peer takes in all
}

// servedUnit keeps fractions when bytes are divided by a weight.
const servedUnit = 1 << 16

// tooFarAhead reports whether a sender had so much more than another one of its class that it
// may not fill the rest of a packet into which that one does not fit: a packet's worth.
func (s *sender) tooFarAhead(of *sender) bool {
	return of != nil && isLess(of.turn.served+packetBytes*servedUnit/max(s.weight(), of.weight()), s.turn.served)
}

// isLess compares what senders were served, or the clock of a class.
func isLess(a, b uint64) bool { return int64(a-b) < 0 }

// catchUp makes a sender that has not sent for a while begin where its class is now.
func (t *turn) catchUp() {
	if isLess(t.served, t.class.clock) {
		t.served = t.class.clock
	}
}

func (s *sender) weight() uint64 { return uint64(max(s.cfg.Weight, 1)) }

// priority is the class of a channel; the library's own is above all that a game may name.
func (s *sender) priority() int { return priorityOf(s.cfg) }

func priorityOf(cfg *ChannelConfig) int {
	if cfg.ID == 0 {
		return math.MaxInt8 + 1
	}
	return int(cfg.Priority)
}

// schedule sorts the channels into classes, the highest priority first.
func (out *outbox) schedule() {
	for i := range out.cfg.Channels {
		p := priorityOf(&out.cfg.Channels[i])
		if !slices.ContainsFunc(out.classes, func(c class) bool { return c.priority == p }) {
			out.classes = append(out.classes, class{priority: p})
		}
	}
	slices.SortFunc(out.classes, func(a, b class) int { return b.priority - a.priority })
}

// others are all classes but the first one, that of the library's own channel.
func (out *outbox) others() []class { return out.classes[1:] }

// beginTurn puts a sender into its class.
func (s *sender) beginTurn(now int64) {
	t, classes := &s.turn, s.out.classes
	at := slices.IndexFunc(classes, func(c class) bool { return c.priority == s.priority() })
	t.class = &classes[at]
	t.cap = newThrottle(now, max(s.cfg.BytesPerSecond, 0))
	t.limited = t.cap.rate > 0 || !s.own() && s.out.quota.messages.rate > 0
}

// busy are the classes that may have something to send. The first one seldom has: it is that of
// the library's own channel.
func (out *outbox) busy() []class {
	switch {
	case out.active == 0:
		return nil
	case len(out.classes[0].active) == 0:
		return out.others()
	}
	return out.classes
}

// activate notes that a sender has something to send.
func (s *sender) activate() {
	t := &s.turn
	if t.listed || t.class == nil {
		return
	}
	t.listed = true
	t.catchUp()
	t.class.active = append(t.class.active, s)
	s.out.active++
}

// idle reports whether a sender has nothing to send, allowed or not.
func (s *sender) idle() bool {
	return s.queue.Len() == 0 && s.resend == 0 && s.cutter() == nil
}

// ready reports whether a sender has something to send, its throttle aside.
func (s *sender) ready() bool {
	return s.resend > 0 || s.cutter() != nil || s.next() != nil
}

// midway reports whether a sender is in the middle of a message, of which each further piece
// counts as bytes only.
func (s *sender) midway() bool {
	c := s.cutter()
	return c != nil && c.open.At(c.cutting-1).cut.sent > 0
}

// turnAt is when a sender that has something to send may send it.
func (s *sender) turnAt() int64 {
	if !s.turn.limited && !s.out.flush.limited() {
		return longAgo
	}
	return s.heldUntil()
}

// heldUntil is turnAt of a sender that has limits.
func (s *sender) heldUntil() int64 {
	switch at := s.turn.cap.readyAt(); {
	case s.own():
		return longAgo // which nothing holds up
	case s.out.flush.spent(s.out.overhead):
		return never // until the next one begins
	case s.midway():
		return at
	default:
		return max(at, s.turn.count.readyAt(), s.out.quota.messages.readyAt())
	}
}

// pick returns the active sender of a class that was served least among those that may send and
// were not yet in this packet; nil if there is none. One that waited for credit or for a limit
// begins anew where the class is now: it gets nothing for the time in which it could not send.
func (out *outbox) pick(c *class, now int64) (best *sender) {
	for i := 0; i < len(c.active); {
		s := c.active[i]
		if s.idle() {
			last := len(c.active) - 1
			c.active[i], c.active[last] = c.active[last], nil
			c.active = c.active[:last]
			s.turn.listed = false
			out.active--
			continue
		}
		i++
		switch {
		case s.turn.packet == out.packets:
		case s.turnAt() > now || !s.ready():
			s.turn.packet, s.turn.waits = out.packets, true
		default:
			if s.turn.waits {
				s.turn.waits = false
				s.turn.catchUp()
			}
			if best == nil || isLess(s.turn.served, best.turn.served) {
				best = s
			}
		}
	}
	return best
}

// serve counts bytes of a channel's frames against its share, and with all copies against its cap.
func (s *sender) serve(b *builder, bytes int) {
	s.counts.bytes += uint64(bytes)
	s.counts.rate.add(b.now, bytes)
	s.turn.served += uint64(bytes) * servedUnit / s.weight()
	s.turn.cap.spend(b.now, bytes*b.times())
}

// buildMessages fills the packet with messages, those of the game as far as the budget of the
// flush goes, of which each copy takes as much.
func (out *outbox) buildMessages(b *builder) {
	out.packets++
	b.begun = len(b.dst)
	if own := &out.classes[0]; len(own.active) > 0 && out.buildClass(b, own) {
		return
	}
	if !out.flush.limited() {
		out.buildClasses(b)
		out.buildTwins(b)
		return
	}
	before, end, times := len(b.dst), b.end, b.times()
	around := out.overhead
	if times > 1 {
		around += copyMore
	}
	b.end = min(end, b.start+out.flush.left()/times-around)
	b.full = min(b.full, out.flush.limit/times-around)
	if !out.flush.spent(around * times) {
		out.buildClasses(b)
		out.buildTwins(b)
	}
	if len(b.dst) == before {
		b.end = end
		out.flush.over = out.flush.over || out.sendableAt() <= b.now // what waits does not fit any more
	}
}

// copyMore is what a copy may take more than the packet that it copies, such as a longer number.
const copyMore = 16

// buildClasses fills the packet with messages of the game, class by class.
func (out *outbox) buildClasses(b *builder) {
	last := len(out.others()) - 1
	for i := range out.others() {
		if b.above && i == last {
			break
		}
		alone := i == last && i > 0 && !b.talks
		full := out.buildRepaired(b, &out.others()[i])
		if alone && b.talks {
			b.pkt.flags |= packetLowest
		}
		if full {
			break
		}
	}
	if len(out.repairing) > 0 {
		for i := range out.others() {
			out.buildRepairs(b, &out.others()[i], sumsLast)
		}
	}
	if b.sumBytes > 0 && !b.pkt.eliciting {
		b.ping() // what was to follow the sums did not fit: they never go alone
	}
	b.endSum()
}

// buildRepaired is buildClass with the sums of the class.
func (out *outbox) buildRepaired(b *builder, c *class) (full bool) {
	if len(out.repairing) > 0 {
		out.buildRepairs(b, c, sumsFirst)
	}
	if full = out.buildClass(b, c); !full && len(out.repairing) > 0 && out.active > 0 {
		out.buildRepairs(b, c, sumsEarly)
	}
	return full
}

// buildProbe has a probe carry what a class has to send again before what it has not sent yet:
// the oldest data, not the newest.
func (out *outbox) buildProbe(b *builder, c *class) {
	for i := 0; i < len(c.active); i++ {
		if s, before := c.active[i], len(b.dst); s.turnAt() <= b.now {
			s.buildResends(b)
			s.serve(b, len(b.dst)-before)
		}
	}
}

// buildClass lets the channels of a class fill what is left of the packet, each once, the one
// that is most behind first. It reports whether the packet counts as full: there is something
// left to send, and no room for it or for what should go before it. A packet without a message
// counts as full if it holds up one: acks and the like take the room, and go alone.
func (out *outbox) buildClass(b *builder, c *class) (full bool) {
	if b.path.probes() {
		out.buildProbe(b, c)
	}
	var behind *sender // the one that was served least of those that want more than fits
	for misses := 0; b.room() > 0; {
		s := out.pick(c, b.now)
		if s == nil {
			return behind != nil && len(b.dst) == b.begun
		}
		if misses == maxMisses || s.tooFarAhead(behind) {
			return true
		}
		s.turn.packet = out.packets
		start, before, first := s.turn.served, len(b.dst), s.open.End()
		s.buildResends(b)
		s.buildFirst(b)
		if s.repair.on() {
			s.repairAfterTurn(b, first)
		}
		if n := len(b.dst) - before; n > 0 {
			if isLess(c.clock, start) {
				c.clock = start
			}
			s.serve(b, n)
		} else {
			misses++
		}
		if (behind == nil || isLess(s.turn.served, behind.turn.served)) && s.turnAt() <= b.now && s.ready() {
			behind = s
		}
	}
	return true
}

// maxMisses is how many channels of a class may find that what they have does not fit the
// rest of a packet before the packet counts as full.
const maxMisses = 16

// sendableAt is when a message could go out if the path and the peer allowed it: long ago if one
// waits for nothing else, never if none does.
func (out *outbox) sendableAt() int64 { return out.sendableOf(out.busy()) }

// urgentAt is sendableAt of what is above the lowest priority that waits.
func (out *outbox) urgentAt() int64 {
	busy := out.busy()
	return out.sendableOf(busy[:max(len(busy), 1)-1])
}

// sendableOf is sendableAt of the channels of some classes.
func (out *outbox) sendableOf(classes []class) int64 {
	at := never
	for i := range classes {
		for _, s := range classes[i].active {
			if s.ready() {
				if at = min(at, s.turnAt()); at == longAgo {
					return at
				}
			}
		}
	}
	return at
}
