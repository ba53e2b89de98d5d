package workload

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// A Figure is one number of a result.
type Figure struct {
	Name string
	Unit string
	More bool // more is better; else less is
	Of   func(*Result) float64
}

// The figures that a result has. Times are in milliseconds, those of the stream above the one-way
// delay.
var (
	LatencyP50 = ms("latency p50", func(r *Result) time.Duration { return r.Latency.P50 })
	LatencyP95 = ms("latency p95", func(r *Result) time.Duration { return r.Latency.P95 })
	LatencyP99 = ms("latency p99", func(r *Result) time.Duration { return r.Latency.P99 })
	LatencyMax = ms("latency max", func(r *Result) time.Duration { return r.Latency.Max })
	// MessageBytes is what a message cost, with all headers.
	MessageBytes = Figure{"bytes a message", "B", false, (*Result).BytesPerMessage}
	// MessageTimes is that in parts of what it costs at least.
	MessageTimes = Figure{"times the least", "", false, (*Result).Times}
	Goodput      = Figure{"goodput", "Mbit/s", true, func(r *Result) float64 { return r.Goodput / 1e6 }}
	// Efficiency is goodput in parts of the ceiling.
	Efficiency = Figure{"of the ceiling", "%", true, func(r *Result) float64 { return 100 * r.Efficiency() }}
	RampUp     = ms("to 90 % of it", func(r *Result) time.Duration { return r.RampUp })
	QueueP50   = ms("queue p50", func(r *Result) time.Duration { return r.Queue.P50 })
	QueueP95   = ms("queue p95", func(r *Result) time.Duration { return r.Queue.P95 })
	QueueMax   = ms("queue max", func(r *Result) time.Duration { return r.Queue.Max })
	// Overhead is how many bytes were sent for each that was received.
	Overhead = Figure{"sent / received", "", false, (*Result).Overhead}
	// Back is the goodput of the other direction.
	Back  = Figure{"goodput back", "Mbit/s", true, func(r *Result) float64 { return r.Other / 1e6 }}
	Other = Figure{"the other flow", "Mbit/s", true, func(r *Result) float64 { return r.Other / 1e6 }}
	// Part is what the first of two flows got of what both got; Evenness how much the one with
	// less got of what the other one got.
	Part     = Figure{"part of both", "%", true, func(r *Result) float64 { return 100 * r.Part() }}
	Evenness = Figure{"less / more", "%", true, func(r *Result) float64 {
		return 100 * min(r.Goodput, r.Other) / max(r.Goodput, r.Other, 1)
	}}
	Shortened = ms("queue short again", func(r *Result) time.Duration { return r.Shortened })
	Regained  = ms("rate found again", func(r *Result) time.Duration { return r.Regained })
	// Datagram is how large the sender's datagrams were in the end.
	Datagram = Figure{"datagrams", "B", true, func(r *Result) float64 { return float64(r.Stats.MTU) }}
	// Utilization is the part of the bottleneck's capacity that was used.
	Utilization   = Figure{"utilization", "%", true, func(r *Result) float64 { return 100 * r.Utilization }}
	SelfInflicted = ms("self-inflicted", func(r *Result) time.Duration { return r.SelfInflicted })
)

// ms makes a figure of a time; what never ended is infinite.
func ms(name string, of func(*Result) time.Duration) Figure {
	return Figure{name, "ms", false, func(r *Result) float64 {
		if d := of(r); d != Never {
			return float64(d) / float64(time.Millisecond)
		}
		return math.Inf(1)
	}}
}

// Figures are those that a cell has something to say about.
func (c Cell) Figures() []Figure {
	var f []Figure
	if c.Workload.streams() {
		f = append(f, LatencyP50, LatencyP95, LatencyP99, LatencyMax)
	}
	if c.Up.MTU > 0 && !c.TCP {
		f = append(f, Datagram)
	}
	if c.Workload == Stream {
		return append(f, MessageBytes, MessageTimes)
	}
	f = append(f, Goodput)
	switch {
	case c.Workload == Share:
		f = append(f, Other, Evenness)
	case c.Workload == Rival:
		f = append(f, Other, Part)
	case c.Workload == Duplex:
		f = append(f, Efficiency, Back)
	default:
		f = append(f, Efficiency)
	}
	switch {
	case c.Up.Trace != nil:
		f = append(f, SelfInflicted)
	case c.Workload == Step:
		f = append(f, Shortened, Regained)
	case c.Workload == Bulk, c.Workload == Wake:
		f = append(f, RampUp)
	}
	return append(f, Utilization, QueueP50, QueueP95, QueueMax, Overhead)
}

// A Summary is what a figure was in several runs.
type Summary struct {
	Figure        Figure
	Median, Worst float64
	At            int // which run was the worst
}

// Summarize looks at a figure of all results, of which there is one at least.
func Summarize(f Figure, results []Result) Summary {
	s := Summary{Figure: f}
	values := make([]float64, len(results))
	for i := range results {
		values[i] = f.Of(&results[i])
		if f.worse(values[i], values[s.At]) {
			s.At = i
		}
	}
	s.Worst = values[s.At]
	slices.Sort(values)
	s.Median = values[(len(values)-1)/2]
	return s
}

func (f *Figure) worse(a, b float64) bool { return f.More && a < b || !f.More && a > b }

// Format is the number for people.
func (f *Figure) Format(v float64) string {
	switch {
	case math.IsInf(v, 0):
		return "never"
	case f.Unit == "ms" || f.Unit == "%":
		return fmt.Sprintf("%.1f", v)
	case f.Unit == "B":
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.2f", v)
}
