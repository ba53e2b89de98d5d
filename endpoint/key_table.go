package endpoint

// A keyTable finds what is known of each key of a Latest channel: open addressing with linear
// probing, so that a steady set of keys costs no allocation and no order depends on chance.
// Entries are not removed one by one; when the table is full those that mean nothing any more
// are left out, and it grows if that is not enough.
type keyTable struct {
	slots []keyEntry // a power of two
	spare []keyEntry // as many, for the next clearing
	used  int
	seed  uint64 // so that a peer cannot choose keys that collide: it is told to nobody

	visits uint64 // slots looked at so far
}

// A keyEntry is what is known of one key. In a table both of id and place are never 0.
type keyEntry struct {
	key   uint64
	id    uint64 // the newest id, plus one; 0: none
	place uint64 // where its value waits, plus one; 0: nowhere
}

func (k *keyEntry) free() bool { return k.id == 0 && k.place == 0 }

// slot returns the slot of a key: its entry, or the free one where it belongs.
func (t *keyTable) slot(slots []keyEntry, key uint64) *keyEntry {
	mask := uint64(len(slots) - 1)
	begin := mix(key ^ t.seed)
	for i := begin; ; i++ {
		if k := &slots[i&mask]; k.free() || k.key == key {
			t.visits += i - begin + 1
			return k
		}
	}
}

// find returns the entry of a key; nil if there is none.
func (t *keyTable) find(key uint64) *keyEntry {
	if len(t.slots) == 0 {
		return nil
	}
	if k := t.slot(t.slots, key); !k.free() {
		return k
	}
	return nil
}

// at returns the entry of a key, made if need be: then the caller sets id or place. live
// reports whether an entry still means something. The pointer is valid until the next at.
func (t *keyTable) at(key uint64, live func(*keyEntry) bool) *keyEntry {
	if k := t.find(key); k != nil {
		return k
	}
	if 4*(t.used+1) > 3*len(t.slots) {
		t.clear(live)
	}
	t.used++
	k := t.slot(t.slots, key)
	k.key = key
	return k
}

// keptSpare is up to how many slots a table keeps a spare one, 24 KiB.
const keptSpare = 1024

// clear leaves out what is not live, and doubles the table if that is more than half of it, or
// shrinks it if it is less than an eighth.
func (t *keyTable) clear(live func(*keyEntry) bool) {
	n := 0
	for i := range t.slots {
		if k := &t.slots[i]; !k.free() && live(k) {
			n++
		}
	}
	size := max(16, len(t.slots))
	if 2*n >= size {
		size *= 2
	}
	for 8*n < size && size > 16 {
		size /= 2
	}
	if len(t.spare) != size {
		t.spare = make([]keyEntry, size)
	}
	for i := range t.slots {
		if k := &t.slots[i]; !k.free() && live(k) {
			*t.slot(t.spare, k.key) = *k
		}
	}
	t.slots, t.spare, t.used = t.spare, t.slots, n
	if clear(t.spare); len(t.spare) > keptSpare {
		t.spare = nil
	}
}

// mix spreads a key over all bits: the finalizer of SplitMix64.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// senderKeys are the keys of a sender: of each, where a value waits in the queue, and the
// newest id that was started. Messages without a key have an entry apart.
type senderKeys struct {
	keyless keyEntry
	table   keyTable
}

// of returns the entry of a message that is in the queue or in open.
func (k *senderKeys) of(t *terms) *keyEntry {
	if !t.keyed() {
		return &k.keyless
	}
	return k.table.find(t.key)
}

// keyOf returns the entry of the key that the terms name, made if need be.
func (s *sender) keyOf(t *terms) *keyEntry {
	if !t.keyed() {
		return &s.keys.keyless
	}
	return s.keys.table.at(t.key, func(k *keyEntry) bool {
		return s.queuedAt(k.place) != nil || k.id > 0 && s.open.Has(k.id-1)
	})
}

// outdated reports whether a newer value of the same key was started.
func (s *sender) outdated(id uint64, m *outMessage) bool {
	k := s.keys.of(m.terms)
	return k != nil && k.id > id+1
}

// largeUnderway reports whether the newest value of the key was started, needs several packets
// and has not arrived: it is finished before the next one of the key starts, or a stream of
// large values would never complete one.
func (s *sender) largeUnderway(next *outMessage) bool {
	k := s.keys.of(next.terms)
	if k == nil || k.id == 0 || !s.open.Has(k.id-1) {
		return false
	}
	m := s.open.At(k.id - 1)
	return m.cut != nil && m.state == outFlying
}
