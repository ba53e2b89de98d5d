package report

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/workload"
	"github.com/tickwire/tickwire/simnet"
)

// measured plays a cell in virtual time, and makes lines of two systems of it: one that is
// measured, and one that failed.
func measured(t *testing.T, kind workload.Kind, seed uint64) []Line {
	t.Helper()
	link := simnet.LinkConfig{Delay: 20 * time.Millisecond, Loss: 0.02}
	if kind != workload.Stream {
		link.BitsPerSecond = 2_000_000
	}
	c := workload.Cell{Workload: kind, Up: link, Down: link, For: 3 * time.Second, Every: 100 * time.Millisecond, Seed: seed}
	r, err := c.Run()
	if err != nil {
		t.Fatal(err)
	}
	var late []time.Duration
	for i := range r.Messages {
		late = append(late, link.Delay+time.Duration(i)*time.Millisecond)
	}
	machine := Machine{"a processor", 8, "Linux 6", "go1.26"}
	ok := Line{System: "ours", Version: "1", Case: NewCase(c, ""), Machine: machine, Date: "2026-11-20"}
	ok.SetResult(c, &r, late)
	bad := Line{System: "theirs", Notes: []string{"not encrypted"}, Case: NewCase(c, ""), Machine: machine, Date: "2026-11-20", Error: "no\nanswer"}
	return []Line{ok, bad}
}

// TestLines: what is written is read again.
func TestLines(t *testing.T) {
	lines := slices.Concat(measured(t, workload.Stream, 1), measured(t, workload.Mixed, 1))
	var b bytes.Buffer
	for _, l := range lines {
		if err := l.Write(&b); err != nil {
			t.Fatal(err)
		}
	}
	again, err := Read(&b)
	if err != nil || !reflect.DeepEqual(again, lines) {
		t.Errorf("%v; read %d lines of %d, not the same", err, len(again), len(lines))
	}
	if _, err := Read(strings.NewReader("{}\n{")); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("a broken line: %v", err)
	}
	if n := len(lines[0].Latency); n != len(Quantiles()) || lines[0].Latency[n-1] != 179 {
		t.Errorf("%d quantiles, the last one %v", n, lines[0].Latency)
	}
}

// TestTable: a table for each case, whatever the seed, and all systems in it.
func TestTable(t *testing.T) {
	lines := slices.Concat(measured(t, workload.Stream, 1), measured(t, workload.Stream, 2), measured(t, workload.Bulk, 1))
	var b strings.Builder
	if err := Table(&b, lines, true); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"### stream, 20ms each way, loss 2 %\n", "### bulk, 20ms each way, 2 Mbit/s, a queue of 100, loss 2 %\n",
		"| latency p99, ms |", "| goodput, Mbit/s |", "| ours |", "| theirs | no; answer |",
		"![stream, 20ms each way, loss 2 %: latency](stream-20ms-loss-2pc-latency.svg)\n",
		"6 runs, 3 s each. Load of the machine before each: 0.0 to 0.0",
		"- theirs: not encrypted\n", "Measured 2026-11-20 on a processor, 8 cores, Linux 6, go1.26.\n",
	} {
		if n := strings.Count(b.String(), want); n == 0 || n > 1 && strings.HasPrefix(want, "###") {
			t.Errorf("%d times %q in\n%s", n, want, b.String())
		}
	}
}

// TestOverview: a column for each link, named by what is different about it, and who failed.
func TestOverview(t *testing.T) {
	lines := slices.Concat(measured(t, workload.Mixed, 1), measured(t, workload.Mixed, 1))
	for i := range 2 {
		lines[i].Case.Loss, lines[i].Case.AckLoss, lines[i].Case.Queue = 0, 0, 30
	}
	var b strings.Builder
	if err := Table(&b, lines, false); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| | a queue of 30, loss 0 % | a queue of 100, loss 2 % |\n", "| theirs | failed | failed |\n", "\n| ours | "} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	if strings.Contains(b.String(), "![") {
		t.Error("pictures that were not asked for")
	}
}

// TestPlot: a picture of each kind that there is something for.
func TestPlot(t *testing.T) {
	dir := t.TempDir()
	names, err := Plot(dir, slices.Concat(measured(t, workload.Stream, 1), measured(t, workload.Mixed, 1)))
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil || !bytes.Contains(text, []byte(">ours<")) || bytes.Contains(text, []byte(">theirs<")) {
			t.Errorf("%s: %v, or not of those who gave something", name, err)
		}
		base := filepath.Base(name)
		kinds = append(kinds, base[:strings.IndexByte(base, '-')]+base[strings.LastIndexByte(base, '-'):])
	}
	if !slices.Equal(kinds, []string{"stream-latency.svg", "mixed-latency.svg", "mixed-goodput.svg", "mixed-queue.svg"}) {
		t.Errorf("pictures %q", kinds)
	}
}

// TestThisMachine: the processor, the kernel and Go have names, and the host's is not among them.
func TestThisMachine(t *testing.T) {
	m := ThisMachine()
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	if m.Processor == "" || m.Cores == 0 || m.Go == "" || !strings.Contains(m.Kernel, " ") {
		t.Errorf("%+v", m)
	}
	if strings.Contains(m.Kernel, " "+host+" ") {
		t.Errorf("%+v tells the name of the host", m)
	}
}
