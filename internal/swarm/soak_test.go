package swarm

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet"
)

func quiet() Options { return Options{Base: tickwire.Config{Logger: slog.New(slog.DiscardHandler)}} }

// TestSwarmSoak plays long games over hard links.
func TestSwarmSoak(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]SoakConfig{
		"usual":  {Link: simnet.LinkConfig{Loss: 0.3, Duplicate: 0.04, Reorder: 0.2, Corrupt: 0.01, Delay: 80 * time.Millisecond, Jitter: 40 * time.Millisecond}},
		"worse":  {Link: simnet.LinkConfig{Loss: 0.5, Duplicate: 0.3, Reorder: 0.5, Corrupt: 0.1, Delay: 600 * time.Millisecond, Jitter: 200 * time.Millisecond, JitterReorders: true}},
		"bursts": {Link: simnet.LinkConfig{Loss: 0.2, LossBurst: 6, Delay: 40 * time.Millisecond}},
		"narrow": {Link: simnet.LinkConfig{BitsPerSecond: 64_000, QueuePackets: 5, Delay: 50 * time.Millisecond}},
		"churn":  {Link: simnet.LinkConfig{Loss: 0.2, Delay: 100 * time.Millisecond}, Churn: time.Second},
		"holds":  {Link: simnet.LinkConfig{Loss: 0.2, Delay: 100 * time.Millisecond}, Churn: 5 * time.Second, Holds: 4 * time.Second},
		"comebacks": {
			Link: simnet.LinkConfig{Loss: 0.1, Delay: 50 * time.Millisecond, Jitter: 20 * time.Millisecond}, Resume: 5 * time.Second,
		},
		"restarts": {Link: simnet.LinkConfig{Loss: 0.1, Delay: 50 * time.Millisecond}, Restart: 12 * time.Second, Churn: 4 * time.Second},
		"all at once": {
			Link: simnet.LinkConfig{Loss: 0.1, Delay: 50 * time.Millisecond}, Resume: 5 * time.Second, Restart: 40 * time.Second, Churn: 10 * time.Second,
			Holds: 7 * time.Second, Roam: 20 * time.Second, Paths: 2, Watched: 1,
		},
	} {
		cfg.Options, cfg.For, cfg.Seed = quiet(), 2*time.Minute, 3
		if raced {
			cfg.For = 15 * time.Second
		}
		r, err := Soak(cfg)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range r.Violations {
			t.Errorf("%s: %v", name, v)
		}
		if (cfg.Resume > 0 || cfg.Restart > 0) && !raced && (r.Comebacks+r.Anew < 20 || cfg.Restart > 0 && r.Anew < 10) {
			t.Errorf("%s: %d comebacks, %d without messages", name, r.Comebacks, r.Anew)
		}
		if len(r.Deliveries) != 5 || r.Players < 8 {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

func TestSoakStops(t *testing.T) {
	o := quiet()
	o.Progress = func(elapsed, total time.Duration) bool { return elapsed < total/2 }
	r, err := Soak(SoakConfig{Clients: 1, For: 20 * time.Second, Options: o})
	if !errors.Is(err, ErrStopped) || r.VirtualSeconds > 12 {
		t.Errorf("%v after %v s", err, r.VirtualSeconds)
	}
}
