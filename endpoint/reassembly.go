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
	id     uint64
	buf    []byte // grows with what came; its length says nothing
	have   seq.Spans
	got    int   // bytes in have
	known  int   // end of the highest byte seen, or the total once it is known
	total  int   // negative: not known yet
	began  int64 // when its first fragment came
	stored bool  // the sender wants STORED
}

// partial returns the unfinished message with this id, nil if there is none.
func (r *receiver) partial(id uint64) *partial {
	if r.cfg.Delivery.Reliable() {
		if !r.slots.Has(id) {
			return nil
		}
		return r.slots.At(id).partial
	}
	for _, p := range r.partials {
		if p.id == id {
			return p
		}
	}
	return nil
}

// handleFragment takes a byte range of a message.
func (e *Endpoint) handleFragment(now int64, f wire.Fragment, b []byte) error {
	r := e.receiver(f.Channel)
	if r == nil || f.Offset+len(b) > r.cfg.MaxMessageBytes || f.Total > r.cfg.MaxMessageBytes ||
		f.Offset == 0 && f.Total < len(b) || f.Stored && r.cfg.Delivery.Reliable() {
		return errProtocol
	}
	id := r.expand(f.ID, f.Wide)
	r.saw(id)
	wanted, err := e.wantsFragment(r, id, f.Stored)
	if !wanted || err != nil {
		return err
	}
	p := r.partial(id)
	if p == nil {
		if p, err = e.newPartial(now, r, id); err != nil {
			return err
		}
	}
	p.stored = p.stored || f.Stored
	if err := e.growPartial(r, p, f, len(b)); err != nil {
		return err
	}
	if p.scattered(f.Offset, len(b)) {
		if r.cfg.Delivery.Reliable() {
			return errLater
		}
		return nil
	}
	p.add(f.Offset, b)
	if p.total >= 0 && p.got == p.total {
		e.finishPartial(r, p)
	}
	return nil
}

// wantsFragment reports whether a message is still unfinished and not stale.
func (e *Endpoint) wantsFragment(r *receiver, id uint64, stored bool) (bool, error) {
	switch {
	case r.cfg.Delivery == UnreliableLatest && id < r.newest:
		e.stats.MessagesStale++
		return false, nil
	case r.cfg.Delivery == Unreliable && !r.whole.Fresh(id):
		return false, nil // delivered, or too old
	case !r.cfg.Delivery.Reliable():
		return true, nil
	case r.seen.Has(id):
		return false, nil
	case id-r.seen.Base() >= maxAhead:
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

func (e *Endpoint) newPartial(now int64, r *receiver, id uint64) (*partial, error) {
	var p *partial
	if n := len(e.freePartials); n > 0 {
		p, e.freePartials = e.freePartials[n-1], e.freePartials[:n-1]
	} else {
		p = &partial{}
	}
	p.id, p.total, p.began = id, -1, now
	if r.cfg.Delivery.Reliable() {
		r.slot(id).partial = p
		return p, e.chargeStarted(r, messageCharge)
	}
	e.dropOldPartials(r)
	if len(r.partials) >= maxPartials {
		e.dropPartial(r, r.partials[0])
		e.stats.MessagesExpired++
	}
	e.makeRoom(r, nil, messageCharge)
	r.held += messageCharge
	r.partials = append(r.partials, p)
	e.expireLater(now + partialLife)
	return p, nil
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
func (e *Endpoint) growPartial(r *receiver, p *partial, f wire.Fragment, length int) error {
	end := f.Offset + length
	if f.Offset == 0 {
		if p.total >= 0 && p.total != f.Total || p.known > f.Total {
			return errProtocol
		}
		p.total = f.Total
		end = f.Total
	} else if p.total >= 0 && end > p.total {
		return errProtocol
	}
	if grown := end - p.known; grown > 0 {
		p.known = end
		if !r.cfg.Delivery.Reliable() {
			e.makeRoom(r, p, grown)
			r.held += grown
		} else if err := e.chargeStarted(r, grown); err != nil {
			return err
		}
	}
	if p.known > len(p.buf) {
		p.grow(e.cfg.Buffers, r.cfg.MaxMessageBytes)
	}
	return nil
}

// grow gives the partial a buffer for all that is known; while the total is not, twice that as
// far as most allows, so that copying stays linear.
func (p *partial) grow(buffers *Buffers, most int) {
	size := p.known
	if p.total < 0 {
		size = min(2*size, most)
	}
	buf := buffers.fetch(size)
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
func (e *Endpoint) finishPartial(r *receiver, p *partial) {
	id, buf := p.id, p.buf[:p.total]
	if p.stored {
		r.confirmStored(id)
	}
	p.buf = nil
	if !r.cfg.Delivery.Reliable() {
		r.held -= charge(p.known)
	}
	e.forgetPartial(r, p)
	if r.cfg.Delivery == Unreliable {
		r.whole.Mark(id)
	}
	e.complete(r, id, buf)
}

// dropPartial gives up an unfinished message.
func (e *Endpoint) dropPartial(r *receiver, p *partial) {
	if !r.cfg.Delivery.Reliable() {
		r.held -= charge(p.known)
	}
	e.cfg.Buffers.release(p.buf)
	e.forgetPartial(r, p)
}

func (e *Endpoint) forgetPartial(r *receiver, p *partial) {
	if r.cfg.Delivery.Reliable() {
		r.slots.At(p.id).partial = nil
	} else {
		i := slices.Index(r.partials, p)
		r.partials = slices.Delete(r.partials, i, i+1)
	}
	p.have.Reset()
	*p = partial{have: p.have}
	if len(e.freePartials) < 64 {
		e.freePartials = append(e.freePartials, p)
	}
}

// dropStalePartials drops unfinished values that a newer one has overtaken.
func (e *Endpoint) dropStalePartials(r *receiver) {
	for i := 0; i < len(r.partials); {
		if r.partials[i].id < r.newest {
			e.dropPartial(r, r.partials[i])
			e.stats.MessagesStale++
		} else {
			i++
		}
	}
}

// dropOldPartials drops unfinished messages that the ids have moved far past.
func (e *Endpoint) dropOldPartials(r *receiver) {
	for i := 0; i < len(r.partials); {
		if r.partials[i].id+partialSpan < r.next {
			e.dropPartial(r, r.partials[i])
			e.stats.MessagesExpired++
		} else {
			i++
		}
	}
}

// expirePartials drops unreliable messages that have been unfinished for too long, and says
// when to look again.
func (e *Endpoint) expirePartials(now int64, r *receiver) (next int64) {
	if r.cfg.Delivery.Reliable() {
		return never
	}
	for len(r.partials) > 0 && now-r.partials[0].began >= partialLife {
		e.dropPartial(r, r.partials[0])
		e.stats.MessagesExpired++
	}
	if len(r.partials) == 0 {
		return never
	}
	return r.partials[0].began + partialLife
}

// confirmStored queues an id for STORED; if too many wait, the oldest goes and its receipt
// will read Lost(not known).
func (r *receiver) confirmStored(id uint64) {
	if len(r.stored) >= maxStored {
		r.stored = slices.Delete(r.stored, 0, 1)
	}
	r.stored = append(r.stored, uint32(id))
}

const maxStored = 64

// storedPerFrame is how many ids a STORED of ours holds, so that they fit the record of what a
// packet carried.
const storedPerFrame = 2

// storedLost queues the ids of a STORED that was lost again.
func (r *receiver) storedLost(ids uint64, count uint32) {
	for i := range count {
		r.confirmStored(ids >> (32 * i) & 0xffffffff)
	}
}
