package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// benchOf parses a command line and runs it.
func benchOf(ctx context.Context, t *testing.T, args ...string) (out string, err error) {
	t.Helper()
	var c cli
	parser, err := newParser(ctx, &c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(append([]string{"bench", "link"}, args...)); err != nil {
		return "", err
	}
	var o, p bytes.Buffer
	err = c.Bench.Link.run(ctx, &o, &p)
	return o.String(), err
}

// TestBenchLink: each way to name a link, and each workload, gives a table.
func TestBenchLink(t *testing.T) {
	trace := filepath.Join(t.TempDir(), "trace")
	if err := os.WriteFile(trace, []byte("3\n6\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args string
		want []string
	}{
		{"--workload stream --profile wifi-bad", []string{"stream, 2 runs, wifi-bad, 15ms + 15ms and jitter of 12ms, 8.0 Mbit/s, loss 3 % in bursts of 4", "latency p99", "bytes a message"}},
		{"--workload stream --rtt 100ms --loss 0.05 --repair twice", []string{"loss 5 %, repair twice", "times the least"}},
		{"--profile 4g --uplink", []string{"mixed, 2 runs, 4g, 32ms + 22ms", "8.0 Mbit/s", "of the ceiling", "latency p95"}},
		{"--rtt 40ms --rate 2000000 --queue 30 --loss 0.01 --burst 2 --ack-loss 0.1 --workload bulk", []string{"20ms + 20ms, 2.0 Mbit/s, loss 1 % in bursts of 2, of acknowledgements 10 %", "to 90 % of it", "ceiling 1.88 Mbit/s: rate × "}},
		{"--rtt 40ms --workload bulk --controller tcp --trace " + trace, []string{"a rate that changes, 4.0 Mbit/s on average", "self-inflicted", "utilization"}},
		{"--rate 3000000 --workload bulk --controller default,copa,tcp", []string{"loss 0 %", "default", "copa", "tcp"}},
		{"--rate 3Mbit --workload share", []string{"less / more", "the other flow"}},
		{"--rate 3000000 --workload bulk --mtu 1400", []string{"3.0 Mbit/s, MTU 1400, loss 0 %", "datagrams             B     1372   1372", "ceiling 2.88 Mbit/s: rate × (1372 − 31) / (1372 + 28) × (1 − loss)"}},
		{"--rate 3M --workload rival", []string{"part of both"}},
		{"--rate 3000000 --workload step", []string{"queue short again", "rate found again"}},
	} {
		out, err := benchOf(t.Context(), t, append(strings.Fields(c.args), "--for", "6s", "--seeds", "2", "--seed", "9")...)
		if err != nil {
			t.Errorf("%s: %v", c.args, err)
		}
		for _, want := range c.want {
			if !strings.Contains(out, want) {
				t.Errorf("%s: no %q in\n%s", c.args, want, out)
			}
		}
		if again, _ := benchOf(t.Context(), t, append(strings.Fields(c.args), "--for", "6s", "--seeds", "2", "--seed", "9")...); again != out {
			t.Errorf("%s: the same seeds gave another table", c.args)
		}
	}
}

// TestLongReadmeBench: README shows what the command prints.
func TestLongReadmeBench(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	out, err := benchOf(t.Context(), t, "--profile=4g")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "```text\n"+out+"```\n") {
		t.Errorf("README.md does not show what `tickwire bench link --profile 4g` prints now:\n%s", out)
	}
}

// TestBenchLinkMistakes: what is wrong is told by the names of the flags.
func TestBenchLinkMistakes(t *testing.T) {
	for args, want := range map[string]string{
		"--seeds 0":                                  "--seeds is 0: want at least 1",
		"--uplink":                                   "--uplink means nothing without --profile",
		"--profile 5g":                               `no preset is called "5g"`,
		"--workload chess --rate 1":                  `nothing is called "chess": want one of stream, bulk`,
		"--matrix --controller bbr,copa":             "the matrix is played with one controller",
		"--repair often --rate 1":                    `no repair is called "often": want one of default, auto, off`,
		"--controller vegas --rate 1":                `no controller is called "vegas": want one of default, aimd`,
		"--rate 10MB":                                `--rate: "10MB" is no rate: want bits a second, such as 10M`,
		"--workload bulk":                            "--rate is 0: want a rate, or a trace",
		"--loss 2 --rate 1000000":                    "--loss is 2: want a probability",
		"--ack-loss 2 --rate 1000000":                "--ack-loss is 2: want a probability",
		"--for -1s --rate 1000000":                   "--for is -1s",
		"--controller tcp --rate 1000000":            "--controller tcp is true: want bulk, share or step",
		"--mtu 200 --rate 1000000":                   "--mtu is 200: want 576 at least",
		"--mtu 99999 --rate 1000000":                 "--mtu is 99999: want 0 (65535) to 65535",
		"--mtu 1400 --workload rival --rate 1000000": "--mtu is 1400: want 1500 at least",
		"--trace x --rate 1":                         "--trace and --rate: want one of them",
		"--trace /nowhere":                           "--trace: open /nowhere",
		"--trace bench_test.go":                      "--trace: bench_test.go: trace line 1",
		"--matrix --profile 4g":                      "--profile means nothing beside --matrix",
		"--rate 1000000 --csv /nowhere/at":           "--csv: open /nowhere/at",
	} {
		if _, err := benchOf(t.Context(), t, append(strings.Fields(args), "--seeds=1")[:len(strings.Fields(args))]...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", args, err, want)
		}
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := benchOf(over, t, "--profile", "wifi"); err == nil || !strings.Contains(err.Error(), "interrupted after 0 of 20 runs") {
		t.Errorf("interrupted: %v", err)
	}
}

// TestBenchLinkCSV: a line for each tenth of a second.
func TestBenchLinkCSV(t *testing.T) {
	name := filepath.Join(t.TempDir(), "series.csv")
	if _, err := benchOf(t.Context(), t, "--rate", "2000000", "--for", "5s", "--seeds", "1", "--csv", name); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(lines) != 51 || !strings.HasPrefix(lines[0], "seconds,goodput") || !strings.HasPrefix(lines[50], "5.0,") {
		t.Fatalf("%d lines: %q … %q", len(lines), lines[0], lines[len(lines)-1])
	}
	t.Log("# once it has found the rate, a full link of 2 Mbit/s: what arrives, waits, and is estimated")
	for _, line := range lines[31:] {
		var at, goodput, other, queue, estimate float64
		n, err := fmt.Sscanf(line, "%g,%g,%g,%g,%g", &at, &goodput, &other, &queue, &estimate)
		if n != 5 || err != nil || goodput < 1.6e6 || goodput > 2.1e6 || other != 0 || queue <= 0 || queue > 100 || estimate < 2e6/8*0.8 {
			t.Errorf("%q: %v", line, err)
		}
	}
}

// TestBenchLinkPlot: lines over time, or of how many messages are late.
func TestBenchLinkPlot(t *testing.T) {
	name := filepath.Join(t.TempDir(), "plot.svg")
	for workload, want := range map[string]string{"bulk": "longest wait", "stream": "of the messages that are later"} {
		if _, err := benchOf(t.Context(), t, "--rate", "2000000", "--loss", "0.1", "--for", "5s", "--seeds", "2", "--controller", "bbr,aimd", "--workload", workload, "--plot", name); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		line := map[string]string{"bulk": `class="r1" d="M`, "stream": `class="l1" d="M`}[workload]
		for _, want := range []string{want, ">bbr<", ">aimd<", line} {
			if !strings.Contains(string(text), want) {
				t.Errorf("%s: no %s in the plot", workload, want)
			}
		}
	}
}

// TestBenchTraces: each controller over each link and queue has a row and a point; who is worse in
// both figures is told who is better.
func TestBenchTraces(t *testing.T) {
	dir := t.TempDir()
	trace, plot := filepath.Join(dir, "crawl"), filepath.Join(dir, "plot.svg")
	if err := os.WriteFile(trace, []byte("3\n6\n500\n501\n502\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := tracesOf(t, "--for", "5s", "--seeds", "1", "--controller", "default,aimd,tcp", "--plot", plot, trace)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"crawl, 0.1 Mbit/s on average, a queue of 100\n", "an endless queue\n", "self-inflicted", "\ntcp"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	svg, err := os.ReadFile(plot)
	if err != nil || strings.Count(string(svg), ">tickwire<") != 2 || !strings.Contains(string(svg), ">aimd<") {
		t.Errorf("%v: not all points are in the picture", err)
	}
	good, bad := tracesMark{"good", 99, 50, 1}, tracesMark{"bad", 98, 60, 0}
	if table := tracesTable([]tracesMark{good, bad, {"fast", 99.5, 70, 2}}); strings.Count(table, "good") != 2 || strings.Count(table, "fast") != 1 {
		t.Errorf("who is better than whom:\n%s", table)
	}
	for args, want := range map[string]string{
		"--seeds 0": "--seeds is 0", "--queue 0": "--queue is 0", "--rtt=-1s": "--rtt is -1s", "/nowhere": "open /nowhere: no such file",
		"--controller vegas": `no controller is called "vegas"`, "--loss 2": "--loss is 2", "--for=-1s": "--for is -1s",
	} {
		if _, err := tracesOf(t, strings.Fields(args)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", args, err, want)
		}
	}
}

func tracesOf(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var c cli
	parser, err := newParser(t.Context(), &c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(append([]string{"bench", "traces"}, args...)); err != nil {
		return "", err
	}
	var o, p bytes.Buffer
	err = c.Bench.Traces.run(t.Context(), &o, &p)
	return o.String(), err
}
