package netcode

import (
	"math"

	"github.com/tickwire/tickwire/internal/account"
)

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
		f.rows[i] = make([]taken, account.Places)
	}
	return f
}

// claim takes a piece out of the account if the place has less than its share.
func (f *fairShares) claim(now int64, h uint64, from *account.Account) bool {
	f.advance(now/workBurst + 1)
	at := account.At(h)
	had := math.MaxInt
	for i := range f.rows {
		c := &f.rows[i][at[i]]
		if c.slice != f.slice {
			*c = taken{slice: f.slice}
			f.active += 1 - i // of one row
		}
		had = min(had, c.n)
	}
	if had >= max(f.all/(1+max(f.active, f.last)), 1) || !from.Charge(now) {
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
