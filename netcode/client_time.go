package netcode

import (
	"math"
	"time"
)

// life is how long the token lasts, by the monotonic clock.
func (c *Client) life() int64 {
	return int64(min(c.token.Expires-c.token.Created, uint64(math.MaxInt64/int64(time.Second)/2))) * int64(time.Second)
}

// within is how long its owner gives it.
func (c *Client) within() int64 {
	if c.cfg.Within > 0 {
		return int64(c.cfg.Within)
	}
	return never
}

// silent is how an attempt ends that is not answered for too long.
func (c *Client) silent() State {
	if c.state == StateResponding {
		return StateResponseTimedOut
	}
	return StateRequestTimedOut
}

// patience is how long the address may be silent.
func (c *Client) patience() int64 {
	switch {
	case c.cfg.Patience > 0:
		return int64(c.cfg.Patience)
	case c.cfg.Plain != PlainOnly && c.address+1 < len(c.token.Addresses):
		return defaultPatience
	}
	return c.timeout()
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

// A clientTimer is a reason why HandleTimeout has something to do at some time. When and what stand
// side by side in due and timeout, so that what Deadline tells is what HandleTimeout does. Of
// several that are due the first one counts.
type clientTimer uint8

const (
	timerLife      clientTimer = iota // of an attempt: the token is over
	timerRefused                      // no challenge has disproved a refusal
	timerPlain                        // no ACCEPT has followed a plain server's answer
	timerPatience                     // the address is silent for too long
	timerRepeat                       // what is not answered goes again
	timerSilence                      // of a plain connection: it is silent for too long
	timerKeepAlive                    // its server wants to hear something
	clientTimers
)

// due is when a timer has something to do; never if it is off.
func (c *Client) due(t clientTimer) int64 {
	attempt := c.state == StateRequesting || c.state == StateResponding
	if !attempt && !(c.plain && c.state == StateConnected) || attempt != (t < timerSilence) {
		return never
	}
	switch t {
	case timerLife:
		return after(c.started, min(c.life(), c.within()))
	case timerRefused:
		return after(c.refusedAt, sendInterval)
	case timerPlain:
		return after(c.plainAt, c.plainWait())
	case timerPatience:
		return after(c.attempt, c.patience())
	case timerSilence:
		return after(c.heard, c.timeout())
	case timerRepeat:
		if c.cfg.Reliable {
			return after(c.sent, reliableInterval)
		}
	}
	return after(c.sent, sendInterval)
}

// timePassed does what a timer is for.
func (c *Client) timePassed(t clientTimer) ClientEvent {
	switch t {
	case timerLife:
		if c.within() < c.life() {
			return c.end(c.silent())
		}
		ev := c.end(StateTokenExpired)
		ev.Unanswered = c.unheard
		return ev
	case timerRefused:
		return c.fail(StateDenied)
	case timerPlain:
		if c.cfg.Plain == PlainRefuse {
			c.refusal = Refusal{Code: CodePlainServer}
			return c.fail(StateDenied)
		}
		return c.connectPlain()
	case timerPatience:
		return c.fail(c.silent())
	case timerSilence:
		return c.end(StateTimedOut)
	case timerKeepAlive:
		c.owe(dueKeepAlive)
	default:
		c.owe(c.dueNow())
	}
	return ClientEvent{}
}

// after is an instant that is so much later than another one: never if that never was, or so late is.
func after(at, d int64) int64 {
	if at == never || d == never || at > never-d {
		return never
	}
	return at + d
}

// timeout is how long a plain server may be silent.
func (c *Client) timeout() int64 {
	if timeout := timeoutOf(c.token.TimeoutSeconds); timeout > 0 {
		return timeout
	}
	return never
}

// HandleTimeout lets time pass. Call it until there is no event, then drain
// NextDatagram. Calls too early or too often are harmless.
func (c *Client) HandleTimeout(now, unix int64) ClientEvent {
	c.now = now
	for t := range clientTimers {
		if now >= c.due(t) {
			return c.timePassed(t)
		}
	}
	return ClientEvent{}
}

// Deadline is when HandleTimeout wants to be called next; the largest int64 if
// nothing waits for time.
func (c *Client) Deadline() int64 {
	if c.dueMask != 0 || c.farewell > 0 {
		return c.now
	}
	at := never
	for t := range clientTimers {
		at = min(at, c.due(t))
	}
	return at
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
	case c.token.Pad.Present || c.plainAt != never: // the response was taken
		return dueOffer
	}
	return dueOffer | dueResponse
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
