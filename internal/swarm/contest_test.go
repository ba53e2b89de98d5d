package swarm

import (
	"testing"

	"github.com/tickwire/tickwire/simnet/world"
)

// TestSwarmContests plays contests; more of them with -seeds.
func TestSwarmContests(t *testing.T) {
	n := *seeds
	if raced {
		n = min(n, 10)
	}
	for seed := *firstSeed; seed < *firstSeed+n; seed++ {
		c := GenerateContest(seed)
		r, err := c.Play(NoFault)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		for i, v := range r.Violations {
			if i < 5 {
				t.Errorf("seed %d: %v", seed, v)
			}
		}
		if r.ViolationCount > 0 {
			t.Errorf("%d violations; replay: %s", r.ViolationCount, ReplayContest(seed))
		}
	}
}

// TestSwarmContestFaults plants each fault into contests: some of them fail, and all by the
// checker that watches over what was broken.
func TestSwarmContestFaults(t *testing.T) {
	for _, p := range ContestFaults() {
		caught, what := 0, ""
		for seed := range uint64(40) {
			c := GenerateContest(seed)
			r, err := c.Play(p.Fault)
			if err != nil {
				t.Fatal(err)
			}
			violations := r.Violations
			if len(violations) == 0 {
				continue
			}
			if !only(violations, p.Checker) {
				t.Errorf("fault %q, seed %d: %v", p.Fault, seed, violations[0])
			}
			caught, what = caught+1, violations[0].String()
		}
		if caught < 3 {
			t.Errorf("fault %q was caught in %d contests", p.Fault, caught)
		}
		t.Logf("%-16s %2d× %s", p.Fault, caught, what)
	}
}

func only(violations []world.Violation, c world.Checker) bool {
	for _, v := range violations {
		if v.Checker != c {
			return false
		}
	}
	return true
}
