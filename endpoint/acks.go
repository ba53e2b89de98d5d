package endpoint

import (
	"slices"

	"github.com/tickwire/tickwire/internal/seq"
	"github.com/tickwire/tickwire/internal/wire"
)

const (
	clockInterval   = 100 * millisecond // an ack carries the clock at least this often
	ackNowAfter     = 2                 // packets that elicit an ack: the second is not held
	pingAfterAcks   = 8
	clockUnitsShift = 24
	// maxRanges is how many ranges are remembered. An ACK holds the highest 32; a path that
	// reorders by more gets a second one for what came late.
	maxRanges = 256
	maxLate   = wire.MaxAckRanges
	// acksPerPacket is how many ACKs a packet may hold, of whatever paths: each walks what is remembered
	// of one.
	acksPerPacket = 2
)

// arrived notes a packet that was handled: whether it elicits an ack, and whether it came out
// of order, which the peer should learn at once (RFC 9000, 13.2.1).
func (p *path) arrived(now int64, number uint64, eliciting bool, hold int64) {
	inOrder := number == p.largest+1 || !p.anyReceived()
	newest := number >= p.largest || !p.anyReceived()
	p.inbound.came(number, p.largest, newest)
	switch {
	case newest:
		p.largest, p.largestAt = number, now
	case eliciting && len(p.late) < maxLate:
		p.late = append(p.late, number)
	}
	p.received.Mark(number)
	p.ranges.Add(number)
	if !eliciting || p.stage == stageClosed {
		return
	}
	p.toAck++
	if p.toAck >= ackNowAfter || !inOrder {
		p.ackAt = now
	} else {
		p.ackAt = min(p.ackAt, now+hold)
	}
}

// ackWait is how long the ack of the packet that was read may wait for one to ride on. Of what is
// reliable the peer wants to know soon whether it came: its ack waits for no longer than until
// the next packet with messages is expected, and not at all if that is later than the hold. Nor go
// more acks alone than two in a hold, but for some at once: of what comes faster every second
// packet is acknowledged.
func (ps *paths) ackWait(in *arrival) int64 {
	now, p, hold := in.now, in.path, int64(ps.cfg.AckHold)
	if !in.reliable {
		return hold
	}
	next := p.talkedAt + p.talkEvery + p.talkEvery/64
	if next > now+hold {
		next = now
	}
	return min(max(next, p.acksUntil-hold, now)-now, hold)
}

// Acknowledge has the acknowledgements that are owed go out at once, with the next packets: the
// owner knows that nothing will come that they could wait for (Config.AckHold). It reports
// whether there are any.
func (e *Endpoint) Acknowledge() (owed bool) {
	for _, p := range e.paths.all {
		if p.toAck > 0 {
			p.ackAt, owed = min(p.ackAt, e.now), true
		}
	}
	return owed
}

// noteTalk notes that a packet with messages goes: how far such packets are apart, at most, lately,
// as far as that matters.
func (p *path) noteTalk(now, hold int64) {
	every := min(now-p.talkedAt, 2*hold)
	if p.talkedAt = now; every > p.talkEvery {
		p.talkEvery = every
	} else {
		p.talkEvery -= (p.talkEvery - every) / 16
	}
}

func (p *path) anyReceived() bool {
	_, ok := p.received.Largest()
	return ok
}

// An ackScratch is where ACKs are read and put together, of all endpoints of an owner.
type ackScratch struct {
	in, out wire.Ack // out as ackSent takes it
	late    struct {
		ack    wire.Ack
		ranges []seq.Range
	}
}

// buildAck appends an ACK of everything received on the path, as far as it fits 32 ranges and the
// packet, and one of what came late and lies below them.
func (ps *paths) buildAck(b *builder) {
	now, p := b.now, b.path
	ranges := p.ranges.All()
	if len(ranges) == 0 {
		return
	}
	a := &ps.cfg.Buffers.acks.out
	a.Largest = ranges[0].Last
	a.Wide = a.Largest-p.ackKnown >= 1<<14
	a.Hold = 0
	if a.Largest == p.largest {
		a.Hold = now - p.largestAt
	}
	many := p.toAck >= ackNowAfter
	if a.HasClock = (many || now-p.lastClock >= clockInterval) && a.Largest == p.largest; a.HasClock {
		a.Clock = uint32(wireClock(p.largestAt)) & (1<<clockUnitsShift - 1)
	}
	if a.HasECN = false; p.marks.any {
		p.marks.report(a)
	}
	n := b.ack(a, ranges[:min(len(ranges), wire.MaxAckRanges)])
	if n == 0 {
		return
	}
	b.pkt.ackLargest = a.Largest + 1
	if below := ranges[n:]; len(below) > 0 && len(p.late) > 0 {
		ps.buildLateAck(b, below)
	}
}

