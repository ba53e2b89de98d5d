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
	of    *dialed
	state searchState
	at    int64         // of the next try, or the first time that another may begin
	gap   time.Duration // between two tries
	path  uint8         // that is being tried
	moved bool          // the host has moved: the old paths need not be silent
	old   uint8         // a bit for each path that the new one replaces
}

// allPaths has a bit for each path.
const allPaths = 1<<maxPaths - 1

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

// begin begins to look for another way in place of the paths old, a bit for each,
// at a time at the earliest, unless that goes on already.
func (s *search) begin(old uint8, moved bool, at int64) {
	if s.state != searchIdle || s.of.back != nil { // a comeback looks for itself
		return
	}
	s.of.watchTime()
	s.state, s.old, s.moved = searchLooking, old, moved
	s.at = max(s.at, at)
}

// due is when it has something to do, or never if it waits for what becomes of a path; false if
// nothing is sought.
func (s *search) due() (at int64, on bool) {
	if s.state == searchLooking {
		return s.at, true
	}
	return never, s.state != searchIdle
}

// timePassed does what is due of a search.
func (s *search) timePassed(now int64) {
	c := s.of.conn
	switch {
	case c.end == nil || !c.open() || c.end.Away() || s.of.back != nil:
		s.state = searchIdle
	case s.state == searchTrying:
		s.checkNewPath()
	case !s.moved && !c.isLost():
		s.state = searchIdle // it was a short silence
	case now >= s.at:
		s.redial(now)
	}
}

// checkNewPath looks at what has become of the path that is being tried.
func (s *search) checkNewPath() {
	c := s.of.conn
	switch c.end.PathStats(s.path).State {
	case PathOpening:
		return
	case PathActive:
		s.state, s.gap = searchIdle, 0
		for path := range uint8(maxPaths) {
			if path != s.path && s.old&(1<<path) != 0 && c.hasPath(path) {
				c.closePath(path)
			}
		}
	default:
		s.state, s.moved = searchLooking, false
	}
}

// redial opens a path over a socket that Redial gives.
func (s *search) redial(now int64) {
	d := s.of
	s.gap = min(max(2*s.gap, leastRedial), mostRedial)
	s.at = now + int64(s.gap)
	for path := range uint8(maxPaths) {
		if !d.conn.hasPath(path) { // and what is opened meanwhile stays
			s.old &^= 1 << path
		}
	}
	if d.asking == nil {
		d.askForSocket(s.tryOver)
	}
}

// tryOver opens a path over the socket that Redial has given, if one is still sought.
func (s *search) tryOver(_ int64, p *port, err error) (used bool) {
	if s.state != searchLooking || s.of.back != nil {
		return false
	}
	if err == nil {
		s.path, err = s.of.openPathOver(p, PathConfig{})
	}
	if err != nil {
		s.moved = false
		s.of.noOtherWay(err)
		return false
	}
	s.state = searchTrying
	return true
}

// isLost reports whether a Conn has no path on which anybody answers, or may answer yet.
func (c *Conn) isLost() bool {
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
	return len(c.dials) > 0 && slices.ContainsFunc(c.ports, (*port).roams)
}

func (p *port) roams() bool { return p.roamer != nil && !p.broken }

// lookForMoves asks the sockets whether the host has moved.
func (c *Client) lookForMoves(now int64) {
	c.lookAt = now + lookAround
	for _, p := range c.ports {
		if !p.roams() {
			continue
		}
		to, ok := c.pathBy(p)
		if !ok {
			continue
		}
		v := vantage{to, p.roamer.LocalTo(to)}
		was := p.vantage
		p.vantage = v
		if was.to == v.to && was.local != v.local {
			c.hostMoved(p)
		}
	}
}

// pathBy is where the packets of some connection go by a socket.
func (c *Client) pathBy(p *port) (transport.Path, bool) {
	for _, d := range c.dials {
		if d.conn.state != connOpen || d.conn.end == nil {
			continue
		}
		for path := range d.conn.end.Paths() {
			if w := d.conn.wayOf(path); w != nil && w.port == p {
				return w.path, true
			}
		}
	}
	return transport.Path{}, false
}

// hostMoved: the host has another address for what goes by a socket, or none. Servers
// hear of it at once, from there; and whoever can redial does.
func (c *Client) hostMoved(p *port) {
	for _, d := range c.dials {
		if d.conn.state != connOpen || d.conn.end == nil {
			continue
		}
		old := uint8(0)
		for path := range d.conn.end.Paths() {
			if w := d.conn.wayOf(path); w != nil && w.port == p {
				old |= 1 << path
			}
		}
		if old == 0 {
			continue
		}
		d.conn.end.Ping()
		c.markDirty(d.conn)
		if c.cfg.Redial != nil {
			d.search.begin(old, true, c.now)
		}
	}
}
