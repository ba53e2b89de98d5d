package tickwire

import (
	"iter"
	"net/netip"

	"github.com/tickwire/tickwire/endpoint"
)

// A PathState is where a path of a Conn is in its life, or what happened to it.
type PathState = endpoint.PathState

// The states of a path, opening → active ⇄ failed → closed.
const (
	PathNone    = endpoint.PathNone
	PathOpening = endpoint.PathOpening
	PathActive  = endpoint.PathActive
	PathSilent  = endpoint.PathSilent
	PathFailed  = endpoint.PathFailed
	PathMoved   = endpoint.PathMoved
	PathClosed  = endpoint.PathClosed
)

// A PathUse says what a path of a Conn is for, beside others.
type PathUse = endpoint.PathUse

// The uses of a path.
const (
	UseShare   = endpoint.UseShare
	UseCopy    = endpoint.UseCopy
	UseReserve = endpoint.UseReserve
)

// PathStats is what was counted and measured of one path of a Conn.
type PathStats struct {
	endpoint.PathStats
	Path   uint8          // its number
	Local  netip.AddrPort // of our socket, not valid on transports without addresses
	Remote netip.AddrPort // of the peer, likewise
}

// Paths yields what is known of each path of the Conn that is not closed, in the
// order of their numbers. Path 0 is that of the handshake. Towards a plain peer, and
// after the end, there are none.
func (c *Conn) Paths() iter.Seq[PathStats] {
	return func(yield func(PathStats) bool) { c.eachPath(yield) }
}

// eachPath yields without the lock, since the body may use the Conn.
func (c *Conn) eachPath(yield func(PathStats) bool) {
	for id := range uint8(maxPaths) {
		if st := c.PathStats(id); st.State != PathNone && st.State != PathClosed && !yield(st) {
			return
		}
	}
}

// PathStats returns what is known of a path; its State is PathNone if there is none
// of that number.
func (c *Conn) PathStats(path uint8) PathStats {
	c.lock()
	defer c.unlock()
	if c.end == nil || path >= maxPaths {
		return PathStats{Path: path}
	}
	c.end.SetNow(c.core.nowOfCall())
	st := PathStats{PathStats: c.end.PathStats(path), Path: path}
	if int(st.Route) < len(c.routes) {
		w := c.routes[st.Route]
		st.Local, st.Remote = w.port.socket.LocalAddr(), w.path.Remote
	}
	return st
}
