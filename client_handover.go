package tickwire

import (
	"bytes"
	"net/netip"
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
		d.stayBehind(err)
	}
}

// stayBehind ends a Conn whose server hands it over, and which does not follow.
func (d *dialed) stayBehind(err error) {
	d.client.cfg.Logger.Warn("not handed over to another server", "err", err)
	d.conn.drain(CodeGoingAway, handedOver, oldConnFor)
}

// connectBeside connects with tokens beside the Conn that there is, by its socket; or by another
// one, if that leads to one server only.
func (d *dialed) connectBeside(tokens []byte) error {
	c := d.client
	if c.cfg.StayPut {
		return errStayPut
	}
	if !d.trail.step(c.now) {
		return errLedAround
	}
	next := c.newDialed()
	next.trail = d.trail
	if err := next.parse(tokens); err != nil {
		return err
	}
	old := d.conn.at().port
	server := d.handshake.netcode.Server().AddrPort().Addr().Unmap()
	if old.joined {
		server = netip.Addr{} // by a transport that has no addresses, or by its own
	}
	var err error
	if next.tokens, err = believable(next.tokens, server); err != nil {
		return err
	}
	switch {
	case !old.joined:
		return next.beginBeside(old, d.conn)
	case c.cfg.Redial == nil:
		return config.Wrong("Redial", nil, "a function that opens a socket, since this one leads to one server only")
	case d.asking != nil:
		return errAsking
	}
	d.askForSocket(func(_ int64, p *port, err error) bool { return next.connectOver(d, p, err) })
	return nil
}

func (d *dialed) beginBeside(p *port, old *Conn) error {
	d.led = d.client.now
	_, err := d.client.begin(d, p, old, d.tryToken)
	return err
}

// connectOver connects beside the Conn of old over the socket that Redial has given.
func (d *dialed) connectOver(old *dialed, p *port, err error) (used bool) {
	if old.conn.state != connOpen {
		return false
	}
	if err == nil {
		d.client.addPort(p)
		used, err = true, d.beginBeside(p, old.conn)
	}
	if err != nil {
		d.client.unused = true
		old.stayBehind(err)
	}
	return used
}

// parse takes tokens, of which each has to be for this game.
func (d *dialed) parse(tokens []byte) (err error) {
	if isText(tokens) {
		return config.Wrong("tokens", "a text", "the bytes of connect tokens: a login that refuses answers with a text, "+
			"which tokenhttp.Fetch makes an error of")
	}
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

// isText reports whether bytes begin as JSON or a page does, and no token.
func isText(b []byte) bool {
	b = bytes.TrimLeft(b, " \t\r\n")
	return len(b) > 0 && bytes.IndexByte([]byte("{[<"), b[0]) >= 0
}

// drainOld ends the Conn from which this one was handed over, when it is open, or never will be:
// either way the old one is of no more use.
func (d *dialed) drainOld() {
	if old := d.conn.from; old != nil {
		d.conn.from = nil
		old.drain(CodeGoingAway, handedOver, oldConnFor)
	}
}
