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
	of        *dialed
	try       handshake             // under way; without netcode it pauses
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

// comeBack has the Conn come back, and reports whether it can.
func (d *dialed) comeBack(now int64, forgotten bool) bool {
	keep := d.keepFor()
	if keep <= 0 {
		return false
	}
	if d.back == nil {
		d.back = &comeback{
			of: d, forgotten: forgotten, at: now, until: now + int64(keep), try: handshake{port: d.conn.at().port},
		}
		d.watchTime()
		d.conn.tellAway()
		d.back.timePassed(now)
	}
	return true
}

// stopBack ends a comeback, if there is one: the Conn is there again, or over.
func (d *dialed) stopBack() {
	if d.back != nil {
		d.back.stopTry()
		d.back = nil
		d.client.unused = true
	}
}

// stayHere: an authentic packet came under the keys that the Conn has. So there is no need to come
// back.
func (d *dialed) stayHere() {
	if d.back != nil {
		d.stopBack()
		d.conn.came = true
		d.client.news = true
		d.client.touch(d.conn)
	}
}

// trying reports whether a try is under way.
func (b *comeback) trying() bool { return b.try.netcode != nil }

// deadline is when the comeback has something to do.
func (b *comeback) deadline() int64 {
	at := min(b.at, b.until)
	if b.trying() {
		at = min(at, b.try.netcode.Deadline())
	}
	return at
}

// hears reports whether a try is under way to which a server answers from an origin.
func (b *comeback) hears(o origin) bool { return b != nil && b.trying() && b.try.origin() == o }

// reads reports whether a datagram is for the try under way.
func (b *comeback) reads(from netcode.Source, datagram []byte) bool {
	return b != nil && b.trying() && from == b.try.netcode.Server() &&
		len(datagram) > 0 && datagram[0] == wire.PrefixHandshake
}

// timePassed does what is due.
func (b *comeback) timePassed(now int64) {
	d, c := b.of, b.of.conn
	switch {
	case c.end == nil || c.state != connOpen || c.end.Done():
		d.stopBack()
		return
	case now >= b.until && b.forgotten:
		b.giveUp(Reason{Code: CodeForgotten, Text: "the server has forgotten the connection, and does not let us in"})
		return
	case now >= b.until:
		b.giveUp(Reason{Code: CodeTimeout})
		return
	}
	if b.trying() {
		b.handle(now, b.try.netcode.HandleTimeout(now, d.client.unix.Load()))
	}
	switch {
	case d.back != b || now < b.at: // it is over, or nothing is due
	case b.trying():
		b.rest(now, 0)
	default:
		b.begin(now)
	}
	b.sendDue()
}

// sendDue sends what the try under way has to send.
func (b *comeback) sendDue() {
	if b.trying() {
		b.try.sendDue()
	}
}

// begin begins a try: over the socket that the Conn has, and if nobody answered there over
// another one, if there is Redial. Who has been waiting for that goes on without.
func (b *comeback) begin(now int64) {
	d, c := b.of, b.of.client
	b.tries++
	switch {
	case b.tries == 1 && !b.try.port.broken:
	case c.cfg.Redial == nil:
		if i := slices.IndexFunc(c.ports, func(p *port) bool { return !p.broken }); b.try.port.broken && i >= 0 {
			b.try.port = c.ports[i]
		}
	case d.asking == nil:
		b.at = now + int64(patience)
		d.askForSocket(b.beginOver)
		return
	}
	b.ask(now)
}

// beginOver goes on with a try over the socket that Redial has given, in place of one that did not
// wait for it.
func (b *comeback) beginOver(now int64, p *port, err error) (used bool) {
	c := b.of.client
	if b.of.back != b {
		return false
	}
	b.stopTry()
	if err != nil {
		b.of.noOtherWay(err)
	} else {
		c.addPort(p)
		b.try.port, c.unused = p, true // that of the try before
	}
	b.ask(now)
	b.sendDue()
	return err == nil
}

