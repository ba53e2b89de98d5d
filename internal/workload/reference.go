package workload

import (
	"fmt"
	"strings"
	"time"

	"github.com/tickwire/tickwire/endpoint"
)

// Controllers that others have published, written after their papers, to be compared with ours
// over the same links: everything else is the same, so a difference is that of the controllers.
// They are no part of the library. All count in integers: packets of 1228 bytes on the wire,
// thousandths where a paper has fractions, nanoseconds.
var references = []struct {
	name string
	make func() endpoint.Controller // nil: the endpoint's default
}{
	{"default", nil},
	{"aimd", func() endpoint.Controller { return endpoint.NewAIMD(endpoint.AIMDConfig{}) }},
	{"cubic", func() endpoint.Controller { return newCubic() }},
	{"bbr", func() endpoint.Controller { return newBBR() }},
	{"copa", func() endpoint.Controller { return newCopa() }},
	{"ledbat", func() endpoint.Controller { return newLEDBAT() }},
	{"sprout-ewma", func() endpoint.Controller { return newSprout() }},
}

// ControllerNames are those that Controller knows.
func ControllerNames() []string {
	var names []string
	for _, r := range references {
		names = append(names, r.name)
	}
	return names
}

// Controller finds what makes a controller, by its name; nil is the default of the endpoints.
func Controller(name string) (func() endpoint.Controller, error) {
	for _, r := range references {
		if r.name == name {
			return r.make, nil
		}
	}
	return nil, fmt.Errorf("workload: no controller is called %q: want one of %s", name, strings.Join(ControllerNames(), ", "))
}

const (
	packet        = datagram + headerBytes // on the wire
	second        = int64(time.Second)
	initialWindow = 10 * packet // RFC 6928
	smallWindow   = 4 * packet
)

// perSecond is the rate of so many bytes in so many nanoseconds.
func perSecond(bytes int, ns int64) int { return int(int64(bytes) * second / max(ns, 1)) }

// inTime is what a rate sends in so many nanoseconds, of which there are at most ten seconds.
func inTime(rate int, ns int64) int {
	return int(int64(rate) * (min(ns, 10*second) / 1000) / 1_000_000)
}

// A lowest is the smallest of the values of about the last while: a window of time in two halves,
// of which the older one is forgotten at once.
type lowest struct {
	span          int64
	began         int64 // the newer half
	older, newer  int64
	any, anyOlder bool
}

func (l *lowest) add(now, v int64) {
	if l.any && now-l.began >= l.span/2 {
		l.older, l.anyOlder = l.newer, now-l.began < l.span
		l.any = false
	}
	if !l.any {
		l.any, l.began, l.newer = true, now, v
		return
	}
	l.newer = min(l.newer, v)
}

// value is the smallest; 0 before the first.
func (l *lowest) value() int64 {
	if l.anyOlder {
		return min(l.older, l.newer)
	}
	return l.newer
}

// A round is a round trip as packets count it: it is over when one is acknowledged that was sent
// after it began.
type round struct{ began int64 }

// over reports whether a round has ended, and begins the next one.
func (r *round) over(now, sentAt int64) bool {
	if sentAt < r.began {
		return false
	}
	r.began = now
	return true
}
