package tickwire

import "time"

// A batcher decides who sends what a goroutine has put in, so that a lone message leaves without
// waiting for another goroutine, and messages in a row share packets:
//
//	the service goroutine, if it was called before
//	the loop over Events, if it is about to show its body the rest of a batch, and then sends anyway
//	the service goroutine, which is called, if another message was put in just before or the last
//	one was followed by one: it is a burst
//	else the goroutine itself, at once
//
// The first message of a burst looks like any other, so after one burst the next message is
// taken for another, unless something was shown since: that it answers.
type batcher struct {
	sent    time.Time // when a goroutine looked at the clock last
	burst   bool      // it was followed by another message at once
	called  bool      // the service goroutine was woken to flush
	alarm   int64     // when that will look again at the latest
	more    bool      // the body of the loop over Events has not seen the last of its batch
	waiting bool      // the loop waits for something to show
}

const (
	// flushGap is how soon after one message the next one belongs to the same burst.
	flushGap = 50 * time.Microsecond
	// bodyTime is how long the body of the loop over Events may take before what it was
	// left to send is sent without it.
	bodyTime = int64(time.Millisecond)
)

// isLeft reports whether what was put in is left to who is about to send anyway.
func (b *batcher) isLeft(now int64) bool {
	if b.called {
		b.burst = true
		return true
	}
	return b.more && b.alarm <= now+bodyTime
}

// isLone reports whether what was put in belongs to no burst.
func (b *batcher) isLone(clock time.Time) bool {
	before := b.burst
	b.burst = clock.Sub(b.sent) < flushGap
	b.sent = clock
	return !before && !b.burst
}

// shows notes that the loop is about to show its body so many events; none: it will wait.
func (b *batcher) shows(events int) {
	b.more = events > 1
	if b.waiting = events == 0; !b.waiting {
		b.sent, b.burst = time.Time{}, false
	}
}

// setAlarm returns when the service goroutine looks again, of whom something is due at a time. An
// alarm that was set for an earlier one stays: deadlines move on with each packet, and most are
// never reached, so setting it again for each would wake that goroutine more often than leaving it.
func (b *batcher) setAlarm(now, due int64) int64 {
	if b.alarm > now {
		due = min(due, b.alarm)
	}
	b.alarm = due
	return due
}

// comesLate reports whether the service goroutine has to be called for what is due.
func (b *batcher) comesLate(due int64) bool { return !b.called && due < b.alarm }
