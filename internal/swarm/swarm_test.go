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
	n := *seeds
	if raced {
		n = min(n, 10)
	}
	var changes, comebacks, anew, resumed uint64
	for seed := *firstSeed; seed < *firstSeed+n; seed++ {
		start := time.Now()
		r, err := Run(Generate(seed), NoFault, quiet())
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
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
	if n >= 100 && (comebacks < n/3 || anew < n || resumed < n) {
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

// TestGenerate: the scenarios differ, and each kind of trouble happens in some and not in others.
func TestGenerate(t *testing.T) {
	on, off := Trouble{}, Trouble{Cut: 1}
	terms, plain, ways, none := Terms{}, 0, Ways{}, 0
	seats, roomy := Seats{}, 0
	kept, gone, killed, stored, lose, short := 0, 0, 0, 0, 0, 0
	limits, budgets, free := 0, 0, 0
	suites, epochs, secret := [4]int{}, 0, 0
	roams, still, redials, streams := Roams{}, 0, 0, 0
	for seed := range uint64(200) {
		s := Generate(seed)
		if len(s.Channels) == 0 || len(s.Channels) != len(s.Loads) || s.Players == 0 {
			t.Fatalf("seed %d: %+v", seed, s)
		}
		on.Cut, on.Stall, on.Restart, on.Impostor = on.Cut+s.Trouble.Cut, on.Stall+s.Trouble.Stall, on.Restart+s.Trouble.Restart, on.Impostor+s.Trouble.Impostor
		on.Drain, on.Hold, on.HoldServer = on.Drain+s.Trouble.Drain, on.Hold+s.Trouble.Hold, on.HoldServer+s.Trouble.HoldServer
		off.Cut = min(off.Cut, s.Trouble.Cut)
		seats.Guests, seats.Reserve = seats.Guests+s.Seats.Guests, seats.Reserve+s.Seats.Reserve
		if s.Seats == (Seats{}) {
			roomy++
		}
		switch {
		case s.Budgets.Change > 0:
			budgets++
		case s.Game.Inbound != tickwire.Limits{}:
			limits++
		default:
			free++
		}
		roams.Move, roams.Open, roams.Shut = roams.Move+s.Roams.Move, roams.Open+s.Roams.Open, roams.Shut+s.Roams.Shut
		roams.Die, roams.Bystander = roams.Die+s.Roams.Die, roams.Bystander+s.Roams.Bystander
		if s.Roams == (Roams{}) {
			still++
		}
		if s.Roams.Redial {
			redials++
		}
		if s.Roams.Stream {
			streams++
		}
		if s.Resumes.KeepSeats > 0 {
			kept++
		}
		if s.Resumes.Gone > 0 {
			gone++
		}
		if s.Resumes.KeepSeats > 0 && s.Trouble.Restart > 0 {
			killed++
		}
		if s.Resumes.Tickets > 0 && s.Trouble.Crash > 0 {
			stored++
		}
		if s.Game.Resume == tickwire.LoseMessages {
			lose++
		}
		if s.Resumes.KeepSeats > 0 && s.Resumes.KeepSeats < leastAbsence {
			short++
		}
		suites[s.Seal.Suite]++
		if s.Game.EpochPackets > 0 {
			epochs++
		}
		if s.Seal.ForwardSecrecy {
			secret++
		}
		for _, l := range s.Loads {
			terms.Expiring, terms.Keys = terms.Expiring+l.Terms.Expiring, terms.Keys+l.Terms.Keys
			terms.Grouped, terms.Droppable = terms.Grouped+l.Terms.Grouped, terms.Droppable+l.Terms.Droppable
			if l.Terms == (Terms{}) {
				plain++
			}
			ways.InPlace, ways.ToAll, ways.Left = ways.InPlace+l.Ways.InPlace, ways.ToAll+l.Ways.ToAll, ways.Left+l.Ways.Left
			if l.Ways == (Ways{}) {
				none++
			}
		}
	}
	if slices.Contains(suites[:], 0) || epochs == 0 || epochs == 200 || secret == 0 || secret == 200 {
		t.Errorf("%v scenarios of each suite, %d with short epochs, %d with forward secrecy", suites, epochs, secret)
	}
	if on.Drain == 0 || on.Hold == 0 || on.HoldServer == 0 || on.Cut == 0 || on.Stall == 0 || on.Restart == 0 || on.Impostor == 0 || off.Cut != 0 {
		t.Errorf("sums of trouble %+v, least %+v", on, off)
	}
	if ways.InPlace == 0 || ways.ToAll == 0 || ways.Left == 0 || none == 0 {
		t.Errorf("sums of ways %+v, %d channels have none", ways, none)
	}
	if roams.Move == 0 || roams.Open == 0 || roams.Shut == 0 || roams.Die == 0 || roams.Bystander == 0 || still == 0 || redials == 0 || streams == 0 {
		t.Errorf("sums of roams %+v, %d scenarios have none, %d redial, %d have streams", roams, still, redials, streams)
	}
	if seats.Guests == 0 || seats.Reserve == 0 || roomy == 0 {
		t.Errorf("sums of seats %+v, %d servers have room", seats, roomy)
	}
	if kept == 0 || kept == 200 || gone == 0 || gone == kept {
		t.Errorf("%d servers keep seats, of %d of them somebody is gone for long", kept, gone)
	}
	if killed == 0 || stored == 0 || lose == 0 || short == 0 || max(killed, stored, lose, short) >= kept {
		t.Errorf("of %d servers that keep seats %d crash, %d have players who do, %d lose messages, %d keep nobody for long",
			kept, killed, stored, lose, short)
	}
	if limits == 0 || budgets == 0 || free == 0 {
		t.Errorf("%d with limits, %d with budgets, %d with neither", limits, budgets, free)
	}
	if terms.Expiring == 0 || terms.Keys == 0 || terms.Grouped == 0 || terms.Droppable == 0 || plain == 0 {
		t.Errorf("sums of terms %+v, %d channels have none", terms, plain)
	}
}
