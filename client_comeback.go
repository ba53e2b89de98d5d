package tickwire

import (
	"slices"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/transport"
)

// A comeback is how a client's Conn returns to a server that it has lost, with the ticket that
// it was given:
//
//	off → trying → off      back: under new keys, or the old ones are answered again
//	        ↑ ↓    ↘ over   the server refuses the ticket, or the time is over
//	       pausing
//
// Meanwhile the old connection is there as ever, and sends a sign of life now and then.
type comeback struct {
	sight // whom it asks, and by which socket
	on    bool
	gone  bool                  // the server says that it has forgotten us; else it is silent
	guard *netcode.Client       // of the try under way; nil: it pauses
	shows *netcode.ResumeTicket // in that try
	at    int64                 // when the try ends, or the next begins
	until int64                 // when to give up
	pause time.Duration
	tries int
}

const (
	leastPause = time.Second
	mostPause  = 5 * time.Second
)

// comeBack begins to come back, and reports whether it can.
func (a *attempt) comeBack(now int64, gone bool) bool {
	if b := &a.back; a.ticket == nil || a.keepFor() <= 0 {
		return false
	} else if !b.on {
		*b = comeback{on: true, gone: gone, at: now, until: now + int64(a.keepFor())}
		b.sight = sight{port: a.conn.at.port}
		a.wait()
		a.conn.tellAway()
		a.tryBack(now)
	}
	return true
}

// deadline is when the comeback has something to do.
func (b *comeback) deadline() int64 {
	at := min(b.at, b.until)
	if b.guard != nil {
		at = min(at, b.guard.Deadline())
	}
	return at
}

// reads reports whether a datagram is for the handshake under way.
func (b *comeback) reads(from netcode.Source, datagram []byte) bool {
	return b.guard != nil && from == b.from && len(datagram) > 0 && datagram[0] == wire.PrefixHandshake
}

// tryBack does what is due of a comeback.
func (a *attempt) tryBack(now int64) {
	b, c := &a.back, a.conn
	switch {
	case !b.on:
		return
	case c.end == nil || c.state != connOpen || c.end.Done():
		a.stopBack()
		return
	case now >= b.until && b.gone:
		a.giveUp(Reason{Code: CodeForgotten, Text: "the server has forgotten the connection, and does not let us in"})
		return
	case now >= b.until:
		a.giveUp(Reason{Code: CodeTimeout})
		return
	}
	if b.guard != nil {
		a.returning(now, b.guard.HandleTimeout(now, a.client.unix))
	}
	switch {
	case !b.on || now < b.at:
	case b.guard != nil:
		a.rest(now, 0)
	default:
		a.ring(now)
	}
	a.drainBack()
}

// ring begins a try: over the socket that the Conn has, and if nobody answered there over
// another one, if there is Redial.
func (a *attempt) ring(now int64) {
	b, c := &a.back, a.conn
	if b.tries++; b.tries > 1 || b.port.broken {
		a.redialBack()
	}
	w := way{port: b.port}
	if joined, ok := b.port.socket.(transport.Joined); ok {
		w.path = joined.Peer()
	}
	cfg := a.guardConfig(c.end.AppendHello(now, nil), w)
	cfg.Patience = patience
	if c.core.cfg.Resume == KeepMessages {
		cfg.Continue = c.end.PeerInstance()
	}
	b.shows = a.pick()
	guard, err := netcode.NewResumeClient(now, a.client.unix, b.shows, cfg)
	if err != nil {
		a.spoiled(now, Reason{Code: CodeExpired, Text: err.Error()})
		return
	}
	b.guard, b.from = guard, guard.Server()
	b.at = now + int64(patience)*int64(len(b.shows.Addresses))
}

// redialBack takes another socket for the next try, if there is one to be had.
func (a *attempt) redialBack() {
	b, c := &a.back, a.client
	if c.cfg.Redial == nil {
		if i := slices.IndexFunc(c.ports, func(p *port) bool { return !p.broken }); b.port.broken && i >= 0 {
			b.port = c.ports[i]
		}
		return
	}
	socket, err := c.cfg.Redial()
	switch {
	case err != nil:
		c.core.cfg.Logger.Warn("no other way to the server", "server", a.guard.Server(), "err", err)
		return
	case c.portOf(socket) != nil:
		b.port = c.portOf(socket)
		return
	}
	c.unused = true // that of the try before
	b.port = newPort(socket)
	b.port.later = true
	c.addPort(b.port)
}