// ask shows the server a ticket.
func (b *comeback) ask(now int64) {
	d, c := b.of, b.of.conn
	cfg := d.netcodeConfig(c.end.AppendHello(now, nil), b.try.port)
	cfg.Patience = patience
	if c.core.cfg.Resume == KeepMessages {
		cfg.Continue = c.end.PeerInstance()
	}
	b.try.peer = b.try.port.peerNow()
	b.shows = d.wallet.next()
	asks, err := netcode.NewResumeClient(now, d.client.unix.Load(), b.shows, cfg)
	if err != nil {
		b.dropTicket(now, Reason{Code: CodeExpired, Text: err.Error()})
		return
	}
	b.try.netcode = asks
	b.at = now + int64(patience)*int64(len(b.shows.Addresses))
}

// rest waits until the next try, a while at least.
func (b *comeback) rest(now int64, least time.Duration) {
	b.stopTry()
	b.pause = min(max(2*b.pause, leastPause), mostPause)
	b.at = now + int64(max(b.pause, least))
}

// stopTry ends the try under way.
func (b *comeback) stopTry() {
	if b.trying() {
		b.of.client.retire(b.try)
		b.try.netcode = nil
	}
}

// handle acts on what netcode made of a datagram, or of time.
func (b *comeback) handle(now int64, ev netcode.ClientEvent) {
	switch ev.Kind {
	case netcode.ClientConnected:
		b.letIn(now, ev)
	case netcode.ClientEnded:
		b.refused(now, ev)
	}
	b.sendDue()
}

// refused: the server does not let us in now, or never; or nobody has answered.
func (b *comeback) refused(now int64, ev netcode.ClientEvent) {
	switch ev.Refusal.Code {
	case CodeUsed, CodeExpired:
		b.dropTicket(now, b.of.whyEnded(ev))
	case CodeNone, CodeFull, CodeConnected, CodeGoingAway, CodeTooFast, CodeInternal:
		b.rest(now, time.Duration(ev.Refusal.RetryAfter)*time.Second)
	default:
		b.giveUp(b.of.whyEnded(ev))
	}
}

// dropTicket: the ticket that was shown is of no use. If there is another one that is next.
func (b *comeback) dropTicket(now int64, r Reason) {
	if !b.of.wallet.drop(b.shows) {
		b.giveUp(r)
		return
	}
	b.stopTry()
	b.at = now
}

// giveUp ends a Conn that cannot come back.
func (b *comeback) giveUp(r Reason) {
	b.of.stopBack()
	because := ofTicket(r)
	b.of.conn.because = &because
	b.of.conn.close(r.Code, "")
}

// letIn: the server lets us in. The Conn goes on under new keys: with its endpoint, or with
// another one if the server has none that knows it.
func (b *comeback) letIn(now int64, ev netcode.ClientEvent) {
	d, c, k := b.of, b.of.conn, &b.of.client.core
	w := b.try.way()
	switch {
	case !ev.Continue:
		if !b.beginAnew(now, w, ev.Hello) {
			return
		}
	case c.continueAt(w) != nil:
		d.stopBack() // it has ended meanwhile
		return
	}
	d.replaceHandshake(b.try)
	b.try.netcode = nil // it goes on
	d.origins = append(d.origins[:0], d.handshake.origin())
	d.goneAt = never
	d.stopBack()
	c.seal(d.handshake.netcode.Sealer())
	c.end.Ping() // the server waits for a packet of ours
	c.lost = 0
	d.beginClimb()
	k.counts.Resumed++
	k.unused = true
	k.showLater(c)
	k.markDirty(c)
}

// beginAnew goes on with another endpoint, and reports whether it can.
func (b *comeback) beginAnew(now int64, w way, hello []byte) bool {
	d, c, k := b.of, b.of.conn, &b.of.client.core
	end, err := k.newEndpoint(k.now, timeoutOf(d.wallet.newest.TimeoutSeconds), w, c.end.Instance())
	if err != nil {
		k.cfg.Logger.Error("cannot resume", "err", err)
		b.rest(now, 0)
		return false
	}
	if m := matchHello(end, now, hello); m != nil {
		end.Release()
		b.giveUp(Reason{Code: m.Code, Text: m.Text})
		return false
	}
	end.SetKeepFor(d.keepFor())
	c.replaceEnd(end, w)
	d.addresses = nil // of a server that may be another process now, and tells them anew
	return true
}
