package tickwire

import (
	"time"

	"github.com/tickwire/tickwire/endpoint"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/transport"
)

// An attempt is one Conn of a client on its way to a server, and netcode's
// side of it afterwards:
//
//	asking → open → over
//	  ↑ └────────────↗
//	  └ the next ticket, after a refusal or silence
//
// While it asks, and as long as a plain connection lives, netcode has to be told
// that time passes; an open connection in our dialect is its endpoint's matter.
type attempt struct {
	client  *Client
	conn    *Conn
	tickets netcode.Tickets
	next    int             // ticket to try after this one
	guard   *netcode.Client // of the ticket that is being tried
	wire    wireID
	seen    [maxPaths]sight       // from where the server's packets come, on each path
	goneAt  int64                 // when to believe a GONE; 0: none came
	ticket  *netcode.ResumeTicket // the newest; nil: none came
	spare   *netcode.ResumeTicket // the one before it; nil: there is none
	from    *Conn                 // that was handed over to this one, until it is open
	resumes bool                  // it began with a ticket in place of tokens
	back    comeback
	over    bool // netcode has nothing to do any more

	searching search
	listed    bool // in client.waiting
}

// A sight is from where datagrams come.
type sight struct {
	port *port
	from netcode.Source
}

// patience is how long a server may be silent before the next ticket is tried.
const patience = 2 * time.Second

// start begins with the next ticket.
func (a *attempt) start() error {
	token := a.tickets[a.next]
	a.next++
	return a.begin(token.TimeoutSeconds, func(hello []byte) (*netcode.Client, error) {
		cfg := a.guardConfig(hello, a.conn.at)
		if a.next < len(a.tickets) {
			cfg.Patience = patience
		}
		return netcode.NewClient(a.client.now, a.client.unix, token, cfg)
	})
}

// begin makes the endpoint and asks the server, in a way that ask knows.
func (a *attempt) begin(timeout int32, ask func(hello []byte) (*netcode.Client, error)) error {
	k := &a.client.core
	if joined, ok := a.conn.at.port.socket.(transport.Joined); ok {
		a.conn.aimAt(way{port: a.conn.at.port, path: joined.Peer()})
	}
	end, err := k.newEndpoint(timeoutOf(timeout), a.conn.at, 0)
	if err != nil {
		return err
	}
	if err := a.ask(end.AppendHello(k.now, nil), ask); err != nil {
		end.Release()
		return err
	}
	if a.conn.end != nil {
		a.conn.end.Release()
	}
	a.conn.end = end
	a.aim()
	return nil
}

// timeoutOf is the endpoint's timeout of what a token says.
func timeoutOf(seconds int32) time.Duration {
	return endpointTimeout(time.Duration(max(0, seconds)) * time.Second)
}

// ask makes netcode ask the server, under another wire id.
func (a *attempt) ask(hello []byte, ask func(hello []byte) (*netcode.Client, error)) error {
	c, was := a.client, a.wire
	wire, err := c.nextWireID()
	if err != nil {
		return err
	}
	a.wire = wire
	guard, err := ask(hello)
	if err == nil {
		err = c.checkFree(sight{a.conn.at.port, guard.Server()}, a)
	}
	if err != nil {
		a.wire = was
		return err
	}
	delete(c.wires, was)
	a.guards(guard)
	if wire != 0 {
		c.wires[wire] = a
	}
	return nil
}

// guards has another side of netcode's take over.
func (a *attempt) guards(guard *netcode.Client) {
	if a.guard != nil {
		addCounters(&a.client.retired, a.guard.Counters())
	}
	a.guard = guard
}

// guardConfig is how netcode asks a server by a way.
func (a *attempt) guardConfig(hello []byte, w way) netcode.ClientConfig {
	c := a.client
	cfg := netcode.ClientConfig{
		Hello:    hello,
		WireID:   a.wire.bytes(c.cfg.WireIDBytes),
		Plain:    c.core.cfg.plain(c.cfg.Plain),
		Random:   c.core.cfg.Random,
		Reliable: w.reliable(),

		LeastProtection: c.core.cfg.LeastProtection,
		EpochPackets:    c.core.cfg.EpochPackets,
	}
	if _, ok := w.port.socket.(transport.Joined); ok {
		cfg.Via = source(w.path)
	}
	return cfg
}

// aim points the Conn at the server that netcode talks to now.
func (a *attempt) aim() {
	to, p := a.guard.Server(), a.conn.at.port
	if to.Kind() == 0 {
		a.conn.aimAt(way{port: p, path: transport.PathTo(to.AddrPort())})
	}
	a.seen[0] = sight{p, to}
}

// pathOf is the path of a on which a datagram came; false if it is for none. That of a server
// to which it comes back will be path 0.
func (a *attempt) pathOf(s sight) (path uint8, ok bool) {
	if a.back.guard != nil && a.back.sight == s {
		return 0, true
	}
	for i := range a.seen {
		if a.seen[i] == s {
			return uint8(i), true
		}
	}
	return 0, false
}

