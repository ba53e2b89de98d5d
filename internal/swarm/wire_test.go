package swarm

import (
	"os"
	"strings"
	"testing"
)

// TestWireCost holds what a packet may cost at 60 Hz, and SPEC.md to what it says.
func TestWireCost(t *testing.T) {
	for reliable := 1; reliable <= 4; reliable += 3 {
		up, down, err := MeasureWire(reliable)
		if err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]WireCost{"up": up, "down": down} {
			if got := c.FramesButRuns(); got > 6 || got <= 0 {
				t.Errorf("%s: frames that are no runs take %.2f bytes a packet", name, got)
			}
			if got := c.Reliable.perRun(); got > 5 {
				t.Errorf("%s: a run with ids takes %.2f bytes", name, got)
			}
			if got := c.Other.perRun(); got > 3 {
				t.Errorf("%s: a run without ids takes %.2f bytes", name, got)
			}
			if reliable > 1 && c.Reliable.perFurther() != 1 {
				t.Errorf("%s: a further message takes %.2f bytes", name, c.Reliable.perFurther())
			}
			if c.Header+c.Acks+c.Clocks+c.Repairs+c.Control+c.Runs+c.Lengths+c.Payload != c.Bytes {
				t.Errorf("%s: the parts of %+v are not the whole", name, c)
			}
			if want := wireRate * wireSeconds * (reliable*wireMessage + wireState); c.Payload < want*99/100 {
				t.Errorf("%s: %d bytes of payload of %d", name, c.Payload, want)
			}
		}
	}
	table, err := WireTable()
	if err != nil {
		t.Fatal(err)
	}
	spec, err := os.ReadFile("../../SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(spec), table) {
		t.Errorf("SPEC.md, section 9, does not have what `tickwire soak --wire` prints:\n%s", table)
	}
}
