package tickwire

import (
	"context"
	"errors"
	"iter"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tickwire/tickwire/internal/config"
	"github.com/tickwire/tickwire/transport"
)

// A Tick is one step of a simulation.
type Tick struct {
	Number uint64        // counts from 0, steps that were skipped included
	Now    time.Time     // when the step begins; give it to Update and Flush
	Step   time.Duration // the length of a step
	Late   time.Duration // how much later than due it begins
}

// maxCatchUp is how many steps Ticks makes up for at once; what is late by more
// is skipped.
const maxCatchUp = 5

// mostRate is how many steps a second Ticks makes at most.
const mostRate = 1_000_000

// Ticks yields rate steps a second until ctx ends, the Server is closed, or a
// socket fails, which the next Wait tells. A rate below 1, or above a million, panics. Steps
// never drift: a late one is followed by the next at its own time, up to five
// are made up for at once; beyond that steps are skipped, which Number shows.
// Between steps the wire is serviced as Wait does.
func (s *Server) Ticks(ctx context.Context, rate int) iter.Seq[Tick] {
	return s.unshared().ticks(ctx, rate)
}

// Wait services the wire until the time has come (the zero time: for ever) or
// until Post is called. The error is ErrClosed, or that of a socket.
func (s *Server) Wait(until time.Time) error { return s.unshared().waitUntil(until) }

// WaitNews is Wait that ends when an Update would show something: for a loop that has no tick,
// and answers what comes. An Update within a millisecond reads nothing more.
func (s *Server) WaitNews(until time.Time) error { return s.unshared().waitNews(until) }

// Post has f called inside the next Update and ends the Wait under way. It may
// be called from any goroutine. When Config.MaxPosted functions wait it does
// nothing and returns ErrFull, after Close ErrClosed; of a nil f a *ConfigError. Under a Hub the loop
// over Events calls f, which may use the Hub.
func (s *Server) Post(f func()) error { return s.core.post(f) }

// Ticks yields rate steps a second; see Server.Ticks.
func (c *Client) Ticks(ctx context.Context, rate int) iter.Seq[Tick] {
	return c.owned().ticks(ctx, rate)
}

// Wait services the wire until the time has come; see Server.Wait.
func (c *Client) Wait(until time.Time) error { return c.owned().waitUntil(until) }

// WaitNews services the wire until there are news; see Server.WaitNews.
func (c *Client) WaitNews(until time.Time) error { return c.owned().waitNews(until) }

// Post has f called inside the next Update; see Server.Post.
func (c *Client) Post(f func()) error { return c.core.post(f) }

func (k *core) ticks(ctx context.Context, rate int) iter.Seq[Tick] {
	if rate < 1 || rate > mostRate {
		panic(config.Wrong("rate", rate, "1 to 1000000 steps a second, for Ticks").Error())
	}
	step := time.Second / time.Duration(rate)
	return func(yield func(Tick) bool) {
		stop := context.AfterFunc(ctx, k.wait.wake)
		defer stop()
		due := time.Now()
		for n := uint64(0); ctx.Err() == nil && !k.closed; n++ {
			now := time.Now()
			if skip := now.Sub(due)/step - maxCatchUp; skip > 0 {
				n, due = n+uint64(skip), due.Add(skip*step)
			}
			k.setNow(now)
			k.noteFlush()
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
	for waits := false; !k.closed; waits = true {
		now := time.Now()
		over := !until.IsZero() && !now.Before(until)
		k.attend(now, waits || over)
		k.flush(now)
		if over {
			return nil
		}
		if woken, err := k.park(until); woken || err != nil {
			return err
		}
	}
	return ErrClosed
}

// waitNews is waitUntil that ends when there are news, of which nothing is sent back yet: what the
// game says to them takes the acknowledgements along.
func (k *core) waitNews(until time.Time) error {
	for waits := false; !k.closed; waits = true {
		if waits || k.news || len(k.dirty) > 0 { // else there is nothing to do but what park waits for
			now := k.read()
			over := !until.IsZero() && !now.Before(until)
			k.attend(now, waits || over)
			if k.news || over {
				k.freshUntil = k.now + freshFor
				return nil
			}
			k.flush(now)
		}
		if woken, err := k.park(until); woken || err != nil {
			return err
		}
	}
	return ErrClosed
}

// freshFor is how long after WaitNews has read, and done what was due, an Update need not.
const freshFor = int64(time.Millisecond)

// attend does what the game cannot see and what sends nothing. Reading is left out by who is about
// to wait for something to read.
func (k *core) attend(now time.Time, reads bool) {
	k.setNow(now)
	if reads {
		k.receive(leaveRest)
	}
	k.timeouts()
}

// park waits until something comes, or is due, or the time; woken tells that somebody called wake.
func (k *core) park(until time.Time) (woken bool, err error) {
	next := k.timeAt(k.nextDeadline())
	if next.IsZero() || !until.IsZero() && until.Before(next) {
		next = until
	}
	woken, err = k.wait.wait(next)
	switch {
	case err == nil, k.survives():
		return woken, nil
	case errors.Is(err, transport.ErrClosed):
		return false, ErrClosed
	}
	return false, err
}

// survives serves the wire once after a socket has failed, so that what can goes over the others, and
// reports whether another wait may do better.
func (k *core) survives() bool {
	k.service(time.Now(), leaveRest)
	return !k.closed && k.wait.recovered()
}

// A postbox holds functions that other goroutines want called by the owner.
type postbox struct {
	mu      sync.Mutex
	waiting []func()
	calling []func()    // memory for the next waiting; the owner's
	some    atomic.Bool // there are any waiting
	closed  bool
}

func (k *core) post(f func()) error {
	if f == nil {
		return config.Wrong("f", nil, "a function for the next Update to call")
	}
	b := &k.posted
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return ErrClosed
	}
	if len(b.waiting) >= k.cfg.MaxPosted {
		b.mu.Unlock()
		return ErrFull
	}
	b.waiting = append(b.waiting, f)
	b.some.Store(true)
	b.mu.Unlock()
	k.wait.wake()
	return nil
}

// any reports whether something waits.
func (b *postbox) any() bool { return b.some.Load() }

// run calls what was posted so far.
func (b *postbox) run() {
	if !b.any() {
		return
	}
	b.mu.Lock()
	b.some.Store(false)
	b.waiting, b.calling = b.calling[:0], b.waiting
	b.mu.Unlock()
	for i, f := range b.calling {
		b.calling[i] = nil
		f()
	}
}

func (b *postbox) isClosed() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.closed
}

func (b *postbox) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed, b.waiting = true, nil
	b.some.Store(false)
}
