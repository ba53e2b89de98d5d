package tickwire

import (
	"slices"

	"github.com/tickwire/tickwire/transport"
)

// Riders are the Conns that have a way by a path: one, or two while a player comes again by the same
// WebSocket. Sockets whose paths end by themselves, or that keep something for each, have them, so that an
// end costs the same however many players there are; for the others the map is nil.
type riders map[transport.Path][]*Conn

// ride notes a way of a Conn that is on the roster, and has its socket keep it.
func (c *Conn) ride(w *way) {
	if all := w.port.riders; all != nil && c.id != 0 && !slices.Contains(all[w.path], c) {
		all[w.path] = append(all[w.path], c)
		if w.port.keeper != nil {
			w.port.keeper.Keep(w.path)
		}
	}
}

// leave notes that a Conn has a way no more; another of its ways may go by the same path.
func (w *way) leave(c *Conn) {
	all := w.port.riders
	if all == nil || c.goesBy(w) {
		return
	}
	left := slices.DeleteFunc(all[w.path], func(x *Conn) bool { return x == c })
	if len(left) > 0 {
		all[w.path] = left
	} else {
		delete(all, w.path)
	}
}

// goesBy reports whether a way is one of the Conn's.
func (c *Conn) goesBy(w *way) bool {
	return slices.ContainsFunc(c.routes, func(x way) bool { return x.port == w.port && x.path == w.path })
}

// dropWays has nobody find a Conn by its ways any more.
func (c *Conn) dropWays() {
	had := c.routes
	c.routes = c.routes[:0]
	for i := range had {
		had[i].leave(c)
	}
	c.routes = had
}
