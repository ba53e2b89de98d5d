package tickwire

import (
	"time"

	"github.com/tickwire/tickwire/netcode"
)

// A wallet has the newest two of the resume tickets that a server gives to its client: should the
// line die when one was used, and before others came, there is a second.
type wallet struct {
	newest *netcode.ResumeTicket // nil: none came
	spare  *netcode.ResumeTicket // the one before it; nil: there is none

	complained bool // of one that was of no use
}

// put takes the newest ticket in.
func (w *wallet) put(t *netcode.ResumeTicket) { w.spare, w.newest = w.newest, t }

// next is the ticket to show: the older one first, since it is of no use after the newer one. One that has let us in is
// shown again if the line dies before others came: it is used up by our first packet there, which may be lost.
func (w *wallet) next() *netcode.ResumeTicket {
	if w.spare != nil {
		return w.spare
	}
	return w.newest
}

// drop takes a ticket out that is of no use, and reports whether there is another one.
func (w *wallet) drop(t *netcode.ResumeTicket) bool {
	if w.spare == nil || w.spare != t {
		return false
	}
	w.spare = nil
	return true
}

// takeResumeTicket keeps a ticket that the server gave. The log hears of the first one that is of no
// use: a server could write nothing but such, as fast as the line is.
func (d *dialed) takeResumeTicket(b []byte) {
	t, err := d.handshake.netcode.ResumeTicket(d.client.unix.Load(), b)
	if err != nil {
		if !d.wallet.complained {
			d.wallet.complained = true
			d.client.cfg.Logger.Warn("a resume ticket is of no use, and no more is said of others on this connection", "err", err)
		}
		return
	}
	d.wallet.put(t)
	d.conn.end.SetKeepFor(d.keepFor())
}

// keepFor is how long the Conn is kept while the server is silent: as long as it can come back.
func (d *dialed) keepFor() time.Duration {
	t := d.wallet.newest
	if t == nil || d.client.cfg.ResumeFor < 0 {
		return 0
	}
	left := int64(t.Until) - d.client.unix.Load()
	keep := time.Duration(min(max(left, 0), int64(mostKept/time.Second)*4)) * time.Second
	if most := d.client.cfg.ResumeFor; most > 0 {
		keep = min(keep, most)
	}
	return keep
}
