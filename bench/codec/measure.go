package codec

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// A Row is what a case has cost.
type Row struct {
	Format, Message string
	Bytes           int
	Encode, Decode  Cost
}

// A Cost is that of one call: the median of the rounds.
type Cost struct {
	Ns     float64 // of the processor, in all threads of the process: other processes do not count, the collector does
	Allocs float64
}

// A Plan says how long to measure.
type Plan struct {
	Rounds int           // in each, every function has its turn
	Turn   time.Duration // how long that is, at least
}

// A work is a function that is measured.
type work struct {
	call   func() error
	calls  int // in a turn
	ns     []float64
	allocs []float64
}

// Measure plays the rounds. What is read are two messages in turn, of which one has other texts: a reader that
// keeps a text that has not changed saves nothing by it.
func Measure(v *Values, plan Plan) ([]Row, error) {
	cases, aloud := Cases(v), Cases(v.Aloud())
	rows, works := make([]Row, len(cases)), make([]work, 0, 2*len(cases))
	for i := range cases {
		c := &cases[i]
		b, err := c.Encode()
		loud, errLoud := aloud[i].Encode()
		if err = errors.Join(err, errLoud, c.Decode(b)); err != nil || !c.Same() {
			return nil, fmt.Errorf("%s: what is read is not what was written: %w", c, err)
		}
		next, after := slices.Clone(b), slices.Clone(loud)
		rows[i] = Row{Format: c.Format, Message: c.Message, Bytes: len(b)}
		works = append(works,
			work{call: func() error { _, err := c.Encode(); return err }},
			work{call: func() error {
				next, after = after, next
				return c.Decode(after)
			}})
	}
	for i := range works {
		works[i].calibrate(plan.Turn)
	}
	for range plan.Rounds {
		for i := range works {
			if err := works[i].turn(); err != nil {
				return nil, fmt.Errorf("%s: %w", &cases[i/2], err)
			}
		}
	}
	for i := range rows {
		rows[i].Encode, rows[i].Decode = works[2*i].cost(), works[2*i+1].cost()
	}
	return rows, nil
}

// calibrate doubles the calls until they fill a turn.
func (w *work) calibrate(turn time.Duration) {
	for w.calls = 1; ; w.calls *= 2 {
		start := cpuTime()
		for range w.calls {
			_ = w.call() // the same call has just succeeded
		}
		if cpuTime()-start >= turn {
			return
		}
	}
}

func (w *work) turn() error {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	start := cpuTime()
	for range w.calls {
		if err := w.call(); err != nil {
			return err
		}
	}
	took := cpuTime() - start
	runtime.ReadMemStats(&after)
	w.ns = append(w.ns, float64(took)/float64(w.calls))
	w.allocs = append(w.allocs, float64(after.Mallocs-before.Mallocs)/float64(w.calls))
	return nil
}

func (w *work) cost() Cost { return Cost{Ns: median(w.ns), Allocs: median(w.allocs)} }

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

// cpuTime is how long the process has been at work.
func cpuTime() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
