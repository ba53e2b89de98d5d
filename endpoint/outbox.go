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
	senders   []*sender // in ascending order of channel, the library's own first; nil: nothing was sent on it
	classes   []class   // by which senders take turns, the highest priority first
	active    int       // senders that are listed in classes
	repairing []*sender // that may have something to repair
	packets   uint64    // built so far
	twins     seq.Ring[twin]
	start     senderStart

	draft        *Draft // nil: it was never asked for
	lastReceipt  Receipt
	openReceipts int

	quota *quota
	flush flush
}

// begin makes an outbox that has sent nothing. The tables of its senders are seeded with a number that
// no peer ever sees.
func (out *outbox) begin(c *common, ps *paths) {
	out.common, out.paths, out.flush, out.quota = c, ps, noLimit, &unlimited
	out.senders = make([]*sender, len(c.cfg.Channels))
	out.schedule()
}

// A senderStart is what a sender begins with that is made when the connection has been there for a
// while: so that most of the channels of a connection cost no memory.
type senderStart struct {
	credit  uint32 // that the peer gives
	repairs bool   // the peer reads REPAIR
}

// sender returns the outgoing half of a channel; nil if there is none.
func (out *outbox) sender(id uint16) *sender {
	if i := out.plan.index(id); i >= 0 {
		return out.senderAt(i)
	}
	return nil
}

// senderAt returns the sender at a place, which it makes if this is its first use.
func (out *outbox) senderAt(i int) *sender {
	if s := out.senders[i]; s != nil {
		return s
	}
	cfg, from := &out.cfg.Channels[i], &out.start
	s := &sender{
		out: out, cfg: cfg, id: uint16(cfg.ID), limit: uint64(from.credit),
		expiry:    expiry{next: never, looked: out.begun - second},
		blockedAt: out.begun - second,
		repair:    repairer{at: out.begun - second, ownAt: out.begun - second},
	}
	s.keys.table.seed = out.keySeed
	s.beginTurn(out.begun)
	s.beginRepair(from.repairs)
	out.senders[i] = s
	return s
}

// handleHello takes over what the peer's HELLO says: its limits, its first credit, and whether it
// reads REPAIR.
func (out *outbox) handleHello(now int64, h *wire.Hello) {
	out.keepTo(now, h)
	out.enableRepair(h.Capabilities)
	out.start.credit = h.DefaultWindow
	for _, s := range out.senders {
		if s != nil {
			s.limit = uint64(h.DefaultWindow)
		}
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
	for _, s := range out.senders {
		if s == nil {
			continue
		}
		at = min(at, s.expireStored(now), s.expireMessages(now), s.expireAwaited(now))
		if s.droppables != nil {
			at = min(at, s.droppables.expireStored(now))
		}
	}
	return at
}

// abandon ends everything that was under way, and returns how many of the game's messages
// had no fate yet, and how many of those were unreliable.
func (out *outbox) abandon() (left, unreliable int) {
	if out.draft != nil {
		out.draft.abandon()
	}
	for _, s := range out.senders {
		if s == nil {
			continue
		}
		n := s.dropAll()
		if s.own() {
			continue // of which the game knows nothing
		}
		if left += n; !s.cfg.Delivery.Reliable() {
			unreliable += n
		}
	}
	return left, unreliable
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
	if s.droppables != nil {
		left += s.droppables.dropAll()
	}
	return left
}
