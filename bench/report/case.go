package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/tickwire/tickwire/internal/workload"
)

// A Case is what was played over which link, as a line keeps it.
type Case struct {
	Workload      string
	Seconds       float64
	DelayMs       float64 // one way
	JitterMs      float64 `json:",omitempty"`
	Loss          float64
	Burst         float64 `json:",omitempty"`
	AckLoss       float64 // of the way back
	BitsPerSecond int64   `json:",omitempty"`
	Queue         int     `json:",omitempty"` // datagrams; 0: 100; negative: no bound
	Trace         string  `json:",omitempty"` // name of the recorded link
	Seed          uint64
}

// NewCase describes a cell; trace is the name of its recorded link, if it has one.
func NewCase(c workload.Cell, trace string) Case {
	return Case{
		Workload: c.Workload.String(), Seconds: c.For.Seconds(),
		DelayMs: c.Up.Delay.Seconds() * 1e3, JitterMs: c.Up.Jitter.Seconds() * 1e3,
		Loss: c.Up.Loss, Burst: c.Up.LossBurst, AckLoss: c.Down.Loss,
		BitsPerSecond: c.Up.BitsPerSecond, Queue: c.Up.QueuePackets, Trace: trace, Seed: c.Seed,
	}
}

// String describes the case to a reader, without its seed.
func (c Case) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %v each way", c.Workload, time.Duration(c.DelayMs*1e6))
	if c.JitterMs > 0 {
		fmt.Fprintf(&b, ", jitter %v", time.Duration(c.JitterMs*1e6))
	}
	if c.BitsPerSecond > 0 {
		fmt.Fprintf(&b, ", %.3g Mbit/s", float64(c.BitsPerSecond)/1e6)
	}
	if c.Trace != "" {
		fmt.Fprintf(&b, ", link %s", c.Trace)
	}
	if c.Trace != "" || c.BitsPerSecond > 0 {
		fmt.Fprintf(&b, ", %s", c.queue())
	}
	fmt.Fprintf(&b, ", loss %.3g %%", 100*c.Loss)
	if c.Burst > 0 {
		fmt.Fprintf(&b, " in bursts of %.3g", c.Burst)
	}
	if c.AckLoss != c.Loss {
		fmt.Fprintf(&b, ", %.3g %% on the way back", 100*c.AckLoss)
	}
	return b.String()
}

func (c Case) queue() string {
	switch {
	case c.Queue < 0:
		return "a queue without bound"
	case c.Queue == 0:
		return "a queue of 100"
	}
	return fmt.Sprintf("a queue of %d", c.Queue)
}

// file is a name for files about the case.
func (c Case) file() string {
	clean := func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' {
			return r
		}
		return '-'
	}
	s := strings.NewReplacer(" each way", "", " %", "pc", "a queue of ", "queue-", " without bound", "-unbounded", ", ", "-", " ", "-", "/", "").Replace(c.String())
	return strings.Map(clean, s)
}
