package workload

import "time"

// A freshness measures how old the newest thing is that a receiver has heard: at any moment, the
// time since the datagram was sent that was sent last of those which have arrived. Its 95th
// percentile over time is how far behind the sender a receiver must stay to see no gap for 95 %
// of the time. Less that of a sender who knows the link and sends so that each datagram finds it
// ready, it is the delay that the sender has inflicted on itself: section 5.1 of Winstein,
// Sivaraman and Balakrishnan, "Stochastic Forecasts Achieve High Throughput and Low Delay over
// Cellular Networks", NSDI 2013.
type freshness struct {
	since    int64 // from then on counts
	at       int64 // as of when spans are complete
	any      bool
	newest   int64   // when the newest that arrived was sent
	sendings []int64 // by numbers
	spans    []span
}

// A span is a time in which the age grew evenly, as time does.
type span struct{ from, to int64 }

func (f *freshness) sent(now int64, number uint64) {
	for uint64(len(f.sendings)) <= number {
		f.sendings = append(f.sendings, now)
	}
}

func (f *freshness) arrived(now int64, number uint64) {
	if number < uint64(len(f.sendings)) {
		f.heard(now, f.sendings[number])
	}
}

// heard is told that something arrived now, and when it was sent.
func (f *freshness) heard(now, sent int64) {
	if f.any && sent <= f.newest {
		return
	}
	f.pass(now)
	f.any, f.newest = true, sent
}

// pass counts the time until now.
func (f *freshness) pass(now int64) {
	from := max(f.at, f.since)
	if f.any && now > from {
		f.spans = append(f.spans, span{from - f.newest, now - f.newest})
	}
	f.at = max(now, f.at)
}

// percentile is the age that is not exceeded for so much of the time.
func (f *freshness) percentile(per100 int64) time.Duration {
	total, low, high := int64(0), int64(0), int64(0)
	for _, s := range f.spans {
		total += s.to - s.from
		high = max(high, s.to)
	}
	for low < high {
		mid, within := (low+high)/2, int64(0)
		for _, s := range f.spans {
			within += max(0, min(mid, s.to)-s.from)
		}
		if within >= total/100*per100 {
			high = mid
		} else {
			low = mid + 1
		}
	}
	return time.Duration(low)
}
