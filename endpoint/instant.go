package endpoint

import "github.com/tickwire/tickwire/internal/seq"

// Times are nanoseconds of the caller's clock, and these two are none of it.
const (
	never   = seq.Never
	longAgo = seq.LongAgo
)

// Spans of time. All others are given in these.
const (
	millisecond = 1_000_000
	second      = 1000 * millisecond
)
