package workload

import "time"

// A ramp finds when a window of time ended in which enough was received, for the first time.
type ramp struct {
	from    int64 // it is looked for from then on
	target  int   // bytes in a window; 0: nobody knows what is enough
	bytes   int   // in the window that ends now
	arrived []arrival
	reached time.Duration // since from
}

type arrival struct {
	at    int64
	bytes int
}

// What counts as the whole rate: nine tenths of what is possible, over as long as a link with a
// long round trip needs to show something.
const (
	rampShare  = 0.9
	rampWindow = 200 * time.Millisecond
)

func newRamp(from int64, ceiling float64) ramp {
	return ramp{from: from, target: int(ceiling / 8 * rampShare * rampWindow.Seconds()), reached: Never}
}

func (r *ramp) add(now int64, bytes int) {
	if r.target == 0 || r.reached != Never || now < r.from {
		return
	}
	r.arrived, r.bytes = append(r.arrived, arrival{now, bytes}), r.bytes+bytes
	for r.arrived[0].at <= now-int64(rampWindow) {
		r.bytes -= r.arrived[0].bytes
		r.arrived = r.arrived[1:]
	}
	if r.bytes >= r.target {
		r.reached = time.Duration(now - r.from)
	}
}

// A calm finds when a queue became short, and was so for a second: nineteen of twenty datagrams
// waited for less than 20 ms. One that looks for more now and then is allowed to.
type calm struct {
	from, to int64 // it is looked for in this time
	at       []int64
	late     []bool // what came out then had waited for too long
}

const (
	shortQueue = 20 * time.Millisecond
	calmWindow = int64(time.Second)
)

// look is told how long something waited that came out now.
func (c *calm) look(now int64, wait time.Duration) {
	if now >= c.from && now < c.to {
		c.at, c.late = append(c.at, now), append(c.late, wait > shortQueue)
	}
}

// reached is how long after the beginning the queue became short.
func (c *calm) reached() time.Duration {
	first, late, next := 0, 0, 0 // the window is from first to next
	for start := c.from; start+calmWindow <= c.to; {
		for ; next < len(c.at) && c.at[next] < start+calmWindow; next++ {
			if c.late[next] {
				late++
			}
		}
		if 20*late <= next-first {
			return time.Duration(start - c.from)
		}
		if c.late[first] {
			late--
		}
		start = c.at[first] + 1
		first++
	}
	return Never
}

// A meter counts the payload that arrived, and that which did so within a time.
type meter struct {
	from, to     int64
	total, bytes int
	watch        func(now int64, bytes int) // sees all of it; may be nil
}

func (m *meter) add(now int64, bytes int) {
	m.total += bytes
	if m.watch != nil {
		m.watch(now, bytes)
	}
	if now > m.from && now <= m.to {
		m.bytes += bytes
	}
}

// perSecond is in bits.
func (m *meter) perSecond() float64 {
	return float64(m.bytes) * 8 / time.Duration(m.to-m.from).Seconds()
}
