package swarm

import (
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/simnet/world"
)

// TestRoamLong: a thousand players change their address in the same second, half of them to
// another network. Nobody is lost, nothing is lost or doubled, and what is unreliable pauses for two
// round trips at most.
func TestRoamLong(t *testing.T) {
	t.Parallel()
	const players = 1000
	line := simnet.LinkConfig{Delay: 30 * time.Millisecond}
	base := quiet().Base
	w, err := world.New(world.Config{
		Seed: 1, Channels: Channels(), Links: simnet.Links{Up: line, Down: line}, TickRate: 30, JudgeGaps: true,
		Server: tickwire.ServerConfig{Config: base, MaxClients: players}, Client: tickwire.ClientConfig{Config: base},
	})
	if err != nil {
		t.Fatal(err)
	}
	tick := 0
	play := func() {
		tick++
		for e := range w.Ends() {
			_ = e.Send(tickwire.ChannelID(tickwire.UnreliableLatest)+1, world.Message{Size: 60}) // or it is full
			if (tick+e.Player().Number)%15 == 0 {
				_ = e.Send(tickwire.ChannelID(tickwire.ReliableOrdered)+1, world.Message{Size: 40, Tracked: true})
			}
		}
	}
	for id := range uint64(players) {
		if _, err := w.Join(id + 1); err != nil {
			t.Fatal(err)
		}
		if id%50 == 49 {
			w.Step(play)
		}
	}
	w.Run(3*time.Second, play)
	began, moved := w.Elapsed(), 0
	for second := w.Elapsed() + time.Second; w.Elapsed() < second; {
		share := int(w.Elapsed()-began+time.Second/30) * players / int(time.Second)
		for ; moved < min(share, players); moved++ {
			if err := w.Players()[moved].Roam(moved%2 == 0, 0); err != nil {
				t.Fatal(err)
			}
		}
		w.Step(play)
	}
	w.Run(3*time.Second, play)
	for _, p := range w.Players() {
		if !p.Client.Open() || !p.Server.Open() || p.Server.Conn().RemoteAddr() != p.Addr() {
			t.Errorf("player %d is not at %v", p.Number, p.Addr())
		}
	}
	w.Settle(20*time.Second, nil)
	w.Close()
	for _, v := range w.Violations() {
		t.Error(v)
	}
	r := w.Report()
	if r.Roams != players {
		t.Errorf("%d have moved", r.Roams)
	}
	t.Logf("%d players moved within a second: pauses p50 %.0f ms, p99 %.0f ms, at most %.0f ms; round trip 60 ms, tick 33 ms; %d datagrams",
		r.Roams, r.RoamGap.P50, r.RoamGap.P99, r.RoamGap.Max, r.Datagrams)
}

// TestSwarmRoamSoaks: long games of players who get about, over several paths, watched.
func TestSwarmRoamSoaks(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]SoakConfig{
		"clean":   {Link: simnet.LinkConfig{Delay: 40 * time.Millisecond}, Roam: 3 * time.Second},
		"lossy":   {Link: simnet.LinkConfig{Delay: 50 * time.Millisecond, Loss: 0.05, Jitter: 10 * time.Millisecond}, Roam: time.Second, Churn: 5 * time.Second},
		"worse":   {Link: simnet.LinkConfig{Delay: 100 * time.Millisecond, Loss: 0.3, Reorder: 0.2, Duplicate: 0.1}, Roam: 5 * time.Second, Holds: 7 * time.Second},
		"paths":   {Link: simnet.LinkConfig{Delay: 20 * time.Millisecond, Loss: 0.02}, Paths: 3},
		"all":     {Link: simnet.LinkConfig{Delay: 20 * time.Millisecond, Loss: 0.05}, Paths: 4, Roam: 5 * time.Second, Churn: 5 * time.Second, Watched: 4},
		"watched": {Link: simnet.LinkConfig{Delay: 30 * time.Millisecond}, Watched: 8},
	} {
		cfg.Options, cfg.For, cfg.Seed = quiet(), time.Minute, 3
		if raced {
			cfg.For = 10 * time.Second
		}
		r, err := Soak(cfg)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range r.Violations {
			t.Errorf("%s: %v", name, v)
		}
		if (r.Roams > 0) != (cfg.Roam > 0) || (r.Attacks > 0) != (cfg.Watched > 0) {
			t.Errorf("%s: %d roams, %d attacks", name, r.Roams, r.Attacks)
		}
		t.Logf("%-8s %4d roams, pauses p50 %.0f ms, p99 %.0f ms, at most %.0f ms; %d attacks", name, r.Roams, r.RoamGap.P50, r.RoamGap.P99, r.RoamGap.Max, r.Attacks)
	}
}
