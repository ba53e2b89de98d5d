package tickwire

import (
	"cmp"
	"slices"
	"time"

	"github.com/tickwire/tickwire/endpoint"
	"github.com/tickwire/tickwire/transport"
)

// A climb is how a client's Conn uses the rungs of a transport.Ladder, without being asked to:
//
//	each rung that can be tried has a path: the best one on which the server answers carries the
//	messages (UseShare), all others wait (UseReserve)
//
// So it moves when a better one answers, and goes back at once when that fails or ends: by the
// endpoint's own rule, at both ends, before anything is decided here. A rung on which nobody answers
// is tried again after a while, and one that has failed carries nothing until it has been
// well for a while, each time a longer one, so that a bad network is not tried on the player.
type climb struct {
	of      *dialed
	port    *port // the ladder
	ready   bool  // the server has acknowledged something, so that it reads what is on other paths
	rungs   []rung
	carries transport.Path // the messages
	at      int64          // when to look again; never: not before something happens
	states  uint64         // of all paths, when it glanced at them last
}

// A rung is what is known of one way up.
type rung struct {
	path    transport.Path
	well    bool          // the server answers there
	since   int64         // when it began to
	falls   int           // how often it ceased to
	tryAt   int64         // when a path may be opened there again
	tryWait time.Duration // after that
}

const (
	leastTry = 2 * time.Second // a path on which nobody answers is closed by then
	mostTry  = 16 * time.Second

	// A rung that fell is trusted again after leastRest, twice as long after each further time; and as
	// one that never fell when it has been well for steadyFor.
	leastRest = time.Second
	mostRest  = 16 * time.Second
	steadyFor = 30 * time.Second
)

// beginClimb begins to climb, if the Conn is open on a ladder or has come back there.
func (d *dialed) beginClimb() {
	if d.climb = nil; d.handshake.port.ladder != nil {
		d.climb = &climb{of: d, port: d.handshake.port, at: never}
	}
}

// climbBy climbs a ladder that came later, unless there is another one that leads anywhere.
func (d *dialed) climbBy(p *port) {
	if p.ladder != nil && (d.climb == nil || d.climb.port != p && len(d.climb.port.rungs) == 0) {
		d.climb = &climb{of: d, port: p, ready: true, at: never}
	}
}

// heard is called for each packet of the server's.
func (k *climb) heard() {
	if k == nil {
		return
	}
	if !k.ready {
		_, k.ready = k.of.conn.end.LargestAcked(0)
		k.states = 0 // look, whatever it was
	}
	k.glance(k.of.client.now)
}

// glance looks if it is time, or something has become of a path. It is what most packets cost.
func (k *climb) glance(now int64) {
	if k == nil || k.of.conn.end == nil {
		return
	}
	states := uint64(0)
	for id := range uint8(maxPaths) {
		state := uint64(k.of.conn.end.PathState(id))
		if k.of.conn.end.Answers(id) {
			state |= 1 << 7
		}
		states = states<<8 | state
	}
	if states != k.states || now >= k.at {
		k.states = states
		k.look(now)
	}
}

// timePassed looks again if it is time.
func (k *climb) timePassed(now int64) {
	if now >= k.at {
		k.look(now)
	}
}

// look does what is to be done now. It may be called at any time, and again.
func (k *climb) look(now int64) {
	if k == nil {
		return
	}
	k.at = never
	c := k.of.conn
	if c.end == nil || !k.ready && c.end.PathState(0) == PathActive || !c.open() || c.end.Away() || k.of.back != nil {
		return
	}
	k.know()
	best := k.best(now)
	if best != nil {
		k.carries = best.path
	}
	for i := range k.rungs {
		k.use(now, &k.rungs[i], best)
	}
	if k.at != never {
		k.of.watchTime()
	}
}

// know has a rung for each that can be tried, the best first, and forgets the others.
func (k *climb) know() {
	same := func(r rung, p transport.Path) bool { return r.path == p }
	if slices.EqualFunc(k.rungs, k.port.rungs, same) {
		return
	}
	known := k.rungs
	k.rungs = make([]rung, 0, len(k.port.rungs))
	for _, path := range k.port.rungs {
		r := rung{path: path}
		if i := slices.IndexFunc(known, func(r rung) bool { return r.path == path }); i >= 0 {
			r = known[i]
		}
		k.rungs = append(k.rungs, r)
	}
}

// best is the rung that shall carry the messages; nil: there is none. As long as the one that does is
// well, it is that or a better one that is trusted; else the best of all that answer.
func (k *climb) best(now int64) (best *rung) {
	var carrier, answering, well *rung
	for i := range k.rungs {
		r := &k.rungs[i]
		path, ok := k.pathOn(r)
		if k.follow(now, r, ok && k.of.conn.end.PathState(path) == PathActive); !r.well {
			continue
		}
		if r.path == k.carries {
			carrier = r
		}
		if well == nil {
			well = r
		}
		if answering == nil && k.of.conn.end.Answers(path) {
			answering = r
		}
	}
	if carrier != nil {
		return k.above(now, carrier)
	}
	return cmp.Or(answering, well)
}

