package trial

import (
	"testing"
	"time"

	"github.com/tickwire/tickwire/bench/play"
	"github.com/tickwire/tickwire/internal/workload"
	"github.com/tickwire/tickwire/simnet"
)

// TestTraffic: what was sent while it was measured, with the headers of IP and UDP.
func TestTraffic(t *testing.T) {
	before, after := simnet.LinkStats{Sent: 3, SentBytes: 1000}, simnet.LinkStats{Sent: 13, SentBytes: 3000}
	if got, want := traffic(before, after), (workload.Traffic{Datagrams: 10, Bytes: 2280}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// TestFill: latencies count from when a message was due, arrivals from the beginning.
func TestFill(t *testing.T) {
	var rec workload.Record
	h := &play.Heard{Due: []int64{100, 300}, At: []int64{150, 390}, Times: []int64{1150, 1400}, Bytes: []int{10, 20}}
	if err := new(stage).fill(&rec, h, 1000); err != nil {
		t.Fatal(err)
	}
	if len(rec.Latency) != 2 || rec.Latency[0] != 50 || rec.Latency[1] != 90 {
		t.Errorf("latencies %v", rec.Latency)
	}
	if len(rec.Got) != 2 || rec.Got[0] != (workload.Arrival{At: 150, Bytes: 10}) || rec.Got[1] != (workload.Arrival{At: 400, Bytes: 20}) {
		t.Errorf("arrivals %v", rec.Got)
	}
	for _, h := range []*play.Heard{{Due: []int64{1}}, {Times: []int64{1}}} {
		if new(stage).fill(&rec, h, 0) == nil {
			t.Errorf("%+v is taken", h)
		}
	}
}

// TestWatcher: of the datagrams those on the way up are noted, on the clock of the programs; one
// that was lost never arrives. The links were laid for the first of them.
func TestWatcher(t *testing.T) {
	const ms = time.Millisecond
	w := newWatcher()
	at := func(d time.Duration) time.Time { return w.epoch.Add(d) }
	w.crossed(simnet.Crossing{Up: true, Sent: at(10 * ms), Through: at(11 * ms), Arrives: at(61 * ms), Bytes: 100})
	w.crossed(simnet.Crossing{Up: false, Sent: at(12 * ms), Through: at(12 * ms), Arrives: at(62 * ms), Bytes: 50})
	w.crossed(simnet.Crossing{Up: true, Sent: at(40 * ms), Through: at(42 * ms), Bytes: 200})
	var rec workload.Record
	w.fill(&rec, w.at+int64(20*ms)) // the sender began 20 ms after the watcher
	want := []workload.Passage{
		{Sent: -10 * ms, Through: -9 * ms, Arrives: 41 * ms, Bytes: 100},
		{Sent: 20 * ms, Through: 22 * ms, Arrives: workload.Never, Bytes: 200},
	}
	if len(rec.Passed) != 2 || rec.Passed[0] != want[0] || rec.Passed[1] != want[1] || rec.Laid != -10*ms {
		t.Errorf("%+v, laid at %v", rec.Passed, rec.Laid)
	}
}
