package transport

import (
	"sync/atomic"
	"time"
)

// A Bell is what the Wait of a [Socket] that has no system to ask waits for: that
// something arrived, that someone called Wake, that the socket closed, or that
// the time has come. Make one with [NewBell]; its methods but Wait may be called
// from any goroutine.
type Bell struct {
	rung   chan struct{} // holds one: the waiter shall look again
	woken  atomic.Bool
	closed chan struct{}
	shut   atomic.Bool
	timer  *time.Timer // touched by Wait alone
}

// NewBell returns a Bell that nobody has rung.
func NewBell() *Bell {
	return &Bell{rung: make(chan struct{}, 1), closed: make(chan struct{})}
}

// Ring makes the waiter look again: something arrived.
func (b *Bell) Ring() {
	select {
	case b.rung <- struct{}{}:
	default: // it will look anyway
	}
}

// Wake ends the Wait under way, or else the next one.
func (b *Bell) Wake() {
	b.woken.Store(true)
	b.Ring()
}

// Close ends the Wait under way and every later one, and reports whether it was
// the first Close.
func (b *Bell) Close() bool {
	if b.shut.Swap(true) {
		return false
	}
	close(b.closed)
	return true
}

// Closed reports whether Close was called.
func (b *Bell) Closed() bool { return b.shut.Load() }

// Done is closed by Close.
func (b *Bell) Done() <-chan struct{} { return b.closed }

// Wait blocks until arrived reports true, or until the time has come, Wake was
// called (both false) or the Bell was closed ([ErrClosed]). The zero time never
// comes. One goroutine may wait at a time.
func (b *Bell) Wait(until time.Time, arrived func() bool) (bool, error) {
	expired := b.expiry(until)
	for {
		switch {
		case b.Closed():
			return false, ErrClosed
		case b.woken.Swap(false):
			return false, nil
		case arrived():
			return true, nil
		}
		select {
		case <-b.rung:
		case <-b.closed:
		case <-expired:
			return arrived(), nil
		}
	}
}

// now is a channel that is always ready.
var now = func() <-chan time.Time {
	c := make(chan time.Time)
	close(c)
	return c
}()

// expiry returns a channel that is ready when the time has come; nil, and thus
// never, for the zero time.
func (b *Bell) expiry(until time.Time) <-chan time.Time {
	if until.IsZero() {
		return nil
	}
	left := time.Until(until)
	if left <= 0 {
		return now
	}
	if b.timer == nil {
		b.timer = time.NewTimer(left)
	} else {
		b.timer.Reset(left)
	}
	return b.timer.C
}
