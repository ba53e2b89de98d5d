package endpoint

// A waitingMessage is a message of a ReliableOrdered channel, or a droppable there, that is whole
// and came before its turn.
type waitingMessage struct {
	position
	first   uint64 // its group begins with this id
	payload []byte
}

// A waitingQueue holds such messages, the one that comes first at the root of a binary heap: what
// one costs grows with the logarithm of those that wait, whatever ids a peer chooses, and ids that
// nothing waits under cost nothing.
type waitingQueue struct {
	items  []waitingMessage
	visits uint64 // comparisons so far
}

// keptWaiting is for how many messages a queue keeps its memory when it is empty.
const keptWaiting = 256

func (q *waitingQueue) len() int { return len(q.items) }

// first is the message that comes before all others; there must be one.
func (q *waitingQueue) first() *waitingMessage { return &q.items[0] }

// due reports whether there is a message whose group begins at an id or before.
func (q *waitingQueue) due(id uint64) bool { return len(q.items) > 0 && q.items[0].first <= id }

func (q *waitingQueue) before(i, j int) bool {
	q.visits++
	return q.items[i].position.before(q.items[j].position)
}

func (q *waitingQueue) swap(i, j int) { q.items[i], q.items[j] = q.items[j], q.items[i] }

func (q *waitingQueue) push(m waitingMessage) {
	q.items = append(q.items, m)
	for i := len(q.items) - 1; i > 0 && q.before(i, (i-1)/2); i = (i - 1) / 2 {
		q.swap(i, (i-1)/2)
	}
}

// pop takes the first message out; there must be one.
func (q *waitingQueue) pop() waitingMessage {
	m, last := q.items[0], len(q.items)-1
	q.swap(0, last)
	q.items[last] = waitingMessage{}
	q.items = q.items[:last]
	for i, child := 0, 1; child < last; i, child = child, 2*child+1 {
		if child+1 < last && q.before(child+1, child) {
			child++
		}
		if !q.before(child, i) {
			break
		}
		q.swap(i, child)
	}
	if last == 0 && cap(q.items) > keptWaiting {
		q.items = nil
	}
	return m
}
