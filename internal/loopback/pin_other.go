//go:build !linux

package loopback

import (
	"errors"
	"fmt"
	"runtime"
)

// Pin confines the process to one CPU, where the system can: this one cannot.
func Pin(int) (int, error) {
	return 0, fmt.Errorf("pinning a process to a CPU on %s: %w; measure without, or on Linux",
		runtime.GOOS, errors.ErrUnsupported)
}
