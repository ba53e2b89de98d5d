package swarm

import (
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet"
)

func quiet() Options { return Options{Base: tickwire.Config{Logger: slog.New(slog.DiscardHandler)}} }

func TestSwarmSoak(t *testing.T) {
	r, err := Soak(SoakConfig{
		Clients: 8, For: time.Minute, Seed: 1, Options: quiet(),
		Link: simnet.LinkConfig{Loss: 0.3, Duplicate: 0.04, Reorder: 0.2, Corrupt: 0.01, Delay: 80 * time.Millisecond, Jitter: 40 * time.Millisecond},
	})
	if err != nil {
		t.Fatal(err)
	}
	b, _ := json.MarshalIndent(r, "", "  ")
	t.Logf("%s", b)
	for _, v := range r.Violations {
		t.Error(v)
	}
}
