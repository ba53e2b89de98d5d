package transporttest

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tickwire/tickwire/transport"
)

// A report takes what is wrong: a *testing.T.
type report interface {
	Helper()
	Errorf(format string, args ...any)
}

// A check is one subtest under way. It runs in a goroutine of its own, so that whoever started it
// can go on when a call of a socket does not return.
type check struct {
	Link     // its A and B are those below
	a, b     *guarded
	patience time.Duration

	mu   sync.Mutex
	t    report
	over bool // nobody listens any more
}

func newCheck(t report, l Link, patience time.Duration) *check {
	began := time.Now()
	a, b := &guarded{Socket: l.A, name: "A", began: began}, &guarded{Socket: l.B, name: "B", began: began}
	c := &check{Link: l, a: a, b: b, patience: patience, t: t}
	c.A, c.B = a, b
	return c
}

// run runs a test and closes the sockets, and reports whether a call did not return: that is left
// behind, with its goroutine.
func (c *check) run(test func(c *check)) (hangs bool) {
	for _, step := range []func(c *check){test, func(c *check) { c.A.Close(); c.B.Close() }} {
		if c.hangs(step) {
			go c.a.Socket.Close()
			go c.b.Socket.Close()
			return true
		}
	}
	return false
}

// hangs runs one step, until it ends or a call is overdue.
func (c *check) hangs(step func(c *check)) bool {
	done := make(chan struct{})
	go func() {
		defer close(done)
		step(c)
	}()
	look := time.NewTicker(c.patience / 8)
	defer look.Stop()
	for {
		select {
		case <-done:
			return false
		case <-look.C:
		}
		for _, s := range []*guarded{c.a, c.b} {
			if m, ok := s.overdue(c.patience); ok {
				c.broken(promises[m].text, promises[m].method, "%s's call has not returned for %v", s.name, c.patience)
				c.mu.Lock()
				c.over = true
				c.mu.Unlock()
				return true
			}
		}
	}
}

// broken reports a promise of package transport that was not kept, and the method that made it.
func (c *check) broken(promise, method, format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.over {
		c.t.Helper()
		c.t.Errorf("%s (transport.%s): %s", promise, method, fmt.Sprintf(format, args...))
	}
}

// stop is broken, and the end of the check.
func (c *check) stop(promise, method, format string, args ...any) {
	c.broken(promise, method, format, args...)
	runtime.Goexit()
}

// A guarded socket notes since when its calls are under way. What the goroutines that use it write
// down nobody but the guard reads, so that it puts them in no order that the race detector would see.
type guarded struct {
	transport.Socket
	name  string
	began time.Time
	since [methods]atomic.Int64 // nanoseconds after began, 1 and more; 0: not under way
}

// The calls that are guarded, and what each promises.
const (
	inRead = iota
	inWrite
	inWait
	inWaitClosed
	inWake
	inClose
	inFacts
	inTold
	methods
)

var promises = [methods]struct{ text, method string }{
	inRead:       {"Read must never block", "Socket.Read"},
	inWrite:      {"Write must never block", "Socket.Write"},
	inWait:       {"Wait must return when the time has come", "Socket.Wait"},
	inWaitClosed: {"after Close, Wait must return ErrClosed", "Socket.Close"},
	inWake:       {"Wake must never block", "Socket.Wake"},
	inClose:      {"Close must end every call under way, and return", "Socket.Close"},
	inFacts:      {"LocalAddr, MaxDatagram and Properties must never block", "Socket.MaxDatagram"},
	inTold:       {"Ended and Rungs must never block", "Mortal.Ended"},
}

// enter notes that a call is under way, and leave that it has returned.
func (g *guarded) enter(call int, wait time.Duration) {
	g.since[call].Store(int64(time.Since(g.began)+max(wait, 0)) + 1)
}

func (g *guarded) leave(call int) { g.since[call].Store(0) }

// overdue is a call that takes longer than it may.
func (g *guarded) overdue(patience time.Duration) (call int, ok bool) {
	now := int64(time.Since(g.began))
	for call := range g.since {
		if at := g.since[call].Load(); at > 0 && now-at >= int64(patience) {
			return call, true
		}
	}
	return 0, false
}

func (g *guarded) Read(ds []transport.Datagram) (int, error) {
	g.enter(inRead, 0)
	defer g.leave(inRead)
	return g.Socket.Read(ds)
}

func (g *guarded) Write(ds []transport.Datagram) (int, error) {
	g.enter(inWrite, 0)
	defer g.leave(inWrite)
	return g.Socket.Write(ds)
}

func (g *guarded) Wait(until time.Time) (bool, error) {
	g.enter(inWait, time.Until(until))
	defer g.leave(inWait)
	return g.Socket.Wait(until)
}

// waitClosed is Wait of a socket that was closed.
func (g *guarded) waitClosed(until time.Time) error {
	g.enter(inWaitClosed, 0)
	defer g.leave(inWaitClosed)
	_, err := g.Socket.Wait(until)
	return err
}

func (g *guarded) Wake() {
	g.enter(inWake, 0)
	defer g.leave(inWake)
	g.Socket.Wake()
}

func (g *guarded) Close() error {
	g.enter(inClose, 0)
	defer g.leave(inClose)
	return g.Socket.Close()
}

func (g *guarded) MaxDatagram(p transport.Path) int {
	g.enter(inFacts, 0)
	defer g.leave(inFacts)
	g.Socket.LocalAddr()
	g.Socket.Properties(p)
	return g.Socket.MaxDatagram(p)
}
