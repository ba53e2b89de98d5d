package swarm

import (
	"fmt"
	"time"

	"github.com/tickwire/tickwire/endpoint"
	"github.com/tickwire/tickwire/internal/seq"
	"github.com/tickwire/tickwire/internal/wire"
	"github.com/tickwire/tickwire/simnet/world"
)

// Scales read the packets of a contest and weigh them by channel.
type scales struct {
	*Contest
	lanes      []weighed // by channel
	of         map[endpoint.Receipt]traced
	violations []world.Violation
	all        int // bytes of messages in the current second
}

// A weighed is what the scales know of a channel.
type weighed struct {
	sizes  []int // of the messages sent, by their id
	packet int   // bytes in the packet that is looked at
	second int   // and in the current second
	total  int   // bytes of all frames of the channel
	bucket int   // bytes that the cap leaves, negative: debt
	filled int64 // when it was filled last
	ids    uint64
	counts map[uint64][]uint8 // how often each byte of a message was sent
}

// A traced message has a receipt.
type traced struct {
	lane int
	id   uint64
}

func newScales(c *Contest) *scales {
	s := &scales{Contest: c, lanes: make([]weighed, len(c.Channels)), of: map[endpoint.Receipt]traced{}}
	for i := range s.lanes {
		s.lanes[i].bucket, s.lanes[i].counts = s.most(i), map[uint64][]uint8{}
	}
	return s
}

func (s *scales) fault(now int64, c world.Checker, lane int, format string, args ...any) {
	ch := &s.Channels[lane]
	where := fmt.Sprintf("channel %d (%v)", ch.ID, ch.Delivery)
	s.violations = append(s.violations, world.Violation{Checker: c, At: time.Duration(now), Where: where, What: fmt.Sprintf(format, args...)})
}

// sent notes a message that was accepted. They leave in this order, so that on the reliable
// channels its place is its id.
func (s *scales) sent(lane, size int, r endpoint.Receipt) {
	l := &s.lanes[lane]
	if r > 0 {
		s.of[r] = traced{lane, uint64(len(l.sizes))}
	}
	l.sizes = append(l.sizes, size)
}

// packet weighs a packet that leaves now.
func (s *scales) packet(now int64, frames []byte, e *endpoint.Endpoint) {
	for i := range s.lanes {
		s.lanes[i].packet = 0
	}
	for len(frames) > 0 {
		n := s.frame(now, frames)
		if n <= 0 {
			s.fault(now, Attempts, 0, "a packet cannot be read: %x", frames)
			return
		}
		frames = frames[n:]
	}
	for i := range s.lanes {
		s.lanes[i].second += s.lanes[i].packet
		s.lanes[i].total += s.lanes[i].packet
		s.all += s.lanes[i].packet
		s.checkCap(now, i)
		s.checkPriority(now, i, e)
	}
}

// frame reads a frame and returns its length.
func (s *scales) frame(now int64, b []byte) (n int) {
	switch kind := b[0]; {
	case kind >= wire.TypeRunLong:
		return s.run(now, b)
	case kind >= wire.TypeFragment:
		f, payload, n := wire.ConsumeFragment(b)
		if n > 0 {
			s.carries(now, f.Channel, seq.Nearest(s.lanes[f.Channel-1].ids, f.ID, 16), f.Offset, len(payload))
			s.lanes[f.Channel-1].packet += n
		}
		return n
	case kind == wire.TypeSkip:
		channel, _, count, n := wire.ConsumeSkip(b)
		for ; count > 0; count-- {
			_, k := wire.ConsumeUvarint(b[n:])
			n += k
		}
		s.lanes[channel-1].packet += n
		return n
	case kind >= wire.TypeAck:
		return wire.ConsumeAck(b, &wire.Ack{})
	case kind == wire.TypePing:
		return 1
	case kind == wire.TypeRepair:
		f, _, n := wire.ConsumeRepair(b)
		if n > 0 {
			s.lanes[f.Channel-1].packet += n
		}
		return n
	case kind == wire.TypeRebuilt:
		channel, _, _, n := wire.ConsumeRebuilt(b)
		s.lanes[channel-1].total += max(n, 0)
		return n
	case kind == wire.TypeBlocked || kind == wire.TypeWindow:
		channel, _, n := wire.ConsumeLimit(b)
		s.lanes[channel-1].total += n
		return n
	}
	return 0
}

func (s *scales) run(now int64, b []byte) int {
	run, n := wire.ConsumeRun(b)
	if n < 0 {
		return n
	}
	l := &s.lanes[run.Channel-1]
	first := seq.Nearest(l.ids, run.First, 16)
	for i := range uint64(run.Count) {
		if run.Options&wire.OptionKeyed != 0 {
			_, k := wire.ConsumeUvarint(b[n:])
			n += k
		}
		payload, k := wire.ConsumeBytes(b[n:])
		n += k
		s.carries(now, run.Channel, first+i, 0, len(payload))
	}
	l.packet += n
	return n
}

