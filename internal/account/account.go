// Package account bounds rates: an [Account] that of one thing, a [Sketch] that of each of any number of
// peers, in a table of fixed size. Times are nanoseconds of a monotonic clock.
package account

// second is one, in the nanoseconds of times here.
const second = 1_000_000_000

// An Account is a token bucket that is kept as a debt in time: each unit costs
// an interval, time pays back, and who owes a burst waits. The zero value
// of the debt is an account that is full; that of the Account has no limit.
type Account struct {
	interval, burst int64 // interval 0: no limit
	paid            int64 // when all is paid back
}

// New allows rate units a second, and so many at once as fit in burst, at least one.
func New(rate int, burst int64) Account {
	interval := intervalOf(rate)
	return Account{interval: interval, burst: max(burst, interval)}
}

func intervalOf(rate int) int64 { return max(second/int64(rate), 1) }

// Off reports whether there is no limit.
func (a *Account) Off() bool { return a.interval == 0 }

// Interval is what a unit costs.
func (a *Account) Interval() int64 { return a.interval }

// Charge takes a unit, false if with it more than a burst would be owed.
func (a *Account) Charge(now int64) bool {
	if a.Debt(now)+a.interval > a.burst {
		return false
	}
	a.Owe(now, 1)
	return true
}

// Debt is how long it takes until all is paid back.
func (a *Account) Debt(now int64) int64 { return Owed(a.paid, now, a.burst) }

// Owe takes n units whether or not there are as many.
func (a *Account) Owe(now, n int64) {
	a.paid = now + a.Debt(now) + n*a.interval
}

// Owed is what is left to pay now of what is paid back at the given time. A debt larger
// than any that can be made is of another clock.
func Owed(paid, now, burst int64) int64 {
	if d := paid - now; d > 0 && d <= 1<<20*burst {
		return d
	}
	return 0
}

// A Sketch has an account for each of any number of keys in a fixed table: each
// key has two places, and owes the smaller of the two debts. So two keys that meet
// in one place are still told apart by the other one. The zero value has no limit.
type Sketch struct {
	interval, burst int64
	rows            [2][]int64 // when all is paid back
}

const (
	sketchBits = 12
	// Places is how many a row of a table has.
	Places = 1 << sketchBits
)

// NewSketch allows rate units a second of each key, and so many at once as fit in burst, at least one.
func NewSketch(rate int, burst int64) Sketch {
	s := Sketch{interval: intervalOf(rate)}
	s.burst = max(burst, s.interval)
	for i := range s.rows {
		s.rows[i] = make([]int64, Places)
	}
	return s
}

// Off reports whether there is no limit.
func (s *Sketch) Off() bool { return s.interval == 0 }

// At are the two places of a key, which is given by a hash that nobody foresees.
func At(h uint64) [2]int {
	return [2]int{int(h >> (64 - sketchBits)), int(h & (Places - 1))}
}

// Wait is how long a key has to wait for n units, 0 if it need not: of more than a burst until it owes nothing.
func (s *Sketch) Wait(now int64, h uint64, n int64) int64 {
	at := At(h)
	owes := min(Owed(s.rows[0][at[0]], now, s.burst), Owed(s.rows[1][at[1]], now, s.burst))
	return max(owes-max(s.burst-n*s.interval, 0), 0)
}

// Charge takes n units whether or not there are as many.
func (s *Sketch) Charge(now int64, h uint64, n int64) {
	for i, at := range At(h) {
		s.rows[i][at] = now + Owed(s.rows[i][at], now, s.burst) + n*s.interval
	}
}
