package tickwire_test

import (
	"errors"
	"net/netip"
	"slices"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/transport"
)

// A ladder is a client's socket in a world, and a floor the server's at its other end: what a browser
// has, and package web, in virtual time. A rung is a pair of sockets on hosts of their own, so that each
// has a line for itself. What ends one is the test's to do, and to bring another.
type ladder struct{ ends }

type floor struct{ ends }

// Ends are one side of all rungs.
type ends struct {
	transport.Ownership
	w      *world
	server bool
	closed bool
	rungs  []*rung
	behind time.Duration // the clock of this side
}

// A rung is one transport association.
type rung struct {
	w      *world
	path   transport.Path
	max    int
	slow   bool               // it repairs losses itself
	socket [2]*simnet.Socket  // the client's and the server's
	remote netip.AddrPort     // of the client, as the server has seen it last
	line   *simnet.LinkConfig // of both directions; nil: the world's
	faults []*fault
	dead   bool
	tell   [2]time.Time // when the sides hear of the end; zero: they have
	reason error
}

// A fault is something that is wrong with a rung for a while.
type fault struct {
	off    [2]bool                      // up, down: nothing passes, and nobody is told
	change func(cfg *simnet.LinkConfig) // of both directions; nil: nothing
}

// ranks are the kinds of rungs, the best first.
var ranks = []transport.Kind{transport.KindWebTransport, transport.KindWebRTC, transport.KindWebSocket}

// What the rungs carry, in bytes.
var rungBytes = map[transport.Kind]int{
	transport.KindWebSocket: 1500, transport.KindWebRTC: 1150, transport.KindWebTransport: 1200,
}

// climber is a world with a server on a floor, and a client on a ladder.
type climber struct {
	w      *world
	floor  *floor
	ladder *ladder
	srv    *tickwire.Server
	client *tickwire.Client
	conn   *tickwire.Conn
	player *tickwire.Conn
	*talk
	associations uint64
	buffer       int // of the streams; 0: 16 KiB
}

// newClimber starts both; the ladder has a WebSocket.
func (w *world) newClimber(change func(*tickwire.ServerConfig, *tickwire.ClientConfig)) *climber {
	w.t.Helper()
	client := tickwire.ClientConfig{Config: config()}
	c := w.newFloor(func(server *tickwire.ServerConfig) {
		w.simulate(&client.Config)
		if change != nil {
			change(server, &client)
		}
	})
	c.raise(transport.KindWebSocket)
	var err error
	c.client, err = tickwire.NewClient(client, c.ladder)
	must(w.t, err)
	w.add(c.client)
	return c
}

// newFloor starts the server alone.
func (w *world) newFloor(change func(*tickwire.ServerConfig)) *climber {
	w.t.Helper()
	c := &climber{w: w, floor: &floor{ends{w: w, server: true}}, ladder: &ladder{ends{w: w}}}
	server := tickwire.ServerConfig{Config: config(), Development: true}
	w.simulate(&server.Config)
	change(&server)
	var err error
	c.srv, err = tickwire.Listen(server, c.floor)
	must(w.t, err)
	w.add(c.srv)
	return c
}

// connect connects, and has both sides talk from then on.
func (c *climber) connect() {
	c.w.t.Helper()
	c.conn = c.w.open(c.client, c.srv, 1)
	c.player = players(c.srv)[0]
	c.talk = c.w.talk(c.conn, c.player)
}

// raise adds a rung.
func (c *climber) raise(kind transport.Kind) *rung {
	c.w.t.Helper()
	c.associations++
	r := &rung{w: c.w, max: rungBytes[kind], slow: kind == transport.KindWebSocket}
	r.path = transport.Path{Kind: kind, Association: c.associations}
	cfg := simnet.SocketConfig{MaxDatagram: r.max}
	if r.slow {
		cfg.Reliable, cfg.SendBytes = true, 16<<10
		if c.buffer > 0 {
			cfg.SendBytes = c.buffer
		}
	}
	for side := range r.socket {
		var err error
		r.socket[side], err = c.w.nw.Socket(c.w.address(), cfg)
		must(c.w.t, err)
	}
	r.remote = r.socket[0].PublicAddr()
	c.floor.rungs = append(c.floor.rungs, r)
	c.ladder.rungs = append(c.ladder.rungs, r)
	slices.SortStableFunc(c.ladder.rungs, func(a, b *rung) int {
		return slices.Index(ranks, a.path.Kind) - slices.Index(ranks, b.path.Kind)
	})
	return r
}

// link sets how both directions of a rung are.
func (r *rung) link(cfg simnet.LinkConfig) {
	r.w.t.Helper()
	r.line = &cfg
	r.relink()
}

// relink has the lines of a rung be as they should, wherever its client is.
func (r *rung) relink() {
	r.w.t.Helper()
	pair := [2]netip.Addr{r.socket[0].PublicAddr().Addr(), r.socket[1].PublicAddr().Addr()}
	for way := range pair {
		from, to := pair[way], pair[1-way]
		r.w.nw.Heal(from, to)
		var cfg simnet.LinkConfig
		if r.line != nil {
			cfg = *r.line
		}
		for _, f := range r.faults {
			if f.off[way] {
				r.w.nw.Cut(from, to)
			}
			if f.change != nil {
				f.change(&cfg)
			}
		}
		if r.line != nil {
			must(r.w.t, r.w.nw.SetLink(from, to, cfg))
		}
	}
}

