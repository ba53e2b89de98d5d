package udp

import (
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// An alarm calls a function at a time that can be set again and again, exact to
// some ten microseconds. It may also call before that time.
type alarm struct {
	file *os.File // a timerfd
	raw  syscall.RawConn
	at   time.Time // what it was set to last

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
		ring()
	}
}

// set makes the alarm ring at a time, which is left from now. One that is set to
// ring before stays as it is, to be set when it has rung: times usually move on,
// and most are never reached because something arrives.
func (a *alarm) set(at time.Time, left time.Duration) error {
	if lead := at.Sub(a.at); lead >= 0 && lead < left {
		return nil
	}
	a.spec.Value = unix.NsecToTimespec(int64(left))
	if err := a.raw.Control(a.settime); err != nil {
		return err
	}
	a.at = at
	return a.err
}

func (a *alarm) close() { a.file.Close() }
