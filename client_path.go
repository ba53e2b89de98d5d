package tickwire

import (
	"fmt"
	"slices"

	"github.com/tickwire/tickwire/endpoint"
	"github.com/tickwire/tickwire/transport"
)

// openPath opens a path of a Conn over a socket, which is closed if it is new and that
// fails.
func (c *Client) openPath(conn *Conn, socket transport.Socket, cfg PathConfig) (path uint8, err error) {
	if socket == nil {
		return 0, &ConfigError{"socket", nil, "one, from udp.Open say"}
	}
	p := c.portOf(socket)
	if p == nil {
		p = newPort(socket)
		p.later = true
	}
	if path, err = c.openPathOver(conn, p, cfg); err != nil && c.portOf(socket) == nil {
		socket.Close()
	}
	return path, err
}

func (c *Client) openPathOver(conn *Conn, p *port, cfg PathConfig) (path uint8, err error) {
	if !conn.open() || conn.dial == nil {
		return 0, ErrClosed
	}
	if conn.plain != nil {
		return 0, &PathError{Err: ErrPaths}
	}
	if err := cfg.Validate(); err != nil {
		return 0, err
	}
	w, err := conn.wayOver(p, cfg)
	if err != nil {
		return 0, err
	}
	s := sight{p, source(w.path)}
	if err := c.checkSight(conn.dial, s); err != nil {
		return 0, err
	}
	now := conn.core.nowOfCall()
	path, err = conn.end.OpenPath(now, endpoint.PathConfig{
		Route: conn.route(w), Reliable: w.reliable(), Use: cfg.Use, Weight: cfg.Weight,
	})
	if err != nil {
		return 0, err
	}
	c.addPort(p)
	conn.dial.see(path, s)
	conn.core.heard(conn)
	conn.core.markDirty(conn)
	return path, nil
}

// wayOver is the way to the server over a socket.
func (c *Conn) wayOver(p *port, cfg PathConfig) (way, error) {
	joined, ok := p.socket.(transport.Joined)
	switch {
	case ok:
		return way{port: p, path: joined.Peer()}, nil
	case cfg.Server.IsValid():
		return way{port: p, path: transport.PathTo(cfg.Server)}, nil
	case c.at.path.Remote.IsValid():
		return way{port: p, path: c.at.path}, nil
	}
	return way{}, &ConfigError{
		"PathConfig.Server", "not valid, while the connection has no address",
		"the address of the server's socket that the path shall go to",
	}
}

// checkSight refuses a way whose packets could not be told from those of another
// connection or of another path that lives, and one socket too many.
func (c *Client) checkSight(a *attempt, s sight) error {
	if err := c.checkFree(s, a); err != nil {
		return err
	}
	for path, other := range a.seen {
		if other == s && c.cfg.WireIDBytes == 0 && a.conn.living(uint8(path)) {
			return &ConfigError{
				"WireIDBytes", 0, fmt.Sprintf("2, to have another path than %d to %v over one socket", path, s.from),
			}
		}
	}
	if most := c.cfg.maxSockets(); len(c.ports) >= most && !slices.Contains(c.ports, s.port) {
		return &ConfigError{"MaxSockets", most, "more of them, or a path closed before another one is opened"}
	}
	return nil
}

// living reports whether a path is not closed.
func (c *Conn) living(path uint8) bool {
	st := c.end.PathStats(path)
	return st.State != PathNone && st.State != PathClosed
}

// see notes from where the packets of a path come. What had come from there was of a
// path that is closed.
func (a *attempt) see(path uint8, s sight) {
	if a.client.cfg.WireIDBytes == 0 {
		for i := range a.seen {
			if a.seen[i] == s {
				a.seen[i] = sight{}
			}
		}
	}
	a.seen[path] = s
	a.guard.Settled(path, s.from)
}

func (c *Client) portOf(socket transport.Socket) *port {
	for _, p := range c.ports {
		if p.socket == socket {
			return p
		}
	}
	return nil
}

// lapsed implements owner: a Conn that has lost its way looks for another, and one that has lost
// its server comes back.
func (c *Client) lapsed(conn *Conn) {
	if conn.dial != nil && conn.state == connOpen && conn.end.Away() {
		conn.dial.comeBack(c.now, false)
		return
	}
	if c.cfg.Redial != nil && conn.dial != nil && conn.lost() {
		conn.dial.search(allPaths, false, c.now+redialPatience)
	}
}

// allPaths has a bit for each path.
const allPaths = 1<<maxPaths - 1

// failed implements owner: what went by the socket goes over other paths. Without any,
// and nobody who could bring one, the error is the game's to hear.
func (c *Client) failed(p *port) bool {
	others := slices.ContainsFunc(c.ports, func(other *port) bool { return other != p && !other.broken })
	if !others && c.cfg.Redial == nil {
		return false
	}
	for _, a := range c.attempts {
		for path := range a.seen {
			if a.seen[path].port == p && a.conn.state == connOpen && a.conn.end != nil && a.conn.living(uint8(path)) {
				a.conn.end.PathDied(c.now, uint8(path))
				c.heard(a.conn)
				c.markDirty(a.conn)
			}
		}
		if c.cfg.Redial != nil && a.conn.lost() {
			a.search(allPaths, false, c.now)
		}
	}
	c.unused = true
	return true
}
