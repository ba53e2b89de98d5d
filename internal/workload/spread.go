package workload

import (
	"math"
	"slices"
	"time"
)

// Never is a duration that did not end.
const Never = time.Duration(math.MaxInt64)

// A Spread is the distribution of durations: exact percentiles of all samples.
type Spread struct {
	N                  int
	P50, P95, P99, Max time.Duration
}

// newSpread sorts the samples and takes their percentiles, by nearest rank: P95 is the smallest
// sample that 95 % do not exceed.
func newSpread(samples []time.Duration) Spread {
	n := len(samples)
	if n == 0 {
		return Spread{}
	}
	slices.Sort(samples)
	rank := func(per100 int) time.Duration { return samples[(n*per100+99)/100-1] }
	return Spread{N: n, P50: rank(50), P95: rank(95), P99: rank(99), Max: samples[n-1]}
}
