//go:build unix

package tickwire_test

import (
	"context"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
)

// cpu is the time that the process has been at work.
func cpu(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	must(t, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func mallocs() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs
}

// A cost is what one message took.
type cost struct{ nanoseconds, allocations float64 }

// measure runs a round of n messages that is under way until wait returns.
func measure(t testing.TB, n int, round func()) cost {
	t.Helper()
	before, made := cpu(t), mallocs()
	round()
	return cost{float64(cpu(t)-before) / float64(n), float64(mallocs()-made) / float64(n)}
}

// The work to compare: messages of 64 bytes, as fast as they go, of which a window
// may be under way.
const (
	costMessages = 100_000
	costWindow   = 1000
)

// tickCost does the work with the tick API, in one goroutine: nothing is cheaper.
func tickCost(t testing.TB) cost {
	p := newTickPair(t)
	defer p.close()
	message := make([]byte, 64)
	return measure(t, costMessages, func() {
		for sent, got := 0, 0; got < costMessages; {
			for ; sent < min(costMessages, got+costWindow); sent++ {
				must(t, p.conn.Send(3, message))
			}
			p.step()
			for range p.srv.Events() {
			}
			for range p.player.Receive(3) {
				got++
			}
		}
	})
}

// sharedCost does it with a Session and a Hub.
func sharedCost(t testing.TB) cost {
	hub := tickwire.NewHub(benchServer(t))
	defer hub.Close()
	token, err := hub.DevToken(1)
	must(t, err)
	progress := make(chan int, 2)
	go func() {
		got := 0
		for ev := range hub.Events(context.Background()) {
			if ev.Kind == tickwire.Message {
				if got++; got%(costWindow/2) == 0 {
					progress <- got
				}
			}
		}
	}()
	s := benchSession(t, token)
	defer s.Close()
	message := make([]byte, 64)
	return measure(t, costMessages, func() {
		for sent, got := 0, 0; got < costMessages; got = <-progress {
			for ; sent < min(costMessages, got+costWindow); sent++ {
				must(t, s.Send(3, message))
			}
		}
	})
}

// TestCostAllocLong holds Hub and Session to what the tick API costs: the median of
// five of each. It counts CPU, but wants a core of its own all the same:
//
//	go test -c -o /tmp/tickwire.test .
//	taskset -c 0 /tmp/tickwire.test -test.run CostAllocLong -test.v
func TestCostAllocLong(t *testing.T) {
	var ticks, shared, tickAllocs, sharedAllocs []float64
	for range 5 {
		a, b := tickCost(t), sharedCost(t)
		ticks, shared = append(ticks, a.nanoseconds), append(shared, b.nanoseconds)
		tickAllocs, sharedAllocs = append(tickAllocs, a.allocations), append(sharedAllocs, b.allocations)
	}
	for _, all := range [][]float64{ticks, shared, tickAllocs, sharedAllocs} {
		slices.Sort(all)
	}
	ratio := shared[2] / ticks[2]
	t.Logf("# CPU for a message, both ends: %.0f ns by ticks, %.0f ns through Session and Hub: %.2f times",
		ticks[2], shared[2], ratio)
	t.Logf("# allocations for a message: %.3f and %.3f", tickAllocs[2], sharedAllocs[2])
	if most := pinned(1.2, 2); ratio > most {
		t.Errorf("Hub and Session take %.2f times the CPU of the tick API, want %.1f at most", ratio, most)
	}
	if sharedAllocs[2] > tickAllocs[2]+0.01 {
		t.Errorf("%.3f allocations for a message through Session and Hub", sharedAllocs[2])
	}
}

// pinned is the first limit if the process has one core, and the second, which
// leaves room for goroutines that meet on several, if not.
func pinned(one, several float64) float64 {
	if runtime.GOMAXPROCS(0) == 1 {
		return one
	}
	return several
}
