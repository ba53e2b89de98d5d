package swarm

import (
	"flag"
	"testing"
	"time"
)

var (
	firstSeed = flag.Uint64("first-seed", 1, "first seed of TestSwarm")
	seeds     = flag.Uint64("seeds", 12, "how many seeds TestSwarm plays")
)

// TestSwarm plays scenarios; more of them with -seeds.
func TestSwarm(t *testing.T) {
	for seed := *firstSeed; seed < *firstSeed+*seeds; seed++ {
		start := time.Now()
		r, err := Run(Generate(seed), NoFault, quiet())
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if d := time.Since(start); d > 5*time.Second {
			t.Logf("seed %d took %v", seed, d)
		}
		for i, v := range r.Violations {
			if i < 5 {
				t.Errorf("seed %d: %v", seed, v)
			}
		}
		if r.ViolationCount > 0 {
			t.Errorf("%d violations; replay: %s", r.ViolationCount, Replay(seed))
		}
	}
}
