package tickwire

import (
	"time"

	"github.com/tickwire/tickwire/netcode"
)

// A client keeps the newest two of the tickets that its server gives it: the spare, and the one
// after it.

// takeTicket keeps the newest ticket.
func (d *dialed) takeTicket(b []byte) {
	t, err := d.netcode.ResumeTicket(d.client.unix.Load(), b)
	if err != nil {
		d.client.cfg.Logger.Warn("a resume ticket is of no use", "err", err)
		return
	}
	d.spare, d.ticket = d.ticket, t
	d.conn.end.SetKeepFor(d.keepFor())
}

// keepFor is how long the Conn is kept while the server is silent.
func (d *dialed) keepFor() time.Duration {
	if d.ticket == nil || d.client.cfg.ResumeFor < 0 {
		return 0
	}
	left := int64(d.ticket.Until) - d.client.unix.Load()
	keep := time.Duration(min(max(left, 0), int64(mostKept/time.Second)*4)) * time.Second
	if most := d.client.cfg.ResumeFor; most > 0 {
		keep = min(keep, most)
	}
	return keep
}

// ticketToShow is the ticket to show: the older one first, since it is of no use after the newer one.
func (d *dialed) ticketToShow() *netcode.ResumeTicket {
	if d.spare != nil {
		return d.spare
	}
	return d.ticket
}

// dropTicket: the ticket that was shown is of no use. If there is another one that is next.
func (d *dialed) dropTicket(now int64, r Reason) {
	if d.spare == nil || d.back.shows != d.spare {
		d.giveUp(r)
		return
	}
	d.spare = nil
	d.stopTry()
	d.back.at = now
}
