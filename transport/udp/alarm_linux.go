package udp

import (
	"fmt"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// An alarm calls a function at a time that can be set again and again, exact to
// some ten microseconds. It may also call before that time.
type alarm struct {
	file *os.File // a timerfd
	raw  syscall.RawConn
	at   time.Time   // what it was set to last
	on   atomic.Bool // it is set, and has not rung since

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

// run rings until the alarm is closed. Reading parks until the timer expires.
func (a *alarm) run(ring func()) {
	var count [8]byte
	for {
		if _, err := a.file.Read(count[:]); err != nil {
			return
		}
		a.on.Store(false)
		ring()
	}
}

// rings reports whether the alarm will ring at a time, or before. Then it can stay as it is, to be
// set when it has rung: times usually move on, and most are never reached because something
// arrives.
func (a *alarm) rings(at time.Time) bool { return a.on.Load() && !at.Before(a.at) }

// set makes the alarm ring at a time, which is left from now.
func (a *alarm) set(at time.Time, left time.Duration) error {
	a.on.Store(true)
	a.spec.Value = unix.NsecToTimespec(int64(left))
	if err := a.raw.Control(a.settime); err != nil {
		return err
	}
	a.at = at
	return a.err
}

func (a *alarm) close() { a.file.Close() }
