package workload

import "time"

// point adds a point to the series.
func (r *run) point() {
	last := Point{}
	if n := len(r.result.Series); n > 0 {
		last = r.result.Series[n-1]
	}
	p := Point{At: time.Duration(r.play.now), Rate: r.ends[0].Stats().BytesPerSecond}
	p.Goodput = float64(r.result.Payload-r.charted) * 8 / (p.At - last.At).Seconds()
	r.charted = r.result.Payload
	p.Queue = r.play.necks[0].longest
	r.play.necks[0].longest = 0
	r.result.Series = append(r.result.Series, p)
}
