package tickwire

import (
	"slices"

	"github.com/tickwire/tickwire/transport"
)

// A client's sockets come and go: those of NewClient stay, those that the game gives to OpenPath or
// by Redial go with their last path.

// portOf is the port of a socket of the Client; nil if it is none.
func (c *Client) portOf(socket transport.Socket) *port {
	for _, p := range c.ports {
		if p.socket == socket {
			return p
		}
	}
	return nil
}

// portFor is the port of a socket that the game gave. One that is new belongs to the Client from now
// on, but serves nothing yet: addPort has it do so.
func (c *Client) portFor(field string, socket transport.Socket) (p *port, isNew bool, err error) {
	if p = c.portOf(socket); p != nil {
		return p, false, nil
	}
	if err := own(field, socket); err != nil {
		return nil, false, err
	}
	p = newPort(socket)
	p.later = true
	return p, true, nil
}

// doesWithout implements role: what went by the socket goes over other paths. Without any,
// and nobody who could bring one, the error is the game's to hear.
func (c *Client) doesWithout(p *port) bool {
	others := slices.ContainsFunc(c.ports, func(other *port) bool { return other != p && !other.broken })
	if !others && c.cfg.Redial == nil {
		return false
	}
	for _, d := range c.dials {
		d.loseSocket(p)
	}
	c.unused = true
	return true
}

// loseSocket tells the endpoint which of its paths went by a socket that has failed.
func (d *dialed) loseSocket(p *port) {
	c, conn := d.client, d.conn
	for path := range d.origins {
		if d.origins[path].port == p && conn.state == connOpen && conn.end != nil && conn.hasPath(uint8(path)) {
			conn.end.PathDied(c.now, uint8(path))
			c.showLater(conn)
			c.markDirty(conn)
		}
	}
	if c.cfg.Redial != nil && conn.isLost() {
		d.search.begin(allPaths, false, c.now)
	}
}
