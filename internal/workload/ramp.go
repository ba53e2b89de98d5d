package workload

import "time"

const (
	rampShare  = 0.9
	rampWindow = 200 * time.Millisecond
)

// A ramp finds the first window of time in which enough was received.
type ramp struct {
	target  int // bytes in a window; 0: nobody knows what is enough
	bytes   int // in the window that ends now
	arrived []arrival
	reached time.Duration
}

type arrival struct {
	at    int64
	bytes int
}

func (r *ramp) add(now int64, bytes int) {
	if r.target == 0 || r.reached > 0 {
		return
	}
	r.arrived, r.bytes = append(r.arrived, arrival{now, bytes}), r.bytes+bytes
	for r.arrived[0].at <= now-int64(rampWindow) {
		r.bytes -= r.arrived[0].bytes
		r.arrived = r.arrived[1:]
	}
	if r.bytes >= r.target {
		r.reached = time.Duration(now)
	}
}
