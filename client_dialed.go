package tickwire

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"github.com/tickwire/tickwire/endpoint"
	"github.com/tickwire/tickwire/internal/wire"
	"github.com/tickwire/tickwire/netcode"
)

// A dialed is the server that a Client has dialed, as the peer of one Conn:
//
//	asking → open → over
//	  ↑ └────────────↗
//	  └ the next token, after a refusal or silence
//
// While it asks, and as long as a plain connection lives, netcode has to be told
// that time passes; an open connection in our dialect is its endpoint's matter, which may lose
// its way (search) or its server (comeback).
type dialed struct {
	client    *Client
	conn      *Conn
	handshake handshake
	wireID    wireID
	origins   []origin         // from where the server's packets come, on each path
	addresses []netip.AddrPort // of the server, as it has told them

	tokens netcode.TokenList // nil once it is connected
	next   int               // token to try after this one

	resumes    bool // it began with a resume ticket in place of those
	over       bool // netcode has nothing to do any more
	timed      bool // in client.timed
	handedOver bool // tokens for another server came, and were looked at

	trail *trail // of the Conns from which it was handed over, and their followers
	led   int64  // since when it asks where a server has sent it; never: it does not

	goneAt int64     // when to believe a GONE; never: none came
	search search    // for another way
	climb  *climb    // to a better one of the same socket; nil: that is no ladder
	wallet wallet    // resume tickets
	back   *comeback // with one of them; nil: the server is not lost

	asking context.CancelFunc // of the question to Redial that is under way; nil: none is
}

// newDialed begins with one who has dialed nobody yet.
func (c *Client) newDialed() *dialed {
	d := &dialed{client: c, goneAt: never, led: never}
	d.search.of = d
	return d
}

// patience is how long a server may be silent before the next token is tried.
const patience = 2 * time.Second

// tryToken begins with the next token.
func (d *dialed) tryToken() error {
	token := d.tokens[d.next]
	d.next++
	within, ok := d.asksFor()
	if !ok {
		return errLedAround
	}
	return d.begin(token.TimeoutSeconds, func(cfg netcode.ClientConfig) (*netcode.Client, error) {
		if d.next < len(d.tokens) {
			cfg.Patience = patience
		}
		cfg.Within = within
		return netcode.NewClient(d.client.now, d.client.unix.Load(), token, cfg)
	})
}

// begin makes the endpoint and asks the server.
func (d *dialed) begin(timeout int32, q question) error {
	k, p := &d.client.core, d.conn.at().port
	end, err := k.newEndpoint(k.now, timeoutOf(timeout), p.wayToPeer(), 0)
	if err != nil {
		return err
	}
	if err := d.ask(p, end.AppendHello(k.now, nil), q); err != nil {
		end.Release()
		return err
	}
	if d.conn.end != nil {
		d.conn.end.Release()
	}
	d.conn.end = end
	d.aimAtServer()
	return nil
}

// timeoutOf is the endpoint's timeout of what a token says.
func timeoutOf(seconds int32) time.Duration {
	return endpointTimeout(time.Duration(max(0, seconds)) * time.Second)
}

// aimAtServer points the Conn at the server that netcode talks to now.
func (d *dialed) aimAtServer() {
	d.setOrigin(0, d.handshake.origin())
	d.conn.aimAt(d.handshake.way())
}

// tryNext goes on with the next token, or ends a Conn that was not opened.
func (d *dialed) tryNext(r Reason) {
	for d.next < len(d.tokens) {
		if err := d.tryToken(); err == nil {
			d.client.report(Event{Kind: Connecting, Conn: d.conn, State: NextServer})
			return
		}
	}
	d.disconnect(r)
}

// disconnect ends a Conn to whose peer there is nothing to say any more.
func (d *dialed) disconnect(r Reason) {
	d.over = true
	d.arrived()
	if d.conn.end != nil {
		d.conn.end.Release()
	}
	d.client.disconnected(d.conn, r)
}

// connected opens the Conn: our dialect, or plain.
func (d *dialed) connected(now int64, ev netcode.ClientEvent) {
	c := d.conn
	d.aimAtServer()
	if d.handshake.netcode.Plain() {
		d.arrived()
		c.end.Release()
		c.end, c.plain = nil, c.core.newPlain(d)
		c.core.connected(c)
		d.drainOld()
		return
	}
	if m := matchHello(c.end, now, ev.Hello); m != nil {
		d.tryNext(Reason{Code: m.Code, Text: m.Text})
		return
	}
	d.arrived()
	c.seal(d.handshake.netcode.Sealer())
	c.resumed, d.tokens, d.next = d.resumes, nil, 0 // a token is large, and good for one connection
	c.end.Ping()                                    // the server waits for a packet of ours to confirm the connection
	d.beginClimb()
	c.core.connected(c)
	d.drainOld()
}

// mayBeFor reports whether a packet can be for d. A plain one cannot once our
// dialect is agreed upon.
func (d *dialed) mayBeFor(b []byte) bool {
	return len(b) == 0 || b[0]&0xf0 == 0 || d.isNetcodes()
}