// failed goes on with the next ticket, or ends a Conn that was not opened.
func (a *attempt) failed(r Reason) {
	for a.next < len(a.tickets) {
		if err := a.start(); err == nil {
			a.client.report(Event{Kind: Connecting, Conn: a.conn, State: NextServer})
			return
		}
	}
	a.ended(r)
}

// ended ends a Conn to whose peer there is nothing to say any more.
func (a *attempt) ended(r Reason) {
	a.over = true
	if a.conn.end != nil {
		a.conn.end.Release()
	}
	a.client.ended(a.conn, r)
	a.arrived()
}

// connected opens the Conn: our dialect, or plain.
func (a *attempt) connected(now int64, ev netcode.ClientEvent) {
	c := a.conn
	a.aim()
	if a.guard.Plain() {
		c.end.Release()
		c.end, c.plain = nil, new(plainConn)
		c.core.opened(c)
		a.arrived()
		return
	}
	if m := matchHello(c.end, now, ev.Hello); m != nil {
		a.failed(Reason{Code: m.Code, Text: m.Text})
		return
	}
	c.seal(a.guard.Sealer())
	c.resumed = a.resumes
	c.end.Ping() // the server waits for a packet of ours to confirm the connection
	c.core.opened(c)
	a.arrived()
}

// expects reports whether a packet can be for a. A plain one cannot once our
// dialect is agreed upon.
func (a *attempt) expects(b []byte) bool {
	return len(b) == 0 || b[0]&0xf0 == 0 || a.watched()
}

// take hands a datagram to netcode and does what follows from it. It reports
// whether it was for this attempt.
func (a *attempt) take(now int64, path uint8, from netcode.Source, b []byte) bool {
	if a.back.reads(from, b) {
		ev := a.back.guard.HandleDatagram(now, a.client.unix, path, from, b)
		a.returning(now, ev)
		return ev.Drop == netcode.DropNone
	}
	ev := a.guard.HandleDatagram(now, a.client.unix, path, from, b)
	a.happened(now, ev)
	return ev.Drop == netcode.DropNone
}

// happened acts on what netcode made of a datagram or of time.
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
			// The server does not roam: only what comes from where it is was read.
			c.end.HandlePacket(now, endpoint.Incoming{
				Path: ev.Path, From: c.end.Route(ev.Path), ECN: k.mark, Number: ev.Number, Frames: ev.Frames,
			})
			a.takeControl()
			a.stay()
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
	if c := a.conn; a.goneAt == 0 && !a.back.on && c.state == connOpen {
		a.wait()
		a.goneAt = now + max(int64(time.Second), 3*int64(c.end.ProbeTimeout()))
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
	r := a.whyEnded(ev)
	if a.resumes {
		r = ofTicket(r)
	}
	return r
}

func (a *attempt) whyEnded(ev netcode.ClientEvent) Reason {
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
		what := "connect token"
		if a.resumes {
			what = "ticket"
		}
		return Reason{Code: CodeExpired, Text: "the " + what + " expired before the server let us in"}
	case netcode.StateDenied:
		return Reason{Code: CodeFull, Text: "the server is full", Remote: true}
	case netcode.StateRequestTimedOut:
		if a.resumes {
			return Reason{Code: CodeTimeout, Text: "the server did not answer our ticket: it is down, elsewhere, or has another key or protocol id than when it gave it, which its log says"}
		}
		return Reason{Code: CodeTimeout, Text: "the server did not answer our request: it is down, elsewhere, or has another key or protocol id, which its log says"}
	case netcode.StateResponseTimedOut:
		return Reason{Code: CodeTimeout, Text: "the server did not confirm our answer"}
	case netcode.StateTimedOut:
		return Reason{Code: CodeTimeout, Text: "nothing was heard from the server"}
	}
	return Reason{Code: CodeNone, Remote: true}
}

// timeout does what is due by time.
func (a *attempt) timeout(now int64) {
	if a.watched() {
		a.happened(now, a.guard.HandleTimeout(now, a.client.unix))
	}
	if a.goneAt != 0 && now >= a.goneAt {
		a.goneAt = 0
		if !a.comeBack(now, true) {
			a.conn.close(CodeForgotten, "")
		}
	}
	a.seek(now)
	a.tryBack(now)
	a.drain()
}

// waits reports whether time concerns the attempt.
func (a *attempt) waits() bool {
	return a.watched() || a.goneAt != 0 || a.back.on || a.searching.state != searchIdle
}

// wait puts the attempt on the list of those that time concerns.
func (a *attempt) wait() {
	if !a.listed {
		a.listed = true
		a.client.waiting = append(a.client.waiting, a)
	}
}

// watched reports whether netcode has to be told that time passes: until our
// dialect is agreed upon, and as long as a plain connection lives.
func (a *attempt) watched() bool {
	return !a.over && (a.conn.state == connOpening || a.conn.plain != nil)
}

// drain sends what netcode has to send.
func (a *attempt) drain() {
	p := a.conn.at.port
	for b, _, ok := a.guard.NextDatagram(p.begin()); ok; b, _, ok = a.guard.NextDatagram(p.begin()) {
		a.conn.at.commit(b)
	}
}
