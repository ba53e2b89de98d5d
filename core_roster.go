package tickwire

import "slices"

// A roster knows which Conns there are. A Conn is live from its first datagram, seen by the game
// from Connected, ended when its Disconnected is queued, gone from conns one Update after that was
// shown, and forgotten when its endpoint has said its last goodbye, too:
//
//	        enroll   connected      disconnected    shown    removeEnded
//	live    ├────────────────────────────────────────────────────────┤
//	conns            ├───────────────────────────────────────────┤
//	ending                          ├───────────────┤
//
// One that the game never saw is live only.
type roster struct {
	live    []*Conn          // all that are not forgotten
	conns   []*Conn          // those that the game sees, in the order of Connected
	byID    map[uint64]*Conn // likewise
	ending  []*Conn          // whose Disconnected was queued since the last Update
	leaving int              // how many of live have ended
	lastID  uint64
}

func (r *roster) init() { r.byID = make(map[uint64]*Conn) }

// enroll gives a Conn its id. The game does not see it yet.
func (r *roster) enroll(c *Conn) {
	r.lastID++
	c.id = r.lastID
	r.live = append(r.live, c)
	for i := range c.routes {
		c.ride(&c.routes[i])
	}
}

// connected has the game see a Conn.
func (r *roster) connected(c *Conn) {
	c.state = connOpen
	r.conns = append(r.conns, c)
	r.byID[c.id] = c
}

// disconnected notes that a Conn is over, which the game hears with the next Update.
func (r *roster) disconnected(c *Conn) {
	c.state = connEnded
	r.ending = append(r.ending, c)
	r.leaving++
}

// neverConnected notes that a Conn is over that the game never saw.
func (r *roster) neverConnected(c *Conn) {
	c.state = connGone
	r.leaving++
}

// shown notes that the game has heard of each end there was.
func (r *roster) shown() {
	for i, c := range r.ending {
		c.shown = true
		r.ending[i] = nil
	}
	r.ending = r.ending[:0]
}

// removeEnded takes away the Conns whose end the game has seen, and those
// whose endpoint has said its last goodbye.
func (r *roster) removeEnded() {
	if r.leaving == 0 {
		return
	}
	r.conns = slices.DeleteFunc(r.conns, func(c *Conn) bool { return c.shown })
	r.live = slices.DeleteFunc(r.live, r.forgetEnded)
}

// forgetEnded forgets a Conn if it is over, and reports whether it is.
func (r *roster) forgetEnded(c *Conn) bool {
	if c.state == connEnded && c.shown {
		c.state = connGone
		delete(r.byID, c.id)
	}
	if c.state != connGone || c.unsettled() {
		return false
	}
	r.leaving--
	c.forget()
	return true
}

// forgetAll forgets every Conn at once.
func (r *roster) forgetAll() {
	for _, c := range r.live {
		c.state = connGone
		c.forget()
	}
	clear(r.byID)
	r.live, r.conns, r.ending, r.leaving = nil, nil, nil, 0
}

// newConn makes a Conn whose peer is by a way, and that is on no roster yet.
func (k *core) newConn(w way) *Conn {
	c := &Conn{core: k}
	c.draft = Draft{core: k, conn: c}
	c.aimAt(w)
	return c
}

// connected shows a Conn to the game.
func (k *core) connected(c *Conn) {
	k.roster.connected(c)
	k.report(Event{Kind: Connected, Conn: c, Resumed: c.resumed})
	k.touch(c)
	k.markDirty(c)
}

// disconnected queues Disconnected, once.
func (k *core) disconnected(c *Conn, r Reason) {
	if c.state >= connEnded {
		return
	}
	if r.Text == "" {
		r.Text = r.Code.String()
	}
	if c.plain != nil && k.shared != nil {
		c.takeEvents() // what it said before; endpoints keep that order by themselves
	}
	if c.reason = r; k.shutBy != never {
		k.lost.add(c)
	}
	k.roster.disconnected(c)
	k.report(Event{Kind: Disconnected, Conn: c, Reason: r, Undelivered: c.undelivered, Unreliable: c.unreliable})
	c.peer.disconnected()
}

// report queues an event for the next Update.
func (k *core) report(ev Event) {
	k.news = true
	ev.From = ev.Conn.from
	k.events.push(ev)
}

// forget gives back what belongs to a Conn. The game may hold the Conn for
// ever: it keeps only what is small.
func (c *Conn) forget() {
	final := c.stats()
	c.final = &final
	c.peer.forget()
	c.core.due.remove(c)
	if c.end != nil {
		c.end.Release()
	}
	c.dropWays()
	c.forgetFormer()
	if c.plain != nil {
		*c.plain = plainConn{dropped: c.plain.dropped}
	}
	if c.typed != nil {
		c.typed.decoded = nil
	}
	c.end, c.sealer, c.told = nil, nil, nil
}

func (k *core) eachEvent(yield func(Event) bool) {
	for {
		ev, ok := k.events.next()
		if !ok || !yield(ev) {
			return
		}
	}
}

// eachConn bears that the body closes everything.
func (k *core) eachConn(yield func(*Conn) bool) {
	for i := 0; i < len(k.conns); i++ {
		if !yield(k.conns[i]) {
			return
		}
	}
}
