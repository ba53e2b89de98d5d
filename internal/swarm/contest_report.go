package swarm

import (
	"fmt"

	"github.com/tickwire/tickwire/simnet/world"
)

// A ContestReport sums a contest up.
type ContestReport struct {
	Seed           uint64            `json:"seed"`
	VirtualSeconds float64           `json:"virtual_seconds"`
	BytesPerSecond int               `json:"bytes_per_second"` // of the controller, with all headers
	Channels       []ContestShare    `json:"channels"`
	ViolationCount int               `json:"violations"`
	Violations     []world.Violation `json:"violation_list,omitempty"`
}

// A ContestShare is what a channel got in a contest. All of them have something to send at all
// times.
type ContestShare struct {
	Channel        int     `json:"channel"`
	Delivery       string  `json:"delivery"`
	Priority       int     `json:"priority"`
	Weight         int     `json:"weight"`
	Cap            int     `json:"cap,omitempty"`          // bytes a second
	MaxAttempts    int     `json:"max_attempts,omitempty"` // of its resend policy
	LargestMessage int     `json:"largest_message"`
	BytesPerSecond float64 `json:"bytes_per_second"` // that left, read from the wire
}

// report says what the scales have seen.
func (s *scales) report() ContestReport {
	r := ContestReport{
		Seed: s.Seed, VirtualSeconds: s.For.Seconds(), BytesPerSecond: s.Rate,
		ViolationCount: len(s.violations), Violations: s.violations[:min(len(s.violations), maxKept)],
	}
	for i, ch := range s.Channels {
		r.Channels = append(r.Channels, ContestShare{
			Channel: int(ch.ID), Delivery: ch.Delivery.String(), Priority: int(ch.Priority), Weight: ch.Weight,
			Cap: ch.BytesPerSecond, MaxAttempts: ch.Resend.MaxAttempts, LargestMessage: s.Sizes[i],
			BytesPerSecond: float64(s.lanes[i].total) / s.For.Seconds(),
		})
	}
	return r
}

// maxKept is how many violations a report names; all are counted.
const maxKept = 100

// ReplayContest is the command that plays a contest again.
func ReplayContest(seed uint64) string {
	return fmt.Sprintf("go run ./cmd/tickwire soak --contests --seed %d", seed)
}
