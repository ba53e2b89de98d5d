package tickwire

import "github.com/tickwire/tickwire/endpoint"

// What time does to a client's connections is told to netcode until our dialect is agreed upon, and
// as long as a plain connection lives; and to whoever has lost the way, or the server. All others
// are their endpoints' matter, and not on the list.

// timeout implements role.
func (c *Client) timeout(now int64) {
	if len(c.dials) > 0 && now >= c.lookAt {
		c.lookForMoves(now)
	}
	still := c.timed[:0]
	for _, d := range c.timed {
		d.timeout(now)
		if d.timed = d.hasTimers(); d.timed {
			still = append(still, d)
		}
	}
	clear(c.timed[len(still):])
	c.timed = still
}

// deadline implements role.
func (c *Client) deadline() int64 {
	at := never
	if c.roams() {
		at = c.lookAt
	}
	for _, d := range c.timed {
		at = min(at, d.nextTimer())
	}
	return at
}

// watchTime puts d on the list of those that time concerns.
func (d *dialed) watchTime() {
	if !d.timed {
		d.timed = true
		d.client.timed = append(d.client.timed, d)
	}
}

// hasTimers reports whether time concerns d.
func (d *dialed) hasTimers() bool {
	return d.isNetcodes() || d.goneAt != 0 || d.back.on || d.searching.state != searchIdle
}

// isNetcodes reports whether netcode has to be told that time passes.
func (d *dialed) isNetcodes() bool {
	return !d.over && (d.conn.state == connOpening || d.conn.plain != nil)
}

// nextTimer is when timeout has something to do.
func (d *dialed) nextTimer() int64 {
	at := never
	if d.isNetcodes() {
		at = d.netcode.Deadline()
	}
	if d.goneAt != 0 {
		at = min(at, d.goneAt)
	}
	if d.back.on {
		at = min(at, d.back.deadline())
	}
	if d.searching.state == searchLooking {
		at = min(at, d.searching.at)
	}
	return at
}

// timeout does what is due by time.
func (d *dialed) timeout(now int64) {
	if d.isNetcodes() {
		d.handleEvent(now, endpoint.NotECT, d.netcode.HandleTimeout(now, d.client.unix.Load()))
	}
	if d.goneAt != 0 && now >= d.goneAt {
		d.goneAt = 0
		if !d.comeBack(now, true) {
			d.conn.close(CodeForgotten, "")
		}
	}
	d.continueSearch(now)
	d.tryBack(now)
	d.sendDue()
}

// deadline implements peer: what time does beside the endpoint is on the Client's list.
func (d *dialed) deadline() int64 { return never }

// timePassed implements peer: a Conn that has lost its way looks for another, and one that has
// lost its server comes back.
func (d *dialed) timePassed() {
	c, conn := d.client, d.conn
	if conn.state == connOpen && conn.end.Away() {
		d.comeBack(c.now, false)
		return
	}
	if c.cfg.Redial != nil && conn.isLost() {
		d.search(allPaths, false, c.now+redialPatience)
	}
}
