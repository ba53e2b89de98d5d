package tickwire

import (
	"context"
	"fmt"
	"runtime"
)

// The lock of a sharing is held while the library calls a function of the game's (callout). Whoever
// wants it meanwhile waits, and who has promised to come back at a time waits no longer than that.

// acquire takes the lock. Whoever would wait for itself, inside of a function that the library has
// called with the lock held, panics.
func (s *sharing) acquire() {
	if !s.mu.TryLock() {
		s.checkOutside()
		s.mu.Lock()
	}
}

func (s *sharing) checkOutside() {
	if o := s.core.inside.Load(); o != nil && o.goroutine == goroutineID() {
		o.refuse()
	}
}

// lookFor is how often a goroutine looks for the lock before it has another one wait for it.
const lookFor = 64

// acquireFor takes the lock, and reports whether it did before ctx ended. Mostly the lock is free, or
// is in a moment.
func (s *sharing) acquireFor(ctx context.Context) bool {
	if s.mu.TryLock() {
		return true
	}
	s.checkOutside()
	for range lookFor {
		if runtime.Gosched(); s.mu.TryLock() {
			return true
		}
	}
	locked := make(chan struct{})
	go func() {
		s.mu.Lock()
		select {
		case locked <- struct{}{}:
		case <-ctx.Done():
			s.release()
		}
	}()
	select {
	case <-locked:
		return true
	case <-ctx.Done():
		return false
	}
}

// acquireUnlessHung takes the lock; the error says which function of the game's has had it for
// longer than a second.
func (s *sharing) acquireUnlessHung() error {
	for {
		ctx, cancel := context.WithTimeout(context.Background(), slowCallout)
		ok := s.acquireFor(ctx)
		cancel()
		if ok {
			return nil
		}
		if o := s.core.inside.Load(); o != nil {
			return fmt.Errorf("tickwire: %s has not returned: the %s is closed when it does", o.what, s.core.name())
		}
	}
}
