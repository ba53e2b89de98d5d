//go:build unix

package loopback

import (
	"syscall"
	"time"
)

// cpuTime is how long the process has been at work, in its own code and in the kernel's.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
