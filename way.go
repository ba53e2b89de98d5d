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
func (w *way) commit(b []byte) { w.port.commit(w, b, transport.NotECT) }

// send queues a copy of a datagram.
func (w *way) send(b []byte) { w.sendMarked(b, transport.NotECT) }

// sendMarked queues a copy of a datagram with a mark.
func (w *way) sendMarked(b []byte, mark transport.ECN) {
	w.port.commit(w, append(w.port.begin(), b...), mark)
}

// reliable reports whether whatever carries a way repairs losses itself.
func (w *way) reliable() bool { return w.port.socket.Properties(w.path).Reliable }

// carrier is what is known of whatever carries a way.
func (w *way) carrier() endpoint.Carrier {
	s := w.port.socket
	return endpoint.Carrier{MaxDatagramBytes: s.MaxDatagram(w.path), DontFragment: s.Properties(w.path).DontFragment}
}

// maxRoutes bounds the ways of a Conn: for each path the one that it takes, two that
// claim to be better, one that did and may yet answer, and four that are owed an answer;
// one for the last words, and one that is about to be heard of.
const maxRoutes = 8*maxPaths + 2

// maxPaths is how many paths the wire can tell apart.
const maxPaths = netcode.MaxPaths

// aimAt says where the peer is, until the endpoint finds it elsewhere.
func (c *Conn) aimAt(w way) {
	c.dropWays()
	c.routes = append(c.routes[:0], w) // Route 0, which path 0 takes at first
	c.here = 0
	c.ride(&w)
}

// at is where the peer is, until another route is added.
func (c *Conn) at() *way { return &c.routes[c.here] }

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
		c.ride(&w)
		return endpoint.Route(len(c.routes) - 1)
	}
	for range c.routes {
		c.lastRoute = (c.lastRoute + 1) % maxRoutes
		if c.lastRoute != c.here && !c.end.Uses(c.lastRoute) {
			old := c.routes[c.lastRoute]
			c.routes[c.lastRoute] = w
			old.leave(c)
			c.ride(&w)
			return c.lastRoute
		}
	}
	return endpoint.NoRoute
}

// wayOf is where the packets of a path go; nil if there is no such way, or what carried it
// is gone.
func (c *Conn) wayOf(path uint8) *way { return c.wayBy(c.end.Route(path)) }

// wayBy is the way that has a number, until another way is given one; nil for NoRoute.
func (c *Conn) wayBy(r endpoint.Route) *way {
	if int(r) >= len(c.routes) {
		return nil
	}
	return &c.routes[r]
}

// aimAtActive points the Conn at where its peer is: where the first path goes on which it
// answers.
func (c *Conn) aimAtActive() {
	for id := range c.end.Paths() {
		if r := c.end.Route(id); c.wayBy(r) != nil && c.end.PathStats(id).State == PathActive {
			c.here = r
			return
		}
	}
}

// setReliable tells the endpoint that what carries a path of it repairs losses itself.
func (c *Conn) setReliable(path uint8, st endpoint.PathStats) {
	// Of a path that this end has, so that it cannot fail.
	_ = c.end.SetPath(c.core.now, path, endpoint.PathConfig{
		Route: st.Route, Reliable: true, Use: st.Use, Weight: st.Weight,
	})
}

// sendPackets sends what the endpoint has to send now.
func (c *Conn) sendPackets(now int64) {
	for c.sendPacket(now) {
	}
}

// sendPacket sends one packet; false if there is none. One that asks whether the peer is
// elsewhere goes there alone, and until that is known others go both ways.
func (c *Conn) sendPacket(now int64) bool {
	if c.sealer.KeyChangeDue() {
		c.renewKeys(now)
	}
	var out endpoint.Outgoing
	if !c.end.NextPacket(now, &out, c.beginPacket) {
		return false
	}
	packet := c.sealer.Seal(now, out.Packet, 0, out.Head, out.Path, out.Number)
	built, mark := c.usualWay(out.Route).port, transport.ECN(out.ECN)
	if c.introduces() { // now that there is a packet to be read
		c.newcomer.sendAccept()
		built, c.core.aside = nil, packet
	}
	switch to := c.wayBy(out.To); {
	case to == nil: // it is lost, as on a way that leads nowhere
	case to.port == built:
		to.port.commit(to, packet, mark)
	default:
		to.sendMarked(packet, mark)
	}
	if also := c.wayBy(out.Also); also != nil {
		also.sendMarked(packet, mark)
	}
	return true
}

// beginPacket is an endpoint.Begin. The packet is built in the buffer of its usual way's port,
// where it need not be copied if it goes there; aside if an ACCEPT will take that buffer.
func (c *Conn) beginPacket(h endpoint.Header) ([]byte, endpoint.Envelope) {
	usual := c.usualWay(h.Route)
	buffer := c.core.aside[:0]
	if !c.introduces() {
		buffer = usual.port.begin()
	}
	head := c.sealer.AppendHeader(buffer, h.Path, h.Number, h.NumberBytes)
	return head, endpoint.Envelope{
		Tail:    c.sealer.Overhead(h.NumberBytes) - len(head),
		Carrier: usual.carrier(), Busy: c.checkJam(h.Path, usual),
	}
}

// usualWay is where the usual packets of a path go: by its route, or where the peer may still
// answer if that leads nowhere.
func (c *Conn) usualWay(r endpoint.Route) *way {
	if w := c.wayBy(r); w != nil {
		return w
	}
	return c.at()
}

// introduces reports whether the peer may not be able to read a packet without an ACCEPT ahead.
func (c *Conn) introduces() bool { return c.newcomer != nil && !c.newcomer.seat.Confirmed() }
