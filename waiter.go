package tickwire

import (
	"sync"
	"time"

	"github.com/tickwire/tickwire/transport"
)

// A waiter waits on all sockets at once. With one socket the goroutine that
// calls wait does so itself; with several each has a goroutine that waits for
// it, says when it can be read, and goes on when everything was read. They
// start with the first wait: whoever never waits has none.
type waiter struct {
	sockets []transport.Socket
	woken   chan struct{} // wake was called
	closed  chan struct{}
	once    sync.Once // closes closed

	// Of several sockets.
	watching bool
	ready    chan int // a socket can be read
	failed   chan error
	paused   []bool // its goroutine waits for resume
	resume   []chan struct{}
	timer    *time.Timer
}

func (w *waiter) init(sockets []transport.Socket) {
	w.sockets = sockets
	w.woken = make(chan struct{}, 1)
	w.closed = make(chan struct{})
}

// wake ends the wait under way, or else the next one, from any goroutine.
func (w *waiter) wake() {
	select {
	case w.woken <- struct{}{}:
	default:
	}
	if len(w.sockets) == 1 {
		w.sockets[0].Wake()
	}
}

// close ends the wait under way and every later one.
func (w *waiter) close() {
	w.once.Do(func() { close(w.closed) })
	w.wake()
}

// wait blocks until a socket can be read, the time has come (the zero time never
// does), or wake was called; woken tells the last.
func (w *waiter) wait(until time.Time) (woken bool, err error) {
	if len(w.sockets) > 1 {
		return w.waitForAny(until)
	}
	if _, err := w.sockets[0].Wait(until); err != nil {
		return false, err
	}
	select {
	case <-w.woken:
		return true, nil
	default:
		return false, nil
	}
}

func (w *waiter) waitForAny(until time.Time) (woken bool, err error) {
	w.watchAll()
	select {
	case i := <-w.ready:
		w.paused[i] = true
		return false, nil
	case err := <-w.failed:
		w.failed <- err // so that every later wait tells, as that of one socket does
		return false, err
	case <-w.woken:
		return true, nil
	case <-w.closed:
		return false, ErrClosed
	case <-w.alarm(until):
		return false, nil
	}
}

// watchAll has every goroutine wait for its socket. The owner has read everything.
func (w *waiter) watchAll() {
	if !w.watching {
		w.watching = true
		w.ready = make(chan int, len(w.sockets))
		w.failed = make(chan error, len(w.sockets))
		w.paused = make([]bool, len(w.sockets))
		for i, s := range w.sockets {
			w.resume = append(w.resume, make(chan struct{}, 1))
			go w.watch(i, s)
		}
	}
	for i := range w.paused {
		if w.paused[i] {
			w.paused[i] = false
			w.resume[i] <- struct{}{}
		}
	}
}

// watch waits for one socket until that is closed.
func (w *waiter) watch(i int, s transport.Socket) {
	for {
		readable, err := s.Wait(time.Time{})
		if err != nil {
			w.failed <- err // has room: one of each socket, the last word of this goroutine
			return
		}
		if !readable {
			continue
		}
		w.ready <- i // has room: one of each socket
		select {
		case <-w.resume[i]:
		case <-w.closed:
			return
		}
	}
}

// alarm is a channel that is ready when the time has come; nil if it never does.
func (w *waiter) alarm(until time.Time) <-chan time.Time {
	switch {
	case until.IsZero():
		return nil
	case w.timer == nil:
		w.timer = time.NewTimer(time.Until(until))
	default:
		w.timer.Reset(time.Until(until))
	}
	return w.timer.C
}
