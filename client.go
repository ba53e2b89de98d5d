package tickwire

import (
	"encoding/binary"
	"iter"
	"time"

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
	waiting  []*attempt // those that time concerns
	wires    map[wireID]*attempt
	lastWire wireID
	retired  HandshakeStats // of attempts that are over
}

// NewClient returns a Client on sockets, which it owns from now on. It closes
// them when it fails.
func NewClient(cfg ClientConfig, sockets ...transport.Socket) (*Client, error) {
	c := &Client{cfg: cfg, wires: make(map[wireID]*attempt)}
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
func (c *Client) Service(now time.Time) (next time.Time) { return c.service(now, false) }

// Events takes the events that the last Update made visible: first Connecting,
// Connected when messages can be sent, last Disconnected.
func (c *Client) Events() iter.Seq[Event] {
	return func(yield func(Event) bool) { c.eachEvent(yield) }
}

// Conn returns the connection with an ID; nil if it is not open.
func (c *Client) Conn(id uint64) *Conn { return c.byID[id] }

// Conns lists the connections in the order in which they were connected. One
// that ended is listed until the Update after its Disconnected.
func (c *Client) Conns() iter.Seq[*Conn] {
	return func(yield func(*Conn) bool) { c.eachConn(yield) }
}

// Close ends every connection and closes the sockets; see Server.Close.
func (c *Client) Close() error { return c.core.close(CodeNone, "") }

// Connect begins to connect with connect tickets: one token or several, as the
// backend handed them out, which are tried in turn. Events tell the progress:
// Connecting, then Connected, or Disconnected with the reason. It uses the first
// socket.
func (c *Client) Connect(tickets []byte) (*Conn, error) {
	return c.connect(c.ports[0], tickets)
}

// ConnectOver is Connect over one of several sockets.
func (c *Client) ConnectOver(socket transport.Socket, tickets []byte) (*Conn, error) {
	for _, p := range c.ports {
		if p.socket == socket {
			return c.connect(p, tickets)
		}
	}
	return nil, &ConfigError{"socket", "a stranger", "one of those that NewClient was given"}
}

func (c *Client) connect(p *port, tickets []byte) (*Conn, error) {
	if c.closed {
		return nil, ErrClosed
	}
	ts, err := netcode.ParseTickets(tickets)
	if err != nil {
		return nil, err
	}
	a := &attempt{client: c, tickets: ts}
	a.conn = c.newConn(p, transport.Path{})
	a.conn.dial = a
	if err := a.start(); err != nil {
		c.live = c.live[:len(c.live)-1]
		return nil, err
	}
	c.attempts, c.waiting = append(c.attempts, a), append(c.waiting, a)
	c.report(Event{Kind: Connecting, Conn: a.conn, State: Requesting})
	return a.conn, nil
}

// An attempt is one Conn of a client on its way to a server, and netcode's
// side of it afterwards.
type attempt struct {
	client  *Client
	conn    *Conn
	tickets netcode.Tickets
	next    int // ticket to try after this one
	guard   *netcode.Client
	wire    wireID
	goneAt  int64 // when to believe a GONE; 0: none came
	over    bool  // the Conn is forgotten, or never opened
}

// patience is how long a server may be silent before the next ticket is tried.
const patience = 2 * time.Second

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
	if err := a.ask(token, end.AppendHello(k.now, nil)); err != nil {
		end.Release()
		return err
	}
	if a.conn.end != nil {
		a.conn.end.Release()
	}
	a.conn.end = end
	a.aim()
	return nil
}

