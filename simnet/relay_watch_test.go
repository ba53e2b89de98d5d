package simnet

import (
	"fmt"
	"sync"
	"testing"
	"time"
)

// TestRelayTellsWhatCrosses: when each datagram came, was through, and will arrive, of both
// directions; a lost one does not arrive.
func TestRelayTellsWhatCrosses(t *testing.T) {
	var mu sync.Mutex
	var seen []Crossing
	slow := LinkConfig{Delay: 2 * time.Millisecond, BitsPerSecond: 1_000_000}
	r := start(t, RelayConfig{Up: slow, Down: LinkConfig{Delay: time.Millisecond}, Watch: func(c Crossing) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, c)
	}})
	c := dial(t, r)
	if _, ok := ask(t, c, fmt.Sprintf("%097d", 1), 5*time.Second); !ok {
		t.Fatal("no answer")
	}
	must(t, r.SetLinks(LinkConfig{Loss: 1}, LinkConfig{}))
	if _, ok := ask(t, c, "lost", 20*time.Millisecond); ok {
		t.Fatal("what was lost was answered")
	}
	mu.Lock()
	defer mu.Unlock()
	if len(seen) != 3 || !seen[0].Up || seen[1].Up || !seen[2].Up {
		t.Fatalf("told of %+v", seen)
	}
	up, down, lost := seen[0], seen[1], seen[2]
	if up.Through.Sub(up.Sent) != time.Millisecond || up.Arrives.Sub(up.Through) != 2*time.Millisecond || up.Bytes != 125 {
		t.Errorf("up: %+v; want 125 bytes that take 1 ms, and then 2", up)
	}
	if !down.Through.Equal(down.Sent) || down.Arrives.Sub(down.Sent) != time.Millisecond || down.Sent.Before(up.Arrives) {
		t.Errorf("down: %+v; want no bottleneck, and 1 ms, after %v", down, up.Arrives)
	}
	if !lost.Arrives.IsZero() || lost.Bytes != 32 {
		t.Errorf("lost: %+v", lost)
	}
}
