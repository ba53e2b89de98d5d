package tickwire

import (
	"bytes"
	"context"
	"iter"
	"sync"
	"time"
)

// A sharing makes a core safe for any goroutine: a lock, a goroutine that
// services the wire, and a flush by whoever sent, so that a lone message
// leaves without waiting for another goroutine.
//
// Only the loop over Events shows what arrived, and it gives up the lock while the
// body runs: that is safe, because servicing touches nothing that the
// game can see.
type sharing struct {
	core      *core
	mu        sync.Mutex
	notify    chan struct{} // something waits to be shown
	ended     chan struct{} // the service goroutine is over
	lastFlush time.Time
	woken     bool    // the service goroutine was woken to flush
	batch     []Event // shown by the loop over Events
	kept      []Event // shown and not wanted: for the next loop
}

// flushGap is how soon after a flush the next message is left to the service
// goroutine, so that messages sent in a row share packets.
const flushGap = 50 * time.Microsecond

func share(k *core) *sharing {
	s := &sharing{core: k, notify: make(chan struct{}, 1), ended: make(chan struct{})}
	if k.cfg.AckHold == 0 {
		k.cfg.AckHold = -1
	}
	k.shared = s
	go s.serve()
	return s
}

func (s *sharing) lock() { s.mu.Lock() }

// unlock sends what the caller has put in, or leaves it to the service goroutine.
func (s *sharing) unlock() {
	if len(s.core.dirty) > 0 && !s.core.closed && !s.woken {
		if now := time.Now(); now.Sub(s.lastFlush) >= flushGap {
			s.lastFlush = now
			s.core.flush(now)
		} else {
			s.woken = true
			s.core.wait.wake()
		}
	}
	s.mu.Unlock()
}

// serve services the wire until the core is closed.
func (s *sharing) serve() {
	defer close(s.ended)
	for {
		s.mu.Lock()
		if s.core.closed {
			s.mu.Unlock()
			return
		}
		s.woken = false
		s.lastFlush = time.Now()
		next := s.core.service(s.lastFlush)
		pending := len(s.core.touched) > 0 || s.core.events.ring.End() > s.core.events.visible || s.core.posted.any()
		s.mu.Unlock()
		if pending {
			s.signal()
		}
		if _, err := s.core.wait.wait(next); err != nil {
			s.signal()
			return
		}
	}
}

func (s *sharing) signal() {
	select {
	case s.notify <- struct{}{}:
	default:
	}
}

// show takes all that has happened since the last call.
func (s *sharing) show() (batch []Event, closed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	s.core.setNow(now)
	s.core.reveal()
	s.core.flush(now) // credit for what was taken
	clear(s.batch)
	s.batch = append(s.batch[:0], s.kept...)
	s.kept = nil
	for {
		ev, ok := s.core.events.next()
		if !ok {
			return s.batch, s.core.closed
		}
		s.batch = append(s.batch, ev)
	}
}

// events yields what happens until ctx ends or the core is closed.
func (s *sharing) events(ctx context.Context) iter.Seq[Event] {
	return func(yield func(Event) bool) {
		for ctx.Err() == nil {
			batch, closed := s.show()
			for i := range batch {
				if !yield(batch[i]) {
					s.keep(batch[i+1:])
					return
				}
			}
			if len(batch) > 0 {
				continue
			}
			if closed {
				return
			}
			select {
			case <-s.notify:
			case <-s.ended:
			case <-ctx.Done():
			}
		}
	}
}

// keep puts events back that the loop did not want any more, for the next
// one. Their payloads would not outlive the next Update.
func (s *sharing) keep(rest []Event) {
	for _, ev := range rest {
		ev.Payload = bytes.Clone(ev.Payload)
		s.kept = append(s.kept, ev)
	}
}

// close ends the core and waits for the service goroutine.
func (s *sharing) close(code Code, text string) error {
	s.mu.Lock()
	err := s.core.close(code, text)
	s.mu.Unlock()
	<-s.ended
	return err
}
