package web

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tickwire/tickwire/transport"
)

// A conduit carries the datagrams of one association: a WebSocket, a data channel, a session.
type conduit interface {
	// write sends one datagram. Only the association's own goroutine calls it, and it may block. An
	// error ends the association: a datagram that was lost, or is too large, is none.
	write(b []byte) error
	// close ends the conduit, and a write under way with it, within closePatience. It is called once,
	// from a goroutine of its own. Code and reason are for the peer, where it can be told; 0 says nothing.
	close(code int, reason string)
}

// An association is one peer by one transport:
//
//	open → leaving → over
//
// What was queued still goes out while it is leaving. It is over when its conduit is closed or
// broken, which the owner of the socket is told once.
type association struct {
	board    *board
	path     transport.Path
	reliable bool
	conduit  conduit
	count    *counters
	largest  atomic.Int32  // the largest datagram now
	done     chan struct{} // closed when it is over
	gone     chan struct{} // closed when its conduit is
	work     chan struct{} // holds one: the outbox has something, or the state is another
	room     chan struct{} // holds one: the inbox has room again

	// Moments on the board's clock; zero is never.
	began   int64
	heard   atomic.Int64 // when something came last
	spoken  atomic.Int64 // when the owner wrote last
	writing atomic.Int64 // since when a write is under way
	// What the owner wrote since something was heard, and when it began to.
	asked      atomic.Int64
	askedSince atomic.Int64
	left       atomic.Int64 // when it began to leave

	// Under the board's lock.
	waiting int     // datagrams in the inbox
	blocked blocked // what it waits for there
	over    bool
	kept    bool // somebody plays by it

	mu      sync.Mutex // under the board's, where both are held
	out     [outboxSlots]*buffer
	first   int
	queued  int
	leaving bool
	code    int // to be closed with
	reason  string
}

// blocked is what a reliable association waits for before it hands in another datagram.
type blocked uint8

const (
	notBlocked blocked = iota
	byShare            // too many of its own wait to be read
	byQueue            // the inbox is full; it is in the crowd
)

const (
	// outboxSlots is how many datagrams wait for a conduit that may lose some; then it is the oldest.
	// A tick's burst fits in.
	outboxSlots = 32
	// outboxReliable is how many wait for one that is reliable, and refuses more: what gets old is to
	// wait in the endpoint's channels, where it can be replaced or expires.
	outboxReliable = 8
	// outboxPatience is how long one waits for a conduit that may lose some, if newer ones wait behind it.
	outboxPatience = 100 * time.Millisecond
	// inboxShare is how many datagrams of one association wait to be read.
	inboxShare = 64
)

// received hands in a datagram, which is copied, and reports whether more is wanted. One that finds
// no room is lost and counted; a reliable association waits instead, so that its peer has to.
func (a *association) received(b []byte) bool { return a.take(a.board.free.fill(b)) }

// take is received of a buffer that goes over to the board.
func (a *association) take(b *buffer) bool {
	a.heard.Store(a.board.now())
	a.asked.Store(0)
	for {
		switch a.board.put(a, b) {
		case putTaken, putLost:
			return true
		case putOver:
			a.board.free.give(b)
			return false
		}
		select {
		case <-a.room:
		case <-a.done:
			a.board.free.give(b)
			return false
		}
	}
}

// unblock lets it try again. The lock is the board's.
func (a *association) unblock() {
	a.blocked = notBlocked
	a.room <- struct{}{} // holds one, which was taken before the try that failed
}

// ended says that the conduit has ended, and why.
func (a *association) ended(reason error) {
	if reason == nil {
		reason = errPeerLeft
	}
	a.finish(0, "", reason)
}

// Why associations are over.
var (
	errPeerLeft       = errors.New("web: the peer closed it")
	errStuck          = errors.New("web: the peer took nothing for too long")
	errOver           = errors.New("web: it is over already")
	errTooLarge error = &CloseError{CodeTooLarge, fmt.Sprintf("a datagram has %d bytes at most", MaxWebSocketDatagram)}
)

