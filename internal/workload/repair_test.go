package workload

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire/endpoint"
	"github.com/tickwire/tickwire/simnet"
)

// repaired is a stream with a Repair.
func repaired(l simnet.LinkConfig, r endpoint.Repair) Cell {
	c := alike(Stream, l, 0)
	c.Endpoint = func(cfg *endpoint.Config) { cfg.Channels[0].Repair = r }
	return c
}

// means are the latency at 95 % and 99 % and the bytes of a message, of several seeds.
type means struct{ p95, p99, bytes float64 }

func meansOf(t *testing.T, c Cell, seeds int) (m means) {
	t.Helper()
	for _, r := range played(t, c, seeds) {
		m.p95 += r.Latency.P95.Seconds() * 1000 / float64(seeds)
		m.p99 += r.Latency.P99.Seconds() * 1000 / float64(seeds)
		m.bytes += r.BytesPerMessage() / float64(seeds)
	}
	return m
}

// TestLongRepairReaches: what repair is for, over the link of the comparison with other libraries, as
// means of ten seeds. Bytes are those of the way up with all headers, in parts of those that the
// same messages take without repair and loss.
func TestLongRepairReaches(t *testing.T) {
	least := meansOf(t, repaired(link(0, 0, 0), endpoint.RepairOff), 1).bytes
	for _, c := range []struct {
		loss, burst     float64
		p95, p99, bytes float64 // at most; 0: p99 no worse than without repair
	}{
		{0, 0, 1, 1, 1.2},
		{0.01, 0, 10, 20, 1.7},
		{0.05, 0, 18, 20, 1.8},
		{0.2, 0, 36, 70, 2.5},
		{0.05, 3, 60, 0, 2.5},
	} {
		off := meansOf(t, repaired(link(c.loss, c.burst, 0), endpoint.RepairOff), 10)
		on := meansOf(t, repaired(link(c.loss, c.burst, 0), endpoint.RepairDefault), 10)
		t.Logf("loss %2.0f %% bursts %v: %.1f / %.1f ms at %.2f of the bytes, without repair %.1f / %.1f at %.2f",
			100*c.loss, c.burst, on.p95, on.p99, on.bytes/least, off.p95, off.p99, off.bytes/least)
		if c.p99 == 0 {
			c.p99 = off.p99
		}
		if on.p95 > c.p95 || on.p99 > c.p99 || on.bytes > c.bytes*least {
			t.Errorf("loss %v, bursts %v: want %v / %v ms at %v of the bytes", c.loss, c.burst, c.p95, c.p99, c.bytes)
		}
	}
}

// TestLongMixedReaches: a stream beside a transfer over the link of the comparison. That must keep its
// goodput, though it pays for the repair; short runs show the beginning, too.
func TestLongMixedReaches(t *testing.T) {
	for _, c := range []struct {
		loss                  float64
		length                time.Duration
		p99, most, efficiency float64 // p99 in ms and goodput in per cent, as medians; the worst p99
	}{
		{0, 32 * time.Second, 10, 12, 97},
		{0.01, 32 * time.Second, 13, 15, 96},
		{0.05, 32 * time.Second, 15, 18, 95},
		{0.01, 10 * time.Second, 16, 30, 96},
		{0.05, 10 * time.Second, 20, 40, 95},
	} {
		cell := alike(Mixed, link(c.loss, 0, 10_000_000), 0)
		cell.For = c.length
		results := played(t, cell, 10)
		late, good := Summarize(LatencyP99, results), Summarize(Efficiency, results)
		t.Logf("loss %.0f %%, %v: p99 %.1f ms, the worst %.1f, %.1f %% of the ceiling", 100*c.loss, c.length, late.Median, late.Worst, good.Median)
		if late.Median > c.p99 || late.Worst > c.most || good.Median < c.efficiency {
			t.Errorf("loss %v, %v: want %v ms, at worst %v, and %v %%", c.loss, c.length, c.p99, c.most, c.efficiency)
		}
	}
}

// TestRepairHelpsLong: nowhere is a stream later with repair than without, whatever the round trip, but
// for a twentieth: where so much is lost that the path is thought to carry less than the messages need
// they are seconds late, more or less by chance.
func TestRepairHelpsLong(t *testing.T) {
	for _, delay := range []time.Duration{5 * time.Millisecond, 25 * time.Millisecond, 100 * time.Millisecond, 300 * time.Millisecond} {
		for _, loss := range []float64{0.005, 0.01, 0.05, 0.1, 0.3} {
			for _, jitter := range []time.Duration{0, 10 * time.Millisecond} {
				l := link(loss, 0, 0)
				l.Delay, l.Jitter = delay, jitter
				off, on := meansOf(t, repaired(l, endpoint.RepairOff), 5), meansOf(t, repaired(l, endpoint.RepairDefault), 5)
				t.Logf("%v each way, loss %.1f %%, jitter %v: %.0f / %.0f ms, without repair %.0f / %.0f", delay, 100*loss, jitter, on.p95, on.p99, off.p95, off.p99)
				if on.p95 > 1.05*off.p95+1 || on.p99 > 1.05*off.p99+1 {
					t.Errorf("%v each way, loss %v, jitter %v: later with repair", delay, loss, jitter)
				}
			}
		}
	}
}

var update = flag.Bool("update", false, "write the table of docs/repair.md anew")

// TestRepairTableLong holds the table of docs/repair.md to what each strength makes of each loss.
func TestRepairTableLong(t *testing.T) {
	least := meansOf(t, repaired(link(0, 0, 0), endpoint.RepairOff), 1).bytes
	strengths := []endpoint.Repair{endpoint.RepairOff, endpoint.RepairAuto, endpoint.RepairHalf, endpoint.RepairOnce, endpoint.RepairTwice, endpoint.RepairThrice}
	var b strings.Builder
	for _, c := range []struct{ loss, burst float64 }{
		{0, 0}, {0.001, 0}, {0.01, 0}, {0.02, 0}, {0.05, 0}, {0.1, 0}, {0.15, 0}, {0.2, 0}, {0.3, 0}, {0.02, 3}, {0.05, 3},
	} {
		fmt.Fprintf(&b, "| %.3g %%", 100*c.loss)
		if c.burst > 0 {
			b.WriteString(", in rows of three")
		}
		for _, r := range strengths {
			m := meansOf(t, repaired(link(c.loss, c.burst, 0), r), 10)
			fmt.Fprintf(&b, " | %.0f / %.0f · %.2f", m.p95, m.p99, m.bytes/least)
		}
		b.WriteString(" |\n")
	}
	const name = "../../docs/repair.md"
	page, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile(`(?m)(^\| [0-9.]+ %.* · .*\n)+`)
	if *update {
		err = os.WriteFile(name, rows.ReplaceAllLiteral(page, []byte(b.String())), 0o644)
	} else if string(rows.Find(page)) != b.String() {
		err = fmt.Errorf("%s has another table than\n%sgo test ./internal/workload -run RepairTable -update writes it", name, b.String())
	}
	if err != nil {
		t.Error(err)
	}
}
