package tickwire

import (
	"slices"

	"github.com/tickwire/tickwire/endpoint"
	"github.com/tickwire/tickwire/transport"
)

// A port is one socket of a Server or Client and the datagrams that wait to be
// written to it together.
type port struct {
	socket  transport.Socket
	later   bool // it came after the start, and goes with its last path
	broken  bool // the owner does without it
	vantage vantage
	out     [writeBatch]transport.Datagram
	bufs    [writeBatch][]byte
	n       int
	stats   SocketStats
	failed  string // what the log was told last
}

// writeBatch is how many datagrams are written in one call. Beyond 16 a batch
// gains nothing on Linux.
const writeBatch = 32

// datagramRoom is how large the buffers of a port begin.
const datagramRoom = 1536

// begin returns an empty buffer for the next datagram.
func (p *port) begin() []byte {
	if p.bufs[p.n] == nil {
		p.bufs[p.n] = make([]byte, 0, datagramRoom)
	}
	return p.bufs[p.n]
}

// commit queues the datagram that was built in the buffer of begin.
func (p *port) commit(path transport.Path, b []byte) {
	p.bufs[p.n] = b[:0] // it may have grown
	p.queue(path, b)
	if p.n == writeBatch {
		p.flush()
	}
}

func (p *port) queue(path transport.Path, b []byte) {
	p.out[p.n] = transport.Datagram{Path: path, Bytes: b}
	p.stats.SentBytes += uint64(len(b))
	p.n++
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
	inserted := append(p.bufs[p.n+1][:0], b...)
	p.bufs[p.n], p.bufs[p.n+1] = inserted[:0], building
	p.queue(path, inserted)
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
	p.stats.Sent += uint64(n)
	p.stats.Refused += uint64(p.n - n)
	p.n = 0
}

// addPort takes a socket in, unless it is known.
func (k *core) addPort(p *port) {
	if !slices.Contains(k.ports, p) {
		k.ports = append(k.ports, p)
		k.wait.add(p.socket)
	}
}

// dropPorts closes the sockets that have failed, and those that came later and serve
// no connection any more.
func (k *core) dropPorts() {
	k.unused = false
	k.ports = slices.DeleteFunc(k.ports, func(p *port) bool {
		if !p.broken && (!p.later || slices.ContainsFunc(k.live, p.serves)) {
			return false
		}
		k.wait.remove(p.socket)
		p.socket.Close()
		return true
	})
}

// serves reports whether a Conn needs the socket.
func (p *port) serves(c *Conn) bool {
	if c.end == nil {
		return c.port == p
	}
	if c.dial != nil && c.dial.back.on && c.dial.back.port == p {
		return true
	}
	for i, w := range c.routes {
		if w.port == p && c.end.Uses(endpoint.Route(i)) {
			return true
		}
	}
	return false
}

// fail tells the log about an error of the socket, once until there is another.
func (p *port) fail(k *core, err error) {
	if text := err.Error(); text != p.failed {
		p.failed = text
		k.cfg.Logger.Error("socket failed", "socket", p.socket.LocalAddr(), "err", err)
	}
}
