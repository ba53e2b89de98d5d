package endpoint

import "github.com/tickwire/tickwire/internal/wire"

// A rebuilder solves for the messages of a channel that are missing. It keeps what came of the
// last 64 ids as symbols, and the sums from which all that is known was taken out: a system of
// linear equations, one row for each sum, that Gaussian elimination has brought into the form in
// which each row has a column of its own. When a row has no other column left it is a message.
//
// It is made by the first REPAIR of a channel, and gone when none came for 256 ids or half a
// second. A connection has 16 at most, of at most 64 symbols and 16 sums of 512 bytes; and for one
// packet it adds no more than 32 KiB of symbols (SPEC.md, 6.9). So what does not repair costs
// nothing, and who makes up sums gets little for them.
type rebuilder struct {
	of      *receiver
	past    [pastIDs]pastMessage // at id modulo 64
	newest  uint64               // of the ids in past
	sums    []*sum
	asked   uint64 // the newest id when REPAIR came last
	askedAt int64  // and when that was
	ripe    bool   // a sum may be a message now
}

// A pastMessage is what is known of an id.
type pastMessage struct {
	symbol []byte // owned; nil: not known
}

// rebuilders are those of a connection.
type rebuilders struct {
	list []*rebuilder
	free []*rebuilder
	sums spares[sum]
	work int // bytes that may still be added for the packet that is being read
}

const (
	pastIDs       = 64
	maxSums       = 16
	maxRebuilders = 16
	rebuildFor    = 256 // ids without REPAIR after which a rebuilder goes
	rebuildLife   = second / 2
	rebuildWork   = 32 << 10 // bytes
	rowBytes      = pastIDs + wire.MaxSymbol
)

// handleRepair takes a sum.
func (e *Endpoint) handleRepair(now int64, b []byte) (n int, err error) {
	f, bytes, n := wire.ConsumeRepair(b)
	if n < 0 {
		return 0, errProtocol
	}
	r := e.receiver(f.Channel)
	if r == nil || r.own() {
		return 0, errProtocol
	}
	r.count(now, n)
	if e.inbound.any {
		e.inbound.charge(now, r, 1, n)
	}
	if !r.cfg.Delivery.Reliable() && e.inbound.tooMuch(r) {
		e.stats.MessagesTooFast++
		return n, nil
	}
	id := r.expandRepair(f.Newest)
	if id+1 < uint64(wire.MaskSpan(f.Mask)) || r.cfg.Delivery.Reliable() && id >= r.seen.Base()+maxAhead {
		return 0, errProtocol
	}
	if err := e.addSum(e.rebuilder(now, r, id), id, &f, bytes); err != nil {
		return 0, err
	}
	return n, e.solve(now, r)
}

// expandRepair rebuilds an id as that of a RUN.
func (r *receiver) expandRepair(low uint64) uint64 {
	if r.cfg.Delivery == Unreliable {
		return r.expandCopied(low, false)
	}
	return r.expand(low, false)
}

// rebuilder returns that of a channel, made if need be: then the one that was used least lately
// may have to go.
func (e *Endpoint) rebuilder(now int64, r *receiver, id uint64) *rebuilder {
	all := &e.rebuilders
	if r.rebuild == nil {
		if len(all.list) == maxRebuilders {
			oldest := all.list[0]
			for _, b := range all.list {
				if b.askedAt < oldest.askedAt {
					oldest = b
				}
			}
			e.dropRebuilder(oldest.of)
		}
		r.rebuild = all.fetch()
		r.rebuild.of, r.rebuild.newest = r, id
		all.list = append(all.list, r.rebuild)
		e.expireLater(now + rebuildLife)
	}
	r.rebuild.askedAt, r.rebuild.asked = now, max(r.rebuild.newest, id)
	return r.rebuild
}

// expireRebuilder drops one that got no REPAIR for a while, and says when to look again.
func (e *Endpoint) expireRebuilder(now int64, r *receiver) (next int64) {
	if r.rebuild == nil {
		return never
	}
	if next = r.rebuild.askedAt + rebuildLife; next > now {
		return next
	}
	e.dropRebuilder(r)
	return never
}

// mayAdd reports whether so many bytes more may be added for the packet that is being read, and
// counts them.
func (all *rebuilders) mayAdd(bytes int) bool {
	if all.work < bytes {
		return false
	}
	all.work -= bytes
	return true
}

func (all *rebuilders) fetch() *rebuilder {
	n := len(all.free)
	if n == 0 {
		return &rebuilder{sums: make([]*sum, 0, maxSums)}
	}
	b := all.free[n-1]
	all.free = all.free[:n-1]
	return b
}

// dropRebuilder forgets all that a channel kept for repair.
func (e *Endpoint) dropRebuilder(r *receiver) {
	b := r.rebuild
	if b == nil {
		return
	}
	r.rebuild = nil
	for i := range b.past {
		e.forgetPast(b, i)
	}
	e.dropSums(b)
	all := &e.rebuilders
	for i, other := range all.list {
		if other == b {
			last := len(all.list) - 1
			all.list[i], all.list[last] = all.list[last], nil
			all.list = all.list[:last]
			break
		}
	}
	*b = rebuilder{sums: b.sums[:0]}
	if len(all.free) < 2 {
		all.free = append(all.free, b)
	}
}

func (e *Endpoint) forgetPast(b *rebuilder, slot int) {
	e.cfg.Buffers.release(b.past[slot].symbol)
	b.past[slot].symbol = nil
}

// has reports whether an id is one of the 64.
func (b *rebuilder) has(id uint64) bool { return b.newest-id < pastIDs }

// moveTo makes room for an id: what is 64 below it is forgotten.
func (e *Endpoint) moveTo(b *rebuilder, id uint64) {
	if id <= b.newest {
		return
	}
	for n := min(id-b.newest, pastIDs); n > 0; n-- {
		slot := int((id - n + 1) % pastIDs)
		e.forgetPast(b, slot)
		for i := len(b.sums) - 1; i >= 0; i-- {
			if b.sums[i].row[slot] != 0 {
				e.dropSum(b, i)
			}
		}
	}
	b.newest = id
}

// learn notes what a message says that came. All that is known goes out of the sums.
func (e *Endpoint) learn(r *receiver, h *head, payload []byte) {
	b := r.rebuild
	if h.droppable() || r.cfg.Delivery == Unreliable && !h.copied {
		return
	}
	e.moveTo(b, h.id)
	if b.newest-b.asked > rebuildFor && b.newest > b.asked {
		e.dropRebuilder(r)
		return
	}
	sym := h.symbol(payload)
	slot := int(h.id % pastIDs)
	if !b.has(h.id) || b.past[slot].symbol != nil || sym.Len() > wire.MaxSymbol {
		return
	}
	symbol := e.cfg.Buffers.fetch(sym.Len())
	clear(symbol)
	sym.AddTo(symbol, 1)
	b.past[slot].symbol = symbol
	for i := b.with(slot); i >= 0; i = b.with(slot) { // each may drop others
		e.takeOut(b, i, slot, symbol, b.sums[i].row[slot])
	}
}

// symbol is a message as a sum has it.
func (h *head) symbol(payload []byte) wire.Symbol {
	sym := wire.Symbol{Options: h.options, Payload: payload}
	if h.options != 0 {
		sym.Key, sym.Back = h.key, back(h.id, h.first)
	}
	return sym
}
