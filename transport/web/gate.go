//go:build !js

package web

import (
	"net"
	"net/netip"
	"sync"
)

// A gate is a listener that bounds the connections of each address, before anything of them is read:
// so one host cannot hold them all by saying nothing. A trusted proxy has as many as it likes.
type gate struct {
	net.Listener
	s    *Socket
	open quota
}

// spareConnections is what an address has beyond its players: for the pages.
const spareConnections = 32

func (s *Socket) newGate(l net.Listener) net.Listener {
	if s.cfg.MaxPerAddress < 1 {
		return l
	}
	return &gate{Listener: l, s: s, open: quota{most: s.cfg.MaxPerAddress + spareConnections}}
}

// Accept implements net.Listener.
func (g *gate) Accept() (net.Conn, error) {
	for {
		c, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		at, err := netip.ParseAddrPort(c.RemoteAddr().String())
		if err != nil || g.s.trusts(at.Addr().Unmap()) {
			return c, nil // of no address, or of many
		}
		from := sourceOf(0, at.Addr())
		if g.open.enter(from) {
			return &entered{Conn: c, gate: g, from: from}, nil
		}
		g.s.refuse.crowded.Add(1)
		c.Close()
	}
}

// A quota bounds how many of something there are of each source.
type quota struct {
	most int
	mu   sync.Mutex
	from map[source]int
}

// enter counts one of a source, unless there are as many as may be.
func (q *quota) enter(from source) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.from[from] >= q.most {
		return false
	}
	if q.from == nil {
		q.from = make(map[source]int)
	}
	q.from[from]++
	return true
}

// leave counts one less of a source that has entered.
func (q *quota) leave(from source) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.from[from]--; q.from[from] == 0 {
		delete(q.from, from)
	}
}

// An entered connection is counted until it is closed.
type entered struct {
	net.Conn
	gate *gate
	from source
	once sync.Once
}

// Close implements net.Conn.
func (c *entered) Close() error {
	c.once.Do(func() { c.gate.open.leave(c.from) })
	return c.Conn.Close()
}

// NetConn is what is below, as that of tls.Conn.
func (c *entered) NetConn() net.Conn { return c.Conn }
