package timeline_test

import (
	"fmt"
	"time"

	"github.com/tickwire/tickwire/timeline"
)

// The server's clock is an hour ahead, and packets take 20 ms each way.
func exchange(at time.Duration) timeline.Sample {
	const ahead, way, held = time.Hour, 20 * time.Millisecond, 3 * time.Millisecond
	return timeline.Sample{Sent: at, Arrived: at + way + ahead, Answered: at + way + held + ahead, Received: at + 2*way + held}
}

// A client learns the server's time from the samples of its Conn, simulates the tick in which its
// input will arrive, and draws what the server did as long ago as the jitter asks for.
func Example() {
	var clock timeline.Clock
	ticks, err := timeline.NewTicks(&clock, timeline.TicksConfig{TicksPerSecond: 60})
	if err != nil {
		fmt.Println(err)
		return
	}
	positions, err := timeline.NewBuffer[float64](&clock, timeline.BufferConfig{MinDelay: 100 * time.Millisecond})
	if err != nil {
		fmt.Println(err)
		return
	}
	ticks.Anchor(0, time.Hour) // the server said when its tick 0 began

	clock.Add(exchange(0)) // for s := range conn.ClockSamples() { clock.Add(timeline.Sample(s)) }
	for i := range 10 {    // snapshots that come, each with the server's time
		made := time.Duration(i) * 50 * time.Millisecond
		positions.Push(made+20*time.Millisecond, time.Hour+made, float64(i))
	}

	now := 500 * time.Millisecond
	input, _ := ticks.Advance(now, 20*time.Millisecond) // how far ahead, a Lead finds out
	view, _ := positions.Show(now)
	fmt.Println("server's time:", clock.At(now))
	fmt.Println("simulate tick", input)
	fmt.Printf("draw %.2f of the way from %v to %v\n", view.Fraction, view.From, view.To)
	// Output:
	// server's time: 1h0m0.5s
	// simulate tick 31
	// draw 0.00 of the way from 8 to 9
}
