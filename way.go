package tickwire

import (
	"net/netip"

	"github.com/tickwire/tickwire/endpoint"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/transport"
)

// A way is where datagrams go: by one of our sockets, on a path of it. A server's socket that
// listens on all addresses of its host answers from the one that was asked: the peer, or a NAT or
// firewall before him, may take nothing that comes from another. A client leaves it to the system,
// which knows the network card that is up.
type way struct {
	port  *port
	path  transport.Path
	local netip.Addr // of ours; not valid: the system's choice, or the socket has only one
}

// wayBack is the way on which a datagram is answered.
func (p *port) wayBack(d *transport.Datagram) way {
	if !p.wide || d.Local.IsMulticast() {
		return way{port: p, path: d.Path}
	}
	return way{p, d.Path, d.Local}
}

// commit queues the datagram that was built in the buffer that the way's port began.
func (w *way) commit(b []byte) { w.port.commit(w, b) }

// send queues a copy of a datagram.
func (w *way) send(b []byte) { w.port.commit(w, append(w.port.begin(), b...)) }

// reliable reports whether whatever carries a way repairs losses itself.
func (w way) reliable() bool { return w.port.socket.Properties(w.path).Reliable }

// maxRoutes bounds the ways of a Conn: for each path the one that it takes, two that
// claim to be better, one that did and may yet answer, and four that are owed an answer;
// one for the last words, and one that is about to be heard of.
const maxRoutes = 8*maxPaths + 2

// maxPaths is how many paths the wire can tell apart.
const maxPaths = netcode.MaxPaths

// aimAt says where the peer is, until the endpoint finds it elsewhere.
func (c *Conn) aimAt(w way) {
	c.way = w
	c.routes = append(c.routes[:0], w) // Route 0, which path 0 takes at first
}

// route is the number by which the endpoint knows a way. One that is new gets a
// further number, or that of one that is not needed any more, the oldest first: the
// endpoint remembers for a while which number has led nowhere.
func (c *Conn) route(w way) endpoint.Route {
	for i := range c.routes {
		if c.routes[i] == w {
			return endpoint.Route(i)
		}
	}
	if len(c.routes) < maxRoutes {
		c.routes = append(c.routes, w)
		return endpoint.Route(len(c.routes) - 1)
	}
	for range c.routes {
		c.lastRoute = (c.lastRoute + 1) % maxRoutes
		if !c.end.Uses(c.lastRoute) {
			c.routes[c.lastRoute] = w
			return c.lastRoute
		}
	}
	return endpoint.NoRoute
}

// wayOf is where the packets of a path go; false if there is none, or what carried it
// is gone.
func (c *Conn) wayOf(path uint8) (w way, ok bool) { return c.wayBy(c.end.Route(path)) }

// wayBy is the way that has a number; false for NoRoute.
func (c *Conn) wayBy(r endpoint.Route) (w way, ok bool) {
	if int(r) >= len(c.routes) {
		return w, false
	}
	return c.routes[r], true
}

// follow points the Conn at where its peer is: where the first path goes on which it
// answers.
func (c *Conn) follow() {
	for id := range c.end.Paths() {
		if w, ok := c.wayOf(id); ok && c.end.PathStats(id).State == PathActive {
			c.way = w
			return
		}
	}
}

// carrier is what is known of whatever carries a way.
func (w way) carrier() endpoint.Carrier {
	s := w.port.socket
	return endpoint.Carrier{MaxDatagramBytes: s.MaxDatagram(w.path), DontFragment: s.Properties(w.path).DontFragment}
}

// sendPacket sends one packet on a path, if there is one to send. It is built where
// the datagrams of the path's usual way wait; one that asks whether the peer is
// elsewhere goes there alone, and until that is known others go both ways.
func (c *Conn) sendPacket(now int64, path uint8) {
	if c.sealer.KeyChangeDue() {
		c.renewKeys(now)
	}
	w, ok := c.wayOf(path)
	if !ok {
		w = c.way // it may still answer elsewhere
	}
	c.checkJam(now, path, w)
	number := c.end.NextNumber(path)
	bytes := c.end.NumberBytes(path, number)
	frames := c.sealer.AppendHeader(w.port.begin(), path, number, bytes)
	room := c.end.NextDatagramBytes(now, path, w.carrier()) - c.sealer.Overhead(bytes)
	packet := c.end.AppendPacket(now, path, number, frames, room)
	if len(packet) == len(frames) {
		return
	}
	packet = c.sealer.Seal(packet, 0, len(frames), path, number)
	c.core.owner.beforeData(c)
	to, also := c.end.Routes()
	mark := transport.ECN(c.end.Mark())
	switch t, ok := c.wayBy(to); {
	case !ok: // it is lost, as on a way that leads nowhere
	case t.port == w.port:
		t.port.mark = mark
		t.commit(packet)
	default:
		t.port.mark = mark
		t.send(packet)
	}
	if t, ok := c.wayBy(also); ok {
		t.port.mark = mark
		t.send(packet)
	}
}
