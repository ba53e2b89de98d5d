package endpoint

import "math/bits"

// Buffers holds free memory for messages, in classes of powers of two from 64 bytes to 1 MiB,
// so that sending and receiving allocate nothing in steady state. It belongs to one owner: the
// endpoints that share it must be used by one goroutine at a time.
type Buffers struct {
	free       [len(classLimits)][][]byte
	freeShared []*shared
	held       int // bytes in free
	limit      int
	inUse      int
	used       int // their bytes
	fetched    uint64
	made       uint64
	unpooled   bool

	moved      []uint64 // scratch of dropStale
	compressed []byte   // scratch of sender.compress
	acks       ackScratch
	events     eventMemory
	terms      spares[terms]
	cuts       spares[cut]
}

const (
	smallestClass = 6 // 64 bytes
	largestClass  = 20
)

// classLimits has one entry for each class.
var classLimits [largestClass - smallestClass + 1]struct{}

// NewBuffers returns an empty pool that keeps at most limit bytes of free memory. 0: 16 MiB;
// negative: none, every buffer is allocated anew.
func NewBuffers(limit int) *Buffers {
	return &Buffers{limit: orDefault(limit, 16<<20, 0), unpooled: limit < 0}
}

// BufferStats says what a pool does.
type BufferStats struct {
	InUse      int    // buffers handed out and not returned
	BytesInUse int    // the memory behind them, rounded up to classes
	FreeBytes  int    // memory kept for later
	Fetched    uint64 // buffers handed out since the beginning
	Allocated  uint64 // how many of them had to be allocated
}

// Stats returns the counters.
func (p *Buffers) Stats() BufferStats {
	return BufferStats{p.inUse, p.used, p.held, p.fetched, p.made}
}

func sizeClass(n int) int { return max(0, bits.Len(uint(n-1))-smallestClass) }

// fetch returns a buffer of length n; nil if n is 0.
func (p *Buffers) fetch(n int) []byte {
	if n == 0 {
		return nil
	}
	p.inUse++
	p.fetched++
	if c := sizeClass(n); c < len(p.free) {
		if last := len(p.free[c]) - 1; last >= 0 {
			b := p.free[c][last]
			p.free[c] = p.free[c][:last]
			p.held -= cap(b)
			p.used += cap(b)
			return b[:n]
		}
	}
	return p.make(n)
}

// make makes a buffer: for the pool, of the size of a class.
func (p *Buffers) make(n int) []byte {
	size := n
	if p.classes(n) {
		size = 1 << (sizeClass(n) + smallestClass)
	}
	p.made++
	p.used += size
	return make([]byte, n, size)
}

// classes reports whether a buffer for n bytes has the size of a class.
func (p *Buffers) classes(n int) bool { return sizeClass(n) < len(p.free) && !p.unpooled }

// forget no longer counts a buffer, and does not take it back.
func (p *Buffers) forget(b []byte) {
	if b != nil {
		p.inUse--
		p.used -= cap(b)
	}
}

// release takes a buffer back.
func (p *Buffers) release(b []byte) {
	size := cap(b)
	if size == 0 {
		return
	}
	p.inUse--
	p.used -= size
	if c := sizeClass(size); c < len(p.free) && size == 1<<(c+smallestClass) && p.held+size <= p.limit {
		p.held += size
		p.free[c] = append(p.free[c], b)
	}
}

// A spares keeps what an endpoint does not use now and will use again.
type spares[T any] struct{ free []*T }

// fetch returns one that was released, or a new one.
func (s *spares[T]) fetch() *T {
	n := len(s.free)
	if n == 0 {
		return new(T)
	}
	v := s.free[n-1]
	s.free = s.free[:n-1]
	return v
}

// release keeps one.
func (s *spares[T]) release(v *T) { s.free = append(s.free, v) }

// releaseFew keeps one of those that hold memory of their own, if there are not most already.
func (s *spares[T]) releaseFew(v *T, most int) {
	if len(s.free) < most {
		s.release(v)
	}
}

// A shared is the payload of a message that several endpoints send, or one of them on several
// channels. Each such message is a user, and so is the draft that it was built in; the last one
// gives the memory back.
type shared struct {
	payload []byte
	buffers *Buffers
	users   int
}

// fetchShared makes a payload of the pool shared, by one user so far.
func (p *Buffers) fetchShared(payload []byte) *shared {
	n := len(p.freeShared)
	if n == 0 {
		return &shared{payload, p, 1}
	}
	s := p.freeShared[n-1]
	p.freeShared = p.freeShared[:n-1]
	*s = shared{payload, p, 1}
	return s
}

// release takes a user away.
func (s *shared) release() {
	if s.users--; s.users > 0 {
		return
	}
	p := s.buffers
	p.release(s.payload)
	*s = shared{}
	p.freeShared = append(p.freeShared, s)
}

// freePayload lets go of a message's payload: it will not be sent again.
func (out *outbox) freePayload(m *outMessage) {
	if m.shared != nil {
		m.shared.release()
		m.shared = nil
	} else {
		out.cfg.Buffers.release(m.payload)
	}
	m.payload = nil
}
