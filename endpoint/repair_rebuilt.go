package endpoint

import (
	"math/bits"
	"slices"

	"github.com/tickwire/tickwire/internal/seq"
	"github.com/tickwire/tickwire/internal/wire"
)

// What happens to messages that were rebuilt: at the receiver they arrive like all others, and
// REBUILT says so; at the sender they are Delivered by that.

// rebuiltArrived takes a message that was rebuilt.
func (r *receiver) rebuiltArrived(now int64, id uint64, symbol []byte) error {
	sym, ok := wire.ConsumeSymbol(symbol)
	h := head{id: id, options: sym.Options, key: sym.Key, first: id - sym.Back, copied: r.cfg.Delivery == Unreliable}
	if !ok || len(sym.Payload) > r.cfg.largest() || sym.Back > id || !r.allows(sym.Options) {
		return errProtocol
	}
	if !h.copied { // of Unreliable fragments have ids of their own (SPEC.md, 6.2)
		r.noteID(id)
	}
	r.counts.rebuilt++
	r.confirmRebuilt(id)
	return r.messageArrived(now, &h, sym.Payload)
}

// confirmRebuilt queues an id for REBUILT; if too many wait, the oldest goes.
func (r *receiver) confirmRebuilt(id uint64) {
	if len(r.rebuilt) >= maxStored {
		r.rebuilt = slices.Delete(r.rebuilt, 0, 1)
	}
	r.rebuilt, r.in.owing = append(r.rebuilt, id), true
}

// buildRebuilt appends REBUILT of the newest id that waits and those shortly below it.
func (r *receiver) buildRebuilt(b *builder) {
	newest, mask := slices.Max(r.rebuilt), uint32(0)
	rest := r.rebuilt[:0]
	for _, id := range r.rebuilt {
		if newest-id < wire.MaxRepairSpan {
			mask |= 1 << (newest - id)
		} else if newest-id < 1<<14 { // else its two bytes may mean another one by now
			rest = append(rest, id)
		}
	}
	r.rebuilt = rest
	b.dst = wire.AppendRebuilt(b.dst, r.id, newest, mask)
	b.pkt.eliciting = true
	b.record(ofRebuilt(r, newest, mask))
}

// rebuiltLost queues the ids of a REBUILT that was lost again.
func (r *receiver) rebuiltLost(newest uint64, mask uint32) {
	for ; mask != 0; mask &= mask - 1 {
		r.confirmRebuilt(newest - uint64(bits.TrailingZeros32(mask)))
	}
}

// handleRebuilt: the peer has messages that were lost.
func (s *sender) handleRebuilt(low uint64, mask uint32) {
	newest := seq.Nearest(s.open.End(), low, 16)
	for ; mask != 0; mask &= mask - 1 {
		id := newest - uint64(bits.TrailingZeros32(mask))
		if !s.open.Has(id) || s.open.At(id).state == outDone {
			continue
		}
		s.repair.counts.rebuilt++
		if s.cfg.Delivery == Unreliable {
			s.known = max(s.known, id)
		}
		s.finishCut(id)
		s.messageAcked(id, true)
	}
	s.popDone()
}

// awaitRebuilt: an unreliable message was lost, and may be rebuilt: REBUILT will say so, or not.
// It reports whether there is any hope.
// The ack of a packet with the sum would not: a receiver may drop any sum, and mostly needs none.
func (s *sender) awaitRebuilt(now int64, id uint64) bool {
	r := &s.repair
	if !r.on() || id < r.bare || id >= r.covered && id+uint64(r.span) < s.open.End() {
		return false
	}
	r.awaited = append(r.awaited, awaited{id, now + storedWait})
	s.out.expireLater(now + storedWait)
	return true
}

// expireAwaited gives up on messages that were not rebuilt, and says when to look again.
func (s *sender) expireAwaited(now int64) (next int64) {
	r, gone := &s.repair, 0
	for gone < len(r.awaited) && r.awaited[gone].until <= now {
		id := r.awaited[gone].id
		if gone++; s.open.Has(id) && s.open.At(id).state == outFlying {
			s.lose(s.open.At(id), NotKnown)
			s.done(s.open.At(id))
		}
	}
	if gone > 0 {
		r.awaited = slices.Delete(r.awaited, 0, gone)
		s.popDone()
	}
	if len(r.awaited) == 0 {
		return never
	}
	return r.awaited[0].until
}