// ack appends an ACK of ranges, in a small packet of the highest alone that fit, and returns of how
// many.
func (b *builder) ack(a *wire.Ack, ranges []seq.Range) int {
	before := b.dst
	for n := len(ranges); n > 0; n /= 2 {
		setRanges(a, ranges[:n])
		if b.dst = wire.AppendAck(before, a); b.room() >= 0 {
			return n
		}
	}
	b.dst = before
	return 0
}

func setRanges(a *wire.Ack, ranges []seq.Range) {
	a.Ranges = a.Ranges[:0]
	for _, r := range ranges {
		a.Ranges = append(a.Ranges, wire.AckRange{Newest: a.Largest - r.Last, Oldest: a.Largest - r.First})
	}
}

// buildLateAck acknowledges the ranges in which something came late: the peer has not heard of
// them yet, and no later ACK will name them.
func (ps *paths) buildLateAck(b *builder, below []seq.Range) {
	p, late := b.path, &ps.cfg.Buffers.acks.late
	late.ranges = late.ranges[:0]
	for _, r := range below {
		has := func(n uint64) bool { return r.First <= n && n <= r.Last }
		if slices.ContainsFunc(p.late, has) && len(late.ranges) < wire.MaxAckRanges {
			late.ranges = append(late.ranges, r)
		}
	}
	if len(late.ranges) == 0 {
		return
	}
	a := &late.ack
	a.Largest = late.ranges[0].Last
	a.Wide = a.Largest >= p.ackKnown && a.Largest-p.ackKnown >= 1<<14
	b.ack(a, late.ranges)
}

// ackSent notes that a packet goes out with the ACK that buildAck made last.
func (p *path) ackSent(now int64, a *wire.Ack, hold int64) {
	p.toAck, p.ackAt = 0, never
	p.late = p.late[:0]
	p.ackSaid, p.acksUntil = a.Largest, max(p.acksUntil, now)+hold/2
	if a.HasClock {
		p.lastClock = now
	}
	if a.HasECN {
		p.marks.reported()
	}
}

// handleAck handles an ACK of packets that we sent on p.
func (p *path) handleAck(in *arrival, a *wire.Ack) error {
	now, bits := in.now, uint(16)
	if a.Wide {
		bits = 32
	}
	largest := seq.Nearest(p.largestAcked, a.Largest, bits)
	if largest >= p.sent.End() || a.Ranges[len(a.Ranges)-1].Oldest > largest {
		return p.ps.falseAck()
	}
	sample := AckSample{SentAt: longAgo, OldestAt: never}
	mistakes := LossSample{SentAt: longAgo}
	for _, r := range a.Ranges {
		first, last := largest-r.Oldest, largest-r.Newest
		p.ackVisits += last - first + 1
		for n := max(first, p.sent.Base()); n <= last && n < p.sent.End(); n++ {
			if err := p.packetAcked(now, n, &sample); err != nil {
				return err
			}
			if p.sent.At(n).late {
				p.mistaken(now, n, &mistakes)
			}
		}
	}
	if p.marks.state != marksFailed {
		p.marks.judge(a, !p.anyAcked || largest > p.largestAcked)
	}
	if mistakes.Packets > 0 {
		mistakes.InFlight = p.inFlight
		p.cc.Spurious(now, mistakes)
	}
	if sample.SentAt == longAgo {
		return nil // nothing new
	}
	if sample.OldestAt != never && !in.gap && !p.ackTellsNothing(sample.OldestAt) && !in.elsewhere {
		p.noteLate(now - sample.OldestAt - sample.waited)
	}
	if newest := p.newlyAcked(largest); newest != nil {
		p.measure(in, a, newest, &sample)
	}
	p.largestAcked, p.anyAcked = max(p.largestAcked, largest), true
	p.answers()
	p.detectLost(now)
	sample.SmoothRTT, sample.MinRTT = p.rtt.smooth, p.rtt.min
	sample.InFlight, sample.Delivered = p.inFlight, p.delivered
	sample.Congested, p.marks.fresh = p.marks.fresh, 0
	p.steered = true
	p.cc.Acked(now, sample)
	p.ps.tellRate(now, sample.AppLimited)
	p.forget(now)
	return nil
}

// falseAck answers an acknowledgement of something that was never sent (RFC 9000, 21.4).
func (ps *paths) falseAck() error {
	if ps.cfg.Trusted {
		return errProtocol
	}
	ps.stats.Dropped[DropFalseAck]++
	return nil
}

// newlyAcked returns the largest packet of an ACK if this ACK was the first to name it: only
// then its hold means something.
func (p *path) newlyAcked(largest uint64) *sentPacket {
	if !p.sent.Has(largest) || p.anyAcked && largest <= p.largestAcked {
		return nil
	}
	if pkt := p.sent.At(largest); pkt.state == packetAcked {
		return pkt
	}
	return nil // never sent: an ACK that lies, over a carrier where that is only counted
}

