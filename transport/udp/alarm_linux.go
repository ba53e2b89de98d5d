package udp

import (
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// An alarm calls a function at a time that can be set again and again, exact to
// some ten microseconds.
//
// Times usually move on, and most are never reached because something arrives. So the timer stays as
// it is when the time moves on; when it expires, the alarm's own goroutine sets it to what is left,
// and whoever waits sleeps on.
type alarm struct {
	file *os.File // a timerfd
	raw  syscall.RawConn

	mu   sync.Mutex
	time time.Time // to call at
	at   time.Time // when the timer expires: then, or before
	on   bool      // it is set

	// The arguments and the result of settime, made once to save its closure.
	spec    unix.ItimerSpec
	err     error
	settime func(fd uintptr)
}

func (a *alarm) open(ring func()) error {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK)
	if err != nil {
		return fmt.Errorf("opening a timerfd: %w", err)
	}
	a.file = os.NewFile(uintptr(fd), "timerfd")
	if a.raw, err = a.file.SyscallConn(); err != nil {
		a.file.Close()
		return err
	}
	a.settime = func(fd uintptr) { a.err = unix.TimerfdSettime(int(fd), 0, &a.spec, nil) }
	go a.run(ring)
	return nil
}

// run rings until the alarm is closed. Between two looks it is parked until the timer expires.
func (a *alarm) run(ring func()) {
	var count uint64
	_ = a.raw.Read(func(fd uintptr) bool { // fails when it is closed
		// Whatever that says: whether it is time is known by the clock.
		syscall.RawSyscall(unix.SYS_READ, fd, uintptr(unsafe.Pointer(&count)), unsafe.Sizeof(count))
		if a.due() {
			ring()
		}
		return false
	})
}

// due reports whether it is time, and sets the timer anew if it is not.
func (a *alarm) due() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.on {
		return false
	}
	left := time.Until(a.time)
	a.on = left > 0 && a.start(left) == nil
	return !a.on
}

// set makes the alarm ring at a time, and reports whether that is over: then it does not.
func (a *alarm) set(at time.Time) (over bool, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.time = at
	if a.on && !at.Before(a.at) {
		return false, nil
	}
	left := time.Until(at)
	if left <= 0 {
		return true, nil
	}
	if early := left / 8; a.on && a.at.Sub(at) < early {
		left -= early // a time that comes a little nearer does so again, and again
	}
	err = a.start(left)
	a.on = err == nil
	return false, err
}

// start starts the timer.
func (a *alarm) start(left time.Duration) error {
	a.at = time.Now().Add(left)
	a.spec.Value = unix.NsecToTimespec(int64(left))
	if err := a.raw.Control(a.settime); err != nil {
		return err
	}
	return a.err
}

func (a *alarm) close() { a.file.Close() }