// carries counts how often bytes were sent.
func (s *scales) carries(now int64, channel uint16, id uint64, from, n int) {
	lane := int(channel) - 1
	l, most := &s.lanes[lane], s.Channels[lane].Resend.MaxAttempts
	l.ids = max(l.ids, id+1)
	if most == 0 {
		return
	}
	counts := l.counts[id]
	if counts == nil {
		counts = make([]uint8, l.sizes[id])
		l.counts[id] = counts
	}
	for i := from; i < from+n; i++ {
		if counts[i]++; int(counts[i]) == most+1 {
			s.fault(now, Attempts, lane, "byte %d of message %d is sent %d times", i, id, counts[i])
			return
		}
	}
}

// resolved: what was given up has used its attempts.
func (s *scales) resolved(now int64, ev endpoint.Event) {
	m := s.of[ev.Receipt]
	delete(s.of, ev.Receipt)
	l, used := &s.lanes[m.lane], uint8(0)
	for _, n := range l.counts[m.id] {
		used = max(used, n)
	}
	delete(l.counts, m.id)
	if most := s.Channels[m.lane].Resend.MaxAttempts; ev.Why == endpoint.GaveUp && int(used) != most {
		s.fault(now, Attempts, m.lane, "message %d was given up after %d attempts of %d", m.id, used, most)
	}
}

// most is what a bucket holds: a twentieth of a second, as the documentation of BytesPerSecond
// has it. It may go into debt by a packet.
func (s *scales) most(lane int) int { return s.Channels[lane].BytesPerSecond / 20 }

func (s *scales) checkCap(now int64, lane int) {
	l, rate := &s.lanes[lane], s.Channels[lane].BytesPerSecond
	if rate == 0 {
		return
	}
	gain := int((now-l.filled)*int64(rate)/int64(time.Second)) + 1
	l.filled = now
	if l.bucket = min(l.bucket+gain, s.most(lane)) - l.packet; l.bucket < -contestRoom {
		s.fault(now, Caps, lane, "%d bytes more than %d a second give", -l.bucket, rate)
		l.bucket = 0
	}
}

// checkPriority: what channels of lower classes have in the packet leaves no room for the next
// message of this one, if it waits.
func (s *scales) checkPriority(now int64, lane int, e *endpoint.Endpoint) {
	l, ch := &s.lanes[lane], &s.Channels[lane]
	waiting := e.ChannelStats(ch.ID).QueuedMessages
	if ch.BytesPerSecond > 0 || waiting == 0 {
		return
	}
	lower := 0
	for i := range s.lanes {
		if s.Channels[i].Priority < ch.Priority {
			lower += s.lanes[i].packet
		}
	}
	if next := l.sizes[len(l.sizes)-waiting]; lower >= needs(ch.Delivery, next) {
		s.fault(now, Priorities, lane, "lower classes send %d bytes, and a message of %d waits", lower, next)
	}
}

// needs is the room in which a message, or a part of it, is sent for certain.
func needs(d endpoint.Delivery, size int) int {
	const headers, worthAPart = 24, 256
	if size > contestRoom || d == endpoint.ReliableOrdered || d == endpoint.ReliableUnordered {
		size = min(size, worthAPart)
	}
	return size + headers
}

// checkCounters: the library counts of each channel what left.
func (s *scales) checkCounters(now int64, e *endpoint.Endpoint) {
	for i := range s.lanes {
		if st, n := e.ChannelStats(s.Channels[i].ID), s.lanes[i].total; st.BytesSent != uint64(n) {
			s.fault(now, Counters, i, "%d bytes left, %d are counted", n, st.BytesSent)
		}
	}
}

// judge compares a second with what weights and caps say. The first one is not judged.
func (s *scales) judge(now int64) {
	for i := range s.lanes {
		if now > int64(time.Second) {
			s.judgeLane(now, i)
		}
	}
	for i := range s.lanes {
		s.lanes[i].second = 0
	}
	s.all = 0
}

func (s *scales) judgeLane(now int64, lane int) {
	a := &s.Channels[lane]
	if a.BytesPerSecond > 0 {
		return
	}
	if s.all < s.Rate*3/4 {
		s.fault(now, Filling, lane, "it has something to send, and all send %d bytes of %d", s.all, s.Rate)
	}
	for i := range lane {
		b := &s.Channels[i]
		if b.BytesPerSecond > 0 || b.Priority != a.Priority {
			continue
		}
		both := s.lanes[lane].second + s.lanes[i].second
		off := s.lanes[lane].second - both*a.Weight/(a.Weight+b.Weight)
		if max(off, -off) > max(both/20, max(s.Sizes[lane], s.Sizes[i])+contestRoom) {
			s.fault(now, Weights, lane, "%d bytes of %d, with a weight of %d beside %d of channel %d",
				s.lanes[lane].second, both, a.Weight, b.Weight, b.ID)
		}
	}
}
