package timeline

import (
	"slices"
	"time"
)

// A reserve is how much time is set aside for what is under way, so that all but a share of it
// comes in time. It grows as soon as too much is late, and shrinks only when less would have done
// for a while, so that it does not waver (hysteresis).
type reserve struct {
	late        float64 // the share
	forgive     int     // so many may be late however few there were
	least, most time.Duration
	calm        time.Duration

	transits  [reserveTransits]time.Duration // a ring: how long things were under way
	sorted    [reserveTransits]time.Duration
	seen      int
	size      time.Duration
	need      time.Duration // the most that was needed since calmSince
	calmSince time.Duration
}

// reserveTransits is how many of them say what the network does: some seconds, and enough to see
// one in a hundred.
const reserveTransits = 256

func newReserve(late float64, least, most, calm time.Duration) reserve {
	return reserve{late: late, least: least, most: most, calm: calm, size: least}
}

// learn takes how long a thing was under way that came at a time. Extra is needed beyond that. A
// look at all of them is due each sixteenth time, or at once when a thing was too late.
func (r *reserve) learn(at, transit, extra time.Duration, late bool) {
	r.transits[r.seen%reserveTransits] = transit
	r.seen++
	if r.seen%16 != 0 && !late && r.seen > 16 {
		return
	}
	need := min(max(r.quantile()+extra, r.least), r.most)
	if need >= r.size {
		r.size, r.need, r.calmSince = need, 0, at
		return
	}
	r.need = max(r.need, need)
	if at-r.calmSince >= r.calm {
		r.size, r.need, r.calmSince = r.need, 0, at
	}
}

// quantile is what all but the configured share would have been in time with.
func (r *reserve) quantile() time.Duration {
	n := min(r.seen, reserveTransits)
	s := r.sorted[:n]
	copy(s, r.transits[:n])
	slices.Sort(s)
	return s[n-1-min(max(int(r.late*float64(n)), r.forgive), n-1)]
}
