package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"github.com/tickwire/tickwire/bench/report"
)

// TestMain has the test's binary be the two ends of a measurement, too.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && (os.Args[1] == "server" || os.Args[1] == "client") {
		main()
		return
	}
	os.Exit(m.Run())
}

// runOf parses a command line of `peers run`, and runs it.
func runOf(ctx context.Context, args ...string) ([]report.Line, error) {
	var c cli
	parser, err := kong.New(&c, kong.Exit(func(int) {}))
	if err != nil {
		return nil, err
	}
	if _, err := parser.Parse(append([]string{"run"}, args...)); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := c.Run.run(ctx, &out, io.Discard); err != nil {
		return nil, err
	}
	return report.Read(&out)
}

// TestRun plays every workload with every system for a moment, over a link of everything.
func TestRun(t *testing.T) {
	trace := filepath.Join(t.TempDir(), "four-megabits")
	if err := os.WriteFile(trace, []byte("3\n6\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	played := map[string]int{}
	for _, link := range []string{
		"--workload stream --rtt 10ms --loss 0.02 --burst 2 --ack-loss 0.05 --jitter 1ms",
		"--workload bulk,mixed --rtt 10ms --loss 0 --rate 8000000 --queue 50",
		"--workload bulk --systems tickwire,quic --rtt 10ms --loss 0 --trace " + trace,
	} {
		lines, err := runOf(t.Context(), append(strings.Fields(link), "--for", "400ms", "--parallel", "6")...)
		if err != nil {
			t.Fatalf("%s: %v", link, err)
		}
		for _, l := range lines {
			played[l.System]++
			checkLine(t, l)
		}
	}
	for _, name := range everybody() {
		if played[name] == 0 {
			t.Errorf("%s has played nothing", name)
		}
	}
}

// checkLine holds a line to what must be in it.
func checkLine(t *testing.T, l report.Line) {
	t.Helper()
	about := l.System + ", " + l.Case.String()
	unreliable := strings.Contains(strings.Join(l.Notes, ";"), "unreliable")
	if l.Error != "" || l.Missing > 0 && !unreliable {
		t.Errorf("%s: %q, %d messages are missing", about, l.Error, l.Missing)
	}
	if l.Version == "" && l.System != "udp" {
		t.Errorf("%s: no version", about)
	}
	if l.Case.Workload != "bulk" && len(l.Latency) == 0 {
		t.Errorf("%s: no latencies", about)
	}
	if l.Case.Workload == "stream" {
		return
	}
	if l.Series == nil || len(l.Series.Mbits) != 4 || len(l.Series.QueueMs) != 4 {
		t.Errorf("%s: series %+v, want four points", about, l.Series)
	}
	for _, f := range l.Figures {
		if f.Name == "goodput" && (f.Value == nil || *f.Value < 0 || *f.Value > 100) {
			t.Errorf("%s: no goodput that can be", about) // how much comes through is up to the machine
		}
	}
	if !l.Simulated && (l.Up == nil || l.Up.Sent < 10 || l.Down.Sent == 0) {
		t.Errorf("%s: %+v went up, %+v came back", about, l.Up, l.Down)
	}
}

// TestRunMistakes: what is wrong is told by the names of the flags, before anything is played.
func TestRunMistakes(t *testing.T) {
	for args, want := range map[string]string{
		"--systems carrier-pigeon":             `--systems: no system is called "carrier-pigeon"`,
		"--workload chess":                     "--workload is chess: want stream, bulk or mixed",
		"--systems udp --workload bulk":        "none of these systems plays any of these workloads",
		"--systems udp --runs 0":               "--runs is 0",
		"--systems udp --parallel 99":          "--parallel is 99",
		"--systems udp --for=-1s":              "--for is -1s",
		"--systems udp --loss 2":               "Up.Loss is 2: want a probability",
		"--systems udp --trace main_test.go":   "--trace: simnet: trace line 1",
		"--systems udp --trace x --rate 1000":  "--trace and --rate: want one of them",
		"--systems udp --trace /nowhere/at/it": "--trace: open /nowhere/at/it",
	} {
		if _, err := runOf(t.Context(), strings.Fields(args)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", args, err, want)
		}
	}
}

// TestRunInterrupted: what was cut short has no line, and its programs end.
func TestRunInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(200*time.Millisecond, cancel)
	var c cli
	parser, err := kong.New(&c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(strings.Fields("run --systems udp --workload stream --loss 0 --for 1h")); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := c.Run.run(ctx, &out, io.Discard); !errors.Is(err, context.Canceled) || out.Len() > 0 {
		t.Errorf("%v, wrote %q", err, out.String())
	}
}

// TestResults: the table and the pictures in results are what the raw lines there give.
func TestResults(t *testing.T) {
	dir := filepath.Join("..", "..", "results")
	lines, err := readAll([]string{filepath.Join(dir, "peers.jsonl")})
	if err != nil {
		t.Fatal(err)
	}
	same := func(name string, want []byte) {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("results/%s is not what results/peers.jsonl gives (%v): make peers-show", name, err)
		}
	}
	var table bytes.Buffer
	if err := report.Table(&table, lines, true); err != nil {
		t.Fatal(err)
	}
	same("README.md", table.Bytes())
	page := filepath.Join("..", "..", "..", "README.md")
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "README.md")
	if err := os.WriteFile(copied, text, 0o644); err != nil {
		t.Fatal(err)
	}
	brief := tableCmd{Files: []string{filepath.Join(dir, "peers.jsonl")}, Brief: true, Into: copied}
	if err := brief.run(io.Discard); err != nil {
		t.Fatal(err)
	}
	if now, err := os.ReadFile(copied); err != nil || !bytes.Equal(now, text) {
		t.Errorf("README.md's table is not what results/peers.jsonl gives (%v): make peers-show", err)
	}
	names, err := report.Plot(t.TempDir(), lines)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		same(filepath.Base(name), text)
	}
}

// TestTableInto: a page without a place for tables stays as it is.
func TestTableInto(t *testing.T) {
	page := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(page, []byte("<!-- peers -->\n\nold"), 0o644); err != nil {
		t.Fatal(err)
	}
	c := tableCmd{Files: []string{filepath.Join("..", "..", "results", "peers.jsonl")}, Brief: true, Into: page}
	if err := c.run(io.Discard); err == nil || !strings.Contains(err.Error(), "<!-- /peers -->") {
		t.Errorf("%v, and nobody knows where tables go", err)
	}
	if text, err := os.ReadFile(page); err != nil || !strings.HasSuffix(string(text), "old") {
		t.Errorf("the page is %q (%v)", text, err)
	}
}
