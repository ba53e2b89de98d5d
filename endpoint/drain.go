package endpoint

import "time"

// A drain is the end of a connection that waits until what was sent is through (SPEC.md, 7.9).
// For the peer nothing changes before its CLOSE.
type drain struct {
	on    bool
	until int64 // when it ends at the latest; never: it is not on
	code  Code
	text  string
}

// Drain ends the connection as Close does, but not before what was sent is through. No message
// is accepted any more; those that wait and those on their way go on being sent, resent and
// acknowledged, and what the peer sends may be received. The drain ends, and the peer is told
// the code and the text, when each message has its fate, or when the time is over: at once if
// it is not positive. The connection may also end before, by its timeout or because the peer
// closes: then the event Closed has that reason. Its Undelivered says how many messages are not
// known to have arrived; those of them with a receipt are Lost (ConnClosed).
//
// Close cuts a drain short. Another Drain can make it end sooner, and changes nothing else.
func (e *Endpoint) Drain(now int64, code Code, text string, within time.Duration) {
	if e.state >= stateClosing {
		return
	}
	if !e.drain.on {
		e.drain = drain{on: true, until: never, code: code, text: cutText(text)}
		e.wake(now) // there is something to say
		for i := range e.senders {
			e.senders[i].refused = 0 // nobody is told of room that is not for him
		}
	}
	if within := int64(max(within, 0)); within < never-max(now, 0) {
		e.drain.until = min(e.drain.until, now+within)
	}
	e.endDrain(now)
}

// endDrain closes when a drain is over.
func (e *Endpoint) endDrain(now int64) {
	if e.drain.on && e.state < stateClosing && (now >= e.drain.until || e.drained()) {
		e.Close(now, e.drain.code, e.drain.text)
	}
}

// drained reports whether each message has its fate.
func (e *Endpoint) drained() bool {
	for i := range e.senders {
		if s := &e.senders[i]; s.queue.Len() > s.dead || s.open.Len() > 0 || s.loose != nil && s.loose.open.Len() > 0 {
			return false
		}
	}
	return true
}
