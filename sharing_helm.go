package tickwire

import (
	"context"
	"time"
)

// A helm says who waits for the sockets of a sharing, and reads them:
//
//	atService  the service goroutine, which wakes the loop over Events when there is something to show
//	atLoop     the loop, which has nothing to show: what comes needs no other goroutine to be shown
//	free       nobody: the loop shows one event, and is back in a moment
//
// The service goroutine leaves the helm to a loop that is shown one event at a time, as in a
// conversation, and rests. It takes over from a loop that has several to show, something that is due
// soon, or a body that takes longer than steerTime, and when another goroutine calls it.
type helm struct {
	at     helmsman
	since  int64         // when the loop began to show what it shows
	relief chan struct{} // ends the rest of the service goroutine
	guard  *time.Timer   // looks how long the body takes
	guards bool          // it is set
	lone   bool          // the last batch was one event

	// Of the loop.
	steers bool      // it waits for the sockets, and not to be notified
	until  time.Time // until when
}

// A helmsman is who has the helm.
type helmsman uint8

const (
	atService helmsman = iota
	atLoop
	free
)

// steerTime is how long the body of the loop may take before the service goroutine takes over.
const steerTime = bodyTime / 2

// relieve ends the rest of the service goroutine.
func (h *helm) relieve() {
	select {
	case h.relief <- struct{}{}:
	default:
	}
}

// resign gives the helm back to the service goroutine. The loop does not wait.
func (h *helm) resign() {
	if h.at != atService {
		h.at = atService
		h.relieve()
	}
}

// leaves reports whether the service goroutine leaves the helm to the loop, which it wakes.
func (s *sharing) leaves() bool {
	if !s.lone || s.core.nextDeadline() < s.core.now+steerTime {
		return false
	}
	s.steerFree()
	return true
}

// steerFree lets the helm go for as long as the loop shows one event.
func (s *sharing) steerFree() {
	s.at, s.since = free, s.core.now
	s.unheard.since = never // somebody takes what came
	s.alarm = s.since + steerTime
	switch {
	case s.guards:
		return
	case s.guard == nil:
		s.guard = time.AfterFunc(time.Duration(steerTime), s.look)
	default:
		s.guard.Reset(time.Duration(steerTime))
	}
	s.guards = true
}

// look is what the guard does: the service goroutine takes over if the loop still shows what it
// did.
func (s *sharing) look() {
	s.acquire()
	defer s.release()
	s.guards = false
	if s.at != free || s.core.closed {
		return
	}
	if left := s.since + steerTime - int64(time.Since(s.core.base)); left > 0 {
		s.guards = true
		s.guard.Reset(time.Duration(left))
		return
	}
	s.resign()
}

// back is what the loop does first that has waited for the sockets. The lock is held.
func (s *sharing) back() {
	k := s.core
	s.steers, s.at, s.called = false, free, false
	if k.closed {
		s.resign()
		return
	}
	if k.attend(k.read(), true); k.settled() {
		s.resign() // the service goroutine closes the core
	}
}

// steer has the loop keep the helm that it has, if that is well with so many events to show. One
// that has none sends what is to be sent, and will wait.
func (s *sharing) steer(events int) {
	k := s.core
	if events == 0 && k.hasToFlush() {
		k.flush(k.clock)
	}
	due := k.nextDeadline()
	switch {
	case k.closed, events > 1, events == 1 && due < k.now+steerTime:
		s.resign()
	case events == 1:
		s.steerFree()
	case k.news || k.posted.any():
		s.nudge()
	default:
		s.alarm, s.until = due, k.timeAt(due)
		s.at, s.steers = atLoop, true
	}
}

// pause waits for something to show, by whoever has the helm.
func (s *sharing) pause(ctx context.Context) {
	if !s.steers {
		<-s.notify
		return
	}
	if _, err := s.core.wait.wait(s.until); err != nil && s.acquireFor(ctx) {
		s.steers = false
		s.resign() // the service goroutine finds the same, and knows what to do
		s.release()
	}
}
