package endpoint

// A lifetime is where the connection is in its life, and what both ends have said of that: HELLO,
// what is held and drained, how it ends.
type lifetime struct {
	*common
	state
	outbox    *outbox // what a drain waits for
	lastHeard int64   // when something of the peer came, or its silence was over
	awakeAt   int64   // when a silence of either end was over

	hello    hello
	ownHold  ownHold
	peerHold peerHold
	drain    drain
	away     away
	closing  *closing // nil: neither end has ended it
}

// A state is where an endpoint is in its life:
//
//	           away
//	            ⇅ ↘
//	meeting → open → closing → tombstone → dead
//	            └───────────────↗
//
// An endpoint that times out is dead at once, or away and then dead; one that drains is open, or
// away, until it closes.
// It says nothing: nobody listened for the whole timeout, and the address may be another's by now.
type state uint8

const (
	stateMeeting   state = iota // the peer's HELLO has not matched yet
	stateOpen                   // messages flow
	stateAway                   // nothing is heard of the peer; everything is kept for when it is back
	stateClosing                // we said CLOSE and wait for an answer
	stateTombstone              // over; answers a repeated CLOSE
	stateDead
)

// open reports whether messages flow.
func (s state) open() bool { return s == stateOpen }

// lost reports whether the peer is away.
func (s state) lost() bool { return s == stateAway }

// live reports whether the ends know each other and none has ended the connection.
func (s state) live() bool { return s == stateOpen || s == stateAway }

// talks reports whether packets go and come as ever.
func (s state) talks() bool { return s == stateMeeting || s == stateOpen }

// ended reports whether an end has ended the connection: nothing goes and nothing is taken any
// more but what is said of that.
func (s state) ended() bool { return s == stateClosing || s == stateTombstone || s == stateDead }

// accepts reports whether messages may be sent.
func (l *lifetime) accepts() bool { return !l.ended() && !l.drain.on }

// begin begins the life of an endpoint.
func (l *lifetime) begin(c *common, out *outbox, now int64, instance uint64) {
	l.common, l.outbox = c, out
	l.lastHeard, l.awakeAt = now, longAgo
	l.hello.instance = instance
	l.drain.until, l.drain.asked = never, never
}

// timeoutAt is when the silence of the peer ends the connection, or it is away.
func (l *lifetime) timeoutAt() int64 {
	if int64(l.timeout) == never {
		return never
	}
	heard, last := l.lastHeard, never
	if l.ownHold.on {
		heard = max(heard, l.ownHold.until)
	}
	if l.peerHold.on {
		heard = max(heard, l.peerHold.until)
	}
	if l.peerHold.row {
		last = l.peerHold.since + int64(l.cfg.MaxHold) // HOLD again and again prolongs nothing
	}
	return min(heard, last) + int64(l.timeout)
}

// pingAt is when a side whose only path is silent asks for a sign of life.
func (l *lifetime) pingAt() int64 { return l.lastHeard + l.pingInterval() }

// pingInterval is how long a side that heard nothing waits before it asks for a sign of life.
func (l *lifetime) pingInterval() int64 { return min(int64(l.timeout)/4, maxSilence) }
