package endpoint

import (
	"github.com/tickwire/tickwire/internal/seq"
	"github.com/tickwire/tickwire/internal/wire"
)

// A receiver is the incoming half of a channel. What it keeps depends on the delivery:
//
//	Unreliable         nothing; partials while fragments come, and which of them were whole
//	UnreliableLatest   the newest id of each key
//	ReliableUnordered  which ids came
//	ReliableLatest     which ids came, and the newest of each key
//	ReliableOrdered    which ids came, and the messages that wait for an earlier one
//
// What is complete and in its place waits in ready until the game takes it.
type receiver struct {
	in       *inbox
	cfg      *ChannelConfig // of the plan
	id       uint16
	limitDue bool // WINDOW is to be sent
	ready    seq.Ring[inMessage]
	visible  uint64 // messages below it are shown to the game
	untaken  int    // charges of what is in ready
	opened   int    // charges of what was opened for the game since the last Update
	broken   bool   // a message did not open: the game gets no more
	held     int    // unreliable deliveries, and droppables: bytes that wait or are unfinished, with charges

	seen   seq.Seen     // reliable deliveries: ids stored, skipped or delivered
	whole  seq.Window   // Unreliable: fragmented messages that were delivered
	copied *seq.Window  // Unreliable: messages with ids, which come on several paths; nil before the first
	keys   receiverKeys // Latest
	next   uint64       // unreliable deliveries and ReliableLatest: one more than the newest id seen

	partials   []*partial      // unreliable deliveries, and droppables: unfinished messages, the oldest first
	unfinished unfinishedTable // reliable deliveries: those of theirs

	waiting    waitingQueue // ReliableOrdered: messages that came before their turn
	droppables waitingQueue // ReliableOrdered: droppables that did
	passed     position     // ReliableOrdered: what comes before it is late

	started  uint64 // charges that the peer started, as far as we saw
	returned uint64 // charges given back to it
	window   int
	pooled   int    // how much of the window came from the pool
	limit    uint64 // the limit last sent
	limitAt  int64  // when it was sent last
	wanted   uint64 // the limit that the peer asked for by BLOCKED

	widenedAt int64  // when the window grew for a BLOCKED because it was too narrow
	widenedTo uint64 // what was returned then

	inbound *channelInbound // nil: no limits

	stored  []uint32   // ids of unreliable messages to confirm by STORED
	rebuild *rebuilder // nil: the peer repairs nothing
	rebuilt []uint64   // ids to confirm by REBUILT
	counts  receiverCounts
}

// maxAhead is how far beyond the lowest missing id an id may be: no further than a sender has
// ids open.
const maxAhead = maxOpenIDs

// handleRun handles the messages of a run; b starts behind its header.
func (r *receiver) handleRun(now int64, run *wire.Run, b []byte) (n int, err error) {
	h := head{options: run.Options, index: run.Index}
	switch {
	case run.HasIDs != (r.cfg.Delivery == Unreliable):
		h.id = r.expand(run.First, run.Wide)
		r.noteID(h.id + uint64(run.Count) - 1)
	case run.HasIDs:
		h.id, h.copied = r.expandCopied(run.First, run.Wide), true
	default:
		return 0, errProtocol
	}
	if h.first = h.id - run.Back; !r.allows(run.Options) || h.first > h.id {
		return 0, errProtocol
	}
	drop := r.loose(&h) && r.in.inbound.tooMuch(r)
	for range run.Count {
		k := 0
		if h.options&wire.OptionKeyed != 0 {
			if h.key, k = wire.ConsumeUvarint(b[n:]); k < 0 {
				return 0, errProtocol
			}
		}
		payload, m := wire.ConsumeBytes(b[n+k:])
		if m < 0 || len(payload) > r.cfg.largest() {
			return 0, errProtocol
		}
		n += k + m
		if drop {
			r.in.stats.MessagesTooFast++
		} else if err := r.messageArrived(now, &h, payload); err != nil {
			return 0, err
		}
		h.advance()
	}
	if r.in.inbound != nil {
		r.in.inbound.charge(now, r, run.Count, n)
	}
	if r.rebuild != nil {
		return n, r.solve(now)
	}
	return n, nil
}

