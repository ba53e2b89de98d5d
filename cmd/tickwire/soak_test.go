package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tickwire/tickwire/internal/swarm"
	"github.com/tickwire/tickwire/simnet/world"
)

// soakOf parses a command line and runs it.
func soakOf(t *testing.T, args ...string) (out, progress string, err error) {
	t.Helper()
	var c cli
	parser, err := newParser(t.Context(), &c)
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

// TestSoakDump: the same run writes the same dump, of every datagram; a file that cannot be written
// is said before anything is played.
func TestSoakDump(t *testing.T) {
	var dumps [2][]byte
	for i := range dumps {
		name := filepath.Join(t.TempDir(), "dump.jsonl")
		if _, progress, err := soakOf(t, "--clients", "1", "--for", "2s", "--dump", name); err != nil {
			t.Fatalf("%v\n%s", err, progress)
		}
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		dumps[i] = b
	}
	if sent := bytes.Count(dumps[0], []byte(`{"k":"s",`)); sent < 200 || !bytes.Equal(dumps[0], dumps[1]) {
		t.Errorf("%d datagrams sent, dumps of %d and %d bytes", sent, len(dumps[0]), len(dumps[1]))
	}
	if _, _, err := soakOf(t, "--dump", t.TempDir()); err == nil {
		t.Error("a folder was written to")
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

// TestSoakUseless: a flag that what is to be played does not look at is a mistake.
func TestSoakUseless(t *testing.T) {
	for args, want := range map[string]string{
		"--swarm --clients 8":             "--clients means nothing beside --swarm: leave one of them out",
		"--contests --loss 0.1 --seed 2":  "--loss means nothing beside --contests",
		"--wire --seed 1":                 "--seed means nothing beside --wire",
		"--swarm --for 1m --seeds 2":      "--for means nothing beside --swarm",
		"--clients 0":                     "--clients is 0: want 1 to 1024",
		"--contests --fault twice --json": "no fault \"twice\" here",
	} {
		if _, _, err := soakOf(t, strings.Fields(args)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", args, err, want)
		}
	}
}

// TestSoakInterrupted: ctrl-C says which run it was, and judges nothing.
func TestSoakInterrupted(t *testing.T) {
	for _, args := range []string{"", "--swarm", "--contests"} {
		c, err := parse(t, append([]string{"soak", "--seed=7", "--seeds=3"}, strings.Fields(args)...)...)
		if err != nil {
			t.Fatal(err)
		}
		ctx, interrupt := context.WithCancel(t.Context())
		interrupt()
		var out bytes.Buffer
		err = c.Soak.run(ctx, &out, io.Discard)
		if err == nil || !strings.Contains(err.Error(), "interrupted in run 1 of 3, with seed 7") || exitCode(err) != 1 || out.Len() > 0 {
			t.Errorf("soak %s: %v, %q", args, err, &out)
		}
	}
}

// TestSoakContests: anybody can play contests of other seeds, and gets the line that plays one
// again.
func TestSoakContests(t *testing.T) {
	out, progress, err := soakOf(t, "--contests", "--seed", "500", "--seeds", "3")
	if err != nil || strings.Count(out, "violations: 0") != 3 || !strings.Contains(out, "bytes a second on the wire") {
		t.Errorf("%v: %s%s", err, out, progress)
	}
	out, _, err = soakOf(t, "--contests", "--seed", "500", "--json")
	var r swarm.ContestReport
	if bad := json.Unmarshal([]byte(out), &r); err != nil || bad != nil {
		t.Fatal(err, bad)
	}
	sum := 0.0
	for _, s := range r.Channels {
		sum += s.BytesPerSecond
	}
	if r.Seed != 500 || sum < 0.75*float64(r.BytesPerSecond) || sum > float64(r.BytesPerSecond)*1.05 {
		t.Errorf("%.0f bytes a second left of %d: %s", sum, r.BytesPerSecond, out)
	}
	out, progress, err = soakOf(t, "--contests", "--seed", "1", "--seeds", "10", "--fault", "no weights")
	if err == nil || !strings.Contains(out, string(swarm.Weights)) ||
		!strings.Contains(progress, "; replay: go run ./cmd/tickwire soak --contests --seed ") ||
		!strings.Contains(progress, ` --fault "no weights"`) {
		t.Errorf("%v: %s%s", err, out, progress)
	}
}

func TestSoakRefuses(t *testing.T) {
	for args, want := range map[string]string{
		"--clients 0":      "--clients is 0: want 1 to",
		"--clients -3":     "--clients is -3: want 1 to",
		"--for 0s":         "--for is 0s: want a time",
		"--churn -5s":      "--churn is -5s: want a time",
		"--holds -5s":      "--holds is -5s: want a time",
		"--resume -5s":     "--resume is -5s: want a time",
		"--restart 2s":     "--restart is 2s: want 5s or more",
		"--roam -5s":       "--roam is -5s: want a time",
		"--paths 0":        "--paths is 0: want 1 to 8",
		"--paths 9":        "--paths is 9: want 1 to 8",
		"--watched -1":     "--watched is -1: want 0",
		"--seeds 0":        "--seeds is 0: want at least 1",
		"--seeds -1":       "--seeds is -1: want at least 1",
		"--loss 2":         "--loss is 2: want",
		"--loss -1":        "--loss is -1: want",
		"--loss-burst -1":  "--loss-burst is -1: want",
		"--duplicate -1":   "--duplicate is -1: want",
		"--reorder -1":     "--reorder is -1: want",
		"--corrupt -1":     "--corrupt is -1: want",
		"--latency -1s":    "--latency is -1s: want",
		"--jitter -1s":     "--jitter is -1s: want",
		"--rate -1":        "--rate is -1: want",
		"--fault nonsense": "no fault",

		"--swarm --contests":       "want one of them",
		"--contests --fault twice": "no fault",
	} {
		if _, _, err := soakOf(t, strings.Fields(args)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", args, err, want)
		}
	}
}

// TestSoakHelp: what looks like a default is one.
func TestSoakHelp(t *testing.T) {
	var c cli
	var help bytes.Buffer
	parser, err := newParser(t.Context(), &c)
	if err != nil {
		t.Fatal(err)
	}
	parser.Stdout, parser.Exit = &help, func(int) {}
	parser.Parse([]string{"soak", "--help"})
	for _, want := range []string{"--clients=8", "--for=10m", "--latency=DURATION", "--jitter=DURATION", "--churn=DURATION", "--holds=DURATION", "--queue=N", "--roam=DURATION", "--resume=DURATION", "--restart=DURATION", "--paths=1", "--watched=N"} {
		if !strings.Contains(help.String(), want+" ") {
			t.Errorf("no %q in\n%s", want, help.String())
		}
	}
}

// TestSoakRoams: what roaming cost is told, and a run that failed can be played again.
func TestSoakRoams(t *testing.T) {
	args := strings.Fields("--clients 3 --for 10s --latency 20ms --roam 2s --paths 2 --watched 1")
	out, _, err := soakOf(t, args...)
	if err != nil || !strings.Contains(out, "roaming: ") || !strings.Contains(out, "bystanders: ") {
		t.Errorf("%v: %s", err, out)
	}
	_, progress, err := soakOf(t, append(args, "--fault", "misled")...)
	want := "replay: go run ./cmd/tickwire soak --clients 3 --for 10s --seed 1 --latency 20ms --roam 2s --watched 1 --paths 2 --fault \"misled\""
	if err == nil || !strings.Contains(progress, want) {
		t.Errorf("progress is %q, want %q in it", progress, want)
	}
}

// TestSoakColumns: everything that can become of a message has a column, and the numbers add up.
func TestSoakColumns(t *testing.T) {
	out, _, err := soakOf(t, strings.Fields("--clients 2 --for 10s --churn 1s --loss 0.1")...)
	if err != nil {
		t.Fatal(err)
	}
	for _, column := range []string{"sent", "refused", "received", "lost", "newer won", "abandoned"} {
		if !strings.Contains(out, " "+column+" ") {
			t.Errorf("no column %q in\n%s", column, out)
		}
	}
	for _, line := range strings.Split(out, "\n")[2:7] {
		var d world.DeliveryReport
		_, err := fmt.Sscan(line, &d.Delivery, &d.Sent, &d.Refused, &d.Delivered, &d.Duplicated, &d.OutOfOrder, &d.Corrupted,
			&d.Lost, &d.Superseded, &d.Abandoned)
		if err != nil || d.Sent == 0 || d.Sent != d.Delivered+d.Lost+d.Superseded+d.Abandoned {
			t.Errorf("%v: %q", err, line)
		}
	}
}
