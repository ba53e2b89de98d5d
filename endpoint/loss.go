package endpoint

import "time"

// A loss is the state of loss detection on a path: RFC 9002, section 6.
type loss struct {
	lossAt   int64 // when the oldest suspect counts as lost by time; never: there is none
	probes   int   // probe timeouts in a row
	probe    int   // packets that go out as probes, whatever the window says
	lastSent int64 // when a packet that elicits an ack was sent last
	order    reordering
	overdue  overdue
}

const (
	maxProbeTimeout = 2 * second
	// suspectProbes is how often in a probe timeout a suspect is asked whose messages go over a reserve now. It has
	// two until it is dead, and with nothing else on it a few lost probes in a row would end a path that only loses.
	suspectProbes = 4
)

// probeTimeout is the time after which an unanswered packet provokes a probe, after as many
// probes in vain (RFC 9002, 6.2.1). It never exceeds two seconds: an estimate may be far off
// after a side was suspended, and a probe too many does no harm.
func (p *path) probeTimeout(probes int) int64 {
	t := p.rtt.smooth + max(4*p.rtt.variance, millisecond) + p.ackDelay
	return min(t<<min(probes, 8), maxProbeTimeout)
}

// lossDelay is how long the ack of a packet may take, once a later one was acknowledged, before it
// counts as lost (RFC 9002, 6.1.2).
func (p *path) lossDelay() int64 { return p.leastDelay() + p.loss.order.slack }

// leastDelay is that where packets do not overtake each other.
func (p *path) leastDelay() int64 { return max(max(p.rtt.smooth, p.rtt.latest)*9/8, millisecond) }

// detectLost declares packets lost that are too far behind the largest acknowledged one, in
// number or in time, and sets the time for the next look. On a reliable path time says nothing,
// but number does: it keeps the order, so what was left out of the acknowledgements had arrived
// and was not taken, or never got into the socket. That says nothing about congestion.
func (p *path) detectLost(now int64) {
	p.loss.lossAt = never
	if !p.anyAcked {
		return
	}
	delay := p.lossDelay()
	sample := LossSample{SentAt: longAgo}
	for n := p.oldestInFlight(); n < p.largestAcked; n++ {
		pkt := p.sent.At(n)
		if pkt.state != packetInFlight {
			continue
		}
		switch near := p.tolerates(p.largestAcked - n); {
		case near && p.reliable:
		case near && pkt.at+delay > now:
			p.loss.lossAt = min(p.loss.lossAt, pkt.at+delay)
		default:
			if pkt.flags&packetSizeProbe == 0 && !p.ackTellsNothing(pkt.at) {
				p.watch.lost(n)
			}
			p.packetLost(now, pkt, &sample)
		}
	}
	if !p.reliable {
		p.reportLoss(now, sample)
	}
}

// tolerates reports whether a packet so far behind may still come, as far as numbers tell: on a
// reliable path they tell all.
func (p *path) tolerates(behind uint64) bool {
	if p.reliable {
		return behind < packetThreshold
	}
	return p.loss.order.tolerates(behind)
}

func (p *path) reportLoss(now int64, s LossSample) {
	if s.Packets > 0 {
		s.InFlight = p.inFlight
		p.loss.order.declared()
		p.steered = true
		p.cc.Lost(now, s)
	}
}

func (p *path) packetLost(now int64, pkt *sentPacket, sample *LossSample) {
	pkt.state = packetLost
	if pkt.flags&packetSizeProbe != 0 {
		return // it is missed when the next one is due
	}
	if pkt.flags != 0 {
		p.datagramLost(now, pkt)
	}
	p.leaveFlight(pkt)
	p.settleOverdue(pkt, true)
	pkt.inFlight = pkt.inFlight && !p.ackTellsNothing(pkt.at) // else it says nothing about congestion
	p.counts.PacketsLost++
	if pkt.at > p.freshAt {
		p.outbound.add(0, 1)
	}
	if pkt.inFlight {
		sample.Packets++
		sample.Bytes += int(pkt.bytes)
		sample.SentAt = max(sample.SentAt, pkt.at)
	}
	if pkt.set == 0 || p.ps.lostCopy(pkt) {
		for i := range uint64(pkt.records) {
			p.ps.contentLost(now, p.contents.At(pkt.firstRecord+i))
		}
	}
	if pkt.ackLargest > p.ackSaid && p.ackAt == never { // nothing newer was said since
		p.toAck, p.ackAt = max(p.toAck, 1), now
	}
}

