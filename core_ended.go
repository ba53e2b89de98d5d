package tickwire

import (
	"slices"

	"github.com/tickwire/tickwire/endpoint"
)

// Paths of some sockets end by themselves (transport.Mortal). Both sides of a Conn hear that from their
// own sockets, each when it can know, and give the path up: what was on its way there goes over another
// one at once, or as soon as there is one.

// lookAtPaths asks a socket which of its paths have ended, and a ladder what can be tried.
func (k *core) lookAtPaths(p *port) {
	k.endings = p.mortal.Ended(k.endings[:0])
	for i := range k.endings {
		path := k.endings[i].Path
		k.bereft = append(k.bereft[:0], p.riders[path]...) // whose ways may change meanwhile
		for _, c := range k.bereft {
			c.loseWay(&way{port: p, path: path})
		}
	}
	if p.lookAtRungs() || len(k.endings) > 0 {
		k.role.climb(p, k.endings)
	}
	clear(k.endings)
	clear(k.bereft)
}

// loseWay tells the endpoint which of its paths went by a way that has ended.
func (c *Conn) loseWay(w *way) {
	if c.end == nil || c.state == connOpening {
		return
	}
	for id := range c.end.Paths() {
		if at := c.wayOf(id); at != nil && at.port == w.port && at.path == w.path {
			c.lost |= 1 << id
			c.end.PathDied(c.core.now, id)
			c.core.showLater(c)
			c.core.markDirty(c)
		}
	}
	c.closeLost()
}

// closeLost gives up the paths that have ended for good, and has the peer told, who may not know it.
// The last one that there is stays, as one that has failed, until there is another.
func (c *Conn) closeLost() {
	for id := uint8(0); c.lost>>id != 0; id++ {
		if c.lost&(1<<id) == 0 || c.end.Route(id) != endpoint.NoRoute {
			c.lost &^= 1 << id // it goes elsewhere since
			continue
		}
		if c.closePath(id); !c.hasPath(id) {
			c.lost &^= 1 << id
		}
	}
}

// endWays ends what sockets keep for a Conn that is forgotten, unless another one is there: its player
// may have come again by the same WebSocket.
func (c *Conn) endWays() {
	for i := range c.routes {
		w := &c.routes[i]
		others := func(x *Conn) bool { return x != c }
		if w.port.ender != nil && !slices.ContainsFunc(w.port.riders[w.path], others) {
			w.port.ender.End(w.path)
		}
	}
}
