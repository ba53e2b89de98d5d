package endpoint

import "github.com/tickwire/tickwire/internal/wire"

// receiverKeys are the keys of a receiver: of each, the newest id that came, and where a value
// waits in ready. Messages without a key have an entry apart.
type receiverKeys struct {
	keyless keyEntry
	table   keyTable
	stale   int    // values in ready that a newer one of their key has overtaken
	tidyAt  uint64 // a large table is looked through at this id, so that it shrinks
}

// keyHorizon is how many ids a key is remembered, and so how old a message may be.
const keyHorizon = 1 << 14

// newestOf returns one more than the newest id that came of a key.
func (r *receiver) newestOf(keyed bool, key uint64) uint64 {
	if !keyed {
		return r.keys.keyless.id
	}
	if k := r.keys.table.find(key); k != nil {
		return k.id
	}
	return 0
}

// outdated reports whether a newer value of the key came, or may have come so long ago that
// the key is forgotten. Newer means complete, not begun: large values that overtake each other
// before they are whole would show the game nothing at all.
func (r *receiver) outdated(h *head) bool {
	return h.id < r.newestOf(h.keyed(), h.key) || h.id+keyHorizon < r.next
}

// noteKey notes a value as the newest of its key and returns the entry.
func (r *receiver) noteKey(h *head) *keyEntry {
	k := &r.keys.keyless
	if h.keyed() {
		if len(r.keys.table.slots) > keptSpare && h.id >= r.keys.tidyAt {
			r.keys.table.clear(r.keyLives)
			r.keys.tidyAt = h.id + keyHorizon
		}
		k = r.keys.table.at(h.key, r.keyLives)
	}
	k.id = h.id + 1
	return k
}

// keyLives reports whether what is known of a key still means something.
func (r *receiver) keyLives(k *keyEntry) bool {
	return k.id+keyHorizon > r.next || k.place > 0 && r.ready.Has(k.place-1)
}

// deliverLatest shows a value of a ReliableLatest channel if no newer one of its key came. One
// that waits unseen in ready makes place for a newer one; one that was shown and not taken
// goes with the next Update.
func (r *receiver) deliverLatest(h *head, payload []byte) {
	r.next = max(r.next, h.id+1)
	if r.outdated(h) {
		r.in.stats.MessagesStale++
		r.takeBack(payload)
		return
	}
	k := r.noteKey(h)
	if k.place > 0 && r.ready.Has(k.place-1) {
		old := r.ready.At(k.place - 1)
		r.in.stats.MessagesStale++
		if k.place-1 >= r.visible {
			r.untaken += len(payload) - len(old.payload)
			r.takeBack(old.payload)
			old.payload = payload
			return
		}
		old.stale = true
		r.keys.stale++
	}
	k.place = r.ready.End() + 1
	r.deliver(payload)
}

// dropStale removes the values from ready that were shown, not taken, and overtaken since. The
// others move up to new places.
func (r *receiver) dropStale() {
	if r.keys.stale == 0 {
		return
	}
	base, end := r.ready.Base(), r.ready.End()
	moved := r.in.cfg.Buffers.moved[:0] // for each old place the new one, plus one
	for n := base; n < end; n++ {
		m := *r.ready.At(n)
		r.ready.Pop()
		if moved = append(moved, r.ready.End()+1); m.stale {
			r.untaken -= charge(len(m.payload))
			r.takeBack(m.payload)
		} else {
			*r.ready.Push() = m
		}
	}
	move := func(k *keyEntry) {
		if old := k.place - 1; k.place > 0 && old >= base {
			k.place = moved[old-base]
		}
	}
	move(&r.keys.keyless)
	for i := range r.keys.table.slots {
		move(&r.keys.table.slots[i])
	}
	r.keys.stale, r.in.cfg.Buffers.moved = 0, moved
}

// takeBack returns the charge and the memory of a message that nobody will see.
func (r *receiver) takeBack(payload []byte) {
	r.returnCharge(charge(len(payload)))
	r.in.cfg.Buffers.release(payload)
}

// dropStalePartials drops unfinished values that a newer one of their key has overtaken.
func (r *receiver) dropStalePartials(newest *head) {
	for i := 0; i < len(r.partials); {
		p := r.partials[i]
		if p.id < newest.id && p.options == newest.options && p.key == newest.key {
			r.dropPartial(p)
			r.in.stats.MessagesStale++
		} else {
			i++
		}
	}
}

func (h *head) keyed() bool { return h.options&wire.OptionKeyed != 0 }