// befall has a fault begin.
func (r *rung) befall(f *fault) {
	r.w.t.Helper()
	r.faults = append(r.faults, f)
	r.relink()
}

// mend ends a fault.
func (r *rung) mend(f *fault) {
	r.w.t.Helper()
	r.faults = slices.DeleteFunc(r.faults, func(other *fault) bool { return other == f })
	r.relink()
}

// cut stops what goes by a rung, which nobody is told, or lets it go on.
func (r *rung) cut(off bool) {
	if r.faults = nil; off {
		r.faults = []*fault{{off: [2]bool{true, true}}}
	}
	r.relink()
}

// rebind gives the client's side another address, which a stream does not survive. The line stays.
func (r *rung) rebind() { r.rebindTo(r.w.address(), 0) }

// rebindTo is rebind to an address of the test's choice; the old one leads there for a while longer.
func (r *rung) rebindTo(at netip.AddrPort, keep time.Duration) {
	r.w.t.Helper()
	must(r.w.t, r.w.nw.RebindSlowly(r.socket[0].PublicAddr(), at, keep))
	r.relink()
}

// kill ends a rung: what is under way is gone, and each side hears of it a while later.
func (r *rung) kill(reason string, client, server time.Duration) {
	if r.dead {
		return
	}
	r.dead, r.reason = true, errors.New(reason)
	r.tell = [2]time.Time{r.w.nw.Now().Add(client + 1), r.w.nw.Now().Add(server + 1)}
	r.socket[0].Close()
	r.socket[1].Close()
}

func (e *ends) side() int {
	if e.server {
		return 1
	}
	return 0
}

func (e *ends) Read(ds []transport.Datagram) (n int, err error) {
	if e.closed {
		return 0, transport.ErrClosed
	}
	for _, r := range e.rungs {
		if r.dead || n == len(ds) {
			continue
		}
		read, err := r.socket[e.side()].Read(ds[n:])
		if err != nil {
			return n, err
		}
		for i := range ds[n : n+read] {
			if d := &ds[n+i]; e.server {
				r.remote = d.Path.Remote
			}
			ds[n+i].Path = r.path
			ds[n+i].Received = ds[n+i].Received.Add(-e.behind)
		}
		n += read
	}
	return n, nil
}

func (e *ends) find(p transport.Path) *rung {
	for _, r := range e.rungs {
		if r.path == p {
			return r
		}
	}
	return nil
}

func (e *ends) Write(ds []transport.Datagram) (int, error) {
	if e.closed {
		return 0, transport.ErrClosed
	}
	for i := range ds {
		r := e.find(ds[i].Path)
		if r == nil || r.dead || len(ds[i].Bytes) > r.max {
			continue
		}
		to := r.remote
		if !e.server {
			to = r.socket[1].PublicAddr()
		}
		if n, err := r.socket[e.side()].Write([]transport.Datagram{{Path: transport.PathTo(to), Bytes: ds[i].Bytes}}); n == 0 || err != nil {
			return i, err
		}
	}
	return len(ds), nil
}

func (e *ends) Ended(dst []transport.Ending) []transport.Ending {
	for _, r := range e.rungs {
		if at := &r.tell[e.side()]; !at.IsZero() && !at.After(e.w.nw.Now()) {
			dst = append(dst, transport.Ending{Path: r.path, Reason: r.reason})
			*at = time.Time{}
		}
	}
	return dst
}

func (l *ladder) alive() (alive []*rung) {
	for _, r := range l.rungs {
		if !r.dead || !r.tell[0].IsZero() {
			alive = append(alive, r)
		}
	}
	return alive
}

func (l *ladder) Rungs(dst []transport.Path) []transport.Path {
	for _, r := range l.alive() {
		dst = append(dst, r.path)
	}
	return dst
}

// Peer is the last rung, which is the WebSocket while there is one.
func (l *ladder) Peer() transport.Path {
	if alive := l.alive(); len(alive) > 0 {
		return alive[len(alive)-1].path
	}
	return l.rungs[len(l.rungs)-1].path
}

// Wait only looks: time is virtual.
func (e *ends) Wait(time.Time) (bool, error) { return false, nil }
func (e *ends) Wake()                        {}
func (e *ends) LocalAddr() netip.AddrPort    { return netip.AddrPort{} }

func (e *ends) MaxDatagram(p transport.Path) int {
	if r := e.find(p); r != nil {
		return r.max
	}
	return 0
}

func (e *ends) Properties(p transport.Path) transport.Properties {
	r := e.find(p)
	return transport.Properties{Reliable: r != nil && r.slow}
}

func (e *ends) Close() error {
	if e.closed {
		return transport.ErrClosed
	}
	e.closed = true
	return nil
}
