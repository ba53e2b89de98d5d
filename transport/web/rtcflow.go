//go:build !js

package web

import "time"

const (
	// rtcLeast is what SCTP may hold of an association in any case, unacknowledged bytes included: enough
	// to find out about losses by what comes behind them. rtcMost is what it may hold at most.
	rtcLeast, rtcMost = 8 << 10, 128 << 10
	// rtcDelay is how much longer SCTP may hold a datagram than twice the path's round trip. Later ones
	// wait in front of it, where new ones replace the oldest.
	rtcDelay = 50 * time.Millisecond
	// rtcProbeEach is how often the round trip is found anew, while SCTP may hold rtcLeast alone: behind
	// a queue of one's own making it would never be seen.
	rtcProbeEach = 10 * time.Second
	// rtcLook is how often one who waits looks again.
	rtcLook = 5 * time.Millisecond

	rtcMarks = 64
)

// An rtcFlow decides whether SCTP may have more, which tells how many bytes it holds, and nothing else:
// both those that it has not sent and those that are not acknowledged. It may hold what is acknowledged
// in two round trips and a little longer, and rtcLeast; so it grows with the path, and a queue that is
// longer than the path stays in front of it.
type rtcFlow struct {
	written uint64            // bytes so far
	marks   [rtcMarks]rtcMark // a ring of writes that are held
	first   int
	held    int

	best  time.Duration // the shortest round trip; 0: not known yet
	found time.Duration // when that was found
	probe bool          // it is being found anew, by writes
	from  uint64        // behind so many bytes

	window uint64        // what was acknowledged in an epoch of late, the most of it, fading
	done   uint64        // bytes acknowledged when this epoch began
	epoch  time.Duration // when that was
}

// An rtcMark is one write: how much had been written with it, and when.
type rtcMark struct {
	upTo uint64
	at   time.Duration
}

// allows reports whether there is room, given how many bytes are held now.
func (f *rtcFlow) allows(now time.Duration, buffered uint64) bool {
	f.settle(now, f.written-min(buffered, f.written))
	if !f.probe && (f.best == 0 || now-f.found >= rtcProbeEach) {
		f.probe, f.from = true, f.written
	}
	if f.probe {
		return buffered < rtcLeast
	}
	return buffered < min(f.window+rtcLeast, rtcMost)
}

// settle looks what is acknowledged.
func (f *rtcFlow) settle(now time.Duration, done uint64) {
	for f.held > 0 && f.marks[f.first].upTo <= done {
		m := f.marks[f.first]
		if took := now - m.at; f.best == 0 || took < f.best || f.probe && m.upTo > f.from {
			f.best, f.found, f.probe = max(took, 1), now, false
		}
		f.first = (f.first + 1) % rtcMarks
		f.held--
	}
	if now-f.epoch >= 2*f.best+rtcDelay {
		f.window = max(f.window-f.window/8, done-f.done)
		f.epoch, f.done = now, done
	}
}

// wrote notes a write. Beyond so many marks the newest stands for those behind it, too.
func (f *rtcFlow) wrote(now time.Duration, n int) {
	f.written += uint64(n)
	if f.held == rtcMarks {
		f.marks[(f.first+f.held-1)%rtcMarks].upTo = f.written
		return
	}
	f.marks[(f.first+f.held)%rtcMarks] = rtcMark{f.written, now}
	f.held++
}
