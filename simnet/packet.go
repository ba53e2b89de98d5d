package simnet

import (
	"net/netip"

	"github.com/tickwire/tickwire/transport"
)

// A packet is one datagram on its way, with the memory it lies in. It is owned
// by exactly one of: a link's queue, a link's flight, a socket's inbox, the one
// who reads it, or the pool.
type packet struct {
	b     []byte // the payload, in store
	store []byte
	class int8
	next  *packet // in the pool

	seq   uint64 // place in the order of sending; a duplicate has its original's
	order uint64 // place among the datagrams that arrive at one instant
	sent  int64  // when it came to the link
	at    int64  // when it arrives

	// For whoever stands on the links.
	from, to netip.AddrPort
	ecn      transport.ECN
	hop      uint8
	via      *route  // of a Line, in place of the addresses
	stream   *Socket // the reliable socket that sent it; nil: it may get lost
}

// packetBytes is about what a packet weighs beside its payload.
const packetBytes = 192

// cost is the memory that p takes.
func (p *packet) cost() int { return len(p.store) + packetBytes }

// flip inverts n neighbouring bits from the bit at start on, round the end.
func (p *packet) flip(start uint64, n int) {
	size := uint64(8 * len(p.b))
	for i := range min(uint64(n), size) {
		bit := (start + i) % size
		p.b[bit/8] ^= 1 << (bit % 8)
	}
}

// The sizes that the pool hands out: small inputs, typical states, whole
// datagrams of an Ethernet path, and whatever UDP can carry.
var classes = [...]int{128, 512, 2048, 8192, 65536}

// A pool keeps the packets that nobody owns, by size. Steady traffic
// allocates nothing.
type pool struct{ free [len(classes)]*packet }

func classOf(n int) int {
	for i, size := range classes {
		if n <= size {
			return i
		}
	}
	return len(classes) - 1
}

// take returns a packet that holds a copy of payload, which is at most 65535
// bytes.
func (q *pool) take(payload []byte) *packet {
	c := classOf(len(payload))
	p := q.free[c]
	if p == nil {
		p = &packet{store: make([]byte, classes[c]), class: int8(c)}
	} else {
		q.free[c] = p.next
	}
	*p = packet{store: p.store, class: p.class, b: p.store[:len(payload)]}
	copy(p.b, payload)
	return p
}

// twin returns a copy of p.
func (q *pool) twin(p *packet) *packet {
	t := q.take(p.b)
	t.seq, t.from, t.to, t.ecn, t.hop, t.via = p.seq, p.from, p.to, p.ecn, p.hop, p.via
	return t
}

func (q *pool) put(p *packet) {
	p.next = q.free[p.class]
	q.free[p.class] = p
}

// A ring is a queue of packets that grows as needed and never shrinks.
type ring struct {
	buf  []*packet // its length is a power of two
	head int
	n    int
}

func (r *ring) push(p *packet) {
	if r.n == len(r.buf) {
		r.grow()
	}
	r.buf[(r.head+r.n)&(len(r.buf)-1)] = p
	r.n++
}

func (r *ring) grow() {
	buf := make([]*packet, max(16, 2*len(r.buf)))
	for i := range r.n {
		buf[i] = r.buf[(r.head+i)&(len(r.buf)-1)]
	}
	r.buf, r.head = buf, 0
}

// front returns the oldest packet, or nil.
func (r *ring) front() *packet {
	if r.n == 0 {
		return nil
	}
	return r.buf[r.head]
}

func (r *ring) pop() *packet {
	p := r.buf[r.head]
	r.buf[r.head] = nil
	r.head = (r.head + 1) & (len(r.buf) - 1)
	r.n--
	return p
}
