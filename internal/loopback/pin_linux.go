package loopback

import (
	"fmt"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// Pin confines the process to one CPU and returns its number. A negative one takes the last CPU
// that the process may use: the first has the machine's interrupts.
func Pin(cpu int) (int, error) {
	if cpu < 0 {
		var may unix.CPUSet
		if err := unix.SchedGetaffinity(0, &may); err != nil {
			return 0, fmt.Errorf("asking which CPUs this process may use: %w", err)
		}
		for i := range 8 * len(may) * 8 {
			if may.IsSet(i) {
				cpu = i
			}
		}
	}
	var only unix.CPUSet
	only.Set(cpu)
	// Each thread has a mask of its own, which those that it starts inherit. So the second turn
	// finds the threads that were started during the first one.
	for range 2 {
		if err := pinThreads(&only); err != nil {
			return 0, fmt.Errorf("pinning to CPU %d: %w", cpu, err)
		}
	}
	runtime.GOMAXPROCS(1)
	return cpu, nil
}

func pinThreads(only *unix.CPUSet) error {
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return err
	}
	for _, task := range tasks {
		id, err := strconv.Atoi(task.Name())
		if err != nil {
			return err
		}
		if err := unix.SchedSetaffinity(id, only); err != nil && err != unix.ESRCH {
			return err
		}
	}
	return nil
}