// pathFrom is the path of d on which a datagram came; false if it is for none. That of a server
// to which it comes back will be path 0.
func (d *dialed) pathFrom(o origin) (path uint8, ok bool) {
	if d.back.hears(o) {
		return 0, true
	}
	for i := range d.origins {
		if d.origins[i] == o {
			return uint8(i), true
		}
	}
	return 0, false
}

// handle hands a datagram to netcode and does what follows from it. It reports
// whether it was for d.
func (d *dialed) handle(in reading, path uint8, from netcode.Source, b []byte) bool {
	unix := d.client.unix.Load()
	if d.back.reads(from, b) {
		ev := d.back.try.netcode.HandleDatagram(in.at, unix, path, from, b)
		d.back.handle(in.at, ev)
		return ev.Drop == netcode.DropNone
	}
	ev := d.handshake.netcode.HandleDatagram(in.at, unix, path, from, b)
	d.handleEvent(in.at, way{port: in.port, path: in.Path}, endpoint.ECN(in.ECN), ev)
	return ev.Drop == netcode.DropNone
}

// routeBy is the way of a packet of the server's on a path. It does not roam: only what comes from where it is was
// read. So it came by the way that the path takes, by whichever socket: what a bystander leads astray must not begin a
// search. A path that takes none, since it was given up and taken back, is asked where it was until then.
func (d *dialed) routeBy(path uint8, by way) endpoint.Route {
	r := d.conn.end.Route(path)
	if r == endpoint.NoRoute && int(path) < len(d.origins) && d.origins[path] == (origin{by.port, sourceOf(by.path)}) {
		return d.conn.route(by)
	}
	return r
}

// handleEvent acts on what netcode made of a datagram that came by a way and had a mark, or of time.
func (d *dialed) handleEvent(now int64, by way, mark endpoint.ECN, ev netcode.ClientEvent) {
	c, k := d.conn, &d.client.core
	switch ev.Kind {
	case netcode.ClientState:
		d.aimAtServer()
		k.report(Event{Kind: Connecting, Conn: c, State: stateOf(ev.State)})
	case netcode.ClientConnected:
		d.connected(now, ev)
	case netcode.ClientPacket:
		if c.end != nil {
			c.handlePacket(now, endpoint.Incoming{
				Path: ev.Path, From: d.routeBy(ev.Path, by), ECN: mark, Number: ev.Number, Frames: ev.Frames,
			})
		}
	case netcode.ClientPayload:
		c.handlePayload(now, ev.Frames)
	case netcode.ClientGone:
		d.handleGone(now)
	case netcode.ClientEnded:
		if c.state == connOpening {
			d.tryNext(d.why(ev))
		} else {
			d.disconnect(d.why(ev))
		}
	}
}

// handled implements peer.
func (d *dialed) handled() {
	d.goneAt = never
	for kind, body, ok := d.conn.nextControl(); ok; kind, body, ok = d.conn.nextControl() {
		switch kind {
		case wire.ControlTicket:
			d.takeResumeTicket(body)
		case wire.ControlTokenList:
			d.follow(body)
		case wire.ControlAddresses:
			d.takeAddresses(body)
		}
	}
	d.stayHere()
	d.climb.heard()
}

// handleGone: somebody says that the server does not know us. That is not authentic,
// so the server gets a second to prove the contrary, and is asked to.
func (d *dialed) handleGone(now int64) {
	if c := d.conn; d.goneAt == never && d.back == nil && c.state == connOpen {
		d.watchTime()
		d.goneAt = now + max(int64(time.Second), 3*int64(c.end.ProbeTimeout()))
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

// uses implements peer.
func (d *dialed) uses(p *port) bool {
	return d.back != nil && d.back.try.port == p || d.climb != nil && d.climb.port == p
}

// keptUntil implements peer.
func (d *dialed) keptUntil() int64 {
	until := d.conn.keptUntil()
	if d.back != nil {
		until = min(until, d.back.until)
	}
	return until
}

// silence implements peer.
func (d *dialed) silence() time.Duration { return d.handshake.netcode.Timeout() }

// drain implements peer.
func (d *dialed) drain(within time.Duration, code Code, text string) {
	d.conn.drain(code, text, within)
}

// abort implements peer.
func (d *dialed) abort(r Reason) {
	d.sayGoodbye()
	d.disconnect(r)
}

// disconnected implements peer.
func (d *dialed) disconnected() {
	d.stopAsking()
	d.drainOld()
}

// forget implements peer.
func (d *dialed) forget() {
	c := d.client
	d.stopBack()
	c.retire(d.handshake)
	delete(c.byWireID, d.wireID)
	c.dials = slices.DeleteFunc(c.dials, func(other *dialed) bool { return other == d })
	c.unused = true
}

// appendPayload implements plainPeer.
func (d *dialed) appendPayload(dst, payload []byte) ([]byte, error) {
	return d.handshake.netcode.AppendPayload(d.client.now, dst, payload)
}

// sayGoodbye implements plainPeer.
func (d *dialed) sayGoodbye() {
	d.handshake.netcode.Disconnect(d.client.now)
	d.handshake.sendDue()
}
