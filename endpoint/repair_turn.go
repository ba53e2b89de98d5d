package endpoint

import "github.com/tickwire/tickwire/internal/wire"

// When sums go: in which of the packets that leave anyway, and where in it.

// repairAfterTurn appends repair of a channel that has had its turn in the packet, with messages from
// an id on if it started any.
func (s *sender) repairAfterTurn(b *builder, first uint64) {
	r := &s.repair
	if s.open.End() > first {
		r.own, r.first, r.due = s.out.packets, first, true
		r.noteOwn(b.now)
		if !r.listed {
			r.listed = true
			s.out.repairing = append(s.out.repairing, s)
		}
	}
	if r.due && s.othersPay(b) {
		s.buildRepair(b)
	}
}

// A sumsTurn is when the channels of a class may add sums to a packet.
type sumsTurn uint8

const (
	// sumsFirst is before the messages of the class: sums that were held back for a packet like this
	// one, which other channels fill.
	sumsFirst sumsTurn = iota
	// sumsEarly is behind them, and before those of lower classes, if these have more than fits: then
	// they pay for it.
	sumsEarly
	// sumsLast is behind all: a sum must not drive a message into another packet.
	sumsLast
)

// buildRepairs appends repair of the channels of a class that had none in the packet yet: what
// goes out anyway takes it along.
func (out *outbox) buildRepairs(b *builder, c *class, turn sumsTurn) {
	for i := 0; i < len(out.repairing); {
		s := out.repairing[i]
		if s.turn.class == c && s.takesSums(b, turn) {
			before := len(b.dst)
			s.buildRepair(b)
			s.serve(b, len(b.dst)-before)
		}
		if s.repair.due {
			i++
			continue
		}
		s.repair.listed = false
		last := len(out.repairing) - 1
		out.repairing[i], out.repairing[last] = out.repairing[last], nil
		out.repairing = out.repairing[:last]
	}
}

// takesSums reports whether it is a channel's turn to add sums to the packet.
func (s *sender) takesSums(b *builder, turn sumsTurn) bool {
	r := &s.repair
	switch {
	case r.packet == s.out.packets || !r.ripe(s.out.packets, b.now):
		return false
	case turn == sumsFirst:
		return r.held > 0 && r.credit >= oneSum && s.idle() && s.bulkFollows(b)
	case turn == sumsEarly:
		return s.othersPay(b)
	}
	return b.pkt.eliciting
}

// bulkFollows reports whether the packet will have something of other channels, of the same or a lower
// priority, whatever room a sum leaves: pieces of what is reliable fit any.
func (s *sender) bulkFollows(b *builder) bool {
	if b.above || b.room() < 2*cutRoom+wire.MaxSymbol {
		return false
	}
	for i := range s.out.others() {
		c := &s.out.others()[i]
		if c.priority > s.priority() {
			continue
		}
		for _, other := range c.active {
			if other != s && other.cuttable() && other.turnAt() <= b.now {
				return true
			}
		}
	}
	return false
}

// cuttable reports whether a channel has something to send that goes in pieces of any size.
func (s *sender) cuttable() bool {
	d := s.cfg.Delivery
	return s.cutter() != nil || (d == ReliableOrdered || d == ReliableUnordered) && s.next() != nil
}

// othersPay reports whether a sum takes its room from what waits in other channels of the same or a
// lower priority, since more does than fits.
func (s *sender) othersPay(b *builder) bool {
	return b.pkt.eliciting && s.moreWaits(b.room())
}

// moreWaits reports whether more than so many bytes wait in these channels.
func (s *sender) moreWaits(bytes int) bool {
	if s.out.active == 0 || s.out.active == 1 && s.turn.listed {
		return false // nobody else has anything
	}
	for i := range s.out.others() {
		c := &s.out.others()[i]
		if c.priority > s.priority() {
			continue
		}
		for _, other := range c.active {
			if other == s {
				continue
			}
			if bytes -= int(other.backlog()); bytes < 0 {
				return true
			}
		}
	}
	return false
}

// hold keeps what the messages of a packet are worth for the packets that go between this one and the
// next one of the channel, if there will be any: so a lost message is rebuilt before the next one is
// sent.
func (r *repairer) hold(worth strength, talkEvery int64) {
	if r.held = 0; talkEvery < r.every*3/4 {
		r.held = worth
	}
}

// ripe reports whether sums may go now. Those that were held back go one by one, each a quarter of the
// distance of the channel's packets after the one before it, and after the messages: one row of losses
// should not take them all.
func (r *repairer) ripe(packet uint64, now int64) bool {
	return r.own == packet || r.held == 0 || now-max(r.at, r.ownAt) >= r.every/4
}

// most is how many sums of so many messages the packet may have.
func (r *repairer) most(packet uint64, messages int) int {
	switch {
	case r.own == packet:
		return min(int((r.credit-r.held)/oneSum), messages)
	case r.held > 0:
		messages = min(messages, 1)
	}
	return min(int(r.credit/oneSum), messages)
}

// noteOwn notes that a packet with messages of the channel goes.
func (r *repairer) noteOwn(now int64) {
	r.every += (min(now-r.ownAt, idleRepairs) - r.every) / 8
	r.ownAt = now
}
