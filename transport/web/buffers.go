package web

import "sync"

// bufferRoom is what one buffer holds: the largest datagram that any of the transports carries.
const bufferRoom = MaxWebSocketDatagram

// A buffer holds one datagram on its way in or out.
type buffer struct {
	n     int
	at    int64 // since when it waits to be written, on the board's clock
	bytes [bufferRoom]byte
}

func (b *buffer) filled() []byte { return b.bytes[:b.n:b.n] }

// buffers are those that nobody uses, kept so that no datagram allocates one. All associations of a
// socket share them: who says nothing needs none.
type buffers struct {
	mu   sync.Mutex
	free []*buffer
}

// mostFree bounds what is kept for later: a burst's memory is given back beyond it.
const mostFree = 1024

// fill returns a buffer with a copy of what fits into one.
func (p *buffers) fill(from []byte) *buffer {
	b := p.take()
	b.n = copy(b.bytes[:], from)
	return b
}

func (p *buffers) take() *buffer {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.free); n > 0 {
		b := p.free[n-1]
		p.free = p.free[:n-1]
		return b
	}
	return new(buffer)
}

func (p *buffers) give(b *buffer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.free) < mostFree {
		p.free = append(p.free, b)
	}
}