// measure takes the samples that an ACK of pkt allows.
func (p *path) measure(in *arrival, a *wire.Ack, pkt *sentPacket, sample *AckSample) {
	now := in.now
	told := !p.ackTellsNothing(pkt.at) && !pkt.aside && !in.elsewhere // who is faster measures his own way
	if told && pkt.eliciting {
		p.rtt.sample(now-pkt.at, a.Hold)
		sample.RTT = p.rtt.latest
		if pkt.passed > 0 {
			p.loss.overdue.strait.acked(straitMark{pkt.at, now - a.Hold, pkt.passed})
		}
		if p.reliable {
			p.judgeQueue(now, pkt)
		}
	}
	if elapsed := p.deliveredAt - pkt.deliveredAt; told && elapsed > 0 {
		sample.RateSample = int(min((p.delivered-pkt.delivered)*1000/(elapsed/millisecond+1), 1<<31-1))
	}
	if a.HasClock {
		expected := p.clock.peer + uint64(max(0, now-p.clock.at)/wire.ClockUnit)
		if !p.clock.any {
			expected = p.ps.life.peerClock(now)
		}
		p.clock.peer, p.clock.at = seq.Nearest(expected, uint64(a.Clock), clockUnitsShift), now
		if !told {
			return
		}
		peer := int64(p.clock.peer) * wire.ClockUnit
		p.clock.sample(pkt.at, peer, a.Hold, now)
		p.ps.exchanges.add(ClockSample{Sent: pkt.at, Arrived: peer, Answered: peer + a.Hold, Received: now})
		sample.OneWay = peer - pkt.at
		sample.HasOneWay = p.clock.doubt.believes(now, sample.OneWay, now-pkt.at)
	}
}

// packetAcked settles packet n.
func (p *path) packetAcked(now int64, n uint64, sample *AckSample) error {
	pkt := p.sent.At(n)
	switch pkt.state {
	case packetUnsent:
		return p.ps.falseAck()
	case packetAcked:
		return nil
	case packetLost:
		pkt.late = pkt.flags&packetSizeProbe == 0
	case packetInFlight:
		p.leaveFlight(pkt)
		p.settleOverdue(pkt, false)
		if pkt.inFlight {
			p.delivered += int64(pkt.bytes)
			p.deliveredAt = now
			sample.Bytes += int(pkt.bytes)
		}
		if pkt.eliciting {
			if pkt.at < sample.OldestAt {
				sample.OldestAt, sample.waited = pkt.at, pkt.waits
			}
		}
		if pkt.at >= sample.SentAt {
			sample.SentAt, sample.AppLimited = pkt.at, pkt.limited || p.ackTellsNothing(pkt.at)
			sample.Passed = max(sample.Passed, pkt.passed)
		}
	}
	pkt.state = packetAcked
	if pkt.flags != 0 {
		p.datagramAcked(now, n, pkt)
	}
	news, given := true, pkt.late
	if pkt.set != 0 {
		news, given = p.ps.ackedCopy(pkt, pkt.late)
	}
	if news {
		for i := range uint64(pkt.records) {
			p.ps.contentAcked(now, p.contents.At(pkt.firstRecord+i), given)
		}
	}
	if pkt.ackLargest > 0 {
		known := pkt.ackLargest // the peer knows of what is below (RFC 9000, 13.2.4)
		for _, n := range p.late {
			known = min(known, n)
		}
		p.ranges.Forget(known)
		p.ackKnown = max(p.ackKnown, pkt.ackLargest-1)
	}
	return nil
}

// mistaken notes that packet n, declared lost, was acknowledged all the same.
func (p *path) mistaken(now int64, n uint64, s *LossSample) {
	pkt := p.sent.At(n)
	pkt.late = false
	p.counts.PacketsSpurious++
	if pkt.at > p.freshAt {
		p.outbound.add(0, -1)
	}
	if p.ackTellsNothing(pkt.at) {
		return
	}
	p.watch.mistaken()
	p.loss.order.mistaken(now-pkt.at-p.leastDelay(), p.rtt.smooth)
	if pkt.inFlight {
		p.delivered += int64(pkt.bytes)
		s.Packets++
		s.Bytes += int(pkt.bytes)
		s.SentAt = max(s.SentAt, pkt.at)
	}
}

// wantsAckPing reports whether a packet that elicits nothing should carry a PING, so that the
// ranges can be forgotten: after eight of them, once per round trip, and never in answer to
// nothing but PING and ACK, or two idle sides would keep each other awake.
func (p *path) wantsAckPing(now int64) bool {
	return p.ackOnly >= pingAfterAcks && p.heardMore && now-p.ackOnlyPing >= p.rtt.smooth
}

// owesAck reports whether something that elicits an ack came since the last one.
func (p *path) owesAck() bool { return p.toAck > 0 }

// ackAtOnce has an ACK sent without delay, unless the path is closed: nothing is acknowledged there.
func (p *path) ackAtOnce(now int64) {
	if p.stage != stageClosed {
		p.ackAt = now
	}
}
