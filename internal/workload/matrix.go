package workload

import (
	"fmt"
	"strings"
	"time"

	"github.com/tickwire/tickwire/simnet"
)

// A Spot is a link over which all workloads but Bulk, which is part of Mixed, are played, and what
// they must give at least.
type Spot struct {
	RTT     time.Duration
	Jitter  time.Duration
	Rate    int64 // bits a second, both ways; 0: 10 Mbit/s
	Queue   int   // datagrams; 0: 100
	Loss    float64
	Burst   float64
	AckLoss float64 // of the way back; 0: Loss
	Floor   Floor
}

// A Floor is the worst that is still good, as medians of the seeds: times in milliseconds, above
// the one-way delay those of messages; parts in per cent.
type Floor struct {
	StreamP95, StreamP99           float64
	MixedP99, QueueP95, Efficiency float64
	Evenness, Part                 float64 // of Share, of Rival
	Shortened, Regained            float64 // of Step
}

// none is a floor of a time that everything meets, also what never ends.
const none = 1 << 62

// The figures of a Floor, in its order, and of which workload they are.
var matrixFigures = []struct {
	Kind   Kind
	Figure Figure
	of     func(Floor) float64
}{
	{Stream, LatencyP95, func(f Floor) float64 { return f.StreamP95 }},
	{Stream, LatencyP99, func(f Floor) float64 { return f.StreamP99 }},
	{Mixed, LatencyP99, func(f Floor) float64 { return f.MixedP99 }},
	{Mixed, QueueP95, func(f Floor) float64 { return f.QueueP95 }},
	{Mixed, Efficiency, func(f Floor) float64 { return f.Efficiency }},
	{Share, Evenness, func(f Floor) float64 { return f.Evenness }},
	{Rival, Part, func(f Floor) float64 { return f.Part }},
	{Step, Shortened, func(f Floor) float64 { return f.Shortened }},
	{Step, Regained, func(f Floor) float64 { return f.Regained }},
}

// MatrixSeeds is how many seeds a spot is judged by.
const MatrixSeeds = 3

// String describes the link.
func (s Spot) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v, %d Mbit/s, queue %d", s.RTT, s.rate()/1_000_000, s.queue())
	if s.Loss > 0 {
		fmt.Fprintf(&b, ", loss %.3g %%", 100*s.Loss)
	}
	if s.Burst > 0 {
		fmt.Fprintf(&b, " in bursts of %.3g", s.Burst)
	}
	if s.AckLoss > 0 {
		fmt.Fprintf(&b, ", of acks %.3g %%", 100*s.AckLoss)
	}
	if s.Jitter > 0 {
		fmt.Fprintf(&b, ", jitter %v", s.Jitter)
	}
	return b.String()
}

func (s Spot) rate() int64 {
	if s.Rate == 0 {
		return 10_000_000
	}
	return s.Rate
}

func (s Spot) queue() int {
	if s.Queue == 0 {
		return simnet.DefaultQueuePackets
	}
	return s.Queue
}

// Cells are what is played at the spot.
func (s Spot) Cells() []Cell {
	up := simnet.LinkConfig{
		Delay: s.RTT / 2, Jitter: s.Jitter, JitterShape: simnet.Exponential, Loss: s.Loss, LossBurst: s.Burst,
		BitsPerSecond: s.rate(), QueuePackets: s.queue(),
	}
	down := up
	if s.AckLoss > 0 {
		down.Loss = s.AckLoss
	}
	return []Cell{
		{Up: up, Down: down, Workload: Stream, For: 30 * time.Second},
		{Up: up, Down: down, Workload: Mixed, For: 20 * time.Second, Settle: 5 * time.Second},
		{Up: up, Down: down, Workload: Share, For: 30 * time.Second, Later: 8 * time.Second},
		{Up: up, Down: down, Workload: Rival, For: 30 * time.Second, Later: 8 * time.Second},
		{Up: up, Down: down, Workload: Step, For: 24 * time.Second},
	}
}

// A Reading is what a spot gave in one of the figures of the matrix.
type Reading struct {
	Kind   Kind
	Figure Figure
	Value  float64 // the median of the seeds
	Floor  float64
}

// Bad reports whether the value is worse than the floor.
func (r *Reading) Bad() bool {
	return r.Figure.worse(r.Value, r.Floor) && (r.Figure.More || r.Floor != none)
}

// Read takes the readings from the results of each of Cells, in its order.
func (s Spot) Read(results [][]Result) []Reading {
	var all []Reading
	for i, c := range s.Cells() {
		for _, f := range matrixFigures {
			if f.Kind == c.Workload {
				m := Summarize(f.Figure, results[i]).Median
				all = append(all, Reading{c.Workload, f.Figure, m, f.of(s.Floor)})
			}
		}
	}
	return all
}

// Worst finds the spot that is the worst in each figure.
func Worst(readings [][]Reading) []int {
	worst := make([]int, len(matrixFigures))
	for i := range worst {
		for spot := range readings {
			if f := matrixFigures[i].Figure; f.worse(readings[spot][i].Value, readings[worst[i]][i].Value) {
				worst[i] = spot
			}
		}
	}
	return worst
}
