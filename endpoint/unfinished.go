package endpoint

// An unfinishedTable finds the unfinished messages of a reliable channel by their ids: open
// addressing with linear probing, at most half full. It has a place for each of them, as credit
// allows, and none for the ids between.
type unfinishedTable struct {
	places []*partial // a power of two
	used   int
	seed   uint64 // as that of a keyTable
	next   uint64 // where any looks first

	visits uint64 // places looked at so far
}

// keptUnfinished is how many places a table keeps when it is empty.
const keptUnfinished = 256

// place returns where a message is, or the free place where it belongs. There must be places.
func (t *unfinishedTable) place(id uint64) uint64 {
	mask := uint64(len(t.places) - 1)
	begin := mix(id ^ t.seed)
	i := begin
	for t.places[i&mask] != nil && t.places[i&mask].id != id {
		i++
	}
	t.visits += i - begin + 1
	return i & mask
}

// find returns an unfinished message, nil if there is none with this id.
func (t *unfinishedTable) find(id uint64) *partial {
	if t.used == 0 {
		return nil
	}
	return t.places[t.place(id)]
}

// any returns one of the messages; there must be one.
func (t *unfinishedTable) any() *partial {
	for ; t.places[t.next&uint64(len(t.places)-1)] == nil; t.next++ {
	}
	return t.places[t.next&uint64(len(t.places)-1)]
}

// add takes a message up that the table does not have.
func (t *unfinishedTable) add(p *partial) {
	if 2*(t.used+1) > len(t.places) {
		old := t.places
		t.places = make([]*partial, max(8, 2*len(old)))
		for _, q := range old {
			if q != nil {
				t.places[t.place(q.id)] = q
			}
		}
	}
	t.places[t.place(p.id)] = p
	t.used++
}

// remove takes a message out that the table has. Those behind it move up to the places where
// they are looked for.
func (t *unfinishedTable) remove(id uint64) {
	mask := uint64(len(t.places) - 1)
	hole := t.place(id)
	t.places[hole] = nil
	for i := (hole + 1) & mask; t.places[i] != nil; i = (i + 1) & mask {
		p := t.places[i]
		t.places[i] = nil
		t.places[t.place(p.id)] = p
	}
	if t.used--; t.used == 0 && len(t.places) > keptUnfinished {
		t.places = nil
	}
}
