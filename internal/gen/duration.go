package gen

import "time"

// parseDuration reads a duration as time.ParseDuration does, or nanoseconds: so constants come.
func parseDuration(s string) (int64, bool) {
	if d, err := time.ParseDuration(s); err == nil {
		return int64(d), true
	}
	if d, err := time.ParseDuration(s + "ns"); err == nil {
		return int64(d), true
	}
	return 0, false
}
