package swarm

import (
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/simnet/world"
)

// TestSwarmFaults plants each fault into a game that is otherwise flawless: the
// run must fail, and its first violation must come from the checker that
// watches over what was broken.
func TestSwarmFaults(t *testing.T) {
	t.Parallel()
	for _, p := range append(Faults(), Planted{NoFault, ""}, Planted{Flood, ""}) {
		r, err := playPlanted(p)
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
		if !strings.Contains(what, missed[p.Fault]) {
			t.Errorf("fault %q: not %s were missed: %s", p.Fault, missed[p.Fault], what)
		}
		t.Logf("%-15s → %-13s %3d× %s", p.Fault, first, r.ViolationCount, what)
	}
}

// planted is the long game in which most faults show.
func planted(p Planted) SoakConfig {
	cfg := SoakConfig{
		Clients: 6, For: 20 * time.Second, Churn: 2 * time.Second, Holds: 3 * time.Second, Seed: 8, Fault: p.Fault, Options: quiet(),
		Link: simnet.LinkConfig{Loss: 0.1, Duplicate: 0.02, Delay: 30 * time.Millisecond, Jitter: 10 * time.Millisecond},
	}
	if p.Fault == Vanished || p.Fault == Unannounced {
		cfg.Churn = 0 // who leaves in time does not miss it
	}
	if p.Fault == EndlessStore {
		cfg.Link.Loss, cfg.Churn, cfg.Holds, cfg.Clients = 0, 0, 0, 2 // it takes a good line, and a while, to fill one up
	}
	if p.Fault == UntoldRoom {
		cfg.Link.Loss, cfg.For = 0.2, time.Minute // with less no queue is full
	}
	if p.Fault == Deaf {
		cfg.Link = simnet.LinkConfig{Delay: 30 * time.Millisecond}
		cfg.Churn, cfg.Holds, cfg.Roam = 0, 0, 5*time.Second
	}
	switch p.Fault {
	case UntoldBack, FalseAway, Bereft, Echo, Evicted:
		cfg.For, cfg.Churn, cfg.Holds, cfg.Resume = time.Minute, 0, 0, 3*time.Second
	case Ghost, Limbo, Stranger:
		cfg.For, cfg.Churn, cfg.Holds, cfg.Restart = time.Minute, 0, 0, 15*time.Second
	}
	return cfg
}

// playPlanted plays the game in which a fault shows.
func playPlanted(p Planted) (world.Report, error) {
	switch {
	case p.Checker == world.Seats: // with Flood and NoFault, see TestSwarmSeats
		return Run(crowded(8), p.Fault, quiet())
	case p.Fault == LateDroppable || p.Fault == LateExpiry || p.Fault == WrongReason:
		return Run(risky(7), p.Fault, quiet())
	case p.Fault == Lingering:
		return Run(brief(7), p.Fault, quiet())
	case p.Fault == Stubborn: // what is drawn comes again when the server does
		s := crowded(7)
		s.Trouble.Restart = 0.5
		return Run(s, p.Fault, quiet())
	}
	return Soak(planted(p))
}

// missed is what the checker must speak of, where it watches over several things.
var missed = map[Fault]string{
	EndlessStore: "bytes of buffers", PacketsIgnored: "packets more", BytesIgnored: "bytes more than the 60000",
	MessagesIgnored: "messages more than the 40", LaneBytesIgnored: "bytes more than 500", LaneMessagesIgnored: "messages more than 10",
	EarlyExpiry: "too early", Evicted: "given up", Lingering: "is kept for", LateExpiry: "too late", UntoldRoom: "no event says so", FalseRoom: "nothing was refused",
}

// risky is a small game most of whose messages need not arrive.
func risky(seed uint64) Scenario {
	line := simnet.LinkConfig{Delay: 30 * time.Millisecond, Loss: 0.2}
	often := Load{Up: true, Down: true, Chance: 1, Burst: 2, Sizes: Sizes{Small: 60}, Tracked: 1}
	ordered, unordered := often, often
	ordered.Terms = Terms{Droppable: 0.5, Grouped: 0.3, Run: 5}
	unordered.Terms = Terms{Expiring: 0.5, TTL: 200 * time.Millisecond}
	return Scenario{
		Seed: seed, For: 30 * time.Second, TickRate: 60, Players: 4,
		Channels: []tickwire.ChannelConfig{
			{ID: 1, Delivery: tickwire.ReliableOrdered}, {ID: 2, Delivery: tickwire.ReliableUnordered},
		},
		Loads: []Load{ordered, unordered},
		Links: simnet.Links{Up: line, Down: line},
	}
}

// brief is a small game on a server that keeps seats for a moment, and players who are gone for long.
func brief(seed uint64) Scenario {
	s := crowded(seed)
	s.For, s.Trouble, s.Seats = time.Minute, Trouble{}, Seats{}
	s.Resumes = Resumes{KeepSeats: 3 * time.Second, Gone: 0.3}
	return s
}

// crowded is a small game on a server that is always full, and good lines.
func crowded(seed uint64) Scenario {
	line := simnet.LinkConfig{Delay: 30 * time.Millisecond, Loss: 0.1}
	return Scenario{
		Seed: seed, For: 20 * time.Second, TickRate: 60, Players: 4,
		Channels: []tickwire.ChannelConfig{{ID: 1, Delivery: tickwire.ReliableOrdered}},
		Loads:    []Load{{Up: true, Down: true, Chance: 0.1, Burst: 1, Sizes: Sizes{Small: 60}}},
		Links:    simnet.Links{Up: line, Down: line},
		Trouble:  Trouble{Leave: 0.5, Crash: 0.3, Impostor: 0.3},
		Seats:    Seats{Limit: 5, Guests: 4, Reserve: 3, For: 5 * time.Second},
	}
}

// TestSwarmSeats: on a server that is always full everybody for whom a seat is kept gets in.
func TestSwarmSeats(t *testing.T) {
	for seed := range uint64(20) {
		s := crowded(seed)
		s.Seats.KeepOldest = seed%4 == 3
		r, err := Run(s, NoFault, quiet())
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range r.Violations {
			t.Errorf("seed %d: %v", seed, v)
		}
		if r.Players < 60 {
			t.Errorf("seed %d: only %d came", seed, r.Players)
		}
	}
}

func TestParseFault(t *testing.T) {
	if f, err := ParseFault("twice", Faults()); f != Twice || err != nil {
		t.Errorf("twice: %q, %v", f, err)
	}
	if _, err := ParseFault("thrice", Faults()); err == nil {
		t.Error("thrice is a fault")
	}
	if _, err := ParseFault("twice", ContestFaults()); err == nil {
		t.Error("twice is a fault of contests")
	}
}
