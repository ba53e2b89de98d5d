package endpoint

// A look is a time in which less is sent, so that what of ours waits drains. It shows two
// things that cannot be seen while a queue stands: the one-way delay of an empty queue, and what
// gets lost although there was room. In between a flow cannot know whether the delay that it took for the least had the queues of others in it
// (the latecomer's error of all schemes of this kind: LEDBAT++, 4.5, slows down for it too).
type look struct {
	from, until int64 // of the sending; from is never before the first one
	due         bool  // it is not judged yet
	rate        int64 // what is sent, in bytes a second
	next        int64 // when there may be another one
}

const (
	// lookEvery is how often a flow looks that has never seen the queue empty: twice at least
	// while a base delay is remembered.
	lookEvery = 4 * second
	// nearlyEmpty is what counts as empty: some units of the clock.
	nearlyEmpty = millisecond / 2
)

// start begins a look of a flow of so many bytes a second: twice what waits shall drain, because
// others may have as much in the queue, and losses, in 1024ths, shall go away if they are ours.
func (l *look) start(now, pipe, carried, queue, lost int64) {
	longest := max(4*pipe, second/2)
	span := max(pipe, min(4*queue, longest))
	if lost > 0 { // as long as some losses take; as many as say it all if they are most likely ours
		packets := int64(6)
		if lost > firstTolerated {
			packets = 40
		}
		span = max(span, min(mulDiv(packets*packetBytes*1024, second, carried*lost+1), longest))
	}
	less := min(max(mulDiv(2048, queue, span), lost*3/2), 512)
	l.from, l.until, l.due = now, now+span, true
	l.rate = carried - carried*less/1024
}

// on reports whether it is time to send less.
func (l *look) on(now int64) bool { return l.from <= now && now < l.until }

// shows reports whether a packet that was sent at a time belongs to what a look shows: its second
// half, and what was sent right behind it.
func (l *look) shows(sent int64) bool {
	return l.from < never && sent >= (l.from+l.until)/2 && sent < l.until
}

// over takes when a packet was sent that arrived, and reports whether the look is over.
func (l *look) over(sent int64) (over bool) {
	over = l.due && sent >= l.until
	l.due = l.due && !over
	return over
}
