package tickwire

import (
	"time"

	"github.com/tickwire/tickwire/internal/config"
	"github.com/tickwire/tickwire/netcode"
)

// oldConnFor is how long a client drains the Conn from which it was handed over. The server's
// time is shorter as a rule.
const oldConnFor = 30 * time.Second

// follow connects to the server that another one hands the client over to.
func (d *dialed) follow(tokens []byte) {
	if d.handedOver || d.conn.state != connOpen {
		return
	}
	d.handedOver = true
	if err := d.connectBeside(tokens); err != nil {
		d.client.cfg.Logger.Warn("not handed over to another server", "err", err)
		d.conn.drain(CodeGoingAway, handedOver, oldConnFor)
	}
}

// connectBeside connects with tokens beside the Conn that there is.
func (d *dialed) connectBeside(tokens []byte) error {
	c := d.client
	if c.cfg.StayPut {
		return errStayPut
	}
	next := c.newDialed()
	if err := next.parse(tokens); err != nil {
		return err
	}
	p, err := c.portBeside(d.conn)
	if err != nil {
		return err
	}
	_, err = c.begin(next, p, d.conn, next.tryToken)
	return err
}

// parse takes tokens, of which each has to be for this game.
func (d *dialed) parse(tokens []byte) (err error) {
	if d.tokens, err = netcode.ParseTokenList(tokens); err != nil {
		return err
	}
	for _, t := range d.tokens {
		if err := d.client.checkProtocol("token", t.ProtocolID); err != nil {
			return err
		}
	}
	return nil
}

// portBeside is a socket by which another server can be reached: that of a Conn, unless it
// leads to one server only.
func (c *Client) portBeside(old *Conn) (*port, error) {
	if !old.at().port.joined {
		return old.at().port, nil
	}
	if c.cfg.Redial == nil {
		return nil, config.Wrong("Redial", nil, "a function that opens a socket, since this one leads to one server only")
	}
	return c.redialed()
}

// drainOld ends the Conn from which this one was handed over, when it is open, or never will be:
// either way the old one is of no more use.
func (d *dialed) drainOld() {
	if old := d.conn.from; old != nil {
		d.conn.from = nil
		old.drain(CodeGoingAway, handedOver, oldConnFor)
	}
}
