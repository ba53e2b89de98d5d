package swarm

import (
	"flag"
	"slices"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
)

var (
	firstSeed = flag.Uint64("first-seed", 1, "first seed of TestSwarm")
	seeds     = flag.Uint64("seeds", 120, "how many seeds TestSwarm plays")
)

// TestSwarm plays scenarios; more of them with -seeds.
func TestSwarm(t *testing.T) {
	t.Parallel()
	n := *seeds
	if raced {
		n = min(n, 10)
	}
	var changes, comebacks, anew, resumed uint64
	var ladders, rungs, falls uint64 // of games in which everybody comes on a ladder
	for seed := *firstSeed; seed < *firstSeed+n; seed++ {
		start := time.Now()
		s := Generate(seed)
		r, err := Run(s, NoFault, quiet())
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if s.Ladders.Come > 0 {
			ladders, rungs, falls = ladders+1, rungs+r.Rungs-uint64(r.Players), falls+r.Falls
		}
		if d := time.Since(start); d > 5*time.Second {
			t.Logf("seed %d took %v", seed, d)
		}
		changes += r.KeyChanges
		comebacks, anew, resumed = comebacks+r.Comebacks, anew+r.Anew, resumed+r.Resumed
		for i, v := range r.Violations {
			if i < 5 {
				t.Errorf("seed %d: %v", seed, v)
			}
		}
		if r.ViolationCount > 0 {
			t.Errorf("%d violations; replay: %s", r.ViolationCount, Replay(seed))
		}
	}
	t.Logf("keys changed %d times in %d runs", changes, n)
	t.Logf("peers were back %d times with all messages, %d times without, tickets let somebody in %d times", comebacks, anew, resumed)
	t.Logf("in %d games with ladders %d rungs came beside the first ones, and %d ended", ladders, rungs, falls)
	if n >= 100 && (comebacks < n/3 || anew < n || resumed < n || ladders < n/5 || rungs < 5*ladders || falls < ladders) {
		t.Error("that is too seldom")
	}
	if changes < 10*n {
		t.Errorf("keys changed %d times in %d runs", changes, n)
	}
}

// TestSwarmReplay: one seed, one run, to the last event; another seed, another run.
func TestSwarmReplay(t *testing.T) {
	digests := map[string]uint64{}
	for seed := uint64(1); seed <= 6; seed++ {
		var first string
		for range 2 {
			r, err := Run(Generate(seed), NoFault, quiet())
			if err != nil {
				t.Fatal(err)
			}
			if first == "" {
				first = r.Digest
			} else if r.Digest != first {
				t.Errorf("seed %d: digest %s, then %s", seed, first, r.Digest)
			}
		}
		if other, ok := digests[first]; ok {
			t.Errorf("seeds %d and %d have the same digest", other, seed)
		}
		digests[first] = seed
	}
}

// anyLoad is a trait of scenarios in which one of the channels has it.
func anyLoad(has func(Load) bool) func(Scenario) bool {
	return func(s Scenario) bool { return slices.ContainsFunc(s.Loads, has) }
}

