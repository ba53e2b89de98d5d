package tickwire

import (
	"time"

	"github.com/tickwire/tickwire/endpoint"
)

// A ResumePolicy says what becomes of messages when a player comes back under new keys.
type ResumePolicy uint8

const (
	// KeepMessages: reliable messages that waited, or were on their way, arrive once and in their
	// order, and receipts go on; unreliable ones age as ever. It takes two ends that both still have
	// the connection and both say so; else it is LoseMessages.
	KeepMessages ResumePolicy = iota
	// LoseMessages: what had not arrived does not any more, and receipts read Lost with
	// ConnClosed. So it is in any case with a process that is new, here or there.
	LoseMessages
)

var resumePolicyNames = [...]string{"KeepMessages", "LoseMessages"}

// String names the policy.
func (p ResumePolicy) String() string { return nameOf("ResumePolicy", p, resumePolicyNames[:]) }

// Away is how much longer the Conn is kept for a peer who is gone: nothing was heard of him
// for longer than the timeout, or, at a client, the server has forgotten the connection and it
// resumes. 0: he is there. Meanwhile messages are taken as ever, as far as the channels'
// queues go, and wait; a TTL goes on counting.
func (c *Conn) Away() time.Duration {
	c.lock()
	defer c.unlock()
	if c.end == nil || c.state != connOpen {
		return 0
	}
	until := c.peer.keptUntil()
	if until == never {
		return 0
	}
	return time.Duration(max(until-c.core.nowOfCall(), 1))
}

// keptUntil is how long the endpoint waits for a peer of whom nothing is heard; never: it is there.
func (c *Conn) keptUntil() int64 {
	if c.end.Away() {
		return c.end.AwayUntil()
	}
	return never
}

// tellAway queues Away, unless it is known.
func (c *Conn) tellAway() {
	if !c.away && c.state <= connClosing {
		c.away = true
		c.core.report(Event{Kind: Away, Conn: c})
	}
}

// tellBack queues Back, unless the game knows of nobody who is away and nothing is lost.
func (c *Conn) tellBack(how ResumePolicy) {
	kept := how == KeepMessages
	if (c.away || !kept) && c.state <= connClosing {
		c.core.report(Event{Kind: Back, Conn: c, Kept: kept, Undelivered: c.undelivered, Unreliable: c.unreliable})
	}
	c.away, c.came, c.undelivered, c.unreliable = false, false, 0, 0
}

// continueAt goes on with the same endpoint at another way, under new keys.
func (c *Conn) continueAt(w way) error {
	c.aimAt(w)
	c.came = true
	c.core.touch(c)
	return c.end.Continue(c.core.now, endpoint.PathConfig{Reliable: w.reliable()})
}

// A former is the endpoint before the one that a Conn has, and shows what is left of it:
//
//	end ─ replaceEnd ─▶ queued ─ Update ─▶ shown ─ Update ─▶ released
type former struct {
	end   *endpoint.Endpoint
	shown bool // the last Update showed its messages
}

// replaceEnd goes on with another endpoint. What the game has not taken of the messages that came
// before, and the fate of those that were sent, the next Update shows; then it is forgotten, and
// the Update after that shows what came since.
func (c *Conn) replaceEnd(end *endpoint.Endpoint, w way) {
	if c.former != nil { // twice between two Updates, or its messages are being taken
		c.tellFormer()
		c.forgetFormer()
	}
	c.end.Close(c.core.now, CodeForgotten, "")
	end.Follow(c.end)
	c.former, c.end = &former{end: c.end}, end
	c.aimAt(w)
	c.core.news = true
	c.core.touch(c)
}

// inbox is the endpoint whose messages the last Update showed.
func (c *Conn) inbox() *endpoint.Endpoint {
	if c.former != nil && c.former.shown {
		return c.former.end
	}
	return c.end
}

// takeFormer shows what is left of the former endpoint, and reports whether there is any;
// when it was shown it is forgotten.
func (c *Conn) takeFormer() bool {
	switch {
	case c.former == nil:
		return false
	case c.former.shown:
		c.forgetFormer()
		return false
	}
	c.tellFormer()
	c.core.news = true
	c.core.touch(c)
	return true
}

func (c *Conn) tellFormer() {
	if c.former.shown {
		return
	}
	c.former.shown = true
	end := c.former.end
	end.Update()
	c.takeMessages()
	for ev, ok := end.NextEvent(); ok; ev, ok = end.NextEvent() {
		switch ev.Kind {
		case endpoint.Delivered, endpoint.Lost:
			c.takeEvent(ev)
		case endpoint.Away:
			c.tellAway()
		case endpoint.Closed:
			c.undelivered, c.unreliable = ev.Undelivered, ev.Unreliable
		}
	}
	c.tellBack(LoseMessages)
}

func (c *Conn) forgetFormer() {
	if c.former != nil {
		c.former.end.Release()
		c.former = nil
	}
}

// nextControl takes the next message of the library's own channel.
func (c *Conn) nextControl() (kind uint64, body []byte, ok bool) {
	if kind, body, ok = c.end.ReceiveControl(); ok {
		c.taken()
	}
	return kind, body, ok
}
