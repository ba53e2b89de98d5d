package tickwire

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/tickwire/tickwire/endpoint"
	"github.com/tickwire/tickwire/internal/config"
	"github.com/tickwire/tickwire/transport"
)

// openPath opens a path of the Conn over a socket, which is closed if it is new and that
// fails.
func (d *dialed) openPath(socket transport.Socket, cfg PathConfig) (path uint8, err error) {
	p, isNew, err := d.client.portFor("socket", socket)
	if err != nil {
		return 0, err
	}
	if path, err = d.openPathOver(p, cfg); err != nil && isNew {
		socket.Close()
	}
	return path, err
}

func (d *dialed) openPathOver(p *port, cfg PathConfig) (path uint8, err error) {
	conn := d.conn
	if !conn.open() {
		return 0, conn.shut()
	}
	if conn.plain != nil {
		return 0, &PathError{Err: ErrPaths}
	}
	if err := cfg.Validate(); err != nil {
		return 0, err
	}
	w, err := d.wayOver(p, cfg.Server)
	if err != nil {
		return 0, err
	}
	return d.openPathBy(w, cfg)
}

// openPathBy opens a path of the Conn, which is open, by a way.
func (d *dialed) openPathBy(w way, cfg PathConfig) (path uint8, err error) {
	c, conn, p := d.client, d.conn, w.port
	o := origin{p, sourceOf(w.path)}
	if err := d.checkOrigin(o); err != nil {
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
	d.climbBy(p)
	d.expectFrom(path, o)
	c.showLater(conn)
	c.markDirty(conn)
	return path, nil
}

// wayOver is the way to the server over a socket: to an address of it, or to that of the Conn.
func (d *dialed) wayOver(p *port, server netip.AddrPort) (way, error) {
	here := d.conn.at().path
	switch {
	case p.joined:
		return p.wayToPeer(), nil
	case server.IsValid():
		return way{port: p, path: transport.PathTo(server)}, nil
	case here.Remote.IsValid():
		return way{port: p, path: here}, nil
	}
	return way{}, config.Wrong("Server", "not valid, while the connection has no address",
		"the address of the server's socket that the path shall go to")
}

// checkOrigin refuses a way whose packets could not be told from those of another
// connection or of another path that lives, and one socket too many.
func (d *dialed) checkOrigin(o origin) error {
	c := d.client
	if err := c.checkFree(o, d); err != nil {
		return err
	}
	for path, other := range d.origins {
		if other == o && c.cfg.WireIDBytes == 0 && d.conn.hasPath(uint8(path)) {
			return config.Wrong("WireIDBytes", 0, fmt.Sprintf("2, to have another path than %d to %v over one socket", path, o.from))
		}
	}
	if most := c.cfg.maxSockets(); len(c.ports) >= most && !slices.Contains(c.ports, o.port) {
		return config.Wrong("MaxSockets", most, "more of them, or a path closed before another one is opened")
	}
	return nil
}

// hasPath reports whether there is a path that is not closed.
func (c *Conn) hasPath(path uint8) bool {
	st := c.end.PathStats(path)
	return st.State != PathNone && st.State != PathClosed
}

// setOrigin notes from where the server's packets come on a path.
func (d *dialed) setOrigin(path uint8, o origin) {
	for int(path) >= len(d.origins) {
		d.origins = append(d.origins, origin{})
	}
	d.origins[path] = o
}

// expectFrom notes from where the packets of a path come. What had come from there was of a
// path that is closed.
func (d *dialed) expectFrom(path uint8, o origin) {
	if d.client.cfg.WireIDBytes == 0 {
		for i := range d.origins {
			if d.origins[i] == o {
				d.origins[i] = origin{}
			}
		}
	}
	d.setOrigin(path, o)
	d.handshake.netcode.Settled(path, o.from)
}
