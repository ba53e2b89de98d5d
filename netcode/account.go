package netcode

import (
	"math"
	"math/bits"
	"time"
)

// An account is a token bucket that is kept as a debt in time: each unit costs
// an interval, time pays back, and who owes a burst waits. The zero value
// of the debt is an account that is full.
type account struct {
	interval, burst int64 // nanoseconds; interval 0: no limit
	paid            int64 // when all is paid back
}

// newAccount allows rate units a second, and so many at once as fit in burst, at least one.
func newAccount(rate int, burst int64) account {
	interval := max(int64(time.Second)/int64(rate), 1)
	return account{interval: interval, burst: max(burst, interval)}
}

func (a *account) off() bool { return a.interval == 0 }

// charge takes a unit, false if with it more than a burst would be owed.
func (a *account) charge(now int64) bool {
	if owed(a.paid, now, a.burst)+a.interval > a.burst {
		return false
	}
	a.owe(now, 1)
	return true
}

// owe takes n units whether or not there are as many.
func (a *account) owe(now, n int64) {
	a.paid = now + owed(a.paid, now, a.burst) + n*a.interval
}

// owed is what is left to pay now of what is paid back at the given time. A debt larger
// than any that can be made is of another clock.
func owed(paid, now, burst int64) int64 {
	if d := paid - now; d > 0 && d <= 1<<20*burst {
		return d
	}
	return 0
}

// A sketch has an account for each of any number of keys in a fixed table: each
// key has two places, and owes the smaller of the two debts. So two keys that meet
// in one place are still told apart by the other one.
type sketch struct {
	interval, burst int64
	rows            [2][]int64 // when all is paid back
}

// sketchBits is how many places a row has.
const sketchBits = 12

// newSketch allows rate units a second of each key, and those of one second at
// once.
func newSketch(rate int) sketch {
	s := sketch{interval: max(int64(time.Second)/int64(rate), 1), burst: int64(time.Second)}
	for i := range s.rows {
		s.rows[i] = make([]int64, 1<<sketchBits)
	}
	return s
}

func (s *sketch) off() bool { return s.interval == 0 }

func places(h uint64) [2]int {
	return [2]int{int(h >> (64 - sketchBits)), int(h & (1<<sketchBits - 1))}
}

func (s *sketch) indebted(now int64, h uint64) bool {
	for i, at := range places(h) {
		if owed(s.rows[i][at], now, s.burst)+s.interval <= s.burst {
			return false
		}
	}
	return true
}

func (s *sketch) charge(now int64, h uint64) {
	for i, at := range places(h) {
		s.rows[i][at] = now + owed(s.rows[i][at], now, s.burst) + s.interval
	}
}

// fairShares divides what there is in a slice of time between all places that ask for
// some and one that is yet to ask. Like a sketch it has two counters for each place.
type fairShares struct {
	all          int // pieces in a slice
	slice        int64
	active, last int // places that asked, in this slice and the one before
	rows         [2][]taken
}

// taken is what a place had in a slice.
type taken struct {
	slice int64
	n     int
}

func newFairShares(all int) fairShares {
	f := fairShares{all: all}
	for i := range f.rows {
		f.rows[i] = make([]taken, 1<<sketchBits)
	}
	return f
}

// claim takes a piece out of the account if the place has less than its share.
func (f *fairShares) claim(now int64, h uint64, from *account) bool {
	f.advance(now/workBurst + 1)
	at := places(h)
	had := math.MaxInt
	for i := range f.rows {
		c := &f.rows[i][at[i]]
		if c.slice != f.slice {
			*c = taken{slice: f.slice}
			f.active += 1 - i // of one row
		}
		had = min(had, c.n)
	}
	if had >= max(f.all/(1+max(f.active, f.last)), 1) || !from.charge(now) {
		return false
	}
	for i := range f.rows {
		f.rows[i][at[i]].n++
	}
	return true
}

// advance begins a new slice if it is time.
func (f *fairShares) advance(slice int64) {
	if slice == f.slice {
		return
	}
	if f.last = 0; slice == f.slice+1 {
		f.last = f.active
	}
	f.slice, f.active = slice, 0
}

// fold mixes two words into one.
func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}
