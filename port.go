package tickwire

import (
	"errors"

	"github.com/tickwire/tickwire/transport"
)

// A port is one socket of a Server or Client and the datagrams that wait to be
// written to it together.
type port struct {
	index  int
	socket transport.Socket
	out    [writeBatch]transport.Datagram
	bufs   [writeBatch][]byte
	n      int
	closed bool

	received, receivedBytes uint64
	sent, sentBytes         uint64
	refused                 uint64 // datagrams that the system did not take
}

// writeBatch is how many datagrams are written in one call. Beyond 16 a batch
// gains nothing on Linux.
const writeBatch = 32

func newPort(index int, s transport.Socket) *port { return &port{index: index, socket: s} }

// begin returns an empty buffer for the next datagram.
func (p *port) begin() []byte {
	if p.bufs[p.n] == nil {
		p.bufs[p.n] = make([]byte, 0, 1536)
	}
	return p.bufs[p.n]
}

// commit queues the datagram that was built in the buffer of begin.
func (p *port) commit(path transport.Path, b []byte) {
	p.bufs[p.n] = b[:0] // it may have grown
	p.out[p.n] = transport.Datagram{Path: path, Bytes: b}
	p.sentBytes += uint64(len(b))
	if p.n++; p.n == writeBatch {
		p.flush()
	}
}

// send queues a copy of a datagram.
func (p *port) send(path transport.Path, b []byte) { p.commit(path, append(p.begin(), b...)) }

// insert queues a copy of a datagram while another one is being built in the
// buffer of begin; that buffer moves on.
func (p *port) insert(path transport.Path, b []byte) {
	if p.n == writeBatch-1 {
		p.flush()
		p.bufs[0], p.bufs[writeBatch-1] = p.bufs[writeBatch-1], p.bufs[0]
	}
	building := p.bufs[p.n]
	if p.bufs[p.n+1] == nil {
		p.bufs[p.n+1] = make([]byte, 0, 1536)
	}
	p.bufs[p.n] = append(p.bufs[p.n+1][:0], b...)
	p.out[p.n] = transport.Datagram{Path: path, Bytes: p.bufs[p.n]}
	p.sentBytes += uint64(len(b))
	p.n++
	p.bufs[p.n] = building
}

// flush writes what is queued. What the system does not take is lost, as on
// the way it might have been; it is counted.
func (p *port) flush() {
	if p.n == 0 {
		return
	}
	n, err := p.socket.Write(p.out[:p.n])
	if err != nil {
		n = 0
	}
	p.sent += uint64(n)
	p.refused += uint64(p.n - n)
	p.n = 0
}

// fail notes an error of the socket.
func (p *port) fail(k *core, err error) {
	if p.closed {
		return
	}
	p.closed = errors.Is(err, transport.ErrClosed)
	k.cfg.Logger.Error("socket failed", "socket", p.socket.LocalAddr(), "err", err)
}