// above is the rung to move to from one that is well: a better one, or none but that.
func (k *climb) above(now int64, carrier *rung) *rung {
	for i := range k.rungs {
		r := &k.rungs[i]
		if r == carrier {
			break
		}
		path, _ := k.pathOn(r)
		if !r.well || !k.of.conn.end.Answers(path) {
			continue
		}
		if at := r.trustedAt(); now < at {
			k.at = min(k.at, at)
			continue
		}
		return r
	}
	return carrier
}

// follow notes whether the server answers on a rung.
func (k *climb) follow(now int64, r *rung, well bool) {
	switch {
	case well && !r.well:
		r.since, r.tryWait = now, 0
	case !well && r.well:
		if r.falls++; now-r.since >= int64(steadyFor) {
			r.falls = 1
		}
	}
	r.well = well
}

// trustedAt is when a rung that is well may carry messages.
func (r *rung) trustedAt() int64 {
	if r.falls == 0 {
		return r.since
	}
	return r.since + int64(min(leastRest<<min(r.falls-1, 10), mostRest))
}

// pathOn is the path of the Conn that goes by a rung.
func (k *climb) pathOn(r *rung) (path uint8, ok bool) {
	c := k.of.conn
	for id := range c.end.Paths() {
		if w := c.wayOf(id); w != nil && w.port == k.port && w.path == r.path {
			return id, true
		}
	}
	return 0, false
}

// use has a rung be what it shall be beside the best one: it carries, waits, or is tried.
func (k *climb) use(now int64, r, best *rung) {
	c := k.of.conn
	use := UseReserve
	if r == best || best == nil {
		use = UseShare
	}
	if path, ok := k.pathOn(r); ok {
		if st := c.end.PathStats(path); st.Use != use && best != nil {
			_ = c.end.SetPath(now, path, endpoint.PathConfig{Route: st.Route, Reliable: st.Reliable, Use: use, Weight: st.Weight})
			c.core.markDirty(c)
		}
		return
	}
	if now >= r.tryAt {
		r.tryWait = min(max(2*r.tryWait, leastTry), mostTry)
		r.tryAt = now + int64(r.tryWait)
		_, _ = k.of.openPathBy(way{port: k.port, path: r.path}, PathConfig{Use: use}) // else it is tried again
	}
	k.at = min(k.at, r.tryAt)
}

// lookAtRungs asks a ladder for its rungs, and reports whether they have changed.
func (p *port) lookAtRungs() (changed bool) {
	if p.ladder == nil {
		return false
	}
	var known [8]transport.Path
	before := append(known[:0], p.rungs...)
	p.rungs = p.ladder.Rungs(p.rungs[:0])
	p.peer = p.ladder.Peer()
	return !slices.Equal(before, p.rungs)
}

// climb implements role.
func (c *Client) climb(p *port, ended []transport.Ending) {
	for i := len(c.dials) - 1; i >= 0; i-- {
		d := c.dials[i]
		switch {
		case d.over:
		case d.conn.state == connOpening && d.handshake.port == p:
			d.askElsewhere(ended)
		case d.back != nil && d.back.try.port == p:
			d.back.tryElsewhere(c.now)
		case d.climb != nil && d.climb.port == p:
			d.climb.look(c.now)
		}
	}
}

// carriesHandshake reports whether a handshake can go by a path.
func (p *port) carriesHandshake(path transport.Path) bool {
	return slices.Contains(p.rungs, path) && p.socket.MaxDatagram(path) >= transport.MinDatagram
}

// askElsewhere goes on with a handshake whose rung has ended by another one that can carry it: with
// the same token, as a client does that was started anew. If there is none the game hears why.
func (d *dialed) askElsewhere(ended []transport.Ending) {
	p, by := d.handshake.port, d.handshake.peer
	if by == nil || slices.Contains(p.rungs, *by) {
		return
	}
	if p.carriesHandshake(p.peer) {
		if d.askAgain() == nil {
			d.handshake.sendDue()
			return
		}
	}
	for _, end := range ended {
		if end.Path == *by {
			d.disconnect(Reason{Code: CodeUnreachable, Text: end.Reason.Error()})
			return
		}
	}
}

// askAgain shows the server the same token, or ticket, once more.
func (d *dialed) askAgain() error {
	if d.tokens == nil {
		return d.resume()
	}
	d.next--
	return d.tryToken()
}

// tryElsewhere has a comeback go on at once when the rungs have changed: what it was about to hear by
// one that has ended does not come, and by a new one somebody may answer.
func (b *comeback) tryElsewhere(now int64) {
	if b.trying() && slices.Contains(b.try.port.rungs, *b.try.peer) || !b.try.port.carriesHandshake(b.try.port.peer) {
		return
	}
	b.stopTry()
	b.at = now
	b.timePassed(now)
}
