package tickwire

import (
	"slices"
	"time"

	"github.com/tickwire/tickwire/endpoint"
)

// The roster is the part of a core that knows which Conns there are. A Conn is
// live from its first datagram, seen by the game from Connected, ended when its
// Disconnected is queued, gone from Conns one Update after that was shown, and
// forgotten when its endpoint has said its last goodbye, too.

// newConn makes a Conn that the game does not see yet.
func (k *core) newConn(w way) *Conn {
	k.lastID++
	c := &Conn{core: k, id: k.lastID}
	c.draft = Draft{core: k, conn: c}
	c.aimAt(w)
	k.live = append(k.live, c)
	return c
}

// newEndpoint makes the endpoint of a connection whose handshake takes a way; with an
// instance, if that was told already.
func (k *core) newEndpoint(timeout time.Duration, w way, instance uint64) (*endpoint.Endpoint, error) {
	seed, err := k.random.next()
	if err != nil {
		return nil, err
	}
	path := endpoint.PathConfig{Reliable: w.reliable()}
	return k.plan.New(k.now, endpoint.Life{Seed: seed, Instance: instance, Path: path, Timeout: timeout}), nil
}

// connected shows a Conn to the game.
func (k *core) connected(c *Conn) {
	c.state = connOpen
	k.conns = append(k.conns, c)
	k.byID[c.id] = c
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
	c.state, c.reason = connEnded, r
	k.leaving++
	k.ending = append(k.ending, c)
	k.report(Event{Kind: Disconnected, Conn: c, Reason: r, Undelivered: c.undelivered, Unreliable: c.unreliable})
	c.peer.disconnected()
}

// neverConnected notes that a Conn is over that the game never saw.
func (k *core) neverConnected(c *Conn) {
	c.state = connGone
	k.leaving++
}

// report queues an event for the next Update.
func (k *core) report(ev Event) {
	k.news = true
	ev.From = ev.Conn.from
	k.events.push(ev)
}

// removeEnded takes away the Conns whose end the game has seen, and those
// whose endpoint has said its last goodbye.
func (k *core) removeEnded() {
	if k.leaving == 0 {
		return
	}
	k.conns = slices.DeleteFunc(k.conns, func(c *Conn) bool { return c.shown })
	k.live = slices.DeleteFunc(k.live, k.forgetEnded)
}

// forgetEnded forgets a Conn if it is over, and reports whether it is.
func (k *core) forgetEnded(c *Conn) bool {
	if c.state == connEnded && c.shown {
		c.state = connGone
		delete(k.byID, c.id)
	}
	if c.state != connGone || c.end != nil && !c.end.Done() {
		return false
	}
	k.leaving--
	c.forget()
	return true
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
	c.forgetFormer()
	if c.plain != nil {
		*c.plain = plainConn{dropped: c.plain.dropped}
	}
	c.end, c.sealer, c.decoded, c.told = nil, nil, nil, nil
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
