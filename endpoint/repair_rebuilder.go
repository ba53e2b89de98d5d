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
	all     *rebuilders
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
	buffers *Buffers
	list    []*rebuilder
	free    []*rebuilder
	sums    spares[sum]
	work    int // bytes that may still be added for the packet that is being read
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

// begin begins another packet.
func (all *rebuilders) begin() {
	if all != nil {
		all.work = rebuildWork
	}
}

// handleRepair takes a sum.
func (in *inbox) handleRepair(now int64, b []byte) (n int, err error) {
	f, bytes, n := wire.ConsumeRepair(b)
	if n < 0 {
		return 0, errProtocol
	}
	r := in.receiver(f.Channel)
	if r == nil || r.own() {
		return 0, errProtocol
	}
	r.count(now, n)
	if in.inbound != nil {
		in.inbound.charge(now, r, 1, n)
	}
	if !r.cfg.Delivery.Reliable() && in.inbound.tooMuch(r) {
		in.stats.MessagesTooFast++
		return n, nil
	}
	id := r.expandRepair(f.Newest)
	if id+1 < uint64(wire.MaskSpan(f.Mask)) || r.cfg.Delivery.Reliable() && id >= r.seen.Base()+maxAhead {
		return 0, errProtocol
	}
	if err := r.needRebuilder(now, id).addSum(id, &f, bytes); err != nil {
		return 0, err
	}
	return n, r.solve(now)
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
func (r *receiver) needRebuilder(now int64, id uint64) *rebuilder {
	if r.in.rebuilders == nil {
		r.in.rebuilders = &rebuilders{buffers: r.in.cfg.Buffers, work: rebuildWork}
	}
	all := r.in.rebuilders
	if r.rebuild == nil {
		if len(all.list) == maxRebuilders {
			oldest := all.list[0]
			for _, b := range all.list {
				if b.askedAt < oldest.askedAt {
					oldest = b
				}
			}
			oldest.of.dropRebuilder()
		}
		r.rebuild = all.fetch()
		r.rebuild.of, r.rebuild.newest = r, id
		all.list = append(all.list, r.rebuild)
		r.in.expireLater(now + rebuildLife)
	}
	r.rebuild.askedAt, r.rebuild.asked = now, max(r.rebuild.newest, id)
	return r.rebuild
}

// expireRebuilder drops one that got no REPAIR for a while, and says when to look again.
func (r *receiver) expireRebuilder(now int64) (next int64) {
	if r.rebuild == nil {
		return never
	}
	if next = r.rebuild.askedAt + rebuildLife; next > now {
		return next
	}
	r.dropRebuilder()
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
		return &rebuilder{all: all, sums: make([]*sum, 0, maxSums)}
	}
	b := all.free[n-1]
	all.free = all.free[:n-1]
	return b
}

// dropRebuilder forgets all that a channel kept for repair.
func (r *receiver) dropRebuilder() {
	b := r.rebuild
	if b == nil {
		return
	}
	r.rebuild = nil
	for i := range b.past {
		b.forgetPast(i)
	}
	b.dropSums()
	all := r.in.rebuilders
	for i, other := range all.list {
		if other == b {
			last := len(all.list) - 1
			all.list[i], all.list[last] = all.list[last], nil
			all.list = all.list[:last]
			break
		}
	}
	*b = rebuilder{all: all, sums: b.sums[:0]}
	if len(all.free) < 2 {
		all.free = append(all.free, b)
	}
}

func (b *rebuilder) forgetPast(slot int) {
	b.all.buffers.release(b.past[slot].symbol)
	b.past[slot].symbol = nil
}

// has reports whether an id is one of the 64.
func (b *rebuilder) has(id uint64) bool { return b.newest-id < pastIDs }

// moveTo makes room for an id: what is 64 below it is forgotten.
func (b *rebuilder) moveTo(id uint64) {
	if id <= b.newest {
		return
	}
	for n := min(id-b.newest, pastIDs); n > 0; n-- {
		slot := int((id - n + 1) % pastIDs)
		b.forgetPast(slot)
		for i := len(b.sums) - 1; i >= 0; i-- {
			if b.sums[i].row[slot] != 0 {
				b.dropSum(i)
			}
		}
	}
	b.newest = id
}

// learnSymbol notes the symbol of a message that came, and takes it out of the sums.
func (r *receiver) learnSymbol(h *head, payload []byte) {
	b := r.rebuild
	if h.droppable() || r.cfg.Delivery == Unreliable && !h.copied {
		return
	}
	b.moveTo(h.id)
	if b.newest-b.asked > rebuildFor {
		r.dropRebuilder()
		return
	}
	sym := h.symbol(payload)
	slot := int(h.id % pastIDs)
	if !b.has(h.id) || b.past[slot].symbol != nil || sym.Len() > wire.MaxSymbol {
		return
	}
	symbol := r.in.cfg.Buffers.fetch(sym.Len())
	clear(symbol)
	sym.AddTo(symbol, 1)
	b.past[slot].symbol = symbol
	for i := b.with(slot); i >= 0; i = b.with(slot) { // each may drop others
		b.takeOut(i, slot, symbol, b.sums[i].row[slot])
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
