package endpoint

import (
	"math/bits"
	"slices"

	"github.com/tickwire/tickwire/internal/wire"
)

// A repairer is what the sender of a channel knows of its repair. Each message that it starts
// gives the channel so many sums to send; they go with the next packets, and each covers what of
// the last messages the peer is not known to have. So a path with a short round trip, where all
// is acknowledged before the next packet leaves, pays for what is lost alone.
type repairer struct {
	kind    Repair // RepairOff also as long as the peer is not known to read it
	row     uint8  // of the last sum
	listed  bool   // in outbox.repairing
	due     bool   // there may be something to repair
	packet  uint64 // that was asked for repair last
	own     uint64 // the last one with messages of the channel
	first   uint64 // and the id of the first message in it
	counted uint64 // ids below have given what they give
	bare    uint64 // ids below were not repaired: they came as a flood
	from    uint64 // ids below are in no sum: the peer may not have kept them
	covered uint64 // one more than the newest id in a sum
	span    int    // ids that a sum may reach back
	credit  strength
	held    strength // of it: for packets between those with messages of the channel
	at      int64    // when the last sum left
	ownAt   int64    // when a packet with messages of the channel left
	every   int64    // how far these are apart, about

	awaited []awaited // unreliable deliveries: messages that were lost and may be rebuilt
	counts  repairCounts
}

type repairCounts struct{ sums, bytes, rebuilt uint64 }

// An awaited is a message whose packet was lost, and that REBUILT may still name.
type awaited struct {
	id    uint64
	until int64
}

const (
	// sparsely is how many messages of a channel a packet has at most that are repaired.
	sparsely = 8
	// repairSpan is how many packets a sum reaches back: with seven a burst of five packets comes
	// back, and the ids of single messages take one byte. With longer bursts twice as many.
	repairSpan = 7
	// idleRepairs is the time between sums while nothing is lost: they are for the first loss.
	idleRepairs = second / 15
	// repairQueue is how long packets may wait on their way for repair to go out that takes nothing
	// from others: three ticks of sixty a second.
	repairQueue = second / 20
)

func (r *repairer) on() bool { return r.kind != RepairOff }

// willRepair reports whether what a channel sends now will be in sums of the next packets.
func (s *sender) willRepair() bool {
	return s.repair.on() && s.out.strengthOf(&s.repair) > repairIdle
}

// enableRepair begins repair on the channels that want it, if the peer reads it.
func (out *outbox) enableRepair(capabilities uint64) {
	out.start.repairs = capabilities&wire.CapabilityRepair != 0
	for _, s := range out.senders {
		if s != nil {
			s.beginRepair(out.start.repairs)
		}
	}
}

func (s *sender) beginRepair(on bool) {
	s.repair.kind = RepairOff
	if on && !s.own() {
		s.repair.kind = s.cfg.Repair
	}
}

// buildRepair appends the sums that a channel is to send now. One that has more messages waiting
// sends those; and nothing is lost on a path that is itself reliable.
func (s *sender) buildRepair(b *builder) {
	r := &s.repair
	if r.packet = s.out.packets; s.queue.Len() > 0 || s.cutter() != nil || b.path.lossless() {
		s.skipRepair()
		return
	}
	end := s.open.End()
	if r.own == s.out.packets {
		end = r.first // what this packet has is lost with it
	}
	s.creditRepair(b)
	f := wire.Repair{Channel: s.id}
	symbol := 0
	if f.Newest, f.Mask, symbol = s.repairable(end); f.Mask == 0 {
		r.due = r.own == s.out.packets
		return
	}
	begins := r.counts.sums == 0 || b.now-r.at > rebuildLife*3/4 || end-r.covered > rebuildFor/2
	for n := r.most(s.out.packets, bits.OnesCount32(f.Mask)); n > 0; n-- {
		if b.room() < wire.RepairLen(&f, symbol) || s.repairMustWait(b) || s.turn.limited && s.turnAt() > b.now {
			break
		}
		s.putSum(b, &f, symbol)
	}
	if begins && r.at == b.now {
		r.from = s.open.End() // behind the first sum the peer keeps what comes
	}
	r.credit = min(r.credit, r.held+oneSum)
	r.due = r.credit >= oneSum || r.own == s.out.packets
}

// repairMustWait reports whether messages, and what must be sent again, need all that congestion control
// allows, while nothing else waits that could be cut. Repair has half of what pacing has saved up:
// so the whole stays below the estimated rate, and no message waits for repair. And it has half of
// the window once nothing was acknowledged for a while: one full of repair would be empty of
// messages when a long row of packets is lost. Where packets wait for longer than three ticks all the
// same, because the path carries less than the least rate or others fill it, repair would only have
// messages wait longer.
func (s *sender) repairMustWait(b *builder) bool {
	return b.path.short(b.now) && !s.moreWaits(0)
}

// short reports whether the path has nothing to give to repair.
func (p *path) short(now int64) bool {
	window := p.cc.WindowBytes()
	if now-p.deliveredAt > second/10 {
		window /= 2
	}
	return p.inFlight >= window || p.pacer.level < p.pacer.burst*second/2 || p.estimate().QueueDelay > repairQueue
}

// skipRepair: what was sent until now is not repaired.
func (s *sender) skipRepair() {
	r := &s.repair
	r.counted, r.bare, r.credit = s.open.End(), s.open.End(), 0
	r.due = r.own == s.out.packets
}