// ask makes netcode ask the server of a token.
func (a *attempt) ask(token *netcode.Token, hello []byte) error {
	c := a.client
	wire, err := c.nextWireID()
	if err != nil {
		return err
	}
	cfg := netcode.ClientConfig{
		Hello:  hello,
		WireID: wire.bytes(c.cfg.WireIDBytes),
		Plain:  c.core.cfg.plain(c.cfg.Plain),
		Random: c.core.cfg.Random,
	}
	if a.next < len(a.tickets) {
		cfg.Patience = patience
	}
	if joined, ok := a.conn.port.socket.(transport.Joined); ok {
		a.conn.path = joined.Peer()
		cfg.Via = source(a.conn.path)
	}
	guard, err := netcode.NewClient(c.now, c.unix, token, cfg)
	if err == nil {
		err = c.checkFree(a, guard.Server())
	}
	if err != nil {
		return err
	}
	if a.guard != nil {
		addCounters(&c.retired, a.guard.Counters())
	}
	delete(c.wires, a.wire)
	a.guard, a.wire = guard, wire
	if wire != 0 {
		c.wires[wire] = a
	}
	return nil
}

// aim points the Conn at the server that netcode talks to now.
func (a *attempt) aim() {
	if to := a.guard.Server(); to.Kind() == 0 {
		a.conn.path = transport.PathTo(to.AddrPort())
	}
}

// A wireID is the id in the packets of one connection as a number; 0: none.
type wireID uint32

// nextWireID returns an id for one more connection.
func (c *Client) nextWireID() (wireID, error) {
	if c.cfg.WireIDBytes == 0 {
		return 0, nil
	}
	most := wireID(1)<<(8*c.cfg.WireIDBytes-pathBits) - 1
	if len(c.wires) >= int(most) {
		return 0, &ConfigError{"WireIDBytes", c.cfg.WireIDBytes, "more of them for so many connections"}
	}
	for {
		c.lastWire = c.lastWire%most + 1
		if c.wires[c.lastWire] == nil {
			return c.lastWire, nil
		}
	}
}

// pathBits is how many low bits of the first byte of an id are for the path.
const pathBits = 3

// bytes is the id as it is on the wire.
func (w wireID) bytes(n int) []byte {
	return binary.LittleEndian.AppendUint32(nil, uint32(w)<<pathBits)[:n]
}

// wireOf reads the id of a packet; b starts with it.
func wireOf(b []byte, n int) (w wireID) {
	for i, x := range b[:n] {
		w |= wireID(x) << (8 * i)
	}
	return w >> pathBits
}

// checkFree refuses a second connection to one server that could not be told
// from the first.
func (c *Client) checkFree(a *attempt, server netcode.Source) error {
	if c.cfg.WireIDBytes > 0 {
		return nil
	}
	for _, other := range c.attempts {
		if other != a && other.conn.state <= connOpen && other.reaches(a.conn.port, server) {
			return &ConfigError{
				"WireIDBytes", 0, "2, to hold several connections to " + server.String() + " over one socket",
			}
		}
	}
	return nil
}

// reaches reports whether a server at a source is the one that a talks to.
func (a *attempt) reaches(p *port, server netcode.Source) bool {
	return a.conn.port == p && a.guard.Server() == server
}

// failed goes on with the next ticket, or ends a Conn that was not opened.
func (a *attempt) failed(r Reason) {
	for a.next < len(a.tickets) {
		if err := a.start(); err == nil {
			a.client.report(Event{Kind: Connecting, Conn: a.conn, State: NextServer})
			return
		}
	}
	a.ended(r)
}

// ended ends a Conn whose endpoint has nothing to say any more.
func (a *attempt) ended(r Reason) {
	a.over = true
	if a.conn.end != nil {
		a.conn.end.Release()
	}
	a.client.ended(a.conn, r)
}

// connected opens the Conn: our dialect, or plain.
func (a *attempt) connected(now int64, ev netcode.ClientEvent) {
	c := a.conn
	a.aim()
	if a.guard.Plain() {
		c.end.Release()
		c.end, c.plain = nil, new(plainConn)
		c.core.opened(c)
		return
	}
	if m := matchHello(c.end, now, ev.Hello); m != nil {
		a.failed(Reason{Code: m.Code, Text: m.Text})
		return
	}
	c.sealer = a.guard.Sealer()
	c.end.Ping() // the server waits for a packet of ours to confirm the connection
	c.core.opened(c)
}
