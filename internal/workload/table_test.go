package workload

import (
	"fmt"
	"testing"
	"time"

	"github.com/tickwire/tickwire/simnet"
)

// TestTable prints what the default endpoint makes of the links by which it is compared.
func TestTable(t *testing.T) {
	ms := func(d time.Duration) string { return fmt.Sprintf("%.1f", float64(d)/1e6) }
	show := func(name string, c Cell) {
		began := time.Now()
		r, err := c.Run()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		t.Logf("%-24s %6s %6s %6s %6s  %5.0f  %5.2f %5.1f%% %5s  %6s %6s %6s  %4.2f  %d missing  (%v)", name,
			ms(r.Latency.P50), ms(r.Latency.P95), ms(r.Latency.P99), ms(r.Latency.Max), r.BytesPerMessage(),
			r.Goodput/1e6, 100*r.Share(), ms(r.RampUp), ms(r.Queue.P50), ms(r.Queue.P95), ms(r.Queue.Max), r.Overhead(), r.Missing, time.Since(began).Round(time.Millisecond))
	}
	t.Logf("%-24s %6s %6s %6s %6s  %5s  %5s %5s %6s  %6s %6s %6s  %4s", "", "p50", "p95", "p99", "max", "B/msg", "Mb/s", "share", "ramp", "q50", "q95", "qmax", "sent")
	link := func(loss, burst float64, rate int64) simnet.LinkConfig {
		return simnet.LinkConfig{Delay: 50 * time.Millisecond, Loss: loss, LossBurst: burst, BitsPerSecond: rate}
	}
	for _, loss := range []float64{0, 0.01, 0.05, 0.2} {
		l := link(loss, 0, 0)
		show(fmt.Sprintf("stream %v", loss), Cell{Up: l, Down: l, Seed: 7})
	}
	l := link(0.05, 3, 0)
	show("stream 0.05 burst 3", Cell{Up: l, Down: l, Seed: 7})
	for _, kind := range []Kind{Bulk, Mixed} {
		for _, loss := range []float64{0, 0.01, 0.05} {
			l := link(loss, 0, 10_000_000)
			show(fmt.Sprintf("%v %v", kind, loss), Cell{Up: l, Down: l, Workload: kind, Seed: 7})
		}
	}
}