// creditRepair gives a channel what the messages are worth that it has started since the last time.
func (s *sender) creditRepair(b *builder) {
	r := &s.repair
	fresh := s.open.End() - r.counted
	if fresh > sparsely {
		s.skipRepair()
		return
	}
	r.counted = s.open.End()
	each := s.out.strengthOf(r)
	r.credit += strength(fresh) * each
	if r.own == s.out.packets {
		r.hold(strength(fresh)*each, b.path.talksEvery())
	}
	if each == repairIdle && b.now-r.at >= idleRepairs {
		r.credit = max(r.credit, oneSum)
	}
	if fresh > 0 {
		packets := repairSpan
		if s.out.paths.inARow() > 2 {
			packets *= 2
		}
		r.span = min(packets*int(fresh), wire.MaxRepairSpan-4)
	}
}

// strengthOf is how much repair a channel has now: what its Repair names, or what the paths call for.
func (out *outbox) strengthOf(r *repairer) strength {
	if each, fixed := r.kind.fixed(); fixed {
		return each
	}
	return out.paths.strength()
}

// strength is how much repair the paths call for that carry messages: one message may have gone
// over any of them.
func (ps *paths) strength() (most strength) {
	if ps.single() { // where there are messages to be repaired it carries them
		return ps.all[0].watch.strength()
	}
	for _, p := range ps.all {
		if p.carries() {
			most = max(most, p.watch.strength())
		}
	}
	return most
}

// inARow is how many packets they lose in a row.
func (ps *paths) inARow() (most int) {
	for _, p := range ps.all {
		if p.carries() {
			most = max(most, p.watch.inARow())
		}
	}
	return most
}

// repairable returns which of the messages below an id a sum should cover, as REPAIR says it, and
// how long their longest symbol is. Mask 0: there is none.
func (s *sender) repairable(end uint64) (newest uint64, mask uint32, symbol int) {
	low := max(s.open.Base(), s.repair.bare, s.repair.from)
	for id := end; id > low && end-id < uint64(s.repair.span); id-- {
		m := s.open.At(id - 1)
		sym := s.symbolOf(id-1, m)
		if !s.mayRepair(id-1, m) || sym.Len() > wire.MaxSymbol { // as one of 500 bytes with a long key
			continue
		}
		if mask == 0 {
			newest = id - 1
		}
		mask |= 1 << (newest - (id - 1))
		symbol = max(symbol, sym.Len())
	}
	if mask != 0 && s.farAhead(newest) {
		return 0, 0, 0 // two bytes of an id may not tell it from an older one
	}
	return newest, mask, symbol
}

// farAhead reports whether an id goes wide in a RUN.
func (s *sender) farAhead(id uint64) bool {
	if s.cfg.Delivery == Unreliable {
		return id-s.known >= 1<<14
	}
	return s.wide(id)
}

// mayRepair reports whether a sum may have a message in it: it is on its way, whole and small.
func (s *sender) mayRepair(id uint64, m *outMessage) bool {
	if m.state != outFlying || m.cut != nil || m.len() > s.repair.kind.largest() || len(m.payload) != m.len() {
		return false
	}
	return s.cfg.Delivery != ReliableLatest || !s.outdated(id, m)
}

// keeps reports whether the payload of an unreliable message is kept for repair until its fate
// is known.
func (s *sender) keeps(m *outMessage) bool {
	return s.repair.on() && s.ordered == nil && m.cut == nil && m.len() <= s.repair.kind.largest()
}

// symbolOf is a message as a sum has it.
func (s *sender) symbolOf(id uint64, m *outMessage) wire.Symbol {
	sym := wire.Symbol{Payload: m.payload}
	if t := m.terms; t != nil && t.options != 0 {
		sym.Options, sym.Key, sym.Back = t.options, t.key, back(id, t.first)
	}
	return sym
}

// putSum appends one sum.
func (s *sender) putSum(b *builder, f *wire.Repair, symbol int) {
	r := &s.repair
	r.row = (r.row + 1) & wire.MaxRepairRow
	f.Row = r.row
	start := len(b.dst)
	b.dst = wire.AppendUvarint(wire.AppendRepair(b.dst, f), uint64(symbol))
	at := len(b.dst)
	b.dst = slices.Grow(b.dst, symbol)[:at+symbol]
	sum := b.dst[at:]
	clear(sum)
	for mask := f.Mask; mask != 0; mask &= mask - 1 {
		id := f.Newest - uint64(bits.TrailingZeros32(mask))
		sym := s.symbolOf(id, s.open.At(id))
		sym.AddTo(sum, wire.Coefficient(f.Row, id))
	}
	b.sum, b.sumEnd, b.sumBytes = start, len(b.dst), symbol
	r.credit -= oneSum
	r.at, r.covered = b.now, max(r.covered, f.Newest+1)
	r.counts.sums++
	r.counts.bytes += uint64(len(b.dst) - start)
	if s.turn.limited {
		s.countMessage(b)
	}
}

// endSum saves the length of a sum that is last in its packet.
func (b *builder) endSum() {
	if b.sumBytes > 0 && b.sumEnd == len(b.dst) {
		frame := wire.SetRepairToEnd(b.dst[b.sum:], b.sumBytes)
		b.dst = b.dst[:b.sum+len(frame)]
		b.end = len(b.dst)
	}
}
