package transporttest

import (
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/tickwire/tickwire/transport"
)

// A waiting is the outcome of a Wait in a goroutine of its own.
type waiting struct {
	ready bool
	err   error
}

// wait starts a Wait and gives it time to begin.
func wait(s transport.Socket, until time.Time) <-chan waiting {
	c := make(chan waiting, 1)
	go func() {
		ready, err := s.Wait(until)
		c <- waiting{ready, err}
	}()
	time.Sleep(20 * time.Millisecond)
	return c
}

// outcome waits for the Wait.
func outcome(t *testing.T, c <-chan waiting) waiting {
	t.Helper()
	select {
	case w := <-c:
		return w
	case <-time.After(patience):
		t.Fatalf("Wait still waits after %v", patience)
		return waiting{}
	}
}

func testWaitTimesOut(t *testing.T, l Link) {
	for _, d := range []time.Duration{-time.Hour, 0, time.Millisecond, 30 * time.Millisecond} {
		start := time.Now()
		until := start.Add(d)
		if ready, err := l.A.Wait(until); ready || err != nil {
			t.Fatalf("Wait for %v = %v, %v", d, ready, err)
		}
		if early := time.Until(until); early > 0 {
			t.Errorf("Wait for %v ended %v too early", d, early)
		}
		if took := time.Since(start); took > d+time.Second && took > time.Second {
			t.Errorf("Wait for %v took %v", d, took)
		}
	}
	send(t, l.B, l.ToA, []byte("x"))
	receive(t, l.A, 1) // time spent does not hide what arrives later
}

func testWaitSeesArrival(t *testing.T, l Link) {
	for i, until := range []time.Time{{}, time.Now().Add(time.Minute), {}} {
		w := wait(l.B, until)
		send(t, l.A, l.ToB, []byte("x"))
		if got := outcome(t, w); !got.ready || got.err != nil {
			t.Fatalf("case %d: Wait = %v, %v", i, got.ready, got.err)
		}
		// Still there for a Wait that comes late, or one whose time is over.
		if ready, err := l.B.Wait(time.Now().Add(-time.Second)); !ready || err != nil {
			t.Fatalf("case %d: late Wait = %v, %v", i, ready, err)
		}
		receive(t, l.B, 1)
	}
}

func testWakeEndsWait(t *testing.T, l Link) {
	for i, until := range []time.Time{{}, time.Now().Add(time.Minute), {}} {
		w := wait(l.A, until)
		l.A.Wake()
		if got := outcome(t, w); got.ready || got.err != nil {
			t.Fatalf("case %d: woken Wait = %v, %v", i, got.ready, got.err)
		}
	}
	send(t, l.B, l.ToA, []byte("x"))
	receive(t, l.A, 1)
}

func testWakeIsKeptOnce(t *testing.T, l Link) {
	l.A.Wake()
	l.A.Wake()
	if got := outcome(t, wait(l.A, time.Time{})); got.ready || got.err != nil {
		t.Fatalf("Wait after Wake = %v, %v", got.ready, got.err)
	}
	const pause = 30 * time.Millisecond
	start := time.Now()
	if ready, err := l.A.Wait(start.Add(pause)); ready || err != nil {
		t.Fatalf("second Wait = %v, %v", ready, err)
	}
	if took := time.Since(start); took < pause {
		t.Errorf("two calls of Wake ended two Waits (%v of %v)", took, pause)
	}
}

func testCloseEndsWait(t *testing.T, l Link) {
	w := wait(l.A, time.Time{})
	if err := l.A.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	if got := outcome(t, w); got.ready || !errors.Is(got.err, transport.ErrClosed) {
		t.Errorf("Wait under way = %v, %v; want ErrClosed", got.ready, got.err)
	}
}

func testClosedSocket(t *testing.T, l Link) {
	addr := l.A.LocalAddr()
	send(t, l.B, l.ToA, []byte("unread"))
	if err := l.A.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	ds := []transport.Datagram{{Path: l.ToB, Bytes: []byte("x")}}
	calls := map[string]func() error{
		"Read":     func() error { _, err := l.A.Read(ds); return err },
		"Write":    func() error { _, err := l.A.Write(ds); return err },
		"Wait":     func() error { _, err := l.A.Wait(time.Time{}); return err },
		"WaitPast": func() error { _, err := l.A.Wait(time.Now().Add(-1)); return err },
		"Close":    l.A.Close,
	}
	for name, call := range calls {
		if err := call(); !errors.Is(err, transport.ErrClosed) {
			t.Errorf("%s on a closed socket: %v, want ErrClosed", name, err)
		}
	}
	l.A.Wake()
	if l.A.LocalAddr() != addr || l.A.MaxDatagram(l.ToB) < 1 {
		t.Error("a closed socket forgot its address or its largest datagram")
	}
	send(t, l.B, l.ToA, []byte("too late")) // not B's fault
}

// Read, Write, Wait, Wake and Close from their own goroutines: the race detector
// judges, and so does the clock.
func testManyGoroutines(t *testing.T, l Link) {
	var wg sync.WaitGroup
	end := time.Now().Add(200 * time.Millisecond)
	until := func(step func() error) {
		wg.Go(func() {
			for time.Now().Before(end) {
				runtime.Gosched() // where there is but one thread
				if err := step(); err != nil {
					if !errors.Is(err, transport.ErrClosed) {
						t.Error(err)
					}
					return
				}
			}
		})
	}
	read := 0
	in := make([]transport.Datagram, 8)
	out := []transport.Datagram{{Path: l.ToB, Bytes: pattern(64, 1)}}
	until(func() error { _, err := l.A.Write(out); return err })
	until(func() error { n, err := l.B.Read(in); read += n; return err })
	until(func() error { _, err := l.B.Wait(time.Now().Add(time.Millisecond)); return err })
	until(func() error { l.B.Wake(); time.Sleep(time.Millisecond); return nil })
	until(func() error { l.B.LocalAddr(); l.B.MaxDatagram(l.ToA); l.B.Properties(l.ToA); return nil })
	time.Sleep(150 * time.Millisecond)
	l.B.Close()
	wg.Wait()
	if read == 0 {
		t.Error("nothing arrived")
	}
}
