package tickwire

import (
	"context"
	"iter"
	"sync"
	"time"

	"github.com/tickwire/tickwire/transport"
)

// A Tick is one step of a simulation.
type Tick struct {
	Number uint64        // counts from 0, steps that were skipped included
	Now    time.Time     // when the step begins; give it to Update and Flush
	Step   time.Duration // the length of a step
	Late   time.Duration // how much later than due it begins
}

// maxCatchUp is how many steps Ticks makes at once to catch up; what is late by
// more is skipped.
const maxCatchUp = 5

// Ticks yields rate steps a second until ctx ends. Steps never drift: a late one is followed
// by the next at its own time, up to five at once; beyond that steps are
// skipped, which Number shows. Between steps the wire is serviced as Wait does.
func (s *Server) Ticks(ctx context.Context, rate int) iter.Seq[Tick] { return s.ticks(ctx, rate) }

// Wait services the wire until the time has come, Wake or Post was called, or ctx of Ticks ended.
func (s *Server) Wait(until time.Time) error { return s.core.waitUntil(until) }

// Post has f called inside the next Update, from any goroutine, and wakes a
// Wait. After Close it does nothing and returns ErrClosed.
func (s *Server) Post(f func()) error { return s.core.post(f) }

// Ticks yields rate steps a second; see Server.Ticks.
func (c *Client) Ticks(ctx context.Context, rate int) iter.Seq[Tick] { return c.ticks(ctx, rate) }

// Wait services the wire until the time has come; see Server.Wait.
func (c *Client) Wait(until time.Time) error { return c.core.waitUntil(until) }

// Post has f called inside the next Update, from any goroutine.
func (c *Client) Post(f func()) error { return c.core.post(f) }

func (k *core) ticks(ctx context.Context, rate int) iter.Seq[Tick] {
	step := time.Second / time.Duration(max(rate, 1))
	return func(yield func(Tick) bool) {
		stop := context.AfterFunc(ctx, k.wait.wake)
		defer stop()
		due := time.Now()
		for n := uint64(0); ctx.Err() == nil; n++ {
			now := time.Now()
			if behind := now.Sub(due); behind > maxCatchUp*step {
				skipped := uint64(behind / step)
				n, due = n+skipped, due.Add(time.Duration(skipped)*step)
			}
			if !yield(Tick{n, now, step, max(0, now.Sub(due))}) {
				return
			}
			due = due.Add(step)
			for ctx.Err() == nil && time.Until(due) > 0 {
				if k.waitUntil(due) != nil {
					return
				}
			}
		}
	}
}

// waitUntil services the wire until the time, or until it is woken.
func (k *core) waitUntil(until time.Time) error {
	for {
		if k.closed {
			return ErrClosed
		}
		now := time.Now()
		next := k.service(now)
		if !now.Before(until) && !until.IsZero() {
			return nil
		}
		if next.IsZero() || !until.IsZero() && until.Before(next) {
			next = until
		}
		woken, err := k.wait.wait(next)
		if err != nil || woken {
			return err
		}
	}
}

// A postbox holds functions that other goroutines want called by the owner.
type postbox struct {
	mu      sync.Mutex
	waiting []func()
	closed  bool
}

func (k *core) post(f func()) error {
	k.posted.mu.Lock()
	if k.posted.closed {
		k.posted.mu.Unlock()
		return ErrClosed
	}
	k.posted.waiting = append(k.posted.waiting, f)
	k.posted.mu.Unlock()
	k.wait.wake()
	return nil
}

// any reports whether something waits.
func (b *postbox) any() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.waiting) > 0
}

func (b *postbox) run() {
	b.mu.Lock()
	fs := b.waiting
	b.waiting = nil
	b.mu.Unlock()
	for _, f := range fs {
		f()
	}
}

// A waiter waits on all sockets at once. With one socket the goroutine that
// owns the core waits itself; with several each has a goroutine that waits for
// it, and reports when it can be read.
type waiter struct {
	sockets []transport.Socket
	ready   chan int      // a socket can be read
	resume  []chan bool   // the owner has read it
	woken   chan struct{} // wake was called
	paused  []bool        // its goroutine waits for resume
	closed  chan struct{}
	once    sync.Once
}

func (w *waiter) init(sockets []transport.Socket) {
	w.sockets = sockets
	w.woken = make(chan struct{}, 1)
	w.closed = make(chan struct{})
	if len(sockets) == 1 {
		return
	}
	w.ready = make(chan int, len(sockets))
	w.paused = make([]bool, len(sockets))
	for i, s := range sockets {
		resume := make(chan bool, 1)
		w.resume = append(w.resume, resume)
		go w.watch(i, s, resume)
	}
}

// watch waits for one socket.
func (w *waiter) watch(i int, s transport.Socket, resume chan bool) {
	for {
		readable, err := s.Wait(time.Time{})
		if err != nil {
			return
		}
		if !readable {
			continue
		}
		w.ready <- i
		select {
		case <-resume:
		case <-w.closed:
			return
		}
	}
}

// wake ends a wait.
func (w *waiter) wake() {
	select {
	case w.woken <- struct{}{}:
	default:
	}
	if len(w.sockets) == 1 {
		w.sockets[0].Wake()
	}
}

// wait blocks until a socket can be read, the time has come, or wake was called; woken tells the last.
func (w *waiter) wait(until time.Time) (woken bool, err error) {
	if len(w.sockets) == 1 {
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
	for i := range w.paused { // the owner has read everything
		if w.paused[i] {
			w.paused[i] = false
			w.resume[i] <- true
		}
	}
	var timer <-chan time.Time
	if !until.IsZero() {
		t := time.NewTimer(time.Until(until))
		defer t.Stop()
		timer = t.C
	}
	select {
	case i := <-w.ready:
		w.paused[i] = true
		return false, nil
	case <-w.woken:
		return true, nil
	case <-w.closed:
		return false, ErrClosed
	case <-timer:
		return false, nil
	}
}

func (w *waiter) close() {
	w.once.Do(func() { close(w.closed) })
	w.wake()
}