// setMaxDatagram says that the path carries another size from now on.
func (a *association) setMaxDatagram(n int) { a.largest.Store(int32(min(n, bufferRoom))) }

// send queues a datagram, and reports whether it was taken.
func (a *association) send(b []byte) bool {
	now := a.board.now()
	a.spoken.Store(now)
	if a.asked.Add(1) == 1 {
		a.askedSince.Store(now)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.leaving:
		a.count.unreachable.Add(1)
		return true
	case a.reliable && a.queued == outboxReliable:
		a.count.full.Add(1)
		return false
	case a.queued == outboxSlots:
		a.count.replaced.Add(1)
		a.board.free.give(a.pop())
	}
	held := a.board.free.fill(b)
	held.at = now
	a.out[(a.first+a.queued)%outboxSlots] = held
	a.queued++
	a.nudge()
	return true
}

// pop takes the oldest out of the outbox.
func (a *association) pop() *buffer {
	b := a.out[a.first]
	a.out[a.first] = nil
	a.first = (a.first + 1) % outboxSlots
	a.queued--
	return b
}

func (a *association) nudge() {
	select {
	case a.work <- struct{}{}:
	default:
	}
}

// leave closes the conduit as soon as what is queued was written, and within leavePatience.
func (a *association) leave(code int, reason string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.leaving {
		a.leaving, a.code, a.reason = true, code, reason
		a.left.Store(a.board.now())
		a.nudge()
	}
}

// leavePatience is how long what was written before the end has to go out. A peer who has gone without a
// word takes nothing, and would hold the writer for longer.
const leavePatience = 3 * time.Second

// hurry ends an association that takes too long to leave.
func (a *association) hurry(now int64) {
	if left := a.left.Load(); left > 0 && longer(now-left, leavePatience) {
		a.mu.Lock()
		code, reason := a.code, a.reason
		a.mu.Unlock()
		a.finish(code, reason, nil)
	}
}

// writeAll is the goroutine that writes to the conduit.
func (a *association) writeAll() {
	defer a.drop()
	for {
		b := a.next()
		if b == nil {
			return
		}
		n := b.n
		a.writing.Store(a.board.now())
		err := a.conduit.write(b.filled())
		a.writing.Store(0)
		a.board.free.give(b)
		if err != nil {
			a.ended(err)
			return
		}
		a.count.sent.Add(1)
		a.count.sentBytes.Add(uint64(n))
	}
}

// next waits for something to write; nil is the end.
func (a *association) next() *buffer {
	for {
		select {
		case <-a.done:
			return nil
		default:
		}
		b, leaving, code, reason := a.oldest()
		if b != nil {
			return b
		}
		if leaving {
			a.finish(code, reason, nil)
			return nil
		}
		select {
		case <-a.work:
		case <-a.done:
		}
	}
}

// oldest takes what is to be written next, or says whether the association leaves, and how.
func (a *association) oldest() (b *buffer, leaving bool, code int, reason string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for stale := a.board.now() - int64(outboxPatience); !a.reliable && a.queued > 1 && a.out[a.first].at < stale; {
		a.count.replaced.Add(1)
		a.board.free.give(a.pop())
	}
	if a.queued > 0 {
		b = a.pop()
	}
	return b, a.leaving, a.code, a.reason
}

// drop gives back what will not be written.
func (a *association) drop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.leaving = true
	for a.queued > 0 {
		a.board.free.give(a.pop())
	}
}

// finish ends the association at once.
func (a *association) finish(code int, reason string, err error) {
	why := err
	if why == nil {
		why = &CloseError{code, reason}
	}
	if !a.board.end(a, why, err != nil) {
		return
	}
	a.board.running.Go(func() {
		a.conduit.close(code, reason)
		close(a.gone)
	})
	close(a.done) // behind that, since the writer ends then, and who waits for all is to find one going
	a.board.bell.Ring()
}

// closePatience bounds how long a conduit takes to close.
const closePatience = time.Second
