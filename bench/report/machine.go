package report

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// A Machine is where a measurement was made, as far as it matters for the figures.
type Machine struct {
	Processor string
	Cores     int
	Kernel    string
	Go        string
}

// Load is how many processes were ready to run, or did, in the last minute; 0 if the system does
// not tell. Ours are among them.
func Load() float64 {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0
	}
	var load float64
	if _, err := fmt.Sscan(string(text), &load); err != nil {
		return 0
	}
	return load
}

// ThisMachine describes the one that this runs on.
func ThisMachine() Machine {
	m := Machine{Processor: "unknown", Cores: runtime.NumCPU(), Go: runtime.Version()}
	var u unix.Utsname
	if unix.Uname(&u) == nil {
		text := unix.ByteSliceToString
		release, _, _ := strings.Cut(text(u.Release[:]), "-") // what follows is who built it
		m.Kernel = text(u.Sysname[:]) + " " + release + " " + text(u.Machine[:])
	}
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return m // a system without it: the rest is known
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if key, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(key) == "model name" {
			m.Processor = strings.TrimSpace(value)
			break
		}
	}
	return m
}
