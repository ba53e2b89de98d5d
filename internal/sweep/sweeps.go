package main

import (
	"fmt"
	"regexp"
	"time"

	"github.com/tickwire/tickwire/endpoint"
	"github.com/tickwire/tickwire/internal/workload"
	"github.com/tickwire/tickwire/simnet"
)

// A sweep is one constant, and links that show what it is worth.
type sweep struct {
	name, title string
	axis        string // what the values count
	file        string
	where       *regexp.Regexp // its first group is the value in the source
	expr        func(v float64) string
	values      []float64
	now         float64 // the value in use
	panels      [2]string
	figures     [2]workload.Figure
	lines       []line
}

// A line is a link, and what is played there for each of the figures: the last cell also stands
// for those behind it.
type line struct {
	name  string
	cells []workload.Cell
}

// constant finds a constant by its name.
func constant(name string) *regexp.Regexp {
	return regexp.MustCompile(`(?m)^\t+(?:const )?` + name + `\s*=\s*([^\n/]*[^\n/ ])`)
}

func times(unit string) func(float64) string {
	return func(v float64) string { return fmt.Sprintf("%d * %s", int(v), unit) }
}

var sweeps = []sweep{
	{
		name: "ownBytes", title: "How many bytes of ours wait at the bottleneck at least", axis: "packets of 1200 bytes",
		file: "endpoint/delay_steer.go", where: constant("ownBytes"), expr: times("packetBytes"),
		values: []float64{1, 2, 3, 4, 6, 8}, now: 3,
		panels: [2]string{"of two alike flows, what the one with less has in parts of the other", "95 % of the datagrams of one flow wait for less than"}, figures: [2]workload.Figure{workload.Evenness, workload.QueueP95},
		lines: []line{
			{"round trip 10 ms", fixed(10 * time.Millisecond)},
			{"40 ms", fixed(40 * time.Millisecond)},
			{"100 ms", fixed(100 * time.Millisecond)},
			{"200 ms", fixed(200 * time.Millisecond)},
		},
	},
	{
		name: "leastSwing", title: "How long a queue an irregular link may have, at a round trip of 10 ms", axis: "milliseconds",
		file: "endpoint/delay_queue.go", where: constant("leastSwing"), expr: times("millisecond"),
		values: []float64{0, 5, 10, 20, 30, 45, 60}, now: 20,
		panels: [2]string{"utilization", "self-inflicted delay"}, figures: [2]workload.Figure{workload.Utilization, workload.SelfInflicted},
		lines: []line{
			{"down, queue 100", driving(false, 100)}, {"down, endless", driving(false, -1)},
			{"up, queue 100", driving(true, 100)}, {"up, endless", driving(true, -1)},
		},
	},
	{
		name: "repairLoad", title: "How much loss repair reckons with, in parts of what it measured", axis: "times",
		file: "endpoint/repair.go", where: regexp.MustCompile(`load := (1000) \* lost`), expr: func(v float64) string { return fmt.Sprint(int(1000 * v)) },
		values: []float64{0.25, 0.5, 1, 2, 4}, now: 1,
		panels: [2]string{"99 % of the messages are later by less than", "bytes on the wire, in parts of the least"}, figures: [2]workload.Figure{workload.LatencyP99, workload.MessageTimes},
		lines: []line{{"loss 1 %", stream(0.01)}, {"5 %", stream(0.05)}, {"10 %", stream(0.1)}, {"20 %", stream(0.2)}},
	},
	{
		name: "ackHold", title: "How long an acknowledgement waits for a packet to ride on", axis: "milliseconds",
		file: "endpoint/config.go", where: regexp.MustCompile(`orDefault\(c\.AckHold, ([^,]*),`), expr: func(v float64) string { return fmt.Sprintf("%d*time.Millisecond", int(v)) },
		values: []float64{2, 5, 10, 20, 40, 80}, now: 20,
		panels: [2]string{"99 % of the messages are later by less than", "acknowledgements, kbit/s"}, figures: [2]workload.Figure{workload.LatencyP99, ackRate},
		lines: []line{{"loss 1 %", stream(0.01)}, {"5 %", stream(0.05)}, {"20 %", stream(0.2)}},
	},
	{
		name: "slowGrowth", title: "How fast a rate begins to grow that fills no queue", axis: "the first growth in a round trip is a part of 2 to the power of",
		file: "endpoint/delay_steer.go", where: regexp.MustCompile(`slowGrowth, fastGrowth = (\d+), 1`), expr: func(v float64) string { return fmt.Sprint(int(v)) },
		values: []float64{3, 4, 5, 6, 7}, now: 5,
		panels: [2]string{"until a rate is found again that is five times as high", "longest wait at a rate that stays"}, figures: [2]workload.Figure{workload.Regained, workload.QueueMax},
		lines: []line{
			{"round trip 10 ms", stepped(10 * time.Millisecond)}, {"40 ms", stepped(40 * time.Millisecond)}, {"100 ms", stepped(100 * time.Millisecond)},
		},
	},
	{
		name: "overdueShare", title: "Of how many packets one may be sent twice by mistake", axis: "packets",
		file: "endpoint/overdue.go", where: constant("overdueShare"), expr: func(v float64) string { return fmt.Sprint(int(v)) },
		values: []float64{4, 8, 16, 32, 64}, now: 16,
		panels: [2]string{"without repair, 99 % of the messages are later by less than", "bytes on the wire, in parts of the least"}, figures: [2]workload.Figure{workload.LatencyP99, workload.MessageTimes},
		lines: []line{{"loss 2 %", bare(0.02, 0.02)}, {"5 %", bare(0.05, 0.05)}, {"of acknowledgements 20 %", bare(0.02, 0.2)}},
	},
}

// ackRate is what comes back from the receiver of a stream.
var ackRate = workload.Figure{Name: "acknowledgements", Of: func(r *workload.Result) float64 {
	return float64(r.Down.Bytes) * 8 / 1e3 / float64(max(r.Messages, 1)) * workload.StreamRate
}}

// fixed is a link of 10 Mbit/s, for two flows and for one.
func fixed(rtt time.Duration) []workload.Cell {
	l := simnet.LinkConfig{Delay: rtt / 2, BitsPerSecond: 10_000_000}
	return []workload.Cell{{Up: l, Down: l, Workload: workload.Share}, {Up: l, Down: l, Workload: workload.Bulk, For: 20 * time.Second}}
}

// driving is a link whose rate changes, of a round trip of 10 ms.
func driving(up bool, queue int) []workload.Cell {
	l := simnet.LinkConfig{Delay: 5 * time.Millisecond, QueuePackets: queue}
	links := simnet.LTE4GDriving()
	c := workload.Cell{Up: l, Down: l, Workload: workload.Bulk, For: time.Minute}
	if c.Up.Trace = links.Down.Trace; up {
		c.Up.Trace = links.Up.Trace
	}
	return []workload.Cell{c}
}

// stream is 60 messages a second over a link that loses some.
func stream(loss float64) []workload.Cell {
	l := simnet.LinkConfig{Delay: 50 * time.Millisecond, Loss: loss}
	return []workload.Cell{{Up: l, Down: l, Workload: workload.Stream}}
}

// stepped is a link whose rate falls and rises, and one whose rate stays.
func stepped(rtt time.Duration) []workload.Cell {
	c := fixed(rtt)
	c[0].Workload = workload.Step
	return c
}

// bare is a stream without repair; fewer or more acknowledgements get lost than messages.
func bare(loss, acks float64) []workload.Cell {
	c := stream(loss)
	c[0].Repair, c[0].Down.Loss = endpoint.RepairOff, acks
	return c
}
