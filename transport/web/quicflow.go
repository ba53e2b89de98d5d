//go:build !js

package web

import (
	"sync"
	"time"
)

const (
	// quicHeld is how many datagrams of a session quic-go may hold, and has not sent. It takes 32, which
	// is a second of a slow path; what waits in front of it gives way to what is newer.
	quicHeld = 6
	// quicAround is the least that a packet of QUIC has around a datagram: its first byte and number, a
	// frame's type and length, the session's tag, and the seal.
	quicAround = 1 + 1 + 1 + 1 + 1 + 16
	// quicAhead is by how much the last of them goes ahead of the end of its session, which overtakes them on the way and at
	// who reads: one goroutine there reads datagrams, another the stream, and behind the end it no longer takes the others.
	quicAhead = 200 * time.Millisecond
	// quicStuck is when a flow no longer believes its count.
	quicStuck = 250 * time.Millisecond
)

// A quicFlow counts the datagrams of a session that quic-go holds, which it tells nobody: each goes out in
// a packet of its own, in turn, and packets go out by the packetConn.
type quicFlow struct {
	mu    sync.Mutex
	sizes [quicHeld]int // of those that are held, a ring
	first int
	held  int
	last  time.Time     // when one was counted or went out
	room  chan struct{} // holds one: look again
	timer *time.Timer   // of the one who waits
}

func newQUICFlow() *quicFlow {
	t := time.NewTimer(0)
	<-t.C
	return &quicFlow{room: make(chan struct{}, 1), timer: t}
}

// enter waits until quic-go may have another datagram of so many bytes, and counts it, unless the
// session ends. One goroutine enters.
func (f *quicFlow) enter(size int, over <-chan struct{}) {
	for !f.tryEnter(size) {
		f.timer.Reset(quicStuck)
		select {
		case <-f.room:
			f.timer.Stop()
		case <-f.timer.C:
			f.forget()
		case <-over:
			f.timer.Stop()
			return
		}
	}
}

func (f *quicFlow) tryEnter(size int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.held == quicHeld {
		return false
	}
	f.sizes[(f.first+f.held)%quicHeld] = size
	f.held++
	f.last = time.Now()
	return true
}

// drain waits until all has gone out that was counted, and is ahead, but not for longer than patience, nor than the session.
func (f *quicFlow) drain(patience time.Duration, over <-chan struct{}) {
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		held, ahead := f.state()
		var then <-chan time.Time // never, while some are held
		if !held {
			if ahead <= 0 {
				return
			}
			then = time.After(ahead)
		}
		select {
		case <-f.room:
		case <-then:
		case <-late.C:
			return
		case <-over:
			return
		}
	}
}

// state says whether any are held, and in how long the last one is ahead.
func (f *quicFlow) state() (held bool, ahead time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.held > 0, time.Until(f.last.Add(quicAhead))
}

func (f *quicFlow) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.held = 0
}

// sent is told of each packet that goes out. One that is too small for the oldest datagram is none of
// ours, such as an ack.
func (f *quicFlow) sent(packet int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.held == 0 || packet < f.sizes[f.first]+quicAround {
		return
	}
	f.first = (f.first + 1) % quicHeld
	f.held--
	f.last = time.Now()
	select {
	case f.room <- struct{}{}:
	default:
	}
}