// expandCopied rebuilds the id of an Unreliable message that comes on several paths.
func (r *receiver) expandCopied(low uint64, wide bool) uint64 {
	bits, expected := uint(16), uint64(0)
	if wide {
		bits = 32
	}
	if r.copied != nil {
		newest, _ := r.copied.Largest()
		expected = newest + 1
	}
	return seq.Nearest(expected, low, bits)
}

// firstCopy notes such a message, and reports whether it is the first one with its id.
func (r *receiver) firstCopy(id uint64) bool {
	if r.copied == nil {
		w := seq.NewWindow(copySpan)
		r.copied = &w
	}
	if !r.copied.Fresh(id) {
		r.in.stats.MessagesDuplicate++
		return false
	}
	r.copied.Mark(id)
	return true
}

// advance moves on to the next message of a run.
func (h *head) advance() {
	if h.droppable() {
		h.index++
		return
	}
	h.id++
	if h.options&wire.OptionGroup == 0 {
		h.first = h.id
	}
}

// allows reports whether a channel has options (SPEC.md, 6.6).
func (r *receiver) allows(options byte) bool {
	switch {
	case options == 0:
		return true
	case options&wire.OptionKeyed != 0:
		return r.cfg.Delivery.latest()
	}
	return r.cfg.Delivery == ReliableOrdered && !r.own()
}

// expand rebuilds an id: reliable deliveries expect the lowest missing one, the others the one
// after the newest.
func (r *receiver) expand(low uint64, wide bool) uint64 {
	bits := uint(16)
	if wide {
		bits = 32
	}
	if r.cfg.Delivery.Reliable() {
		return seq.Nearest(r.seen.Base(), low, bits)
	}
	return seq.Nearest(r.next, low, bits)
}

// noteID notes an id from which the next ones are rebuilt.
func (r *receiver) noteID(id uint64) {
	if !r.cfg.Delivery.Reliable() {
		r.next = max(r.next, id+1)
	}
}

// messageArrived takes a whole message. The payload is copied: it lies in the caller's packet.
func (r *receiver) messageArrived(now int64, h *head, payload []byte) error {
	if r.rebuild != nil {
		r.learnSymbol(h, payload)
	}
	if fresh, err := r.admit(h, len(payload)); !fresh || err != nil {
		return err
	}
	buf := r.in.cfg.Buffers.fetch(len(payload))
	copy(buf, payload)
	r.complete(h, buf)
	return nil
}

// admit decides whether a message is wanted, and charges it: it is complete with this. Stale
// and repeated ones are not wanted and no error.
func (r *receiver) admit(h *head, length int) (fresh bool, err error) {
	switch {
	case r.cfg.Delivery == Unreliable:
		return !h.copied || r.firstCopy(h.id), nil
	case r.cfg.Delivery == UnreliableLatest:
		if r.outdated(h) {
			r.in.stats.MessagesStale++
			return false, nil
		}
		return true, nil
	case h.droppable():
		return r.wantsDroppable(h)
	}
	id := h.id
	if r.seen.Has(id) {
		r.in.stats.MessagesDuplicate++
		return false, nil
	}
	if id-r.seen.Base() >= maxAhead {
		return false, errProtocol
	}
	if p := r.partial(h); p != nil {
		if p.total >= 0 && p.total != length || p.known > length {
			return false, errProtocol
		}
		r.started -= uint64(charge(p.known)) // the whole is charged instead
		r.dropPartial(p)
	}
	return true, r.chargeStarted(charge(length))
}

// chargeStarted counts a charge against the limit that the peer was given.
func (r *receiver) chargeStarted(bytes int) error {
	r.started += uint64(bytes)
	if r.started > r.limit {
		return errFlow
	}
	return nil
}

