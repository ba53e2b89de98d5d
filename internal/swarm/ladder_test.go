package swarm

import "testing"

// TestSwarmLadders plays the scenarios in which everybody comes on a ladder; more of them with -seeds.
func TestSwarmLadders(t *testing.T) {
	most := int(*seeds) / 4
	if raced {
		most = 5
	}
	var rungs, falls uint64
	played := 0
	for seed := *firstSeed; played < most; seed++ {
		s := Generate(seed)
		if s.Ladders.Come == 0 {
			continue
		}
		played++
		r, err := Run(s, NoFault, quiet())
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		rungs, falls = rungs+r.Rungs-uint64(r.Players), falls+r.Falls
		for i, v := range r.Violations {
			if i < 3 {
				t.Errorf("seed %d: %v", seed, v)
			}
		}
		if r.ViolationCount > 0 {
			t.Errorf("%d violations; replay: %s", r.ViolationCount, Replay(seed))
		}
	}
	t.Logf("%d rungs came beside the first ones, and %d ended, in %d runs", rungs, falls, played)
	if n := uint64(played); rungs < 5*n || falls < n {
		t.Error("that is too seldom")
	}
}
