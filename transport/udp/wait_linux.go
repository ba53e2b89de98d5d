package udp

import (
	"errors"
	"os"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A waiter parks its goroutine in Go's poller until the descriptor can be read.
// Wake, and the alarm when the time has come, kick it out from there by a read
// deadline in the past; having looked why, wait takes that deadline back.
//
// The alarm is a timerfd, because the poller's own timers have the grain of
// epoll_wait: they end up to a millisecond late, too much for a game's step. (A
// ppoll in wait would be as exact, but keeps a thread from Go's scheduler, which
// makes what arrives from this same process several times slower.)
type waiter struct {
	file  *os.File
	raw   syscall.RawConn
	alarm alarm
	woken atomic.Bool
	flow  *flow // of the reads

	// The rest belongs to wait.
	looked bool // look was called before in this turn
	ready  bool // what peek saw
	look   func(fd uintptr) bool
	peek   func(fd uintptr)
}

func (w *waiter) init(file *os.File, raw syscall.RawConn, f *flow) error {
	w.file, w.raw, w.flow = file, raw, f
	w.peek = func(fd uintptr) { w.ready = somethingWaits(fd) }
	w.look = func(fd uintptr) bool {
		if w.looked {
			w.flow.parked.Store(true)
			return true // the poller says so: asking again would cost a system call
		}
		w.looked = true
		return somethingWaits(fd)
	}
	return w.alarm.open(w.kick)
}

// somethingWaits asks for zero bytes of the first datagram without taking it.
func somethingWaits(fd uintptr) bool {
	_, _, errno := syscall.RawSyscall6(unix.SYS_RECVFROM, fd, uintptr(unsafe.Pointer(&nothing)), 0,
		unix.MSG_PEEK|unix.MSG_DONTWAIT, 0, 0)
	return errno == 0
}

var nothing byte

func (w *waiter) wait(until time.Time) (bool, error) {
	for {
		if w.woken.Load() && w.woken.Swap(false) { // a Load costs nothing
			return false, nil
		}
		if !until.IsZero() {
			over, err := w.alarm.set(until)
			if over {
				err = w.raw.Control(w.peek)
				return err == nil && w.ready, err
			}
			if err != nil {
				return false, err
			}
		}
		w.looked = false
		err := w.raw.Read(w.look)
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return err == nil, err
		}
		// Whoever kicks says why before, so looking again after this misses none.
		if err := w.file.SetReadDeadline(time.Time{}); err != nil {
			return false, err
		}
	}
}

func (w *waiter) wake() {
	w.woken.Store(true)
	w.kick()
}

// longAgo is a deadline that has passed.
var longAgo = time.Unix(1, 0)

// kick makes wait look again, now or the next time that it would park.
func (w *waiter) kick() {
	w.file.SetReadDeadline(longAgo) // fails only on a closed socket, where nobody waits
}
