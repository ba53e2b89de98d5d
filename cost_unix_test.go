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

// BenchmarkShared is what Hub and Session cost beside the tick API for the same work: the
// medians of five of each. It counts CPU, but wants a core of its own all the same:
//
//	go test -c -o /tmp/tickwire.test . && taskset -c 0 /tmp/tickwire.test -test.run '^$' -test.bench Shared -test.benchtime 1x
func BenchmarkShared(b *testing.B) {
	for b.Loop() {
		ticks, shared := medianCosts(b, 5)
		b.ReportMetric(ticks.nanoseconds, "tick-ns/message")
		b.ReportMetric(shared.nanoseconds, "shared-ns/message")
		b.ReportMetric(shared.nanoseconds/ticks.nanoseconds, "x-tick")
		b.ReportMetric(shared.allocations-ticks.allocations, "more-allocs/message")
		if x := shared.nanoseconds / ticks.nanoseconds; pinned() && x > 1.2 {
			b.Errorf("%.2f times the CPU of the tick API, at most 1.2 is promised", x)
		}
	}
}

// TestSharedAlloc: through Hub and Session a message takes no more allocations, but for some
// in twenty messages that the race detector makes.
func TestSharedAlloc(t *testing.T) {
	rounds, most := 3, 0.01
	if raced {
		rounds, most = 1, 0.05
	}
	ticks, shared := medianCosts(t, rounds)
	t.Logf("# allocations for a message, setup included: %.3f and %.3f", ticks.allocations, shared.allocations)
	if shared.allocations > ticks.allocations+most {
		t.Errorf("%.3f allocations for a message through Session and Hub", shared.allocations)
	}
}

// medianCosts measures both ways of doing the work, in turn.
func medianCosts(t testing.TB, rounds int) (ticks, shared cost) {
	var all [4][]float64
	for range rounds {
		a, b := tickCost(t), sharedCost(t)
		for i, v := range []float64{a.nanoseconds, a.allocations, b.nanoseconds, b.allocations} {
			all[i] = append(all[i], v)
		}
	}
	for _, values := range all {
		slices.Sort(values)
	}
	middle := rounds / 2
	return cost{all[0][middle], all[1][middle]}, cost{all[2][middle], all[3][middle]}
}
