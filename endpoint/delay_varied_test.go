package endpoint

import (
	"math/rand/v2"
	"testing"
	"time"
)

// TestDelayOnAVariedLink: where the capacity changes by itself most of it is used, and what waits does
// so no longer than changes of that kind make it; when it is steady again the queue is short.
func TestDelayOnAVariedLink(t *testing.T) {
	c := byDelay()
	l := newLine(8*megabit, 0, 20*millisecond, &lineFlow{cc: c})
	l.run(3 * second)
	rnd, offered, delivered := rand.New(rand.NewPCG(9, 10)), 0.0, 0.0
	var longest int64
	for l.now < 33*second {
		l.rate = min(max(l.rate*int64(60+rnd.IntN(100))/100, megabit), 20*megabit)
		shares, p99 := l.measure(l.now, l.now+60*millisecond)
		offered += float64(l.rate)
		delivered += shares[0] * float64(l.rate)
		longest = max(longest, p99)
	}
	t.Logf("# %.3f of the capacity, the longest wait %v", delivered/offered, time.Duration(longest))
	if !c.varies.varied || delivered < 0.85*offered || longest > 500*millisecond {
		t.Errorf("varied %v: %.3f of the capacity, the longest wait %v", c.varies.varied, delivered/offered, time.Duration(longest))
	}
	l.rate = 8 * megabit
	l.run(l.now + 5*second)
	if shares, p99 := l.measure(l.now, l.now+5*second); c.varies.varied || shares[0] < 0.95 || p99 > 12*millisecond {
		t.Errorf("steady again, varied %v: %.3f of the rate, p99 of the wait %v", c.varies.varied, shares[0], time.Duration(p99))
	}
}
