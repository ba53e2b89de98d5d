package tickwire

import (
	"fmt"
	"iter"
	"time"

	"github.com/tickwire/tickwire/internal/config"
	"github.com/tickwire/tickwire/transport"
)

// A Client connects to servers and exchanges messages with them, any number of
// servers over one or more sockets. It is driven like a Server. For programs
// that would rather block there is a Session.
type Client struct {
	core
	cfg        ClientConfig
	dials      []*dialed
	timed      []*dialed // those that time concerns
	byWireID   map[wireID]*dialed
	lastWireID wireID
	lookAt     int64          // when to look for another address of the host
	retired    HandshakeStats // of handshakes that are over
	copied     []byte         // a datagram that several connections may open
	trail      *trail         // of the last Conn that the game began
}

// NewClient returns a Client on sockets, which it owns from now on. It closes
// them when it fails, with a join of *ConfigErrors that names every wrong field. A
// socket that is closed, or has an owner already, is such a fault, and stays as it is.
//
// Of one that reaches the server by several transports, a transport.Ladder, the best one that works carries
// the messages (Conn.Transport), without any configuration.
func NewClient(cfg ClientConfig, sockets ...transport.Socket) (*Client, error) {
	c := &Client{cfg: cfg, byWireID: make(map[wireID]*dialed)}
	c.cfg.Config = cfg.Config.withDefaults()
	var v config.Check
	v.Take("", cfg.Validate())
	most := cfg.maxSockets()
	v.That(most < 0 || len(sockets) <= most, "MaxSockets", most, fmt.Sprintf("%d, as many as there are sockets, or more", len(sockets)))
	mine, err := takeSockets(sockets)
	v.Take("", err)
	if err = v.Err(); err == nil {
		err = c.core.init(&c.cfg.Config, c, mine, 1)
	}
	if err != nil {
		closeAll(mine)
		return nil, err
	}
	return c, nil
}

// Update makes what arrived visible; see Server.Update.
func (c *Client) Update(now time.Time) { c.owned().update(now) }

// Flush sends what was sent since the last one; see Server.Flush.
func (c *Client) Flush(now time.Time) (next time.Time) { return c.owned().gameFlush(now) }

// Service does what the game cannot see; see Server.Service.
func (c *Client) Service(now time.Time) (next time.Time) { return c.owned().service(now, readAll) }

// Events takes the events that the last Update made visible: first Connecting,
// Connected when messages can be sent, last Disconnected.
func (c *Client) Events() iter.Seq[Event] {
	return func(yield func(Event) bool) { c.owned().eachEvent(yield) }
}

// Conn returns the connection with an ID; nil if it is not open.
func (c *Client) Conn(id uint64) *Conn { return c.owned().byID[id] }

// Conns lists the connections in the order in which they were connected. One
// that ended is listed until the Update after its Disconnected.
func (c *Client) Conns() iter.Seq[*Conn] {
	return func(yield func(*Conn) bool) { c.owned().eachConn(yield) }
}

// Close ends every connection and closes the sockets; see Server.Close.
func (c *Client) Close() error { return c.owned().close(CodeNone, "") }

// Connect begins to connect with connect tokens: one token or several, as the
// backend handed them out, which are tried in turn. Events tell the progress:
// Connecting, then Connected, or Disconnected with the reason. It uses the first
// socket. The error is ErrClosed, a *ConfigError, also if a token is for another
// ProtocolID, or a *netcode.TokenError if the tokens cannot be read.
func (c *Client) Connect(tokens []byte) (*Conn, error) {
	p, err := c.firstPort()
	if err != nil {
		return nil, err
	}
	return c.connect(p, tokens)
}

// owned is the core, for what only the owner may call, and not from a function that it calls.
func (c *Client) owned() *core {
	c.mustBeOutside()
	return &c.core
}

// firstPort is the socket that is used if none is named.
func (c *Client) firstPort() (*port, error) {
	c.mustBeOutside()
	switch {
	case c.closed:
		return nil, ErrClosed
	case len(c.ports) == 0:
		return nil, config.Wrong("sockets", "all failed", "a new Client with sockets that work")
	}
	return c.ports[0], nil
}

// ConnectOver is Connect over one of several sockets.
func (c *Client) ConnectOver(socket transport.Socket, tokens []byte) (*Conn, error) {
	c.mustBeOutside()
	if p := c.portOf(socket); p != nil {
		return c.connect(p, tokens)
	}
	return nil, config.Wrong("socket", "a stranger", "one of those that NewClient or OpenPath was given")
}

func (c *Client) connect(p *port, tokens []byte) (*Conn, error) {
	if c.closed {
		return nil, ErrClosed
	}
	d := c.newDialed()
	d.trail = c.newTrail()
	if err := d.parse(tokens); err != nil {
		return nil, err
	}
	return c.begin(d, p, nil, d.tryToken)
}

// begin makes a Conn that begins to connect over a socket; from another one, if the server of
// that has sent us.
func (c *Client) begin(d *dialed, p *port, from *Conn, connect func() error) (*Conn, error) {
	if p.lookAtRungs() {
		c.climb(p, nil)
	}
	conn := c.newConn(p.wayToPeer())
	d.conn, conn.peer = conn, d
	if conn.from = from; from != nil {
		conn.Value = from.Value
	}
	if err := connect(); err != nil {
		return nil, err
	}
	c.enroll(conn)
	c.dials = append(c.dials, d)
	d.watchTime()
	c.report(Event{Kind: Connecting, Conn: conn, State: Requesting})
	return conn, nil
}

// checkProtocol refuses tokens for another game, before a server has to.
func (c *Client) checkProtocol(what string, theirs uint64) error {
	mine := c.cfg.ProtocolID
	if mine == 0 || mine == theirs {
		return nil
	}
	return config.Wrong("ProtocolID", fmt.Sprintf("%#x", mine),
		fmt.Sprintf("%#x, as the %s has it, or 0 to take what they say", theirs, what))
}

// checkFree refuses a second connection, or path, to one server that could not be
// told from the first. It may be in the place of what d has there.
func (c *Client) checkFree(o origin, d *dialed) error {
	if c.cfg.WireIDBytes > 0 {
		return nil
	}
	for _, other := range c.dials {
		if _, ok := other.pathFrom(o); ok && other != d && other.conn.state <= connOpen {
			return config.Wrong("WireIDBytes", 0, "2, to hold several connections or paths to "+o.from.String()+" over one socket")
		}
	}
	return nil
}
