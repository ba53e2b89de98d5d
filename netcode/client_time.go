package netcode

import (
	"math"
	"time"
)

// life is how long the token lasts, by the monotonic clock.
func (c *Client) life() int64 {
	return int64(min(c.token.Expires-c.token.Created, uint64(math.MaxInt64/int64(time.Second)/2))) * int64(time.Second)
}

// patience is how long the address may be silent.
func (c *Client) patience() int64 {
	timeout := timeoutOf(c.token.TimeoutSeconds)
	switch {
	case c.cfg.Patience > 0:
		return int64(c.cfg.Patience)
	case c.cfg.Plain != PlainOnly && c.address+1 < len(c.token.Addresses):
		return defaultPatience
	case timeout > 0:
		return timeout
	}
	return never / 2
}

func (c *Client) plainWait() int64 {
	switch {
	case c.cfg.Plain == PlainOnly || c.cfg.PlainWait < 0:
		return 0
	case c.cfg.PlainWait == 0:
		return int64(defaultPlainWait)
	}
	return int64(c.cfg.PlainWait)
}

// HandleTimeout lets time pass. Call it until there is no event, then drain
// NextDatagram. Calls too early or too often are harmless.
func (c *Client) HandleTimeout(now, unix int64) ClientEvent {
	c.now = now
	switch {
	case c.state == StateRequesting || c.state == StateResponding:
		return c.attemptTimeout()
	case c.state == StateConnected && c.plain:
		return c.plainTimeout()
	}
	return ClientEvent{}
}

func (c *Client) attemptTimeout() ClientEvent {
	silent := StateRequestTimedOut
	if c.state == StateResponding {
		silent = StateResponseTimedOut
	}
	switch {
	case c.now-c.started >= c.life():
		return c.end(StateTokenExpired)
	case c.refusedAt != 0 && c.now-c.refusedAt >= sendInterval:
		return c.fail(StateDenied)
	case c.plainAt != 0 && c.now-c.plainAt >= c.plainWait():
		if c.cfg.Plain == PlainRefuse {
			c.refusal = Refusal{Code: CodePlainServer}
			return c.fail(StateDenied)
		}
		return c.connectPlain()
	case c.now-c.attempt >= c.patience():
		return c.fail(silent)
	case c.now-c.sent >= sendInterval && !c.cfg.Reliable:
		c.owe(c.dueNow())
	}
	return ClientEvent{}
}

// dueNow is what an attempt repeats.
func (c *Client) dueNow() dueMask {
	switch {
	case c.resumes:
		return dueResume
	case c.state == StateRequesting:
		return dueRequest
	case c.cfg.Plain == PlainOnly:
		return dueResponse
	case c.token.Pad.Present || c.plainAt != 0: // the response was taken
		return dueOffer
	}
	return dueOffer | dueResponse
}

func (c *Client) plainTimeout() ClientEvent {
	if timeout := timeoutOf(c.token.TimeoutSeconds); timeout > 0 && c.now-c.heard >= timeout {
		return c.end(StateTimedOut)
	}
	if c.now-c.sent >= sendInterval {
		c.owe(dueKeepAlive)
	}
	return ClientEvent{}
}

// fail goes on to the next address of the token, or ends in state s.
func (c *Client) fail(s State) ClientEvent {
	if c.address+1 < len(c.token.Addresses) && c.cfg.Via == (Source{}) && c.begin(c.address+1) {
		return ClientEvent{Kind: ClientState, State: c.state}
	}
	return c.end(s)
}

func (c *Client) end(s State) ClientEvent {
	c.state, c.dueMask, c.private = s, 0, nil
	return ClientEvent{Kind: ClientEnded, State: s, Refusal: c.refusal}
}

func (c *Client) connectPlain() ClientEvent {
	c.state, c.plain, c.private = StateConnected, true, nil
	c.heard = c.now
	c.owe(dueKeepAlive)
	return ClientEvent{Kind: ClientConnected, State: c.state}
}

// Deadline is when HandleTimeout wants to be called next; the largest int64 if
// nothing waits for time.
func (c *Client) Deadline() int64 {
	if c.dueMask != 0 || c.farewell > 0 {
		return c.now
	}
	switch {
	case c.state == StateRequesting || c.state == StateResponding:
		t := min(c.started+c.life(), c.attempt+c.patience())
		if !c.cfg.Reliable {
			t = min(t, c.sent+sendInterval)
		}
		if c.refusedAt != 0 {
			t = min(t, c.refusedAt+sendInterval)
		}
		if c.plainAt != 0 {
			t = min(t, c.plainAt+c.plainWait())
		}
		return t
	case c.state == StateConnected && c.plain:
		t := c.sent + sendInterval
		if timeout := timeoutOf(c.token.TimeoutSeconds); timeout > 0 {
			t = min(t, c.heard+timeout)
		}
		return t
	}
	return never
}
