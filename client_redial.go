package tickwire

import (
	"net/netip"
	"slices"
	"time"

	"github.com/tickwire/tickwire/transport"
)

// A search is that of a client's Conn for another way to its server, by
// ClientConfig.Redial:
//
//	idle → looking → trying → idle     the new path is active, and the old ones are closed
//	        ↑ └────────│─────↗         the old one answers again
//	        └──────────┘               nobody answers: again a little later
type search struct {
	state searchState
	at    int64         // of the next try, or the first time that another may begin
	gap   time.Duration // between two tries
	path  uint8         // that is being tried
	moved bool          // the host has moved: the old paths need not be silent
	old   uint8         // a bit for each path that the new one replaces
}

type searchState uint8

const (
	searchIdle searchState = iota
	searchLooking
	searchTrying
)

const (
	leastRedial = time.Second
	mostRedial  = 16 * time.Second
	// redialPatience is how much longer than three probe timeouts a silence lasts that is no
	// hiccup of a host or a radio.
	redialPatience = int64(time.Second / 5)
	// lookAround is how often a client asks its sockets for the host's address.
	lookAround = int64(time.Second)
)

// search begins to look for another way in place of the paths old, a bit for each,
// at a time at the earliest, unless that goes on already.
func (a *attempt) search(old uint8, moved bool, at int64) {
	s := &a.searching
	if s.state != searchIdle || a.back.on { // a comeback looks for itself
		return
	}
	a.wait()
	s.state, s.old, s.moved = searchLooking, old, moved
	s.at = max(s.at, at)
}

// seek does what is due of a search.
func (a *attempt) seek(now int64) {
	s, c := &a.searching, a.conn
	switch {
	case s.state == searchIdle:
	case c.end == nil || !c.open() || c.end.Away() || a.back.on:
		s.state = searchIdle
	case s.state == searchTrying:
		a.judgePath(now)
	case !s.moved && !c.lost():
		s.state = searchIdle // it was a short silence
	case now >= s.at:
		a.redial(now)
	}
}

// judgePath looks at what has become of the path that is being tried.
func (a *attempt) judgePath(now int64) {
	s, c := &a.searching, a.conn
	switch c.end.PathStats(s.path).State {
	case PathOpening:
		return
	case PathActive:
		s.state, s.gap = searchIdle, 0
		for path := range uint8(maxPaths) {
			if path != s.path && s.old&(1<<path) != 0 && c.living(path) {
				c.closePath(path)
			}
		}
	default:
		s.state, s.moved = searchLooking, false
	}
}

// redial opens a path over a socket that Redial gives.
func (a *attempt) redial(now int64) {
	s, k := &a.searching, &a.client.core
	s.gap = min(max(2*s.gap, leastRedial), mostRedial)
	s.at = now + int64(s.gap)
	for path := range uint8(maxPaths) {
		if !a.conn.living(path) { // and what is opened meanwhile stays
			s.old &^= 1 << path
		}
	}
	socket, err := a.client.cfg.Redial()
	if err == nil {
		s.path, err = a.client.openPath(a.conn, socket, PathConfig{})
	}
	if err != nil {
		s.moved = false
		k.cfg.Logger.Warn("no other way to the server", "server", a.guard.Server(), "err", err)
		return
	}
	s.state = searchTrying
}

// lost reports whether a Conn has no path on which anybody answers, or may answer yet.
func (c *Conn) lost() bool {
	if c.end == nil || !c.open() {
		return false
	}
	for path := range c.end.Paths() {
		if s := c.end.PathStats(path).State; s == PathActive || s == PathOpening {
			return false
		}
	}
	return true
}

// A vantage is the host's address as a socket knows it.
type vantage struct {
	to    transport.Path // asked for this
	local netip.Addr
}

// roams reports whether there are connections, and sockets that know the host's
// address.
func (c *Client) roams() bool {
	return len(c.attempts) > 0 && slices.ContainsFunc(c.ports, (*port).roams)
}

func (p *port) roams() bool {
	_, ok := p.socket.(transport.Roamer)
	return ok && !p.broken
}

// look asks the sockets whether the host has moved.
func (c *Client) look(now int64) {
	c.lookAt = now + lookAround
	for _, p := range c.ports {
		roamer, ok := p.socket.(transport.Roamer)
		if !ok || p.broken {
			continue
		}
		to, ok := c.wayBy(p)
		if !ok {
			continue
		}
		v := vantage{to, roamer.LocalTo(to)}
		was := p.vantage
		p.vantage = v
		if was.to == v.to && was.local != v.local {
			c.moved(p)
		}
	}
}

// wayBy is where the packets of some connection go by a socket.
func (c *Client) wayBy(p *port) (transport.Path, bool) {
	for _, a := range c.attempts {
		if a.conn.state != connOpen || a.conn.end == nil {
			continue
		}
		for path := range a.conn.end.Paths() {
			if w := a.conn.wayOf(path); w != nil && w.port == p {
				return w.path, true
			}
		}
	}
	return transport.Path{}, false
}

// moved: the host has another address for what goes by a socket, or none. Servers
// hear of it at once, from there; and whoever can redial does.
func (c *Client) moved(p *port) {
	for _, a := range c.attempts {
		if a.conn.state != connOpen || a.conn.end == nil {
			continue
		}
		old := uint8(0)
		for path := range a.conn.end.Paths() {
			if w := a.conn.wayOf(path); w != nil && w.port == p {
				old |= 1 << path
			}
		}
		if old == 0 {
			continue
		}
		a.conn.end.Ping()
		c.markDirty(a.conn)
		if c.cfg.Redial != nil {
			a.search(old, true, c.now)
		}
	}
}
