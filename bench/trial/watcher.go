package trial

import (
	"sync"
	"time"

	"github.com/tickwire/tickwire/bench/play"
	"github.com/tickwire/tickwire/internal/workload"
	"github.com/tickwire/tickwire/simnet"
)

// A watcher notes what passes the bottleneck on the way up.
type watcher struct {
	mu     sync.Mutex
	epoch  time.Time // the same moment on the clock of the relay
	at     int64     // and on that of the programs
	passed []simnet.Crossing
}

func newWatcher() *watcher { return &watcher{epoch: time.Now(), at: play.Now()} }

func (w *watcher) crossed(c simnet.Crossing) {
	if c.Up {
		w.mu.Lock()
		w.passed = append(w.passed, c)
		w.mu.Unlock()
	}
}

// fill puts what was seen into a record whose time begins at begin.
func (w *watcher) fill(rec *workload.Record, begin int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	since := func(t time.Time) time.Duration { return t.Sub(w.epoch) + time.Duration(w.at-begin) }
	for _, c := range w.passed {
		p := workload.Passage{Sent: since(c.Sent), Through: since(c.Through), Arrives: workload.Never, Bytes: c.Bytes}
		if !c.Arrives.IsZero() {
			p.Arrives = since(c.Arrives)
		}
		rec.Passed = append(rec.Passed, p)
	}
	if len(rec.Passed) > 0 {
		rec.Laid = rec.Passed[0].Sent // the relay lays links for the first datagram
	}
}
