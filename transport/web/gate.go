//go:build !js

package web

import (
	"errors"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// A gate is a listener that bounds the connections of each address, how often it opens one, and those in all, before
// anything of them is read: so nobody holds them all by saying nothing. A trusted proxy has as many as it likes.
type gate struct {
	net.Listener
	s    *Socket
	each quota
	all  quota
}

const (
	// spareConnections is what an address has beyond its players: for the pages.
	spareConnections = 32
	// spareInAll is what all have beyond the players.
	spareInAll = 1024
)

func (s *Socket) newGate(l net.Listener) *gate {
	g := &gate{Listener: l, s: s}
	if s.cfg.MaxPerAddress > 0 {
		g.each.most = s.cfg.MaxPerAddress + spareConnections
	}
	if s.cfg.MaxPlayers > 0 {
		g.all.most = s.cfg.MaxPlayers + spareInAll
	}
	return g
}

// Accept implements net.Listener.
func (g *gate) Accept() (net.Conn, error) {
	for {
		c, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if e := g.enter(c); e != nil {
			return e, nil
		}
		c.Close()
	}
}

// enter counts a connection in; nil if there are too many.
func (g *gate) enter(c net.Conn) *entered {
	e := &entered{Conn: c, patience: g.s.cfg.WriteTimeout, slow: &g.s.slow, leave: nothing}
	at := peerAt(c.RemoteAddr().String())
	if !at.IsValid() || g.s.trusts(at.Addr()) {
		return e // of no address, or of many
	}
	from := sourceOf(0, at.Addr())
	if !g.each.enter(from) {
		g.s.refuse.crowded.Add(1)
		return nil
	}
	if !g.all.enter(source{}) {
		g.each.leave(from)
		g.s.refuse.full.Add(1)
		return nil
	}
	e.leave = sync.OnceFunc(func() {
		g.each.leave(from)
		g.all.leave(source{})
	})
	if now := g.s.now(); g.s.rate.take(now, at.Addr(), rateUnits) > 0 && !g.s.rate.tells(now) {
		e.leave()
		g.s.refuse.tooOften.Add(1)
		return nil
	}
	return e
}

// A quota bounds how many of something there are of each source.
type quota struct {
	most int // 0: no limit
	mu   sync.Mutex
	from map[source]int
}

// enter counts one of a source, unless there are as many as may be.
func (q *quota) enter(from source) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.most > 0 && q.from[from] >= q.most {
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

// An entered connection is counted until it is closed. As long as it is net/http's, who takes nothing of what is written
// to him is cut off.
type entered struct {
	net.Conn
	leave    func()
	patience time.Duration // below 1: for ever
	slow     *atomic.Uint64
	socket   atomic.Bool // it is a WebSocket, which looks after itself
	asking   atomic.Bool // a request is under way
	due      atomic.Bool // there is a time by which something is to be read
}

// pieceOfPage is how much is to be taken within Config.WriteTimeout: a page may be written in one.
const pieceOfPage = 32 << 10

// Write implements net.Conn. A slow reader gets all of a page, however long that lasts.
func (c *entered) Write(b []byte) (n int, err error) {
	if c.patience <= 0 || c.socket.Load() {
		return c.Conn.Write(b)
	}
	for err == nil && n < len(b) {
		_ = c.Conn.SetWriteDeadline(time.Now().Add(c.patience))
		var took int
		took, err = c.Conn.Write(b[n:min(len(b), n+pieceOfPage)])
		n += took
	}
	c.note(err)
	return n, err
}

// Read implements net.Conn.
func (c *entered) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if err != nil && c.due.Load() {
		c.note(err)
	}
	return n, err
}

// note counts somebody who was too slow, once.
func (c *entered) note(err error) {
	if errors.Is(err, os.ErrDeadlineExceeded) && c.asking.CompareAndSwap(true, false) {
		c.slow.Add(1)
	}
}

// SetReadDeadline implements net.Conn. By one that has passed net/http ends a read of its own, of somebody who is not slow.
func (c *entered) SetReadDeadline(t time.Time) error {
	c.due.Store(time.Until(t) > 0)
	return c.Conn.SetReadDeadline(t)
}

// became is told by net/http what a connection is in.
func became(c net.Conn, state http.ConnState) {
	if e, ok := below[*entered](c); ok {
		e.asking.Store(state == http.StateNew || state == http.StateActive)
	}
}

// Close implements net.Conn.
func (c *entered) Close() error {
	c.leave()
	return c.Conn.Close()
}

// NetConn is what is below, as that of tls.Conn.
func (c *entered) NetConn() net.Conn { return c.Conn }
