package transporttest

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tickwire/tickwire/transport"
)

const (
	promiseTimesOut = "Wait must return false when the time has come"
	promiseArrival  = "Wait must return true when a datagram arrives"
	promiseThere    = "Wait must return true at once while a datagram waits, also if its time has passed"
	promiseWoken    = "after Wake, Wait must return false"
	promiseWokeOnce = "several calls of Wake before a Wait must count as one"
	promiseCloses   = "Close must end a Wait under way with ErrClosed"
	promiseClosed   = "after Close, every call must return ErrClosed, a second Close among them"
	promiseOwned    = "Own must return nil to the first owner, and ErrOwned to every other"
)

// A waiting is the outcome of a Wait in a goroutine of its own.
type waiting struct {
	ready bool
	err   error
}

// wait starts a Wait and gives it time to begin. It is outcome that guards it.
func wait(s *guarded, until time.Time) <-chan waiting {
	w := make(chan waiting, 1)
	go func() {
		ready, err := s.Socket.Wait(until)
		w <- waiting{ready, err}
	}()
	time.Sleep(20 * time.Millisecond)
	return w
}

// outcome waits for the Wait of a socket, which a promise says must end now.
func (c *check) outcome(s *guarded, w <-chan waiting, promise, method string) waiting {
	select {
	case got := <-w:
		return got
	case <-time.After(c.patience):
		c.stop(promise, method, "%s still waits after %v", s.name, c.patience)
		return waiting{}
	}
}

// timesOut has A wait for nothing.
func (c *check) timesOut(d time.Duration) {
	var took time.Duration
	for range 3 { // a machine that does something else may make it late, but not each time
		start := time.Now()
		until := start.Add(d)
		if ready, err := c.A.Wait(until); ready || err != nil {
			c.stop(promiseTimesOut, "Socket.Wait", "A.Wait for %v, with nothing to come, = %v, %v", d, ready, err)
		}
		if early := time.Until(until); early > 0 {
			c.broken(promiseTimesOut, "Socket.Wait", "A.Wait for %v ended %v too early", d, early)
		}
		if took = time.Since(start); took <= max(d, 0)+time.Second {
			return
		}
	}
	c.broken(promiseTimesOut, "Socket.Wait", "A.Wait for %v took %v", d, took)
}

func testWaitTimesOut(c *check) {
	for _, d := range []time.Duration{-time.Hour, 0, time.Millisecond, 30 * time.Millisecond} {
		c.timesOut(d)
	}
	c.send(c.B, c.ToA, []byte("x"))
	c.receive(c.A, 1) // time spent does not hide what arrives later
}

// waits are the Waits that something else must end: for ever, for a minute, and for ever again.
func waits() []time.Time { return []time.Time{{}, time.Now().Add(time.Minute), {}} }

func testWaitSeesArrival(c *check) {
	for _, until := range waits() {
		w := wait(c.b, until)
		c.send(c.A, c.ToB, []byte("x"))
		if got := c.outcome(c.b, w, promiseArrival, "Socket.Wait"); !got.ready || got.err != nil {
			c.stop(promiseArrival, "Socket.Wait", "B.Wait = %v, %v", got.ready, got.err)
		}
		// Still there for a Wait that comes late, or one whose time is over.
		if ready, err := c.B.Wait(time.Now().Add(-time.Second)); !ready || err != nil {
			c.stop(promiseThere, "Socket.Wait", "B.Wait until a second ago = %v, %v", ready, err)
		}
		c.receive(c.B, 1)
	}
}

func testWakeEndsWait(c *check) {
	for _, until := range waits() {
		w := wait(c.a, until)
		c.A.Wake()
		if got := c.outcome(c.a, w, promiseWoken, "Socket.Wait"); got.ready || got.err != nil {
			c.stop(promiseWoken, "Socket.Wait", "A.Wait = %v, %v", got.ready, got.err)
		}
	}
	c.send(c.B, c.ToA, []byte("x"))
	c.receive(c.A, 1)
}

func testWakeIsKeptOnce(c *check) {
	c.A.Wake()
	c.A.Wake()
	const promise = "Wake before a Wait must end that one"
	if got := c.outcome(c.a, wait(c.a, time.Time{}), promise, "Socket.Wake"); got.ready || got.err != nil {
		c.stop(promise, "Socket.Wake", "A.Wait = %v, %v, want false", got.ready, got.err)
	}
	const pause = 30 * time.Millisecond
	start := time.Now()
	if ready, err := c.A.Wait(start.Add(pause)); ready || err != nil {
		c.stop(promiseTimesOut, "Socket.Wait", "the second A.Wait = %v, %v", ready, err)
	}
	if took := time.Since(start); took < pause {
		c.broken(promiseWokeOnce, "Socket.Wake", "two of them ended two Waits, the second after %v of %v", took, pause)
	}
}

