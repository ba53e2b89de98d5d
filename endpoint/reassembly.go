package endpoint

import (
	"slices"

	"github.com/tickwire/tickwire/internal/seq"
	"github.com/tickwire/tickwire/internal/wire"
)

// A partial is a message of which some bytes have come. Fragments are byte ranges: a message
// may be cut differently each time, overlaps keep the bytes that came first, and what counts
// is which bytes are there.
type partial struct {
	head
	loose  bool   // it lies in partials, not in unfinished
	buf    []byte // grows with what came; its length says nothing
	have   seq.Spans
	got    int   // bytes in have
	known  int   // end of the highest byte seen, or the total once it is known
	total  int   // negative: not known yet
	began  int64 // when its first fragment came
	stored bool  // the sender wants STORED
	held   int   // if it is loose: bytes of the budget that it takes
}

// partial returns the unfinished message that a head speaks of, nil if there is none.
func (r *receiver) partial(h *head) *partial {
	if !r.loose(h) {
		return r.unfinished.find(h.id)
	}
	for _, p := range r.partials {
		if p.id == h.id && p.index == h.index {
			return p
		}
	}
	return nil
}

// loose reports whether nothing waits for a message: it belongs to an unreliable delivery or
// is droppable.
func (r *receiver) loose(h *head) bool { return !r.cfg.Delivery.Reliable() || h.droppable() }

// handleFragment takes a byte range of a message.
func (r *receiver) handleFragment(now int64, f *wire.Fragment, b []byte) error {
	if f.Offset+len(b) > r.cfg.largest() || f.Total > r.cfg.largest() ||
		f.Offset == 0 && f.Total < len(b) || !r.allows(f.Options) {
		return errProtocol
	}
	h := head{id: r.expand(f.ID, f.Wide), options: f.Options, key: f.Key, index: f.Index}
	if h.first = h.id - f.Back; h.first > h.id || f.Stored && !r.loose(&h) {
		return errProtocol
	}
	r.noteID(h.id)
	if r.in.inbound != nil {
		if r.in.inbound.chargeFragment(now, r, f.Offset == 0, len(b)); r.loose(&h) && r.in.inbound.tooMuch(r) {
			r.in.stats.MessagesTooFast++
			return nil
		}
	}
	wanted, err := r.wantsFragment(&h)
	if !wanted || err != nil {
		return err
	}
	p := r.partial(&h)
	if p == nil {
		if p, err = r.newPartial(now, &h); p == nil || err != nil {
			return err
		}
	}
	if p.head != h {
		return errProtocol
	}
	p.stored = p.stored || f.Stored
	if fits, err := r.growPartial(p, f, len(b)); !fits || err != nil {
		return err
	}
	if p.scattered(f.Offset, len(b)) {
		if p.loose {
			return nil
		}
		return errLater
	}
	p.add(f.Offset, b)
	if p.total >= 0 && p.got == p.total {
		r.finishPartial(p)
	}
	return nil
}

// wantsFragment reports whether a message is still unfinished and not stale.
func (r *receiver) wantsFragment(h *head) (bool, error) {
	switch {
	case r.cfg.Delivery == UnreliableLatest && r.outdated(h):
		r.in.stats.MessagesStale++
		return false, nil
	case r.cfg.Delivery == Unreliable && !r.whole.Fresh(h.id):
		return false, nil // delivered, or too old
	case h.droppable():
		return r.wantsDroppable(h)
	case !r.cfg.Delivery.Reliable():
		return true, nil
	case r.seen.Has(h.id):
		return false, nil
	case h.id-r.seen.Base() >= maxAhead:
		return false, errProtocol
	}
	return true, nil
}

// partialSpan is how many newer ids an unfinished unreliable message outlives, and partialLife
// for how long.
const (
	partialSpan = 1024
	partialLife = second
)

// newPartial begins a message; nil if there is no room for one that may be dropped.
func (r *receiver) newPartial(now int64, h *head) (*partial, error) {
	p := r.in.partials.fetch()
	p.head, p.loose, p.total, p.began = *h, r.loose(h), -1, now
	if !p.loose {
		r.unfinished.add(p)
		return p, r.chargeStarted(messageCharge)
	}
	r.dropOldPartials()
	if len(r.partials) >= maxPartials {
		r.dropPartial(r.partials[0])
		r.in.stats.MessagesExpired++
	}
	r.partials = append(r.partials, p)
	r.in.expireLater(now + partialLife)
	if !r.holdMore(p, messageCharge) {
		return nil, nil
	}
	return p, nil
}

