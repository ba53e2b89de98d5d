package tickwire

import (
	"bytes"
	"context"
	"iter"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A sharing makes a core safe for any goroutine: a lock, a goroutine that
// services the wire (or the loop over Events does: see helm), and a flush by whoever
// sent, so that a lone message leaves without waiting for another goroutine.
//
// Only the loop over Events shows what arrived, and it gives up the lock while the
// body runs: that is safe, because servicing touches nothing that the
// game can see. A loop that waits is left what has to be sent, too, when something
// arrives for it: what the body answers then takes the acknowledgement along. The
// service goroutine looks after it if that takes the body long.
type sharing struct {
	core   *core
	mu     sync.Mutex
	notify chan struct{} // something waits to be shown
	ended  chan struct{} // the service goroutine is over
	err    error         // what closing gave at the end of a Shutdown; read after ended
	failed error         // of the socket that has ended everything
	before uint64        // how many marks the core had noted when the lock was taken
	batcher
	helm

	loops atomic.Bool // there is a loop over Events
	batch []Event     // shown by it
	kept  []Event     // shown and not wanted: for the next loop

	unheard unheard

	queues       []*sendQueue   // who waits for room, and where
	spareQueues  []*sendQueue   // memory for others
	sparePending []*pendingSend // likewise
}

func share(k *core) *sharing {
	s := &sharing{core: k, notify: make(chan struct{}, 1), ended: make(chan struct{}), unheard: unheard{since: never}}
	s.relief = make(chan struct{}, 1)
	k.liftBudgets()
	k.shared = s
	go s.serve()
	return s
}

func (s *sharing) lock() {
	s.acquire()
	s.before = s.core.marks.count
}

// unlock has somebody send what the caller has put in, as the batcher says.
func (s *sharing) unlock() {
	looked := s.core.marks.count == s.before // and has put in nothing
	if !looked && !s.isLeft(s.core.now) {
		if now := s.core.read(); s.isLone(now) {
			s.flush(now)
		} else {
			s.call()
		}
	}
	s.release()
}

// release gives up the lock, and sends for whoever waits for room that there is now.
func (s *sharing) release() {
	s.advance()
	s.mu.Unlock()
}

// call wakes whoever services the wire.
func (s *sharing) call() {
	s.called = true
	if s.at == free {
		s.relieve()
		return
	}
	s.core.wait.wake()
}

// flush sends for a goroutine that is not the service goroutine. What that
// waits for may come sooner now.
func (s *sharing) flush(now time.Time) {
	s.core.flush(now)
	if s.core.news {
		s.signal()
	}
	if s.comesLate(s.core.nextDeadline()) {
		s.call()
	}
}

// serve services the wire until the core is closed.
func (s *sharing) serve() {
	defer s.nudge()
	defer close(s.ended)
	for {
		until, next := s.serveOnce()
		switch next {
		case ends:
			return
		case rests:
			<-s.relief
			continue
		}
		if _, err := s.core.wait.wait(until); err != nil && !s.survives() {
			s.fail(err)
			return
		}
	}
}

// A turn is what the service goroutine does next.
type turn uint8

const (
	waits turn = iota // for the sockets
	rests             // while the loop has the helm
	ends
)

// serveOnce returns when to look again, if it waits. It ends if the core is closed, which it does
// itself when a Shutdown is settled.
func (s *sharing) serveOnce() (until time.Time, next turn) {
	s.acquire()
	defer s.release()
	k := s.core
	switch {
	case k.closed:
		return until, ends
	case s.at == atLoop:
		return until, rests
	}
	s.at, s.called = atService, false
	now := k.read()
	k.attend(now, true)
	at := never
	if s.waiting && k.news {
		if s.leaves() {
			s.signal()
			return until, rests
		}
		at = k.now + bodyTime
	} else {
		k.flush(now)
	}
	if k.settled() {
		s.err = k.close(CodeNone, "") // nobody is left who could hear a reason
		return until, ends
	}
	at = s.setAlarm(k.now, min(at, k.nextDeadline(), s.unheard.look(s)))
	if k.news || k.posted.any() {
		s.signal()
	}
	return k.timeAt(at), waits
}

// survives reports whether the core goes on without the socket that has failed.
func (s *sharing) survives() bool {
	s.acquire()
	defer s.release()
	return s.core.survives()
}

// fail closes the core, unless it is closed: a socket does not work any more.
func (s *sharing) fail(err error) {
	s.acquire()
	defer s.release()
	if !s.core.closed {
		s.core.cfg.Logger.Error("a socket failed, so everything is closed", "err", err)
		s.failed = err
		s.core.close(CodeNone, "socket failed")
	}
}

// signal ends the waiting of the loop over Events, or else its next one.
func (s *sharing) signal() {
	s.waiting = false
	if s.at == atLoop {
		s.core.wait.wake()
		return
	}
	s.nudge()
}

// nudge is signal of a goroutine that has not got the lock.
func (s *sharing) nudge() {
	select {
	case s.notify <- struct{}{}:
	default:
	}
}

// rouse has the loop over Events look at its context, whatever it waits for.
func (s *sharing) rouse() {
	s.nudge()
	s.core.wait.wake()
}

// show takes all that has happened since the last call, unless ctx ends before, and sends what the body
// said about the last batch. The acknowledgements of the next one wait for what the
// body says about that.
func (s *sharing) show(ctx context.Context) (batch []Event, closed bool) {
	k := s.core
	k.posted.run()
	if !s.acquireFor(ctx) {
		return nil, true
	}
	defer s.release()
	if s.at == atLoop {
		s.back()
	}
	if !k.closed {
		s.finish()
		k.reveal()
	}
	clear(s.batch)
	s.batch = append(s.batch[:0], s.kept...)
	s.kept = nil
	s.batch = k.events.takeAll(s.batch)
	n := len(s.batch)
	switch s.shows(n); {
	case s.at == free:
		s.steer(n)
	case n == 0 && len(k.dirty) > 0:
		s.flush(s.core.read())
	}
	if n > 0 {
		s.lone = n == 1
	}
	return s.batch, k.closed
}

// finish sends what the body said about the last batch, and acknowledges what it did
// not answer: of what is reliable the peer wants to know soon whether it came.
func (s *sharing) finish() {
	if len(s.batch) == 0 {
		return
	}
	var last *Conn
	for i := range s.batch {
		ev := &s.batch[i]
		if ev.Conn == last || ev.Kind != Message || !slices.Contains(s.core.reliable, ev.Channel) {
			continue
		}
		if last = ev.Conn; last.end != nil && last.end.Acknowledge() {
			s.core.markDirty(last)
		}
	}
	if len(s.core.dirty) > 0 {
		s.flushShown(s.core.read())
	}
}

// flushShown is flush of the loop that is about to look what is due, if it has the helm.
func (s *sharing) flushShown(now time.Time) {
	if s.at == free {
		s.core.flush(now)
		return
	}
	s.flush(now)
}

// last notes that the body is about to see the last event of the batch. What it says
// then goes at once.
func (s *sharing) last(ctx context.Context) {
	if s.acquireFor(ctx) {
		s.more = false
		s.mu.Unlock()
	}
}

// enter notes that there is a loop over Events. A second one beside it would take half of the
// events and leave the other half without memory: that is a mistake in the program.
func (s *sharing) enter() {
	if !s.loops.CompareAndSwap(false, true) {
		panic("tickwire: two loops over Events of one Hub or Session at a time: " +
			"let one loop hand on what others need")
	}
}

// leave notes that there is no loop any more, and sends what its body has said.
func (s *sharing) leave(ctx context.Context) {
	s.loops.Store(false)
	if s.acquireFor(ctx) {
		s.left()
	} else {
		go func() { s.acquire(); s.left() }() // ctx has ended, and the lock is taken for who knows how long
	}
}

// left is the rest of leave. The lock is held.
func (s *sharing) left() {
	defer s.release()
	if !s.loops.Load() { // else the next one is here already
		s.steers = false
		s.resign()
		s.waiting, s.more = false, false
	}
	if len(s.core.dirty) > 0 {
		s.flush(s.core.read())
	}
}

// events yields what happens until ctx ends or the core is closed.
func (s *sharing) events(ctx context.Context) iter.Seq[Event] {
	return func(yield func(Event) bool) {
		s.enter()
		defer s.leave(ctx)
		defer context.AfterFunc(ctx, s.rouse)()
		for ctx.Err() == nil {
			batch, closed := s.show(ctx)
			for i := range batch {
				if i > 0 && i == len(batch)-1 {
					s.last(ctx)
				}
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
			s.pause(ctx)
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

// close ends the core and waits for the service goroutine. While a function of the game's hangs there
// is no closing: that is done when it returns.
func (s *sharing) close(code Code, text string) error {
	if err := s.acquireUnlessHung(); err != nil {
		go func() { s.acquire(); s.closeHeld(code, text) }()
		return err
	}
	return s.closeHeld(code, text)
}

// closeHeld is the rest of close. The lock is held.
func (s *sharing) closeHeld(code Code, text string) error {
	err := s.core.close(code, text)
	s.relieve()
	s.release()
	<-s.ended
	return err
}