func (p *path) leaveFlight(pkt *sentPacket) {
	if pkt.inFlight {
		p.inFlight -= int(pkt.bytes)
		if pkt.flags&packetLowest != 0 {
			p.lowest -= int(pkt.bytes)
		}
	}
	if pkt.eliciting {
		if p.eliciting--; p.eliciting == 0 {
			p.checkAt = never
		}
	}
}

// probeAt is when a probe is due, while something that elicits an ack is in flight: not as long as a
// packet may count as lost before (RFC 9002, 6.2.1), nor on a path that failed. A peer that is on hold
// is not asked, but shown signs of life.
func (p *path) probeAt() int64 {
	switch {
	case p.loss.lossAt != never || p.stage == stageFailed:
		return never
	case p.ps.life.peerHeld():
		return p.loss.lastSent + p.ps.life.pingInterval()
	case p.eliciting == 0:
		return never
	}
	if p.leftForReserve() {
		return p.loss.lastSent + p.probeTimeout(0)/suspectProbes
	}
	return p.loss.lastSent + p.probeTimeout(p.loss.probes)
}

// sendProbe has a probe sent.
func (p *path) sendProbe(now int64) {
	p.loss.lastSent = now
	left := p.leftForReserve()
	switch {
	case p.ps.life.peerHeld():
		p.loss.probe = 1
		return
	case left && p.loss.probes > 0: // what it carries went again with the first one
		p.loss.probe = 2
		return
	}
	p.loss.probes++
	if p.reliable { // which repeats what it carries itself: this asks what was left out
		p.loss.probe = 1
		return
	}
	p.loss.probe = min(p.loss.probes, 2) // two once one was in vain (RFC 9002, 6.2.4)
	if left {
		p.loss.probe = 2
	}
	p.repeatOldest(now)
}

// repeatOldest makes what the oldest packets in flight carry ready to be sent once more in a
// probe, without declaring it lost.
func (p *path) repeatOldest(now int64) {
	budget := packetBytes
	for n := p.oldestInFlight(); n < p.sent.End() && budget > 0; n++ {
		pkt := p.sent.At(n)
		if pkt.state != packetInFlight || pkt.flags&packetSizeProbe != 0 {
			continue
		}
		budget -= int(pkt.bytes)
		p.repeatContents(now, pkt)
	}
}

func (p *path) repeatContents(now int64, pkt *sentPacket) {
	for i := range uint64(pkt.records) {
		p.ps.contentRepeat(now, p.contents.At(pkt.firstRecord+i))
	}
}

// Ping has packets sent at once that the peer acknowledges, one on each path, with a PING in it
// if there is nothing else to say.
func (e *Endpoint) Ping() {
	for _, p := range e.paths.all {
		if p.active() {
			p.loss.probe = max(p.loss.probe, 1)
		}
	}
}

// ProbeTimeout is how long the peer is given to answer a packet before it is asked again: the
// smoothed RTT with a margin for its variation, and the time that the peer may hold its acks; of
// several paths the longest.
func (e *Endpoint) ProbeTimeout() time.Duration { return time.Duration(e.paths.patience()) }

func (ps *paths) patience() int64 {
	return ps.longest(func(p *path) int64 { return p.probeTimeout(0) })
}

// A reordering is what a path has shown of packets that overtake each other. It starts with the
// tolerance of RFC 9002, 6.1, which takes three packets or an eighth of a round trip for a loss. As
// soon as a late ack has proved that wrong, numbers say nothing more: how many packets overtake one
// depends on how fast they are sent. What counts then is time alone, and more of it as far as late
// acks call for, as RACK has it (RFC 8985, 6.2). Each number of losses that stayed losses takes half
// of that back; after as many times that number, numbers count again.
type reordering struct {
	seen  bool  // packets overtake each other
	slack int64 // nanoseconds beyond an eighth of a round trip
	calm  int   // times that packets were declared lost since the last mistake
}

const (
	packetThreshold = 3  // RFC 9002, 6.1.1
	calmLosses      = 16 // RFC 8985, 6.2: as many recoveries keep what was learned
)

// tolerates reports whether a packet may still come that is so far behind the largest one which did,
// as far as numbers tell.
func (r *reordering) tolerates(behind uint64) bool { return r.seen || behind < packetThreshold }

// mistaken learns from a packet that was declared lost and acknowledged late: so much later than an
// eighth of a round trip allows.
func (r *reordering) mistaken(late, smoothRTT int64) {
	r.calm, r.seen = 0, true
	r.slack = min(max(r.slack, late), smoothRTT)
}

// declared notes that packets were declared lost.
func (r *reordering) declared() {
	if r.calm++; r.calm%calmLosses == 0 {
		r.slack /= 2
	}
	if r.calm >= calmLosses*calmLosses {
		*r = reordering{}
	}
}
