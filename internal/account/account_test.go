package account

import "testing"

const ms = second / 1000

// TestAccount: over time as many as the rate, and a burst more.
func TestAccount(t *testing.T) {
	b := New(10, second)
	taken := 0
	for now := int64(0); now < 10*second; now += ms {
		if b.Charge(now) {
			taken++
		}
	}
	if taken < 105 || taken > 110 {
		t.Fatalf("%d in ten seconds at 10 a second", taken)
	}
}

// TestSketch: each key has its burst and then its rate, is told how long it waits, and no other key has to.
func TestSketch(t *testing.T) {
	s := NewSketch(10, 2*second)
	a, b := uint64(7)<<56|7, uint64(9)<<56|9
	spend := func(now int64, n int64) (times int) {
		for ; s.Wait(now, a, n) == 0; times++ {
			s.Charge(now, a, n)
		}
		return times
	}
	if n := spend(second, 1); n != 20 {
		t.Errorf("%d at once, want 20", n)
	}
	if w := s.Wait(second, a, 5); w != 500*ms {
		t.Errorf("it waits %d for five units, want %d", w, 500*ms)
	}
	if w := s.Wait(second, a, 1000); w != 2*second {
		t.Errorf("it waits %d for more than there ever are, want until it owes nothing", w)
	}
	if w := s.Wait(second, b, 20); w != 0 {
		t.Errorf("another waits %d", w)
	}
	if n := spend(second+500*ms, 5); n != 1 {
		t.Errorf("after half a second it has %d times five", n)
	}
	if n := spend(10*second, 1); n != 20 {
		t.Errorf("after a rest it has %d", n)
	}
}

// TestSketchMeets: keys that meet in one place are told apart by the other, and those that meet in both are one.
func TestSketchMeets(t *testing.T) {
	s := NewSketch(1, second)
	s.Charge(0, 7<<56|7, 1)
	for h, waits := range map[uint64]bool{7<<56 | 7: true, 7<<56 | 8: false, 8<<56 | 7: false, 7<<56 | 1<<30 | 7: true} {
		if w := s.Wait(0, h, 1); (w > 0) != waits {
			t.Errorf("%x waits %d", h, w)
		}
	}
}

// TestSketchIsBounded: a table of two rows, whatever comes, and none where there is no limit.
func TestSketchIsBounded(t *testing.T) {
	s, off := NewSketch(1, second), Sketch{}
	if n := testing.AllocsPerRun(100, func() { s.Charge(0, 1, 1); s.Wait(0, 2, 1) }); n != 0 || len(s.rows[0]) != Places || s.Off() {
		t.Errorf("%v allocations, %d places", n, len(s.rows[0]))
	}
	if !off.Off() || off.rows[0] != nil {
		t.Error("a table without a limit")
	}
}
