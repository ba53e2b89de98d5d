package workload

import (
	"math"
	"testing"
	"time"

	"github.com/tickwire/tickwire/simnet"
)

// driven is a bulk transfer over a generated mobile link, to a round trip of 40 ms.
func driven(t *testing.T, peak int64, queue int, seed uint64) Cell {
	t.Helper()
	trace, err := simnet.GenerateTrace(simnet.DriveConfig{Duration: time.Minute, PeakBitsPerSecond: peak}, seed)
	if err != nil {
		t.Fatal(err)
	}
	c := alike(Bulk, simnet.LinkConfig{Delay: 20 * time.Millisecond, Trace: trace, QueuePackets: queue}, seed)
	c.For = time.Minute
	return c
}

// TestLongVaried: on links whose capacity changes by itself, behind a queue of 100 datagrams and
// one without a bound, the default uses 85 % of what CUBIC does with a third and a tenth of the
// delay, on average over traces; and no published controller uses more with less delay.
func TestLongVaried(t *testing.T) {
	for _, queue := range []int{100, -1} {
		sum := func(name string) (used, delay float64) {
			for seed := uint64(1); seed <= 3; seed++ {
				for _, peak := range []int64{10_000_000, 24_000_000} {
					c := driven(t, peak, queue, seed)
					if c.TCP = name == "tcp"; !c.TCP {
						c.Controller, _ = Controller(name)
					}
					r := played(t, c, 1)[0]
					used += r.Utilization / 6
					delay += math.Log(r.SelfInflicted.Seconds()) / 6
				}
			}
			return used, math.Exp(delay)
		}
		used, delay := sum("default")
		tcpUsed, tcpDelay := sum("tcp")
		t.Logf("# queue %d: %.3f of the link, %.3f s; TCP %.3f, %.3f s", queue, used, delay, tcpUsed, tcpDelay)
		times := 3.0
		if queue < 0 {
			times = 10
		}
		if used < 0.85*tcpUsed || delay > tcpDelay/times {
			t.Errorf("queue %d: %.3f of the link, %.3f s; TCP %.3f, %.3f s", queue, used, delay, tcpUsed, tcpDelay)
		}
		for _, name := range []string{"sprout-ewma", "copa", "bbr", "ledbat"} {
			u, d := sum(name)
			t.Logf("# queue %d, %s: %.3f of the link, %.3f s", queue, name, u, d)
			if u >= used && d <= delay {
				t.Errorf("queue %d: %s uses %.3f of the link in place of %.3f, with %.3f s in place of %.3f", queue, name, u, used, d, delay)
			}
		}
	}
}

// TestLongRivalry: beside TCP with CUBIC the default keeps a quarter of what both get, whatever the
// round trip and the queue.
func TestLongRivalry(t *testing.T) {
	for _, rtt := range []time.Duration{10 * time.Millisecond, 40 * time.Millisecond, 200 * time.Millisecond} {
		for _, queue := range []int{30, 100, 1000} {
			l := simnet.LinkConfig{Delay: rtt / 2, BitsPerSecond: 10_000_000, QueuePackets: queue}
			c, sum := alike(Rival, l, 0), 0.0
			c.For = time.Minute
			for _, r := range played(t, c, 3) {
				sum += r.Part() / 3
			}
			t.Logf("# round trip %v, queue %d: %.2f of both", rtt, queue, sum)
			if sum < 0.22 || sum > 0.75 {
				t.Errorf("round trip %v, queue %d: %.2f of both", rtt, queue, sum)
			}
		}
	}
}