// complete hands a whole message on, as the delivery has it. It owns buf.
func (r *receiver) complete(h *head, buf []byte) {
	switch r.cfg.Delivery {
	case Unreliable:
		r.deliverUnreliable(buf)
	case UnreliableLatest:
		r.noteKey(h)
		r.dropStalePartials(h)
		r.deliverUnreliable(buf)
	case ReliableUnordered:
		r.deliver(buf)
		r.resolved(h.id)
	case ReliableLatest:
		r.deliverLatest(h, buf)
		r.resolved(h.id)
	case ReliableOrdered:
		if h.droppable() {
			r.droppableArrived(h, buf)
			return
		}
		r.deliverOrdered(h, buf)
		r.resolved(h.id)
	}
}

// resolved notes that nothing more is expected under an id, and shows what no longer waits for
// an earlier message.
func (r *receiver) resolved(id uint64) {
	r.seen.Add(id)
	if r.cfg.Delivery == ReliableOrdered {
		r.orderMoved()
	}
}

// deliver hands a message to the game.
func (r *receiver) deliver(payload []byte) *inMessage {
	m := r.ready.Push()
	m.payload = payload
	r.untaken += charge(len(payload))
	r.counts.messages++
	return m
}

// deliverUnreliable hands a message to the game, in the room of older ones if there is none.
func (r *receiver) deliverUnreliable(payload []byte) {
	r.makeRoom(nil, charge(len(payload)))
	r.held += charge(len(payload))
	r.deliver(payload)
}

// makeRoom drops the oldest of what an unreliable channel holds until bytes more fit: messages
// that the game has not taken, then unfinished ones except keep.
func (r *receiver) makeRoom(keep *partial, bytes int) {
	for r.held+bytes > r.cfg.WindowBytes && r.ready.Len() > 0 {
		m := r.ready.At(r.ready.Base())
		r.held -= charge(len(m.payload))
		r.untaken -= charge(len(m.payload))
		r.in.cfg.Buffers.release(m.payload)
		r.ready.Pop()
		r.in.stats.MessagesOverflowed++
	}
	for i := 0; r.held+bytes > r.cfg.WindowBytes && i < len(r.partials); {
		if r.partials[i] == keep {
			i++
			continue
		}
		r.dropPartial(r.partials[i])
		r.in.stats.MessagesOverflowed++
	}
}

// reveal shows the game what arrived.
func (r *receiver) reveal() {
	r.dropStale()
	r.visible, r.opened = r.ready.End(), 0
}

// handleSkip handles ids that will not come. b starts behind the head of the frame.
func (r *receiver) handleSkip(first uint32, count int, b []byte) (n int, err error) {
	if !r.cfg.Delivery.Reliable() {
		return 0, errProtocol
	}
	id := seq.Nearest(r.seen.Base(), uint64(first), 32)
	for i := range uint64(count) {
		length, k := wire.ConsumeUvarint(b[n:])
		if k < 0 || length > uint64(r.cfg.largest()) {
			return 0, errProtocol
		}
		n += k
		if err := r.skip(id+i, int(length)); err != nil {
			return 0, err
		}
	}
	return n, nil
}

// skip notes that a message will not come: its charge is given back.
func (r *receiver) skip(id uint64, length int) error {
	fresh, err := r.admit(&head{id: id}, length)
	if !fresh || err != nil {
		return err
	}
	r.resolved(id)
	r.returnCharge(charge(length))
	return nil
}

// receive takes the next message that is shown.
func (r *receiver) receive() (Message, bool) {
	if r.ready.Base() >= r.visible || r.broken {
		return Message{}, false
	}
	if r.cfg.Compression != nil && r.mayNotOpen() {
		return Message{}, false
	}
	m := *r.ready.At(r.ready.Base())
	r.ready.Pop()
	r.untaken -= charge(len(m.payload))
	if r.cfg.Delivery.Reliable() && !m.droppable {
		r.returnCharge(charge(len(m.payload)))
	} else {
		r.held -= charge(len(m.payload))
	}
	if m.stale {
		r.keys.stale--
	}
	if r.cfg.Compression != nil {
		var ok bool
		if m.payload, ok = r.open(m.payload); !ok {
			r.broken, r.in.broken = true, true
			return Message{}, false
		}
	}
	if m.payload != nil {
		r.in.lentToGame = append(r.in.lentToGame, m.payload)
	}
	return Message{payload: m.payload}, true
}
