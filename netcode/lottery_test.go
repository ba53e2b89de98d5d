package netcode

import (
	"math/rand/v2"
	"testing"
)

// TestLottery: who asks behind all others of a burst wins as often as they do, the account
// gives what it has and no more, and when the crowd is gone everybody wins.
func TestLottery(t *testing.T) {
	for _, crowd := range []int{50, 200, 1000, 5000} { // ten times a second
		l, now := newLottery(1000, rand.NewChaCha8([32]byte{1})), second
		const bursts = 1000
		given, last := 0, 0
		for i := range bursts + 20 { // the first find an account that is full
			now += 100 * ms
			for j := range crowd {
				won := l.draw(now)
				if won && i >= 20 {
					given++
					if j == crowd-1 {
						last++
					}
				}
			}
		}
		chance, most := min(1, 100/float64(crowd)), min(crowd, 100)*bursts
		if share := float64(last) / bursts; share < 0.6*chance || share > 1.1*chance {
			t.Errorf("%d ask, 100 are given: the last wins %.2f %% of the time", crowd, 100*share)
		}
		if given > most || given < most*8/10 {
			t.Errorf("%d ask: %d were given, of %d", crowd, given, most)
		}
		now += 2 * second
		for range 50 {
			if !l.draw(now) {
				t.Errorf("%d asked, two seconds ago: still drawn by lot", crowd)
				break
			}
		}
	}
}
