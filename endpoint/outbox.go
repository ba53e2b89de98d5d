package endpoint

import (
	"github.com/tickwire/tickwire/internal/seq"
	"github.com/tickwire/tickwire/internal/wire"
)

// An outbox is what goes to the peer: the senders of all channels, in which classes they take
// turns, what of a flush and of the peer's limits is left for them, and what their messages share.
// It fills packets with messages; over which path they go it does not know.
type outbox struct {
	*common
	paths     *paths    // what a message can expect of them
	senders   []sender  // in ascending order of channel, the library's own first
	classes   []class   // by which senders take turns, the highest priority first
	others    []class   // all but the first one, that of the library's own channel
	active    int       // senders that are listed in classes
	repairing []*sender // that may have something to repair
	packets   uint64    // built so far
	twins     seq.Ring[twin]

	draft        Draft
	lastReceipt  Receipt
	openReceipts int
	cuts         spares[cut]
	terms        spares[terms]

	quota quota
	flush flush
}

// begin makes the senders. Their tables are seeded with a number that no peer ever sees.
func (out *outbox) begin(c *common, ps *paths, now int64, keySeed uint64) {
	out.common, out.paths, out.flush = c, ps, noLimit
	out.senders = make([]sender, len(c.cfg.Channels))
	for i := range out.senders {
		cfg := &c.cfg.Channels[i]
		s := &out.senders[i]
		*s = sender{out: out, cfg: cfg, id: uint16(cfg.ID), expiry: expiry{next: never, looked: now - second}}
		s.repair.kind = RepairOff
		s.keys.table.seed = keySeed
	}
	out.draft = *NewDraft(c.cfg.Buffers, c.plan.channels)
	out.schedule(now)
}

// sender returns the outgoing half of a channel; nil if there is none.
func (out *outbox) sender(id uint16) *sender {
	if i := out.plan.index(id); i >= 0 {
		return &out.senders[i]
	}
	return nil
}

// handleHello takes over what the peer's HELLO says: its limits, its first credit, and whether it
// reads REPAIR.
func (out *outbox) handleHello(now int64, h *wire.Hello) {
	out.keepTo(now, h)
	out.enableRepair(h.Capabilities)
	for i := range out.senders {
		out.senders[i].limit = uint64(h.DefaultWindow)
	}
	for _, w := range h.Windows {
		if s := out.sender(w.Channel); s != nil {
			s.limit = uint64(w.Bytes)
		}
	}
}

// expire drops messages that are of no use any more, and receipts whose confirmation did not come,
// and says when to look again.
func (out *outbox) expire(now int64) int64 {
	at := never
	for i := range out.senders {
		s := &out.senders[i]
		at = min(at, s.expireStored(now), s.expireMessages(now), s.expireAwaited(now))
		if s.loose != nil {
			at = min(at, s.loose.expireStored(now))
		}
	}
	return at
}

// abandon ends everything that was under way, and returns how many of the game's messages had no
// fate yet.
func (out *outbox) abandon() (left int) {
	out.draft.abandon()
	out.senders[0].dropAll() // of which the game knows nothing
	for i := range out.senders[1:] {
		left += out.senders[1+i].dropAll()
	}
	return left
}

// dropAll ends all messages of a sender, and returns how many had no fate yet.
func (s *sender) dropAll() (left int) {
	for ; s.open.Len() > 0; s.open.Pop() {
		m := s.open.At(s.open.Base())
		if m.state == outFlying {
			s.lose(m, ConnClosed)
			left++
		}
		s.done(m)
	}
	for ; s.queue.Len() > 0; s.queue.Pop() {
		m := s.queue.At(s.queue.Base())
		if m.state == outQueued {
			s.lose(m, ConnClosed)
			left++
		}
		s.freeMessage(m)
	}
	s.queued, s.dead, s.resend, s.resendBytes, s.cutting, s.refused = 0, 0, 0, 0, 0, 0
	if s.loose != nil {
		left += s.loose.dropAll()
	}
	return left
}
