package tickwire

import (
	"slices"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
	"github.com/tickwire/tickwire/netcode"
)

// A comeback is how a client's Conn returns to a server that it has lost, with the ticket that
// it was given:
//
//	off → trying → off      back: under new keys, or the old ones are answered again
//	        ↑ ↓    ↘ over   the server refuses the ticket, or the time is over
//	       pausing
//
// Meanwhile the old connection is there as ever, and sends a sign of life now and then. Each try
// is a handshake beside that of the Conn, and takes its place if it succeeds.
type comeback struct {
	handshake // of the try under way; without netcode it pauses
	on        bool
	forgotten bool                  // the server says that it has forgotten us; else it is silent
	shows     *netcode.ResumeTicket // in that try
	at        int64                 // when the try ends, or the next begins
	until     int64                 // when to give up
	pause     time.Duration
	tries     int
}

const (
	leastPause = time.Second
	mostPause  = 5 * time.Second
)

// comeBack begins to come back, and reports whether it can.
func (d *dialed) comeBack(now int64, forgotten bool) bool {
	if d.ticket == nil || d.keepFor() <= 0 {
		return false
	}
	if !d.back.on {
		d.back = comeback{
			on: true, forgotten: forgotten, at: now, until: now + int64(d.keepFor()),
			handshake: handshake{port: d.conn.at().port},
		}
		d.watchTime()
		d.conn.tellAway()
		d.tryBack(now)
	}
	return true
}

// deadline is when the comeback has something to do.
func (b *comeback) deadline() int64 {
	at := min(b.at, b.until)
	if b.netcode != nil {
		at = min(at, b.netcode.Deadline())
	}
	return at
}

// reads reports whether a datagram is for the handshake under way.
func (b *comeback) reads(from netcode.Source, datagram []byte) bool {
	return b.netcode != nil && from == b.netcode.Server() && len(datagram) > 0 && datagram[0] == wire.PrefixHandshake
}

// tryBack does what is due of a comeback.
func (d *dialed) tryBack(now int64) {
	b, c := &d.back, d.conn
	switch {
	case !b.on:
		return
	case c.end == nil || c.state != connOpen || c.end.Done():
		d.stopBack()
		return
	case now >= b.until && b.forgotten:
		d.giveUp(Reason{Code: CodeForgotten, Text: "the server has forgotten the connection, and does not let us in"})
		return
	case now >= b.until:
		d.giveUp(Reason{Code: CodeTimeout})
		return
	}
	if b.netcode != nil {
		d.handleBack(now, b.netcode.HandleTimeout(now, d.client.unix.Load()))
	}
	switch {
	case !b.on || now < b.at:
	case b.netcode != nil:
		d.pauseBack(now, 0)
	default:
		d.beginTry(now)
	}
	if b.netcode != nil {
		b.sendDue()
	}
}

// beginTry begins a try: over the socket that the Conn has, and if nobody answered there over
// another one, if there is Redial.
func (d *dialed) beginTry(now int64) {
	b, c := &d.back, d.conn
	if b.tries++; b.tries > 1 || b.port.broken {
		d.redialBack()
	}
	cfg := d.netcodeConfig(c.end.AppendHello(now, nil), b.port)
	cfg.Patience = patience
	if c.core.cfg.Resume == KeepMessages {
		cfg.Continue = c.end.PeerInstance()
	}
	b.shows = d.ticketToShow()
	asks, err := netcode.NewResumeClient(now, d.client.unix.Load(), b.shows, cfg)
	if err != nil {
		d.dropTicket(now, Reason{Code: CodeExpired, Text: err.Error()})
		return
	}
	b.netcode = asks
	b.at = now + int64(patience)*int64(len(b.shows.Addresses))
}

// redialBack takes another socket for the next try, if there is one to be had.
func (d *dialed) redialBack() {
	b, c := &d.back, d.client
	if c.cfg.Redial == nil {
		if i := slices.IndexFunc(c.ports, func(p *port) bool { return !p.broken }); b.port.broken && i >= 0 {
			b.port = c.ports[i]
		}
		return
	}
	p, err := c.redialed()
	if err != nil {
		c.cfg.Logger.Warn("no other way to the server", "server", d.netcode.Server(), "err", err)
		return
	}
	b.port, c.unused = p, true // that of the try before
}

