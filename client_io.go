package tickwire

import (
	"slices"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/transport"
)

// handle implements owner.
func (c *Client) handle(now int64, p *port, d *transport.Datagram) {
	from := source(d.Path)
	if at := c.wireAt(d.Bytes); at > 0 {
		if a := c.wires[wireOf(d.Bytes[at:], c.cfg.WireIDBytes)]; a != nil && a.reaches(p, from) {
			a.take(now, from, d.Bytes)
			return
		}
		if at == wireInData {
			c.counts.Strangers++
			return
		}
	}
	c.offer(now, p, from, d.Bytes)
}

// Where packets have the id of their connection. A REASON towards a request has
// none.
const (
	wireInData      = 1
	wireInHandshake = 2
)

// wireAt returns where in a packet the id of the connection is; 0: nowhere.
func (c *Client) wireAt(b []byte) int {
	at := 0
	switch n := c.cfg.WireIDBytes; {
	case n == 0 || len(b) == 0:
	case b[0]&wire.PrefixDataMask == wire.PrefixData:
		at = wireInData
	case b[0] == wire.PrefixHandshake:
		at = wireInHandshake
	}
	if at == 0 || len(b) < at+c.cfg.WireIDBytes {
		return 0
	}
	return at
}

// offer gives a datagram to the connections with its sender, the newest first,
// until one takes it: some may have ended and still say goodbye, and the packets
// of a handshake do not name theirs. Whoever tries to open a packet destroys it,
// so that all but the last get a copy.
func (c *Client) offer(now int64, p *port, from netcode.Source, b []byte) {
	var last *attempt
	for i := len(c.attempts) - 1; i >= 0; i-- {
		a := c.attempts[i]
		if !a.reaches(p, from) || !a.expects(b) {
			continue
		}
		if last != nil {
			c.scratch = append(c.scratch[:0], b...)
			if last.take(now, from, c.scratch) {
				return
			}
		}
		last = a
	}
	if last == nil {
		c.counts.Strangers++
		return
	}
	last.take(now, from, b)
}

// expects reports whether a packet can be for a. A plain one cannot once our
// dialect is agreed upon.
func (a *attempt) expects(b []byte) bool {
	return len(b) == 0 || b[0]&0xf0 == 0 || a.watched()
}

// take hands a datagram to netcode and does what follows from it. It reports
// whether it was for this attempt.
func (a *attempt) take(now int64, from netcode.Source, b []byte) bool {
	ev := a.guard.HandleDatagram(now, a.client.unix, from, b)
	a.happened(now, ev)
	return ev.Drop == netcode.DropNone
}

func (a *attempt) happened(now int64, ev netcode.ClientEvent) {
	c, k := a.conn, &a.client.core
	switch ev.Kind {
	case netcode.ClientState:
		a.aim()
		k.report(Event{Kind: Connecting, Conn: c, State: stateOf(ev.State)})
	case netcode.ClientConnected:
		a.connected(now, ev)
	case netcode.ClientPacket:
		if c.end != nil {
			a.goneAt = 0
			c.end.HandlePacket(now, ev.Path, ev.Number, ev.Frames)
			k.heard(c)
			k.markDirty(c)
		}
	case netcode.ClientPayload:
		c.plain.push(&c.plain.arrived, ev.Frames)
		k.heard(c)
	case netcode.ClientGone:
		a.gone(now)
	case netcode.ClientEnded:
		if c.state == connOpening {
			a.failed(a.why(ev))
		} else {
			a.ended(a.why(ev))
		}
	}
}

// gone: somebody says that the server does not know us. That is not authentic,
// so the server gets a second to prove the contrary, and is asked to.
func (a *attempt) gone(now int64) {
	if c := a.conn; a.goneAt == 0 && c.state == connOpen {
		a.goneAt = now + max(int64(time.Second), 3*int64(c.end.ProbeTimeout()))
		a.client.waiting = append(a.client.waiting, a)
		c.end.Ping()
		c.core.markDirty(c)
	}
}

func stateOf(s netcode.State) State {
	if s == netcode.StateResponding {
		return Answering
	}
	return NextServer // of a token that names several
}

