package play

import (
	"time"

	"golang.org/x/sys/unix"
)

// Now is the time in ns on the system's monotonic clock, which is one and the same for all
// processes.
func Now() int64 {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
		panic(err) // every system that this builds for has that clock
	}
	return t.Nano()
}

// sleepUntil returns at a time, or when done is closed.
func sleepUntil(at int64, done <-chan struct{}) {
	wait := time.Duration(at - Now())
	if wait <= 0 {
		return
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
	case <-done:
	}
}
