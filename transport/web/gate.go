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
	most int

	mu   sync.Mutex
	from map[source]int
}

// spareConnections is what an address has beyond its players: for the pages.
const spareConnections = 32

func (s *Socket) newGate(l net.Listener) net.Listener {
	if s.cfg.MaxPerAddress < 1 {
		return l
	}
	return &gate{Listener: l, s: s, most: s.cfg.MaxPerAddress + spareConnections, from: map[source]int{}}
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
		if g.enter(from) {
			return &entered{Conn: c, gate: g, from: from}, nil
		}
		g.s.refuse.crowded.Add(1)
		c.Close()
	}
}

func (g *gate) enter(from source) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.from[from] >= g.most {
		return false
	}
	g.from[from]++
	return true
}

func (g *gate) leave(from source) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.from[from]--; g.from[from] == 0 {
		delete(g.from, from)
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
	c.once.Do(func() { c.gate.leave(c.from) })
	return c.Conn.Close()
}

// NetConn is what is below, as that of tls.Conn.
func (c *entered) NetConn() net.Conn { return c.Conn }
