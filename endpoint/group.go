package endpoint

import "github.com/tickwire/tickwire/internal/wire"

// Groups are what the sender of a ReliableOrdered channel knows of its groups: messages that
// may overtake each other but not the messages around them.
type groups struct {
	sending uint32 // the game's number of the group that Send continues; 0: none
	count   uint64 // groups so far
	current uint64 // the group of the newest message started
	began   uint64 // its first id

	precedes uint64 // the id that the newest droppable precedes
	next     uint64 // and the index of the next one there
}

// number returns which group of the channel a message belongs to, 0 if it is alone: the one of
// the message before it if that has the same number of the game.
func (g *groups) number(group uint32) uint64 {
	if group != g.sending && group != 0 {
		g.count++
	}
	g.sending = group
	if group == 0 {
		return 0
	}
	return g.count
}

// first returns the first id of the group of a message that gets this id, or of a droppable
// that precedes it.
func (g *groups) first(t *terms, id uint64) uint64 {
	if t.group != 0 && t.group == g.current {
		return g.began
	}
	return id
}

// countDroppable returns the index of the next droppable before an id.
func (g *groups) countDroppable(id uint64) uint64 {
	index := g.indexOf(id)
	g.precedes, g.next = id, index+1
	return index
}

// indexOf returns the index that the next droppable before an id will have.
func (g *groups) indexOf(id uint64) uint64 {
	if id != g.precedes {
		return 0
	}
	return g.next
}

// back is the distance from an id to the first id of its group as the wire has it.
func back(id, first uint64) uint64 { return min(id-first, wire.MaxBack) }

// deliverOrdered hands a message of a ReliableOrdered channel to the game, or keeps it until
// all ids before its group are resolved.
func (r *receiver) deliverOrdered(h *head, payload []byte) {
	if h.first <= r.seen.Base() {
		r.deliverInOrder(h.id, payload)
		return
	}
	r.waiting.push(waitingMessage{position{h.id, 0}, h.first, payload})
}

// deliverInOrder hands on a message whose turn it is, and before it the droppables that
// precede it.
func (r *receiver) deliverInOrder(id uint64, payload []byte) {
	if r.droppables.len() > 0 {
		r.deliverDroppables(id+1, 0)
	}
	r.pass(position{id + 1, 0})
	r.deliver(payload)
}

// orderMoved delivers what waited for the ids that are resolved now: their own messages, then
// the rest of the group that is in turn, which need not wait for those that are missing of it.
func (r *receiver) orderMoved() {
	for r.waiting.due(r.seen.Base()) {
		m := r.waiting.pop()
		r.deliverInOrder(m.id, m.payload)
	}
	if r.droppables.len() > 0 {
		r.deliverDroppables(0, r.seen.Base()+1)
	}
}
