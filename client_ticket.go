package tickwire

import (
	"time"

	"github.com/tickwire/tickwire/internal/wire"
	"github.com/tickwire/tickwire/netcode"
)

// A client keeps the newest two of the tickets that its server gives it: the spare, and the one
// after it.

// takeControl takes what the server says on the library's own channel.
func (a *attempt) takeControl() {
	c := a.conn
	for kind, body, ok := c.nextControl(); ok; kind, body, ok = c.nextControl() {
		switch kind {
		case wire.ControlTicket:
			a.takeTicket(body)
		case wire.ControlTickets:
			a.client.follow(a, body)
		case wire.ControlAddresses:
			c.takeAddresses(body)
		}
	}
}

// takeTicket keeps the newest ticket.
func (a *attempt) takeTicket(b []byte) {
	t, err := a.guard.ResumeTicket(a.client.unix, b)
	if err != nil {
		a.client.core.cfg.Logger.Warn("a resume ticket is of no use", "err", err)
		return
	}
	a.spare, a.ticket = a.ticket, t
	a.conn.end.SetKeepFor(a.keepFor())
}

// keepFor is how long the Conn is kept while the server is silent.
func (a *attempt) keepFor() time.Duration {
	if a.ticket == nil || a.client.cfg.ResumeFor < 0 {
		return 0
	}
	left := int64(a.ticket.Until) - a.client.unix
	d := time.Duration(min(max(left, 0), int64(mostKept/time.Second)*4)) * time.Second
	if most := a.client.cfg.ResumeFor; most > 0 {
		d = min(d, most)
	}
	return d
}

// pick is the ticket to show: the older one first, since it is of no use after the newer one.
func (a *attempt) pick() *netcode.ResumeTicket {
	if a.spare != nil {
		return a.spare
	}
	return a.ticket
}

// spoiled: the ticket that was shown is of no use. If there is another one that is next.
func (a *attempt) spoiled(now int64, r Reason) {
	if a.spare == nil || a.back.shows != a.spare {
		a.giveUp(r)
		return
	}
	a.spare = nil
	a.forgetGuard()
	a.back.at = now
}

// ofTicket says why a ticket is of no use, and adds the way out; after a silence it may be yet, and who
// speaks otherwise than the server gets in with no token either.
func ofTicket(r Reason) Reason {
	switch {
	case r.Code == CodeTimeout || r.Code == CodeMismatch || r.Code == CodeVersion:
		return r
	case r.Text != "":
	case r.Code == CodeUsed:
		r.Text = "this resume ticket was used, or a newer one, or the server has ended the connection"
	case r.Code == CodeExpired:
		r.Text = "the resume ticket has expired"
	case r.Code == CodeWrongAddress:
		r.Text = "the resume ticket is of another server, or of other PublicAddresses"
	default:
		r.Text = r.Code.String()
	}
	r.Text += "; connect with a fresh connect token"
	return r
}
