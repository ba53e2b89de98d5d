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
	priority int8
	active   []*sender // those that may have something to send, and some that have no more
	clock    uint64
}

// A turn is a sender's place in the schedule.
type turn struct {
	class  *class
	listed bool   // in class.active
	waits  bool   // for credit or its cap, when it was looked at last
	served uint64 // bytes sent, divided by the weight; wraps
	packet uint64 // the packet in which it had its turn last
	cap    throttle
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

// A throttle is the bucket of a channel with BytesPerSecond: it holds what a twentieth of a
// second gives, and may go into debt by one packet.
type throttle struct {
	rate  int64 // 0: no limit
	level int64 // bytes times a billion
	at    int64
}

// maxCap is as good as no cap, and keeps bucket sums within 64 bits.
const maxCap = 1 << 36

func (t *throttle) ready(now int64) bool { return t.rate <= 0 || t.readyAt() <= now }

// readyAt is when something may be sent.
func (t *throttle) readyAt() int64 {
	if t.rate <= 0 || t.level > 0 {
		return math.MinInt64
	}
	return t.at + -t.level/t.rate + 1
}

func (t *throttle) spend(now int64, bytes int) {
	if t.rate <= 0 {
		return
	}
	full := max(t.rate/20, 1) * second
	if elapsed := now - t.at; elapsed > 0 {
		t.at = now
		if elapsed > (full-t.level)/t.rate {
			t.level = full
		} else {
			t.level += elapsed * t.rate
		}
	}
	t.level -= int64(bytes) * second
}

// schedule sorts the channels into classes, the highest priority first.
func (e *Endpoint) schedule() {
	for i := range e.senders {
		p := e.senders[i].cfg.Priority
		if !slices.ContainsFunc(e.classes, func(c class) bool { return c.priority == p }) {
			e.classes = append(e.classes, class{priority: p})
		}
	}
	slices.SortFunc(e.classes, func(a, b class) int { return int(b.priority) - int(a.priority) })
	for i := range e.senders {
		s := &e.senders[i]
		at := slices.IndexFunc(e.classes, func(c class) bool { return c.priority == s.cfg.Priority })
		s.turn.class = &e.classes[at]
		s.turn.cap = throttle{rate: min(max(int64(s.cfg.BytesPerSecond), 0), maxCap), level: 1, at: e.began - second}
	}
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
}

// idle reports whether a sender has nothing to send, allowed or not.
func (s *sender) idle() bool {
	return s.queue.Len() == 0 && s.resend == 0 && s.cutting == 0 && (s.loose == nil || s.loose.cutting == 0)
}

// ready reports whether a sender has something to send, its throttle aside.
func (s *sender) ready() bool {
	return s.resend > 0 || s.cutting != 0 || s.loose != nil && s.loose.cutting != 0 || s.next() != nil
}

// pick returns the active sender that was served least among those that may send and were not
// yet in this packet; nil if there is none. One that waited for credit or for its cap begins
// anew where the class is now: it gets nothing for the time in which it could not send.
func (c *class) pick(now int64, packet uint64) (best *sender) {
	for i := 0; i < len(c.active); {
		s := c.active[i]
		if s.idle() {
			last := len(c.active) - 1
			c.active[i], c.active[last] = c.active[last], nil
			c.active = c.active[:last]
			s.turn.listed = false
			continue
		}
		i++
		switch {
		case s.turn.packet == packet:
		case !s.turn.cap.ready(now) || !s.ready():
			s.turn.packet, s.turn.waits = packet, true
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

// serve counts bytes of a channel's frames against its share and its cap.
func (s *sender) serve(now int64, bytes int) {
	s.counts.bytes += uint64(bytes)
	s.turn.served += uint64(bytes) * servedUnit / s.weight()
	s.turn.cap.spend(now, bytes)
}

// buildMessages fills the packet with messages, class by class.
func (e *Endpoint) buildMessages(b *builder) {
	e.packets++
	b.begun = len(b.dst)
	for i := range e.classes {
		c := &e.classes[i]
		if b.path.loss.probe > 0 {
			e.buildProbe(b, c)
		}
		if full := e.buildClass(b, c); full {
			return
		}
	}
}

// buildProbe has a probe carry what a class has to send again before what it has not sent yet:
// the oldest data, not the newest.
func (e *Endpoint) buildProbe(b *builder, c *class) {
	for i := 0; i < len(c.active); i++ {
		if s, before := c.active[i], len(b.dst); s.turn.cap.ready(b.now) {
			e.buildResends(b, s)
			s.serve(b.now, len(b.dst)-before)
		}
	}
}

// buildClass lets the channels of a class fill what is left of the packet, each once, the one
// that is most behind first. It reports whether the packet counts as full: there is something
// left to send, and no room for it or for what should go before it. A packet without a message
// counts as full if it holds up one: acks and the like take the room, and go alone.
func (e *Endpoint) buildClass(b *builder, c *class) (full bool) {
	var behind *sender // the one that was served least of those that want more than fits
	for misses := 0; b.room() > 0; {
		s := c.pick(b.now, e.packets)
		if s == nil {
			return behind != nil && len(b.dst) == b.begun
		}
		if misses == maxMisses || s.tooFarAhead(behind) {
			return true
		}
		s.turn.packet = e.packets
		start, before := s.turn.served, len(b.dst)
		e.buildResends(b, s)
		e.buildFirst(b, s)
		if n := len(b.dst) - before; n > 0 {
			if isLess(c.clock, start) {
				c.clock = start
			}
			s.serve(b.now, n)
		} else {
			misses++
		}
		if (behind == nil || isLess(s.turn.served, behind.turn.served)) && s.turn.cap.ready(b.now) && s.ready() {
			behind = s
		}
	}
	return true
}

// maxMisses is how many channels of a class may find that what they have does not fit the
// rest of a packet before the packet counts as full.
const maxMisses = 16

// sendableAt is when a message could go out if the path allowed it: long ago if one waits for
// nothing else, never if none does.
func (e *Endpoint) sendableAt() int64 {
	at := never
	if e.state != stateOpen {
		return at
	}
	for i := range e.classes {
		for _, s := range e.classes[i].active {
			if s.ready() {
				if at = min(at, s.turn.cap.readyAt()); at == math.MinInt64 {
					return at
				}
			}
		}
	}
	return at
}
