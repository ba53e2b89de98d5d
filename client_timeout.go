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
		if _, d.timed = d.nextTimer(); d.timed {
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
		next, _ := d.nextTimer()
		at = min(at, next)
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

// A timer is one of the reasons for which time concerns a dialed.
type timer struct {
	// due is when it has something to do, never if that is not known; false: it is off.
	due func(*dialed) (at int64, on bool)
	// timePassed does what is due; it is called whenever time has passed, while the timer is on.
	timePassed func(d *dialed, now int64)
}

// timers are all there are, in the order in which they are asked.
var timers = [...]timer{
	{(*dialed).netcodeDue, (*dialed).netcodeTimeout},
	{(*dialed).goneDue, (*dialed).believeGone},
	{(*dialed).searchDue, func(d *dialed, now int64) { d.search.timePassed(now) }},
	{(*dialed).backDue, func(d *dialed, now int64) { d.back.timePassed(now) }},
	{(*dialed).climbDue, func(d *dialed, now int64) { d.climb.timePassed(now) }},
}

// nextTimer is when timeout has something to do; false if time does not concern d.
func (d *dialed) nextTimer() (next int64, any bool) {
	next = never
	for i := range timers {
		if at, on := timers[i].due(d); on {
			next, any = min(next, at), true
		}
	}
	return next, any
}

// timeout does what is due by time.
func (d *dialed) timeout(now int64) {
	for i := range timers {
		if _, on := timers[i].due(d); on {
			timers[i].timePassed(d, now)
		}
	}
	d.handshake.sendDue()
}

// isNetcodes reports whether netcode has to be told that time passes.
func (d *dialed) isNetcodes() bool {
	return !d.over && (d.conn.state == connOpening || d.conn.plain != nil)
}

func (d *dialed) netcodeDue() (int64, bool) {
	if !d.isNetcodes() {
		return never, false
	}
	return d.handshake.netcode.Deadline(), true
}

func (d *dialed) netcodeTimeout(now int64) {
	d.handleEvent(now, way{}, endpoint.NotECT, d.handshake.netcode.HandleTimeout(now, d.client.unix.Load()))
}

func (d *dialed) goneDue() (int64, bool) { return d.goneAt, d.goneAt != never }

// believeGone believes a GONE that nothing has contradicted in time.
func (d *dialed) believeGone(now int64) {
	if now < d.goneAt {
		return
	}
	if d.goneAt = never; !d.comeBack(now, true) {
		d.conn.close(CodeForgotten, "")
	}
}

func (d *dialed) searchDue() (int64, bool) { return d.search.due() }

func (d *dialed) backDue() (int64, bool) {
	if d.back == nil {
		return never, false
	}
	return d.back.deadline(), true
}

func (d *dialed) climbDue() (int64, bool) {
	if d.climb == nil {
		return never, false
	}
	return d.climb.at, d.climb.at != never
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
	d.climb.glance(c.now)
	if c.cfg.Redial != nil && conn.isLost() {
		d.search.begin(allPaths, false, c.now+redialPatience)
	}
}