func testCloseEndsWait(c *check) {
	w := wait(c.a, time.Time{})
	c.closes()
	if got := c.outcome(c.a, w, promiseCloses, "Socket.Close"); got.ready || !errors.Is(got.err, transport.ErrClosed) {
		c.broken(promiseCloses, "Socket.Close", "A.Wait = %v, %v", got.ready, got.err)
	}
}

// closes closes A for the first time.
func (c *check) closes() {
	if err := c.A.Close(); err != nil {
		c.broken("the first Close must return nil", "Socket.Close", "A.Close = %v", err)
	}
}

func testClosedSocket(c *check) {
	addr, ds := c.A.LocalAddr(), []transport.Datagram{{Path: c.ToB, Bytes: []byte("x")}}
	c.send(c.B, c.ToA, []byte("unread"))
	c.closes()
	for _, one := range []struct {
		name string
		call func() error
	}{
		{"Read", func() error { n, err := c.A.Read(ds); return nothing(n, err) }},
		{"Write", func() error { n, err := c.A.Write(ds); return nothing(n, err) }},
		{"Wait for ever", func() error { return c.a.waitClosed(time.Time{}) }},
		{"Wait whose time has passed", func() error { return c.a.waitClosed(time.Now().Add(-1)) }},
		{"second Close", c.A.Close},
	} {
		if err := one.call(); !errors.Is(err, transport.ErrClosed) {
			c.broken(promiseClosed, "Socket.Close", "A's %s: %v", one.name, err)
		}
	}
	c.A.Wake()
	if got := c.A.LocalAddr(); got != addr {
		c.broken("a closed socket must know its address still", "Socket.LocalAddr", "%v, before it was %v", got, addr)
	}
	if n := c.A.MaxDatagram(c.ToB); n < 1 {
		c.broken("a closed socket must know its largest datagram still", "Socket.MaxDatagram", "%d", n)
	}
	c.send(c.B, c.ToA, []byte("too late")) // not B's fault
}

// nothing is an error of its own if a call that failed says that it moved datagrams.
func nothing(n int, err error) error {
	if n != 0 {
		return fmt.Errorf("%d datagrams, %v", n, err)
	}
	return err
}

// testOneOwner looks at sockets that know their owner.
func testOneOwner(c *check) {
	one, ok := c.a.Socket.(transport.Ownable)
	if !ok {
		return
	}
	first, second := one.Own(), one.Own()
	if first != nil || !errors.Is(second, transport.ErrOwned) {
		c.broken(promiseOwned, "Ownable.Own", "%v, then %v", first, second)
	}
	c.closes()
	if err := one.Own(); err == nil {
		c.broken("a closed socket must have no new owner", "Ownable.Own", "nil")
	}
}

// Read, Write, Wait, Wake and Close from their own goroutines: the race detector
// judges, and so does the clock.
func testManyGoroutines(c *check) {
	var wg sync.WaitGroup
	var read atomic.Int64
	end, last := time.Now().Add(200*time.Millisecond), time.Now().Add(c.patience)
	going := func() bool { return time.Now().Before(end) || read.Load() == 0 && time.Now().Before(last) }
	until := func(method string, step func() error) {
		wg.Go(func() {
			for going() {
				runtime.Gosched() // where there is but one thread
				if err := step(); err != nil {
					if !errors.Is(err, transport.ErrClosed) {
						c.broken("a socket in use by several goroutines must work as by one", "Socket."+method, "%v", err)
					}
					return
				}
			}
		})
	}
	in := make([]transport.Datagram, 8)
	out := []transport.Datagram{{Path: c.ToB, Bytes: pattern(64, 1)}}
	until("Write", func() error { _, err := c.A.Write(out); return err })
	until("Read", func() error { n, err := c.B.Read(in); read.Add(int64(n)); return err })
	until("Wait", func() error { _, err := c.B.Wait(time.Now().Add(time.Millisecond)); return err })
	until("Wake", func() error { c.B.Wake(); time.Sleep(time.Millisecond); return nil })
	until("MaxDatagram", func() error { c.B.MaxDatagram(c.ToA); return nil })
	time.Sleep(150 * time.Millisecond)
	for read.Load() == 0 && time.Now().Before(last) {
		time.Sleep(time.Millisecond)
	}
	c.B.Close()
	wg.Wait()
	if read.Load() == 0 {
		c.broken(promiseArrives, "Socket.Write", "nothing came to B")
	}
}
