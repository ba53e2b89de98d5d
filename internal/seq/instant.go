package seq

import "math"

// An instant is a number of nanoseconds of a monotonic clock that starts anywhere: each number may be
// now, zero and negative ones too. Two stand for no time of the clock. Sums with them overflow: whoever
// adds to an instant knows that it is one.
const (
	Never   int64 = math.MaxInt64 // later than all
	LongAgo int64 = math.MinInt64 // before all: what is due since then is due at once
)