// rest waits until the next try.
func (a *attempt) rest(now int64, least time.Duration) {
	b := &a.back
	a.forgetGuard()
	b.pause = min(max(2*b.pause, leastPause), mostPause)
	b.at = now + int64(max(b.pause, least))
}

func (a *attempt) forgetGuard() {
	if g := a.back.guard; g != nil {
		addCounters(&a.client.retired, g.Counters())
		a.back.guard = nil
	}
}

// stopBack ends a comeback.
func (a *attempt) stopBack() {
	if a.back.on {
		a.forgetGuard()
		a.back = comeback{}
		a.client.unused = true
	}
}

// stay: an authentic packet came under the keys that the Conn has. So there is no need to come
// back.
func (a *attempt) stay() {
	if a.back.on {
		a.stopBack()
		a.conn.came = true
		a.conn.core.news = true
		a.conn.core.touch(a.conn)
	}
}

// returning acts on what netcode made of a datagram, or of time, on the way back.
func (a *attempt) returning(now int64, ev netcode.ClientEvent) {
	switch ev.Kind {
	case netcode.ClientState:
		a.back.from = a.back.guard.Server() // perhaps another address
	case netcode.ClientConnected:
		a.returned(now, ev)
	case netcode.ClientEnded:
		a.refusedBack(now, ev)
	}
	a.drainBack()
}

// refusedBack: the server does not let us in now, or never; or nobody has answered.
func (a *attempt) refusedBack(now int64, ev netcode.ClientEvent) {
	switch ev.Refusal.Code {
	case CodeUsed, CodeExpired:
		a.spoiled(now, a.whyEnded(ev))
	case CodeNone, CodeFull, CodeConnected, CodeGoingAway, CodeTooFast, CodeInternal:
		a.rest(now, time.Duration(ev.Refusal.RetryAfter)*time.Second)
	default:
		a.giveUp(a.whyEnded(ev))
	}
}

// giveUp ends a Conn that cannot come back.
func (a *attempt) giveUp(r Reason) {
	a.stopBack()
	a.conn.because = ofTicket(r)
	a.conn.close(r.Code, "")
}

// returned: the server lets us in. The Conn goes on under new keys: with its endpoint, or with
// another one if the server has none that knows it.
func (a *attempt) returned(now int64, ev netcode.ClientEvent) {
	b, c, k := &a.back, a.conn, &a.client.core
	w := way{port: b.port, path: transport.PathTo(b.guard.Server().AddrPort())}
	if joined, ok := b.port.socket.(transport.Joined); ok {
		w.path = joined.Peer()
	}
	if !ev.Continue {
		end, err := k.newEndpoint(timeoutOf(a.ticket.TimeoutSeconds), w, c.end.Instance())
		if err != nil {
			k.cfg.Logger.Error("cannot resume", "err", err)
			a.rest(now, 0)
			return
		}
		if m := matchHello(end, now, ev.Hello); m != nil {
			end.Release()
			a.giveUp(Reason{Code: m.Code, Text: m.Text})
			return
		}
		end.SetKeepFor(a.keepFor())
		c.follows(end, w)
	} else if c.continues(w) != nil {
		a.stopBack() // it has ended meanwhile
		return
	}
	a.guards(b.guard)
	b.guard = nil
	if a.spare == b.shows {
		a.spare = nil
	}
	a.seen = [maxPaths]sight{{b.port, a.guard.Server()}}
	a.goneAt = 0
	a.stopBack()
	c.seal(a.guard.Sealer())
	c.end.Ping() // the server waits for a packet of ours
	k.counts.Resumed++
	k.unused = true
	k.heard(c)
	k.markDirty(c)
}

// drainBack sends what the handshake under way has to send.
func (a *attempt) drainBack() {
	b := &a.back
	if b.guard == nil {
		return
	}
	p := b.port
	w := way{port: p, path: transport.PathTo(b.from.AddrPort())}
	if joined, ok := p.socket.(transport.Joined); ok {
		w.path = joined.Peer()
	}
	for d, _, ok := b.guard.NextDatagram(p.begin()); ok; d, _, ok = b.guard.NextDatagram(p.begin()) {
		w.commit(d)
	}
}
