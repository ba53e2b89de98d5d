package tickwire

import (
	"errors"
	"iter"
	"time"

	"github.com/tickwire/tickwire/endpoint"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/transport"
)

// A Client connects to servers and exchanges messages with them, any number of
// servers over one or more sockets. It is driven like a Server. For programs
// that would rather block there is a Session.
type Client struct {
	core
	cfg      ClientConfig
	attempts []*attempt
	lastWire uint32
	reported bool
}

// NewClient returns a Client on sockets, which it owns from now on. It closes them when it fails.
func NewClient(cfg ClientConfig, sockets ...transport.Socket) (*Client, error) {
	c := &Client{cfg: cfg}
	err := cfg.Validate()
	if err == nil {
		err = c.core.init(cfg.Config, c, sockets)
	}
	if err != nil {
		for _, s := range sockets {
			s.Close()
		}
		return nil, err
	}
	return c, nil
}

// Update makes what arrived visible; see Server.Update.
func (c *Client) Update(now time.Time) { c.update(now) }

// Flush sends what was sent since the last one; see Server.Flush.
func (c *Client) Flush(now time.Time) (next time.Time) { return c.flush(now) }

// Service does what the game cannot see; see Server.Service.
func (c *Client) Service(now time.Time) (next time.Time) { return c.service(now) }

// Events takes the events that the last Update made visible: first Connecting,
// Connected when messages can be sent, last Disconnected.
func (c *Client) Events() iter.Seq[Event] {
	return func(yield func(Event) bool) { c.eachEvent(yield) }
}

// Conns lists the open connections.
func (c *Client) Conns() iter.Seq[*Conn] {
	return func(yield func(*Conn) bool) { c.eachConn(yield) }
}

// Close ends every connection, and closes the sockets.
func (c *Client) Close() error { return c.core.close(CodeNone, "client closed") }

// Connect begins to connect with connect tickets: one token or several, as the
// backend handed them out, which are tried in turn. The Conn opens, or ends,
// with an event.
func (c *Client) Connect(tickets []byte) (*Conn, error) {
	if c.closed {
		return nil, ErrClosed
	}
	ts, err := netcode.ParseTickets(tickets)
	if err != nil {
		return nil, err
	}
	conn := c.newConn(c.ports[0], transport.Path{})
	a := &attempt{client: c, conn: conn, tickets: ts}
	conn.dial = a
	if err := a.start(); err != nil {
		c.live = c.live[:len(c.live)-1]
		return nil, err
	}
	c.attempts = append(c.attempts, a)
	return conn, nil
}

// An attempt is one Conn of a client on its way to a server, and netcode's
// side of it afterwards.
type attempt struct {
	client  *Client
	conn    *Conn
	tickets netcode.Tickets
	next    int // ticket to try after this one
	guard   *netcode.Client
	wireID  []byte
	goneAt  int64 // when to believe a GONE; 0: none came
	refusal Reason
	over    bool
}

// start begins with the next ticket.
func (a *attempt) start() error {
	k := &a.client.core
	token := a.tickets[a.next]
	a.next++
	timeout := time.Duration(max(0, token.TimeoutSeconds)) * time.Second
	end, err := k.newEndpoint(endpointTimeout(timeout))
	if err != nil {
		return err
	}
	cfg := netcode.ClientConfig{
		Hello:  end.AppendHello(k.now, nil),
		WireID: a.client.nextWireID(),
		Plain:  k.cfg.plain(a.client.cfg.Plain),
		Random: k.cfg.Random,
	}
	if a.next < len(a.tickets) {
		cfg.Patience = 2 * time.Second
	}
	if joined, ok := a.conn.port.socket.(transport.Joined); ok {
		a.conn.path = joined.Peer()
		cfg.Via = source(a.conn.path)
	}
	guard, err := netcode.NewClient(k.now, k.unix, token, cfg)
	if err == nil {
		err = a.client.checkFree(a, guard.Server())
	}
	if err != nil {
		end.Release()
		return err
	}
	a.guard, a.wireID = guard, cfg.WireID
	if a.conn.end != nil {
		a.conn.end.Release()
	}
	a.conn.end, a.conn.sealer = end, nil
	a.aim()
	return nil
}

// aim points the Conn at the server that netcode talks to now.
func (a *attempt) aim() {
	to := a.guard.Server()
	if to.Kind() == 0 {
		a.conn.path = transport.PathTo(to.AddrPort())
	}
}

// nextWireID returns an id for the packets of one more connection.
func (c *Client) nextWireID() []byte {
	n := c.cfg.WireIDBytes
	if n == 0 {
		return nil
	}
	c.lastWire++
	id := []byte{byte(c.lastWire<<3) & 0xf8, byte(c.lastWire >> 5), byte(c.lastWire >> 13), byte(c.lastWire >> 21)}
	return id[:n]
}

// checkFree refuses a second connection to one server that could not be told
// from the first.
func (c *Client) checkFree(a *attempt, server netcode.Source) error {
	if c.cfg.WireIDBytes > 0 {
		return nil
	}
	for _, other := range c.attempts {
		if other != a && !other.over && other.guard.Server() == server {
			return &ConfigError{"WireIDBytes", 0, "2, to hold several connections to " + server.String() + " over one socket"}
		}
	}
	return nil
}

// failed goes on with the next ticket, or ends the Conn.
func (a *attempt) failed(r Reason) {
	if r.Code != CodeNone || a.refusal.Code == CodeNone {
		a.refusal = r
	}
	for a.next < len(a.tickets) && a.conn.state == connOpening {
		if err := a.start(); err == nil {
			a.client.events.push(Event{Kind: Connecting, Conn: a.conn, State: NextServer})
			return
		}
	}
	a.over = true
	a.client.ended(a.conn, a.refusal)
	if a.conn.end != nil {
		a.conn.end.Release()
	}
	a.conn.deadline = never
}

// connected opens the Conn: our dialect, or plain.
func (a *attempt) connected(now int64, ev netcode.ClientEvent) {
	c := a.conn
	a.aim()
	if a.guard.Plain() {
		c.end.Release()
		c.end, c.plain = nil, &plainConn{core: c.core}
		c.core.opened(c)
		return
	}
	if err := c.end.HandleHello(now, ev.Hello); err != nil {
		var m *endpoint.MismatchError
		errors.As(err, &m)
		a.failed(Reason{Code: m.Code, Text: m.Text})
		return
	}
	c.sealer = a.guard.Sealer()
	c.end.Ping() // the server waits for a packet of ours to confirm the connection
	c.core.opened(c)
}
