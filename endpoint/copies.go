package endpoint

import "github.com/tickwire/tickwire/internal/seq"

// Copies are packets with the same messages on several paths, each with a number of its path's.
// The frames of the last packet with messages are kept until each path that copies was asked for
// a packet. One that cannot send then is left out: a copy that comes late is of little use.
type copies struct {
	due     uint8 // paths that shall copy it, as bits
	*copied       // nil: nothing was copied so far
}

// Copied is what is kept of packets that have copies, and of the last one its frames.
type copied struct {
	frames []byte
	from   *path
	number uint64
	sets   seq.Ring[copySet]
}

// A copySet is what became of the packets that carry the same: the first one that arrives brings
// it, and it is lost when the last one is.
type copySet struct {
	flying      uint8 // packets whose fate is not known
	remembered  uint8 // packets that are not forgotten
	acked, lost bool
}

// maxCopySets bounds the sets that are remembered: as long as the packet of the oldest one has no
// fate. Beyond it nothing is copied.
const maxCopySets = 2 * maxSentPackets

// copySpan is how many Unreliable messages with ids are told apart.
const copySpan = 1024

// copiers are the paths that shall copy what goes over p, as bits: those that copy, and if p is
// one itself, the suspects in whose place it carries messages. It may well be that nothing was
// wrong with them.
func (p *path) copiers() (set uint8) {
	for _, q := range p.ps.all {
		if q == p || !q.active() {
			continue
		}
		if q.use == UseCopy || p.use == UseCopy && q.use == UseShare && q.stage != stageWell {
			set |= 1 << q.id
		}
	}
	return set
}

// copyRoom is the room that a packet has so that all its copiers can carry it: as much as they
// had last, and two bytes less, since their numbers may take more.
func (ps *paths) copyRoom(set uint8, room int) int {
	for _, q := range ps.all {
		if set&(1<<q.id) != 0 && q.room > 0 {
			room = min(room, q.room-2)
		}
	}
	return room
}

// set returns the set that a packet names: of a ring the low bits of a number are enough.
func (c *copies) set(name uint32) *copySet { return c.sets.At(uint64(name) - 1) }

// keepCopy keeps what a packet carries for the paths that copy it.
func (ps *paths) keepCopy(b *builder) {
	c := &ps.copies
	if c.copied == nil {
		c.copied = new(copied)
	}
	if c.sets.Len() >= maxCopySets {
		return
	}
	if uint32(c.sets.End()+1) == 0 {
		*c.sets.Push() = copySet{} // this number means none
	}
	c.frames = append(c.frames[:0], b.dst[b.data-1:]...)
	c.due, c.from, c.number = b.copiers, b.path, b.number
	*c.sets.Push() = copySet{flying: 1, remembered: 1}
	b.pkt.set = uint32(c.sets.End())
}

// buildCopy fills a packet with a copy of what another path carried, if it is this path's turn
// and still of use.
func (ps *paths) buildCopy(b *builder) bool {
	c, p := &ps.copies, b.path
	if c.due&(1<<p.id) == 0 {
		return false
	}
	c.due &^= 1 << p.id
	if !c.from.sent.Has(c.number) || ps.life.quiet() || !p.maySend(b.now) || b.room() < len(c.frames) {
		return false
	}
	set := c.from.sent.At(c.number).set
	s := c.set(set)
	if s.acked || s.lost {
		return false
	}
	if p.toAck > 0 && ps.life.drainState() == 0 && !ps.outbox.limited() { // else it goes with DRAINING, or alone
		if ps.buildAck(b); b.room() < len(c.frames) {
			b.dst, b.pkt.ackLargest = b.dst[:b.start], 0 // it goes alone
		}
	}
	b.dst = append(b.dst, c.frames...)
	of := c.from.sent.At(c.number)
	for i := range uint64(of.records) {
		b.record(*c.from.contents.At(of.firstRecord + i))
	}
	b.pkt.eliciting, b.pkt.set = true, set
	s.flying++
	s.remembered++
	p.counts.Copies++
	return true
}

// lostCopy notes the loss of a packet, and reports whether what it carried is lost with it.
func (ps *paths) lostCopy(pkt *sentPacket) bool {
	s := ps.copies.set(pkt.set)
	s.flying--
	if s.flying > 0 || s.acked || s.lost {
		return false
	}
	s.lost = true
	return true
}

// ackedCopy notes that a packet was acknowledged; late if it had been declared lost. It reports
// whether that is news of what it carried, and whether that was given up for lost before.
func (ps *paths) ackedCopy(pkt *sentPacket, late bool) (news, given bool) {
	s := ps.copies.set(pkt.set)
	if !late {
		s.flying--
	}
	if s.acked {
		return false, false
	}
	s.acked = true
	return true, s.lost
}

// forgetCopy: a packet is not remembered any more.
func (ps *paths) forgetCopy(pkt *sentPacket) {
	if pkt.set == 0 {
		return
	}
	c := &ps.copies
	c.set(pkt.set).remembered--
	for c.sets.Len() > 0 && c.sets.First().remembered == 0 {
		c.sets.Pop()
	}
}
