package swarm

import (
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/simnet/world"
)

// TestSwarmFaults plants each fault into a game that is otherwise flawless: the
// run must fail, and its first violation must come from the checker that
// watches over what was broken.
func TestSwarmFaults(t *testing.T) {
	for _, p := range append(Faults(), Planted{NoFault, ""}, Planted{Flood, ""}) {
		cfg := SoakConfig{
			Clients: 6, For: 20 * time.Second, Churn: 2 * time.Second, Seed: 7, Fault: p.Fault, Options: quiet(),
			Link: simnet.LinkConfig{Loss: 0.1, Duplicate: 0.02, Delay: 30 * time.Millisecond, Jitter: 10 * time.Millisecond},
		}
		if p.Fault == EndlessStore {
			cfg.Link.Loss, cfg.Churn, cfg.Clients = 0, 0, 2 // it takes a good line, and a while, to fill one up
		}
		r, err := Soak(cfg)
		if err != nil {
			t.Fatal(err)
		}
		var first world.Checker
		what := "nothing"
		if len(r.Violations) > 0 {
			first, what = r.Violations[0].Checker, r.Violations[0].What
		}
		if first != p.Checker {
			t.Errorf("fault %q was caught by %q, want %q: %v", p.Fault, first, p.Checker, r.Violations)
		}
		if (r.ViolationCount > 0) != (p.Checker != "") {
			t.Errorf("fault %q: %d violations", p.Fault, r.ViolationCount)
		}
		if p.Fault == EndlessStore && !strings.Contains(what, "bytes of buffers") {
			t.Errorf("fault %q: the memory itself was not missed, but %s", p.Fault, what)
		}
		t.Logf("%-15s → %-13s %3d× %s", p.Fault, first, r.ViolationCount, what)
	}
}

func TestParseFault(t *testing.T) {
	if f, err := ParseFault("twice"); f != Twice || err != nil {
		t.Errorf("twice: %q, %v", f, err)
	}
	if _, err := ParseFault("thrice"); err == nil {
		t.Error("thrice is a fault")
	}
}
