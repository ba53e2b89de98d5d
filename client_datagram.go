package tickwire

import (
	"slices"

	"github.com/tickwire/tickwire/transport"
)

// handle implements owner.
func (c *Client) handle(now int64, p *port, d *transport.Datagram) {
	from := source(d.Path)
	if at := c.wireAt(d.Bytes); at > 0 {
		if a := c.wires[wireOf(d.Bytes[at:], c.cfg.WireIDBytes)]; a != nil {
			if path, ok := a.pathOf(sight{p, from}); ok {
				a.take(now, path, from, d.Bytes)
				return
			}
		}
		if at == wireInData {
			c.counts.Strangers++
			return
		}
	}
	c.offer(now, sight{p, from}, d.Bytes)
}

// offer gives a datagram to the connections with its sender, the newest first,
// until one takes it: some may have ended and still say goodbye, and the packets
// of a handshake do not name theirs. Whoever tries to open a packet destroys it,
// so that all but the last get a copy.
func (c *Client) offer(now int64, s sight, b []byte) {
	var last *attempt
	var lastPath uint8
	for i := len(c.attempts) - 1; i >= 0; i-- {
		a := c.attempts[i]
		path, ok := a.pathOf(s)
		if !ok || !a.expects(b) {
			continue
		}
		if last != nil {
			c.scratch = append(c.scratch[:0], b...)
			if last.take(now, lastPath, s.from, c.scratch) {
				return
			}
		}
		last, lastPath = a, path
	}
	if last == nil {
		c.counts.Strangers++
		return
	}
	last.take(now, lastPath, s.from, b)
}

// timeout implements owner.
func (c *Client) timeout(now int64) {
	if len(c.attempts) > 0 && now >= c.lookAt {
		c.look(now)
	}
	still := c.waiting[:0]
	for _, a := range c.waiting {
		a.timeout(now)
		if a.listed = a.waits(); a.listed {
			still = append(still, a)
		}
	}
	clear(c.waiting[len(still):])
	c.waiting = still
}

// deadline implements owner.
func (c *Client) deadline() int64 {
	at := never
	if c.roams() {
		at = c.lookAt
	}
	for _, a := range c.waiting {
		if a.watched() {
			at = min(at, a.guard.Deadline())
		}
		if a.goneAt != 0 {
			at = min(at, a.goneAt)
		}
		if a.back.on {
			at = min(at, a.back.deadline())
		}
		if a.searching.state == searchLooking {
			at = min(at, a.searching.at)
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

// dismiss implements owner: a client has a Conn for each peer.
func (c *Client) dismiss() {}

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
	a.stopBack()
	addCounters(&c.retired, a.guard.Counters())
	delete(c.wires, a.wire)
	c.attempts = slices.DeleteFunc(c.attempts, func(other *attempt) bool { return other == a })
	conn.dial = nil
	c.unused = true
}

// retire implements owner.
func (c *Client) retire() {
	for _, a := range c.attempts {
		addCounters(&c.retired, a.guard.Counters())
	}
	c.attempts, c.waiting = nil, nil
}
