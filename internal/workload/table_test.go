package workload

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire/simnet"
)

// link is the link of the comparison with other libraries: 50 ms each way, both alike.
func link(loss, burst float64, bitsPerSecond int64) simnet.LinkConfig {
	return simnet.LinkConfig{Delay: 50 * time.Millisecond, Loss: loss, LossBurst: burst, BitsPerSecond: bitsPerSecond}
}

// alike is a cell whose two directions do the same.
func alike(k Kind, l simnet.LinkConfig, seed uint64) Cell {
	return Cell{Workload: k, Up: l, Down: l, Seed: seed}
}

// withSeeds runs a cell with several seeds.
func withSeeds(c Cell, seeds int) ([]Result, error) {
	results := make([]Result, seeds)
	for i := range results {
		c.Seed = uint64(1 + i)
		var err error
		if results[i], err = c.Run(); err != nil {
			return nil, fmt.Errorf("%v, seed %d: %w", c.Workload, c.Seed, err)
		}
	}
	return results, nil
}

// played is withSeeds for tests that cannot go on otherwise.
func played(t *testing.T, c Cell, seeds int) []Result {
	t.Helper()
	results, err := withSeeds(c, seeds)
	if err != nil {
		t.Fatal(err)
	}
	return results
}

// TestTableLong prints what the default endpoint makes of the links by which it is compared, as
// medians of five seeds.
func TestTableLong(t *testing.T) {
	var cells []Cell
	for _, loss := range []float64{0, 0.01, 0.05, 0.2} {
		cells = append(cells, alike(Stream, link(loss, 0, 0), 0))
	}
	cells = append(cells, alike(Stream, link(0.05, 3, 0), 0))
	for _, k := range []Kind{Bulk, Mixed} {
		for _, loss := range []float64{0, 0.01, 0.05} {
			cells = append(cells, alike(k, link(loss, 0, 10_000_000), 0))
		}
	}
	for _, k := range []Kind{Share, Rival, Step, Wake, Duplex} {
		cells = append(cells, alike(k, link(0, 0, 10_000_000), 0))
	}
	for _, c := range cells {
		var b strings.Builder
		results := played(t, c, 5)
		for i := range results {
			if r := &results[i]; r.Missing > 0 || r.Payload == 0 {
				t.Errorf("%v, seed %d: %d bytes arrived, %d messages are missing", c.Workload, 1+i, r.Payload, r.Missing)
			}
		}
		for _, f := range c.Figures() {
			s := Summarize(f, results)
			fmt.Fprintf(&b, "  %s %s", f.Name, f.Format(s.Median))
		}
		t.Logf("%-6v loss %4.1f %% bursts %v:%s", c.Workload, 100*c.Up.Loss, c.Up.LossBurst, b.String())
	}
}