// pauseBack waits until the next try.
func (d *dialed) pauseBack(now int64, least time.Duration) {
	b := &d.back
	d.stopTry()
	b.pause = min(max(2*b.pause, leastPause), mostPause)
	b.at = now + int64(max(b.pause, least))
}

// stopTry ends the try under way.
func (d *dialed) stopTry() {
	if b := &d.back; b.netcode != nil {
		addCounters(&d.client.retired, b.netcode.Counters())
		b.netcode = nil
	}
}

// stopBack ends a comeback.
func (d *dialed) stopBack() {
	if d.back.on {
		d.stopTry()
		d.back = comeback{}
		d.client.unused = true
	}
}

// stayHere: an authentic packet came under the keys that the Conn has. So there is no need to come
// back.
func (d *dialed) stayHere() {
	if d.back.on {
		d.stopBack()
		d.conn.came = true
		d.client.news = true
		d.client.touch(d.conn)
	}
}

// handleBack acts on what netcode made of a datagram, or of time, on the way back.
func (d *dialed) handleBack(now int64, ev netcode.ClientEvent) {
	switch ev.Kind {
	case netcode.ClientConnected:
		d.cameBack(now, ev)
	case netcode.ClientEnded:
		d.refusedBack(now, ev)
	}
	if d.back.netcode != nil {
		d.back.sendDue()
	}
}

// refusedBack: the server does not let us in now, or never; or nobody has answered.
func (d *dialed) refusedBack(now int64, ev netcode.ClientEvent) {
	switch ev.Refusal.Code {
	case CodeUsed, CodeExpired:
		d.dropTicket(now, d.whyEnded(ev))
	case CodeNone, CodeFull, CodeConnected, CodeGoingAway, CodeTooFast, CodeInternal:
		d.pauseBack(now, time.Duration(ev.Refusal.RetryAfter)*time.Second)
	default:
		d.giveUp(d.whyEnded(ev))
	}
}

// giveUp ends a Conn that cannot come back.
func (d *dialed) giveUp(r Reason) {
	d.stopBack()
	because := ofTicket(r)
	d.conn.because = &because
	d.conn.close(r.Code, "")
}

// cameBack: the server lets us in. The Conn goes on under new keys: with its endpoint, or with
// another one if the server has none that knows it.
func (d *dialed) cameBack(now int64, ev netcode.ClientEvent) {
	b, c, k := &d.back, d.conn, &d.client.core
	w := b.port.wayTo(b.netcode.Server())
	switch {
	case !ev.Continue:
		if !d.beginAnew(now, w, ev.Hello) {
			return
		}
	case c.continueAt(w) != nil:
		d.stopBack() // it has ended meanwhile
		return
	}
	d.replaceHandshake(b.handshake)
	b.netcode = nil
	if d.spare == b.shows {
		d.spare = nil
	}
	d.origins = append(d.origins[:0], d.origin())
	d.goneAt = 0
	d.stopBack()
	c.seal(d.netcode.Sealer())
	c.end.Ping() // the server waits for a packet of ours
	k.counts.Resumed++
	k.unused = true
	k.showLater(c)
	k.markDirty(c)
}

// beginAnew goes on with another endpoint, and reports whether it can.
func (d *dialed) beginAnew(now int64, w way, hello []byte) bool {
	c, k := d.conn, &d.client.core
	end, err := k.newEndpoint(k.now, timeoutOf(d.ticket.TimeoutSeconds), w, c.end.Instance())
	if err != nil {
		k.cfg.Logger.Error("cannot resume", "err", err)
		d.pauseBack(now, 0)
		return false
	}
	if m := matchHello(end, now, hello); m != nil {
		end.Release()
		d.giveUp(Reason{Code: m.Code, Text: m.Text})
		return false
	}
	end.SetKeepFor(d.keepFor())
	c.replaceEnd(end, w)
	d.addresses = nil // of a server that may be another process now, and tells them anew
	return true
}