// why says why netcode's attempt, or a plain connection, ended.
func (a *attempt) why(ev netcode.ClientEvent) Reason {
	switch refusal := ev.Refusal; refusal.Code {
	case CodeNone:
	case CodePlainServer:
		return Reason{Code: CodePlainServer, Text: "the server speaks plain netcode"}
	case CodeMismatch:
		return Reason{Code: CodeMismatch, Text: a.conn.end.Difference(refusal.Rows), Remote: true}
	default:
		wait := time.Duration(refusal.RetryAfter) * time.Second
		return Reason{Code: refusal.Code, Text: refusal.Text, Remote: true, RetryAfter: wait}
	}
	switch ev.State {
	case netcode.StateTokenExpired:
		return Reason{Code: CodeExpired, Text: "the connect token expired before the server let us in"}
	case netcode.StateDenied:
		return Reason{Code: CodeFull, Text: "the server is full", Remote: true}
	case netcode.StateRequestTimedOut:
		return Reason{Code: CodeTimeout, Text: "the server did not answer our request"}
	case netcode.StateResponseTimedOut:
		return Reason{Code: CodeTimeout, Text: "the server did not confirm our answer"}
	case netcode.StateTimedOut:
		return Reason{Code: CodeTimeout, Text: "nothing was heard from the server"}
	}
	return Reason{Code: CodeNone, Remote: true}
}

// timeout implements owner.
func (c *Client) timeout(now int64) {
	still := c.waiting[:0]
	for _, a := range c.waiting {
		a.timeout(now)
		if a.watched() || a.goneAt != 0 {
			still = append(still, a)
		}
	}
	clear(c.waiting[len(still):])
	c.waiting = still
}

func (a *attempt) timeout(now int64) {
	if a.watched() {
		a.happened(now, a.guard.HandleTimeout(now, a.client.unix))
	}
	if a.goneAt != 0 && now >= a.goneAt {
		a.goneAt = 0
		a.conn.close(CodeForgotten, "")
	}
	a.drain()
}

// watched reports whether netcode has to be told that time passes: until our
// dialect is agreed upon, and as long as a plain connection lives.
func (a *attempt) watched() bool {
	return !a.over && (a.conn.state == connOpening || a.conn.plain != nil)
}

// drain sends what netcode has to send.
func (a *attempt) drain() {
	p := a.conn.port
	for b, _, ok := a.guard.NextDatagram(p.begin()); ok; b, _, ok = a.guard.NextDatagram(p.begin()) {
		p.commit(a.conn.path, b)
	}
}

// deadline implements owner.
func (c *Client) deadline() int64 {
	at := never
	for _, a := range c.waiting {
		if a.watched() {
			at = min(at, a.guard.Deadline())
		}
		if a.goneAt != 0 {
			at = min(at, a.goneAt)
		}
	}
	return at
}

// beforeData implements owner.
func (c *Client) beforeData(*Conn) {}

// appendPayload implements owner.
func (c *Client) appendPayload(conn *Conn, dst, payload []byte) ([]byte, error) {
	return conn.dial.guard.AppendPayload(c.now, dst, payload)
}

// closePlain implements owner.
func (c *Client) closePlain(conn *Conn) {
	conn.dial.guard.Disconnect(c.now)
	conn.dial.drain()
}

// abort implements owner.
func (c *Client) abort(conn *Conn, r Reason) {
	conn.dial.guard.Disconnect(c.now)
	conn.dial.drain()
	conn.dial.ended(r)
}

// left implements owner: a server has as many players as it lets in.
func (c *Client) left(*Conn) {}

// release implements owner.
func (c *Client) release(conn *Conn) {
	a := conn.dial
	addCounters(&c.retired, a.guard.Counters())
	delete(c.wires, a.wire)
	c.attempts = slices.DeleteFunc(c.attempts, func(other *attempt) bool { return other == a })
	conn.dial = nil
}

// retire implements owner.
func (c *Client) retire() {
	for _, a := range c.attempts {
		addCounters(&c.retired, a.guard.Counters())
	}
	c.attempts, c.waiting = nil, nil
}
