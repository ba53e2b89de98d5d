package tickwire

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tickwire/tickwire/transport"
)

// A waiter waits on all sockets at once. While there is one the goroutine that
// calls wait does so itself; from the second on each has a goroutine that waits for
// it, says when it can be read, and goes on when everything was read. They start
// with a wait: whoever never waits has none. Sockets come and go at any time.
type waiter struct {
	mu      sync.Mutex
	watches []*watch
	several bool                  // there was more than one: each has a goroutine, for good
	sole    atomic.Pointer[watch] // the only one, which needs none; nil: it is not so simple
	woken   chan struct{}         // wake was called
	closed  chan struct{}
	once    sync.Once // closes closed

	// Of the goroutine that calls wait.
	ready  chan *watch // its socket can be read, or failed
	failed *watch      // whose socket failed last
	timer  *time.Timer
}

// A watch is one socket that is waited for.
type watch struct {
	socket  transport.Socket
	removed chan struct{}
	running bool // it has a goroutine
	paused  bool // which waits for resume
	resume  chan struct{}
	err     error // of its socket, the last word of the goroutine
}

func (w *waiter) init(sockets []transport.Socket) {
	w.woken = make(chan struct{}, 1)
	w.closed = make(chan struct{})
	w.ready = make(chan *watch)
	for _, s := range sockets {
		w.add(s)
	}
}

// add has a socket waited for from now on, also by the wait under way.
func (w *waiter) add(s transport.Socket) {
	x := &watch{socket: s, removed: make(chan struct{}), resume: make(chan struct{}, 1)}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.watches = append(w.watches, x)
	w.count()
	if w.several {
		w.start(x)
	} else {
		w.nudge()
	}
}

// remove forgets a socket, which is closed next.
func (w *waiter) remove(s transport.Socket) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.watches = slices.DeleteFunc(w.watches, func(x *watch) bool {
		if x.socket == s {
			close(x.removed)
		}
		return x.socket == s
	})
	w.count()
}

// count finds out whether there is only one. The lock is held.
func (w *waiter) count() {
	if len(w.watches) == 1 && !w.several {
		w.sole.Store(w.watches[0])
	} else {
		w.sole.Store(nil)
	}
}

// wake ends the wait under way, or else the next one, from any goroutine.
func (w *waiter) wake() {
	select {
	case w.woken <- struct{}{}:
	default:
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.nudge()
}

// nudge ends the Wait of the socket that the caller of wait waits for by itself.
func (w *waiter) nudge() {
	if !w.several && len(w.watches) > 0 {
		w.watches[0].socket.Wake()
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
	sole := w.sole.Load()
	if sole == nil {
		w.watchAll()
		return w.waitForAny(until)
	}
	if _, err := sole.socket.Wait(until); err != nil {
		w.failed = sole
		return false, err
	}
	select {
	case <-w.woken:
		return true, nil
	default:
		return false, nil
	}
}

// recovered reports whether the socket that failed the last wait was removed since,
// so that another wait may do better.
func (w *waiter) recovered() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.failed != nil && !slices.Contains(w.watches, w.failed)
}

func (w *waiter) waitForAny(until time.Time) (woken bool, err error) {
	if w.failed != nil && !w.recovered() {
		return false, w.failed.err // every wait tells, as that of one socket does
	}
	select {
	case x := <-w.ready:
		x.paused = true
		if x.err != nil {
			w.failed = x
		}
		return false, x.err
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
	w.mu.Lock()
	defer w.mu.Unlock()
	w.several = true
	w.count()
	for _, x := range w.watches {
		switch {
		case !x.running:
			w.start(x)
		case x.paused:
			x.paused = false
			x.resume <- struct{}{}
		}
	}
}

func (w *waiter) start(x *watch) {
	x.running = true
	go w.watch(x)
}

// watch waits for one socket until that fails, is removed or closed.
func (w *waiter) watch(x *watch) {
	for {
		readable, err := x.socket.Wait(time.Time{})
		if err == nil && !readable {
			continue
		}
		x.err = err
		select {
		case w.ready <- x:
		case <-x.removed:
			return
		case <-w.closed:
			return
		}
		if err != nil {
			return
		}
		select {
		case <-x.resume:
		case <-x.removed:
			return
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
