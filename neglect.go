package tickwire

import "time"

// A neglect notices that the game's loop leaves out one of its two halves. Without Update nothing is
// read, without Flush nothing is sent, and neither shows: no event comes, not even a timeout. So
// the log says it, once, when one half was called some times for a second or more without the other.
//
// A Wait, Ticks and Service flush, too. A game that calls nothing at all notices by itself.
type neglect struct {
	updates half // without a Flush of any kind
	flushes half // and steps of Ticks, without an Update
	flushed bool // there was a Flush of some kind
}

// A half is how often one half of the loop was called since the other one was.
type half struct {
	calls int
	since int64 // the first of them
	told  bool
}

const (
	// neglectFor is how long the other half may not be called.
	neglectFor = int64(time.Second)
	// neglectCalls is how many calls of the one it takes, so that a jump of the clock is none.
	neglectCalls = 4
)

// called notes a call, and reports whether it is time to tell.
func (h *half) called(now int64) bool {
	if h.calls == 0 {
		h.since = now
	}
	h.calls++
	if h.told || h.calls < neglectCalls || now-h.since < neglectFor {
		return false
	}
	h.told = true
	return true
}

// noteUpdate notes an Update of the game's.
func (k *core) noteUpdate() {
	k.neglect.flushes.calls = 0
	if k.neglect.updates.called(k.now) {
		k.cfg.Logger.Warn("Update was called for a second or more, and Flush was not: nothing is sent. " +
			"Call Flush at the end of each step, behind what it sends")
	}
}

// noteFlush notes a Flush of the game's, or a step of its Ticks.
func (k *core) noteFlush() {
	if k.neglect.flushes.called(k.now) {
		k.cfg.Logger.Warn("Flush or Ticks was called for a second or more, and Update was not: nothing comes to " +
			"the game, no message, no event and no timeout. Call Update at the begin of each step")
	}
}

// unheardFor is how long news may wait under a Hub or a Session before the log is told.
const unheardFor = int64(5 * time.Second)

// An unheard notices that nobody takes the events of a Hub or a Session: there is no loop, or its body
// does something else. It says so once.
type unheard struct {
	since int64 // when the news came that nobody has taken; never: there are none
	told  bool
}

// look notes whether there are news, tells the log if they wait for long, and returns when to look
// again.
func (u *unheard) look(s *sharing) int64 {
	k := s.core
	switch {
	case u.told:
		return never
	case !k.news:
		u.since = never
		return never
	case u.since == never:
		u.since = k.now
	case k.now-u.since >= unheardFor:
		u.told = true
		k.cfg.Logger.Warn("events wait, and nobody takes them: " + s.whoDoesNot() +
			". What is not heard of stays in memory, and reliable messages stop their senders")
		return never
	}
	return u.since + unheardFor
}

// whoDoesNot says why nobody takes events.
func (s *sharing) whoDoesNot() string {
	if s.loops.Load() {
		return "the body of the loop over Events has not returned for 5 s"
	}
	return "there is no loop over Events of this " + s.core.name()
}
