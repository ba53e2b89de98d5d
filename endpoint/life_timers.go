package endpoint

// A lifeTimer is a reason why HandleTimeout has something to do in the life of the connection, whatever
// its paths have to do. As with a pathTimer, when and what stand side by side.
type lifeTimer uint8

const (
	lifeOwnHold  lifeTimer = iota // our hold is over
	lifePeerHold                  // the peer's hold is
	lifeOver                      // the end has been said for long enough
	lifeSilence                   // nothing was heard for the timeout: the peer is away, or gone
	lifeGone                      // it was away for too long
	lifePing                      // who is away is asked for a sign of life
	lifeExpiry                    // something that is kept is of no use any more
	lifeDrain                     // a drain is over
	lifeTimers

	lifeAfterPaths = lifeExpiry // from here on they come behind what is due on the paths
)

// A lifeTimes is when each of them is due; never: it is not on.
type lifeTimes [lifeTimers]int64

var noLifeTimes = lifeTimes{never, never, never, never, never, never, never, never}

func (e *Endpoint) lifeTimes() (at lifeTimes) {
	l := &e.life
	if at = noLifeTimes; l.ended() {
		at[lifeOver] = l.overAt()
		return at
	}
	at[lifeOwnHold], at[lifePeerHold] = l.ownHold.endsAt(), l.peerHold.endsAt()
	if l.state == stateAway {
		at[lifeGone], at[lifePing] = l.keptUntil(l.away.since), l.away.probeAt
	} else {
		at[lifeSilence] = l.timeoutAt()
	}
	at[lifeExpiry], at[lifeDrain] = e.expiryAt, e.drainAt()
	return at
}

// lifeTimeout does what a timer is for.
func (e *Endpoint) lifeTimeout(now int64, t lifeTimer) {
	switch t {
	case lifeOwnHold:
		e.endOwnHold(now)
	case lifePeerHold:
		e.endPeerHold(now, e.life.peerHold.until)
	case lifeOver:
		e.life.tellMismatch(nil)
		e.life.state = stateDead
	case lifeSilence:
		e.missPeer(now)
	case lifeGone:
		e.giveUp()
	case lifePing:
		e.pingAway(now)
	case lifeExpiry:
		e.expire(now)
	default:
		e.endDrain(now)
	}
}

// lifeTimeouts does what is due by the timers from one to before another, in their order: what is done
// for one may put off those behind it.
func (e *Endpoint) lifeTimeouts(now int64, from, to lifeTimer) {
	at := e.lifeTimes()
	for t := from; t < to; t++ {
		if now >= at[t] && at[t] != never {
			e.lifeTimeout(now, t)
			at = e.lifeTimes()
		}
	}
}

// firstLifeTimer is when the first of them is due. It is asked for with each packet, as firstTimer
// of a path, and does without the table.
func (e *Endpoint) firstLifeTimer() (at int64) {
	l := &e.life
	switch {
	case l.ended():
		return l.overAt()
	case l.state == stateAway:
		at = min(l.keptUntil(l.away.since), l.away.probeAt)
	default:
		at = l.timeoutAt()
	}
	if l.held() {
		at = min(at, l.ownHold.endsAt(), l.peerHold.endsAt())
	}
	if l.drain.on {
		at = min(at, e.drainAt())
	}
	return min(at, e.expiryAt)
}