// holdMore makes room for bytes more of a loose message that is unfinished. False: there is
// none, and it is dropped.
func (r *receiver) holdMore(p *partial, bytes int) bool {
	if !r.cfg.Delivery.Reliable() {
		r.makeRoom(p, bytes)
	} else if !r.makeDroppableRoom(p, bytes) {
		r.dropPartial(p)
		return false
	}
	r.held += bytes
	p.held += bytes
	return true
}

// maxPartials bounds the unfinished messages of an unreliable channel; those of a reliable one
// are bounded by credit.
const maxPartials = 64

// scattered reports whether one more range would be more than whoever cuts messages for
// packets makes: a peer who cuts them into crumbs would have us sort crumbs. The first missing
// bytes are always taken, so that the message can end.
func (p *partial) scattered(offset, length int) bool {
	if p.have.Len() < 64+p.known/512 || p.have.Touches(offset, offset+length) {
		return false
	}
	first, _ := p.have.Gap(0, offset+length)
	return offset > first.From
}

// growPartial checks a fragment against what is known, charges what it adds and makes room for
// it.
func (r *receiver) growPartial(p *partial, f *wire.Fragment, length int) (fits bool, err error) {
	end := f.Offset + length
	if f.Offset == 0 {
		if p.total >= 0 && p.total != f.Total || p.known > f.Total {
			return false, errProtocol
		}
		p.total = f.Total
		end = f.Total
	} else if p.total >= 0 && end > p.total {
		return false, errProtocol
	}
	if grown := end - p.known; grown > 0 {
		p.known = end
		if !p.loose {
			err = r.chargeStarted(grown)
		} else if !r.holdMore(p, grown) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
	}
	if p.known > len(p.buf) {
		p.grow(r.in.cfg.Buffers, r.cfg.largest())
	}
	return true, nil
}

// grow gives the partial a buffer for all that is known, and uses as much as that has: no more than
// twice of what is charged, so that a peer who begins in the middle has us keep no more. While the
// total is not known one that is of no class is larger by a quarter, as far as most allows, so that
// copying stays linear.
func (p *partial) grow(buffers *Buffers, most int) {
	size := p.known
	if p.total < 0 && !buffers.classes(size) {
		size = max(size, min(size+size/4, most))
	}
	buf := buffers.fetch(size)
	buf = buf[:cap(buf)]
	for _, s := range p.have.All() {
		copy(buf[s.From:s.To], p.buf[s.From:s.To])
	}
	buffers.release(p.buf)
	p.buf = buf
}

// add copies the bytes that are new.
func (p *partial) add(offset int, b []byte) {
	for at := offset; ; {
		gap, ok := p.have.Gap(at, offset+len(b))
		if !ok {
			return
		}
		copy(p.buf[gap.From:gap.To], b[gap.From-offset:gap.To-offset])
		p.got += p.have.Add(gap.From, gap.To)
		at = gap.To
	}
}

// finishPartial hands on a message that is whole.
func (r *receiver) finishPartial(p *partial) {
	h, buf := p.head, p.buf[:p.total]
	if p.stored {
		r.confirmStored(h.storedID())
	}
	p.buf = nil
	r.forgetPartial(p)
	if r.cfg.Delivery == Unreliable {
		r.whole.Mark(h.id)
	}
	if r.rebuild != nil && r.cfg.Delivery != Unreliable { // whose fragments have other ids
		r.learnSymbol(&h, buf)
	}
	r.complete(&h, buf)
}

// dropPartial gives up an unfinished message.
func (r *receiver) dropPartial(p *partial) {
	r.in.cfg.Buffers.release(p.buf)
	r.forgetPartial(p)
}

// forgetPartial takes an unfinished message out of the tables; its buffer is the caller's.
func (r *receiver) forgetPartial(p *partial) {
	if p.loose {
		r.held -= p.held
		i := slices.Index(r.partials, p)
		r.partials = slices.Delete(r.partials, i, i+1)
	} else {
		r.unfinished.remove(p.id)
	}
	p.have.Reset()
	*p = partial{have: p.have}
	r.in.partials.releaseFew(p, 64)
}

// dropOldPartials drops unfinished messages that the ids have moved far past.
func (r *receiver) dropOldPartials() {
	for i := 0; i < len(r.partials); {
		if p := r.partials[i]; p.id+partialSpan < r.next || p.droppable() && r.late(&p.head) {
			r.dropPartial(r.partials[i])
			r.in.stats.MessagesExpired++
		} else {
			i++
		}
	}
}

// expirePartials drops unreliable messages that have been unfinished for too long, and says
// when to look again.
func (r *receiver) expirePartials(now int64) (next int64) {
	for len(r.partials) > 0 && now-r.partials[0].began >= partialLife {
		r.dropPartial(r.partials[0])
		r.in.stats.MessagesExpired++
	}
	if len(r.partials) == 0 {
		return never
	}
	return r.partials[0].began + partialLife
}