// traits are what some scenarios have and others have not.
var traits = map[string]func(Scenario) bool{
	"cuts":                    func(s Scenario) bool { return s.Trouble.Cut > 0 },
	"stalls":                  func(s Scenario) bool { return s.Trouble.Stall > 0 },
	"restarts":                func(s Scenario) bool { return s.Trouble.Restart > 0 },
	"impostors":               func(s Scenario) bool { return s.Trouble.Impostor > 0 },
	"drains":                  func(s Scenario) bool { return s.Trouble.Drain > 0 },
	"players hold":            func(s Scenario) bool { return s.Trouble.Hold > 0 },
	"the server holds":        func(s Scenario) bool { return s.Trouble.HoldServer > 0 },
	"guests":                  func(s Scenario) bool { return s.Seats.Guests > 0 },
	"reserved seats":          func(s Scenario) bool { return s.Seats.Reserve > 0 },
	"room for all":            func(s Scenario) bool { return s.Seats == (Seats{}) },
	"budgets":                 func(s Scenario) bool { return s.Budgets.Change > 0 },
	"limits":                  func(s Scenario) bool { return s.Budgets.Change == 0 && s.Game.Inbound != tickwire.Limits{} },
	"no limits or budgets":    func(s Scenario) bool { return s.Budgets.Change == 0 && s.Game.Inbound == tickwire.Limits{} },
	"addresses move":          func(s Scenario) bool { return s.Roams.Move > 0 },
	"paths open":              func(s Scenario) bool { return s.Roams.Open > 0 },
	"paths close":             func(s Scenario) bool { return s.Roams.Shut > 0 },
	"sockets die":             func(s Scenario) bool { return s.Roams.Die > 0 },
	"a bystander":             func(s Scenario) bool { return s.Roams.Bystander > 0 },
	"nobody roams":            func(s Scenario) bool { return s.Roams == (Roams{}) },
	"other sockets are tried": func(s Scenario) bool { return s.Roams.Redial },
	"streams":                 func(s Scenario) bool { return s.Roams.Stream },
	"ladders":                 func(s Scenario) bool { return s.Ladders.Come > 0 },
	"rungs end":               func(s Scenario) bool { return s.Ladders.Fall > 0 },
	"short epochs":            func(s Scenario) bool { return s.Game.EpochPackets > 0 },
	"forward secrecy":         func(s Scenario) bool { return s.Seal.ForwardSecrecy },
	"suite 0":                 func(s Scenario) bool { return s.Seal.Suite == 0 },
	"suite 1":                 func(s Scenario) bool { return s.Seal.Suite == 1 },
	"suite 2":                 func(s Scenario) bool { return s.Seal.Suite == 2 },
	"suite 3":                 func(s Scenario) bool { return s.Seal.Suite == 3 },
	"expiring messages":       anyLoad(func(l Load) bool { return l.Terms.Expiring > 0 }),
	"keyed messages":          anyLoad(func(l Load) bool { return l.Terms.Keys > 0 }),
	"groups":                  anyLoad(func(l Load) bool { return l.Terms.Grouped > 0 }),
	"droppable messages":      anyLoad(func(l Load) bool { return l.Terms.Droppable > 0 }),
	"a channel without terms": anyLoad(func(l Load) bool { return l.Terms == Terms{} }),
	"messages built in place": anyLoad(func(l Load) bool { return l.Ways.InPlace > 0 }),
	"messages to all":         anyLoad(func(l Load) bool { return l.Ways.ToAll > 0 }),
	"drafts that are left":    anyLoad(func(l Load) bool { return l.Ways.Left > 0 }),
	"a channel without ways":  anyLoad(func(l Load) bool { return l.Ways == Ways{} }),
	"seats are kept":          keepsSeats,
	"a compressed channel":    func(s Scenario) bool { return slices.ContainsFunc(s.Channels, compresses) },
}

func compresses(ch tickwire.ChannelConfig) bool { return ch.Compression != nil }

func keepsSeats(s Scenario) bool { return s.Resumes.KeepSeats > 0 }

// absences are traits that fewer scenarios have than seats are kept in.
var absences = map[string]func(Scenario) bool{
	"gone for long":       func(s Scenario) bool { return s.Resumes.Gone > 0 },
	"the server crashes":  func(s Scenario) bool { return keepsSeats(s) && s.Trouble.Restart > 0 },
	"players crash":       func(s Scenario) bool { return s.Resumes.Tickets > 0 && s.Trouble.Crash > 0 },
	"messages are lost":   func(s Scenario) bool { return s.Game.Resume == tickwire.LoseMessages },
	"seats are soon gone": func(s Scenario) bool { return keepsSeats(s) && s.Resumes.KeepSeats < leastAbsence },
}

// TestGenerate: the scenarios differ, and each kind of trouble happens in some and not in others.
func TestGenerate(t *testing.T) {
	var all []Scenario
	for seed := range uint64(200) {
		s := Generate(seed)
		if len(s.Channels) == 0 || len(s.Channels) != len(s.Loads) || s.Players == 0 {
			t.Fatalf("seed %d: %+v", seed, s)
		}
		all = append(all, s)
	}
	count := func(has func(Scenario) bool) (n int) {
		for _, s := range all {
			if has(s) {
				n++
			}
		}
		return n
	}
	wantSome := func(trait string, has func(Scenario) bool, of int) {
		t.Helper()
		if n := count(has); n == 0 || n >= of {
			t.Errorf("%s: %d scenarios, of %d", trait, n, of)
		}
	}
	for trait, has := range traits {
		wantSome(trait, has, len(all))
	}
	for trait, has := range absences {
		wantSome(trait, has, count(keepsSeats))
	}
}
