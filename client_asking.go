package tickwire

import (
	"context"
	"time"

	"github.com/tickwire/tickwire/transport"
)

// ask for a socket: the game is asked by ClientConfig.Redial, for one Conn once at a time:
//
//	of a Client     asked and answered, in one call
//	of a Session    asked → answered, by a goroutine of its own
//	                   └→ over: the Conn has ended, and what comes yet is closed
//
// For a Session it may think as long as it likes: the wire is served meanwhile.

// A portUse takes the port of the socket that Redial has opened, or the error, and reports whether it
// has any use for it.
type portUse func(now int64, p *port, err error) (used bool)

// askForSocket asks the game for another socket. No answer is due.
func (d *dialed) askForSocket(use portUse) {
	c := d.client
	ctx, cancel := context.WithCancel(context.Background())
	d.asking = cancel
	if c.shared == nil {
		o := c.enter("ClientConfig.Redial")
		socket, err := c.cfg.Redial(Redial{d.conn, ctx})
		o.leave()
		d.answered(use, socket, err)
		return
	}
	go func() {
		slow := c.watchSlow("ClientConfig.Redial")
		socket, err := c.cfg.Redial(Redial{d.conn, ctx})
		slow.Stop()
		c.shared.acquire()
		defer c.shared.release()
		if !c.closed {
			c.setNow(time.Now())
		}
		d.answered(use, socket, err)
		c.shared.call()
	}()
}

// answered goes on with what the game has opened. What nobody has any use for any more is closed.
func (d *dialed) answered(use portUse, socket transport.Socket, err error) {
	c := d.client
	d.stopAsking()
	var p *port
	isNew := false
	if err == nil {
		p, isNew, err = c.portFor("the socket of ClientConfig.Redial", socket)
	}
	if used := !c.closed && use(c.now, p, err); !used && isNew {
		socket.Close()
	}
}

// noOtherWay tells the log what has come of a question.
func (d *dialed) noOtherWay(err error) {
	d.client.cfg.Logger.Warn("no other way to the server", "server", d.handshake.netcode.Server(), "err", err)
}

// stopAsking ends the context of the question under way.
func (d *dialed) stopAsking() {
	if d.asking != nil {
		d.asking()
		d.asking = nil
	}
}
