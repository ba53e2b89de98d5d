package loopback

import (
	"runtime"
	"slices"
	"time"
)

// A Sample is what one contestant did in one round.
type Sample struct {
	Messages   int             // that arrived
	Bytes      int64           // of those
	Wall, CPU  time.Duration   // both ends together
	Allocs     uint64          // likewise
	RoundTrips []time.Duration // of a ping
}

// A Meter measures a stretch of what the process does.
type Meter struct {
	began  time.Time
	cpu    time.Duration
	allocs uint64
}

// StartMeter begins to measure.
func StartMeter() Meter {
	allocs := mallocs()
	return Meter{began: time.Now(), cpu: cpuTime(), allocs: allocs}
}

// Stop returns what happened since StartMeter; the messages are the caller's to count.
func (m Meter) Stop() Sample {
	return Sample{Wall: time.Since(m.began), CPU: cpuTime() - m.cpu, Allocs: mallocs() - m.allocs}
}

func mallocs() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs
}

// liveHeap is what is in use after everything else was collected.
func liveHeap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what had a finalizer
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// each is a part of the sample for each message, in nanoseconds if it is a time.
func (s *Sample) each(of float64) float64 { return of / float64(max(s.Messages, 1)) }

// percentile is a round trip that p percent do not exceed, in microseconds.
func (s *Sample) percentile(p int) float64 {
	if len(s.RoundTrips) == 0 {
		return 0
	}
	slices.Sort(s.RoundTrips)
	return float64(s.RoundTrips[(len(s.RoundTrips)-1)*p/100]) / 1e3
}

// median of values, which it sorts; 0 of none.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	if n := len(values); n%2 == 0 {
		return (values[n/2-1] + values[n/2]) / 2
	}
	return values[len(values)/2]
}
