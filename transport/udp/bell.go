package udp

import (
	"sync/atomic"
	"time"

	"github.com/tickwire/tickwire/transport"
)

// A bell is what Wait waits for: that something arrived, that someone called
// Wake, that the socket closed, or that the time has come.
type bell struct {
	rung   chan struct{} // holds one: the waiter shall look again
	woken  atomic.Bool
	closed chan struct{}
	shut   atomic.Bool
	timer  *time.Timer // touched by wait alone
}

func (b *bell) init() {
	b.rung = make(chan struct{}, 1)
	b.closed = make(chan struct{})
}

// ring makes the waiter look again.
func (b *bell) ring() {
	select {
	case b.rung <- struct{}{}:
	default: // it will look anyway
	}
}

// wake ends the wait under way, or else the next one.
func (b *bell) wake() {
	b.woken.Store(true)
	b.ring()
}

// close reports whether it was the first.
func (b *bell) close() bool {
	if b.shut.Swap(true) {
		return false
	}
	close(b.closed)
	return true
}

func (b *bell) isClosed() bool { return b.shut.Load() }

// wait blocks until arrived reports true, or until the time has come, wake was
// called (both false) or the bell was closed.
func (b *bell) wait(until time.Time, arrived func() bool) (bool, error) {
	expired := b.expiry(until)
	for {
		switch {
		case b.isClosed():
			return false, transport.ErrClosed
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

// past is a channel that is always ready.
var past = func() <-chan time.Time {
	c := make(chan time.Time)
	close(c)
	return c
}()

// expiry returns a channel that is ready when the time has come; nil, and thus
// never, for the zero time.
func (b *bell) expiry(until time.Time) <-chan time.Time {
	if until.IsZero() {
		return nil
	}
	left := time.Until(until)
	if left <= 0 {
		return past
	}
	if b.timer == nil {
		b.timer = time.NewTimer(left)
	} else {
		b.timer.Reset(left)
	}
	return b.timer.C
}
