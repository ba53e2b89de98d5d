package workload

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire/simnet"
)

// narrowest is a link that carries packets up to a size.
func narrowest(mtu int) simnet.LinkConfig {
	l := link(0, 0, 10_000_000)
	l.MTU = mtu
	return l
}

// TestPathMTU: over a link with an MTU the datagrams become as large as it carries, and no larger;
// the ceiling is that of such datagrams, and is nearly reached.
func TestPathMTU(t *testing.T) {
	for mtu, formula := range map[int]string{
		1500: "rate × (1472 − 31) / (1472 + 28) × (1 − loss)",
		1400: "rate × (1372 − 31) / (1372 + 28) × (1 − loss)",
		0:    "rate × (1200 − 31) / (1200 + 28) × (1 − loss)",
	} {
		c := alike(Bulk, narrowest(mtu), 0)
		c.For, c.Settle = 12*time.Second, 6*time.Second
		c.Controller = fixedRate(9_900_000)
		r := played(t, c, 1)[0]
		size := 1200
		if mtu > 0 {
			size = mtu - 28
		}
		if r.Stats.MTU != size || int(Datagram.Of(&r)) != size {
			t.Errorf("MTU %d: datagrams of %d bytes", mtu, r.Stats.MTU)
		}
		if c.CeilingFormula() != formula {
			t.Errorf("MTU %d: %s", mtu, c.CeilingFormula())
		}
		want := 10e6 * float64(size-31) / float64(size+28)
		if math.Abs(r.Ceiling/want-1) > 0.001 || r.Efficiency() < 0.97 || r.Efficiency() > 1.005 {
			t.Errorf("MTU %d: %.0f bits a second of %.0f, want a ceiling of %.0f", mtu, r.Goodput, r.Ceiling, want)
		}
		if probes := r.Stats.Probes; (mtu > 0) != (probes > 0) || int(r.Neck.TooLarge) > int(r.Stats.ProbesLost) {
			t.Errorf("MTU %d: %d probes, %d lost, %d datagrams were too large", mtu, probes, r.Stats.ProbesLost, r.Neck.TooLarge)
		}
		if r.Stats.PacketsLost != 0 && mtu > 0 {
			t.Errorf("MTU %d: %d packets lost", mtu, r.Stats.PacketsLost)
		}
	}
	t.Log("# jumbo frames, where there is no bottleneck")
	c := alike(Stream, link(0, 0, 0), 0)
	c.Up.MTU, c.Down.MTU, c.For = 9000, 9000, 10*time.Second
	if r := played(t, c, 1)[0]; r.Stats.MTU != 8972 || r.Latency.Max != 0 {
		t.Errorf("datagrams of %d bytes, latency %v", r.Stats.MTU, r.Latency)
	}
	t.Log("# the way back may carry less")
	c.Down.MTU = 1280
	if r := played(t, c, 1)[0]; r.Stats.MTU != 8972 || r.Missing != 0 {
		t.Errorf("datagrams of %d bytes, %d missing", r.Stats.MTU, r.Missing)
	}
}

// TestTCPWithMTU: TCP's segments are those of an Ethernet, and cross nothing narrower.
func TestTCPWithMTU(t *testing.T) {
	c := alike(Bulk, narrowest(1500), 0)
	c.TCP, c.For = true, 6*time.Second
	if r := played(t, c, 1)[0]; r.Neck.TooLarge != 0 || r.Goodput < 5e6 {
		t.Errorf("%d segments were too large, %.0f bits a second", r.Neck.TooLarge, r.Goodput)
	}
	for _, c := range []Cell{{Up: narrowest(1499), TCP: true, Workload: Bulk}, {Up: narrowest(1499), Workload: Rival}, {Up: narrowest(575)}} {
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), ": Up.MTU is ") {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// TestMTUFigure: the size is shown where it is looked for.
func TestMTUFigure(t *testing.T) {
	shows := func(c Cell) bool {
		for _, f := range c.Figures() {
			if f.Name == Datagram.Name {
				return true
			}
		}
		return false
	}
	if shows(Cell{}) || !shows(Cell{Up: narrowest(1500)}) || !shows(Cell{Up: narrowest(1500), Workload: Mixed}) || shows(Cell{Up: narrowest(1500), Workload: Bulk, TCP: true}) {
		t.Error("the size of datagrams is not shown where the link has an MTU")
	}
}
