package tickwire

import (
	"fmt"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/transport"
)

// A handing over moves a player from one server to another:
//
//	server   sends Tickets, and drains
//	client   connects to the other server beside that, and drains here when it is there, or cannot be
//	both     are over when both have drained
//
// So for a while the client has two Conns, and neither loses anything reliable.

const (
	handedOver = "handed over to another server"
	// followFor is how long a client drains its old Conn. The server's time is shorter as a rule.
	followFor = 30 * time.Second
)

// HandOver gives a server's player to another server: it sends him connect tickets for that, one
// token or several (at most seven) as a backend mints them, with his ClientID and UserData. The
// Conn drains from now on, as by Drain, but waits for what the player sends until he is there.
// Disconnected with CodeGoingAway follows then, or when the time is over. Share the state of the
// game with the other server before. A player who does not follow (ClientConfig.StayPut) is
// disconnected.
//
// The error is ErrClosed, ErrHandOver at a client and towards a plain peer, a *netcode.TokenError
// if the tickets cannot be read, or a *ConfigError if they are too many, or if the connection is
// signed only: everybody on the way would read the keys in them.
func (c *Conn) HandOver(tickets []byte, within time.Duration) error {
	c.lock()
	defer c.unlock()
	return c.handOver(tickets, within)
}

func (c *Conn) handOver(tickets []byte, within time.Duration) error {
	switch {
	case !c.open():
		return ErrClosed
	case c.dial != nil || c.plain != nil:
		return ErrHandOver
	}
	if suite := c.seat.Suite(); !suite.Encrypts() {
		return &ConfigError{"Suite", suite, "one that encrypts: the tickets would be readable on the way, with their keys"}
	}
	ts, err := netcode.ParseTickets(tickets)
	if err != nil {
		return err
	}
	if len(ts) > wire.MaxTokens {
		return &ConfigError{"tickets", fmt.Sprintf("%d tokens", len(ts)), fmt.Sprintf("at most %d", wire.MaxTokens)}
	}
	if err := c.end.SendControl(wire.ControlTickets, ts.Append(nil)); err != nil {
		return err
	}
	c.end.DrainBoth(c.core.nowOfCall(), CodeGoingAway, handedOver, within)
	c.core.heard(c)
	c.core.markDirty(c)
	return nil
}

// handOver implements owner.
func (s *Server) handOver(c *Conn, within time.Duration) bool {
	if s.cfg.HandOver == nil || !c.open() || c.plain != nil {
		return false
	}
	tickets := s.cfg.HandOver(c)
	if len(tickets) == 0 {
		return false
	}
	err := c.handOver(tickets, within)
	if err != nil {
		s.core.cfg.Logger.Error("a player is not handed over", "client", c.clientID, "err", err)
	}
	return err == nil
}

// handOver implements owner: clients keep what they have.
func (c *Client) handOver(*Conn, time.Duration) bool { return false }

// follow connects to the server that another one sends us to.
func (c *Client) follow(a *attempt, tickets []byte) {
	old := a.conn
	if old.followed || old.state != connOpen {
		return
	}
	old.followed = true
	next := &attempt{client: c}
	err := c.followOn(next, old, tickets)
	if err == nil {
		return
	}
	c.core.cfg.Logger.Warn("not handed over to another server", "err", err)
	old.drain(CodeGoingAway, handedOver, followFor)
}

func (c *Client) followOn(next *attempt, old *Conn, tickets []byte) (err error) {
	if c.cfg.StayPut {
		return errStayPut
	}
	if next.tickets, err = netcode.ParseTickets(tickets); err != nil {
		return err
	}
	for _, t := range next.tickets {
		if err := c.checkProtocol("token", t.ProtocolID); err != nil {
			return err
		}
	}
	p, err := c.portBeside(old)
	if err != nil {
		return err
	}
	next.from = old
	_, err = c.attempt(next, p, next.start)
	return err
}

// portBeside is a socket by which another server can be reached: that of a Conn, unless it
// leads to one server only.
func (c *Client) portBeside(old *Conn) (*port, error) {
	p := old.at.port
	if _, ok := p.socket.(transport.Joined); !ok {
		return p, nil
	}
	if c.cfg.Redial == nil {
		return nil, &ConfigError{"Redial", nil, "a function that opens a socket, since this one leads to one server only"}
	}
	socket, err := c.cfg.Redial()
	if err != nil {
		return nil, err
	}
	if p = c.portOf(socket); p == nil {
		p = newPort(socket)
		p.later = true
		c.addPort(p)
	}
	return p, nil
}

// arrived: the Conn to the other server is open, or never will be. Either way the old one is of
// no more use.
func (a *attempt) arrived() {
	if old := a.from; old != nil {
		a.from = nil
		old.drain(CodeGoingAway, handedOver, followFor)
	}
}
