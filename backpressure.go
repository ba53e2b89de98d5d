package tickwire

import (
	"slices"
	"time"
)

// A jam is what a Conn does about a reliable way whose socket takes nothing more, as a WebSocket
// whose buffer is full:
//
//	the socket refuses → its port keeps the datagram → the path is busy → the port is rid of it → goes on
//
// While a path is busy nothing is packed for it: what the game sends waits in its channels, where
// it can still be replaced, expire, or go over another path.
type jam struct {
	paths  uint8 // a bit for each that is busy
	listed bool  // in jams.jammed
}

// The jams of a core are the Conns with paths whose sockets take nothing, and when those are asked
// again. There are some as long as a port keeps something, and then there is such a time.
type jams struct {
	jammed  []*Conn
	retryAt int64 // never: none has refused anything
}

func (j *jams) init() { j.retryAt = never }

// retryJam is how long a socket is left alone that took nothing.
const retryJam = int64(5 * time.Millisecond)

// checkJam reports whether the port of a path keeps something that has to go first, and has the
// Conn listed until it is rid of that.
func (c *Conn) checkJam(path uint8, w *way) bool {
	if w.port.backlogOf(w.path) == nil {
		return false
	}
	c.jam.paths |= 1 << path
	if !c.jam.listed {
		c.jam.listed = true
		c.core.jammed = append(c.core.jammed, c)
	}
	return true
}

// clearJam lets paths go on whose port has got rid of what it kept, and reports whether there is
// none left that is busy.
func (c *Conn) clearJam(now int64) bool {
	if c.end == nil {
		return true
	}
	for path := range uint8(maxPaths) {
		if c.jam.paths&(1<<path) == 0 {
			continue
		}
		if w := c.wayOf(path); w != nil && w.port.backlogOf(w.path) != nil {
			continue
		}
		c.jam.paths &^= 1 << path
		c.end.PathBusy(now, path, false)
		c.core.markDirty(c)
	}
	return c.jam.paths == 0
}

// isJammed reports whether a socket is to be asked again.
func (k *core) isJammed() bool {
	return len(k.jammed) > 0 || slices.ContainsFunc(k.ports, func(p *port) bool { return len(p.all) > 0 })
}

// retry offers once more what sockets did not take.
func (k *core) retry() {
	k.retryAt = never
	for _, p := range k.ports {
		p.retry()
	}
	still := k.jammed[:0]
	for _, c := range k.jammed {
		if c.jam.listed = !c.clearJam(k.now); c.jam.listed {
			still = append(still, c)
		}
	}
	clear(k.jammed[len(still):])
	k.jammed = still
}
