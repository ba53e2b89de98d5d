package workload_test

import (
	"fmt"
	"time"

	"github.com/tickwire/tickwire/internal/workload"
	"github.com/tickwire/tickwire/simnet"
)

// How late are 60 messages a second over a link that loses every twentieth datagram?
func Example() {
	link := simnet.LinkConfig{Delay: 50 * time.Millisecond, Loss: 0.05}
	result, err := workload.Cell{Workload: workload.Stream, Up: link, Down: link, Seed: 1}.Run()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(result.Messages, "messages,", result.Missing, "missing")
	fmt.Println("half of them at once:", result.Latency.P50 == 0)
	fmt.Println("all within a second:", result.Latency.Max < time.Second)
	// Output:
	// 3600 messages, 0 missing
	// half of them at once: true
	// all within a second: true
}
