package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/tickwire/tickwire/simnet/world"
)

// soakOf parses a command line and runs it.
func soakOf(t *testing.T, args ...string) (out, progress string, err error) {
	t.Helper()
	var c struct {
		Soak soakCmd `cmd:""`
	}
	parser, err := kong.New(&c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(append([]string{"soak"}, args...)); err != nil {
		return "", "", err
	}
	var o, p bytes.Buffer
	err = c.Soak.run(t.Context(), &o, &p)
	return o.String(), p.String(), err
}

var hard = strings.Fields("--clients 3 --for 20s --loss 0.3 --duplicate 0.04 --reorder 0.2 --corrupt 0.01 --latency 80ms --jitter 40ms --seed 1 --json")

func TestSoak(t *testing.T) {
	out, progress, err := soakOf(t, hard...)
	if err != nil {
		t.Fatalf("%v\n%s", err, progress)
	}
	var r world.Report
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out, `"violations": 0`) || r.Seed != 1 || len(r.Deliveries) != 5 || r.BytesOnWire == 0 || progress != "" {
		t.Errorf("report %s, progress %q", out, progress)
	}
	for _, d := range r.Deliveries {
		switch {
		case d.Sent == 0 || d.Delivered == 0 || d.Duplicated+d.Corrupted > 0 || d.Latency.P50 < 80 || d.Latency.Max < d.Latency.P99:
			t.Errorf("%+v", d)
		case strings.HasPrefix(d.Delivery, "Reliable") && d.Sent != d.Delivered+d.Superseded:
			t.Errorf("not all arrived: %+v", d)
		case d.Delivery == "Unreliable" && d.Sent != d.Delivered+d.Lost:
			t.Errorf("messages are missing in the count: %+v", d)
		}
	}
	if again, _, _ := soakOf(t, hard...); again != out {
		t.Errorf("the same seed gave another report:\n%s\n%s", out, again)
	}
}

func TestSoakFault(t *testing.T) {
	out, progress, err := soakOf(t, append(hard, "--fault", "twice")...)
	if err == nil || !strings.Contains(out, string(world.ExactlyOnce)) {
		t.Errorf("a message delivered twice went by: %v\n%s", err, out)
	}
	want := "replay: go run ./cmd/tickwire soak --clients 3 --for 20s --seed 1 --loss 0.3 --duplicate 0.04 --reorder 0.2 " +
		"--corrupt 0.01 --latency 80ms --jitter 40ms --fault \"twice\""
	if !strings.Contains(progress, want) {
		t.Errorf("progress is %q, want %q in it", progress, want)
	}
}

func TestSoakText(t *testing.T) {
	out, _, err := soakOf(t, "--swarm", "--seed", "5", "--seeds", "2")
	if err != nil || strings.Count(out, "violations: 0") != 2 {
		t.Errorf("%v: %s", err, out)
	}
	if out, _, err := soakOf(t, "--wire"); err != nil || !strings.Contains(out, "| clock in the ACK |") {
		t.Errorf("%v: %s", err, out)
	}
}

func TestSoakRefuses(t *testing.T) {
	for _, args := range []string{"--clients 0", "--for 0s", "--loss 2", "--latency -1s", "--fault nonsense"} {
		if _, _, err := soakOf(t, strings.Fields(args)...); err == nil {
			t.Errorf("%s is accepted", args)
		}
	}
}
