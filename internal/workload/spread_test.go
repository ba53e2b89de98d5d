package workload

import (
	"testing"
	"time"
)

func TestSpread(t *testing.T) {
	var samples []time.Duration
	for i := range 200 {
		samples = append(samples, time.Duration((i*37)%200+1)) // 1 to 200
	}
	if got := newSpread(samples); got != (Spread{200, 100, 190, 198, 200}) {
		t.Errorf("%+v", got)
	}
	if got := newSpread([]time.Duration{5}); got != (Spread{1, 5, 5, 5, 5}) {
		t.Errorf("%+v", got)
	}
	if got := newSpread(nil); got != (Spread{}) {
		t.Errorf("%+v", got)
	}
}

// TestFreshness: the age of the newest grows with time, and falls to the way that the next one
// took. 10 ms old news every 100 ms, of which one is missing, and one comes too late.
func TestFreshness(t *testing.T) {
	const ms = int64(time.Millisecond)
	f := freshness{since: 1000 * ms}
	for i := range int64(30) {
		f.sent(i*100*ms, uint64(i))
		switch i {
		case 15:
		case 17:
			f.arrived(1705*ms, 17)
			f.arrived(1708*ms, 15)
		default:
			f.arrived(i*100*ms+10*ms, uint64(i))
		}
	}
	f.pass(3000 * ms)
	// From 1000 to 3000 ms the age runs from 10 to 110 ms nearly twenty times; once on to 210.
	for _, c := range []struct{ per100, want int64 }{{0, 5}, {50, 60}, {95, 110}, {100, 210}} {
		got := f.percentile(c.per100)
		if want := time.Duration(c.want * ms); (got - want).Abs() > 6*time.Millisecond {
			t.Errorf("percentile %d is %v, want about %v", c.per100, got, want)
		}
	}
}

// TestRamp: nine tenths of a rate, over 200 ms.
func TestRamp(t *testing.T) {
	r := newRamp(0, 80_000) // 10 bytes a millisecond, 1800 in 200 ms
	for at := int64(1); at <= 1000; at++ {
		bytes := 8
		if at > 500 {
			bytes = 10
		}
		r.add(at*int64(time.Millisecond), bytes)
	}
	// 1600 and two more for each millisecond from 501 on.
	if r.reached != 600*time.Millisecond {
		t.Errorf("reached after %v", r.reached)
	}
	slow := newRamp(0, 80_000)
	for at := int64(1); at <= 1000; at++ {
		slow.add(at*int64(time.Millisecond), 8)
	}
	if slow.reached != Never {
		t.Errorf("eight tenths counted after %v", slow.reached)
	}
}

// TestCalm: a queue is short when it stays so for a second, but for one datagram of twenty.
func TestCalm(t *testing.T) {
	const ms = int64(time.Millisecond)
	short := func(late func(at int64) bool) time.Duration {
		c := calm{from: 1000 * ms, to: 5000 * ms}
		for at := int64(900); at < 6000; at++ {
			wait := 10 * time.Millisecond
			if late(at) {
				wait = 30 * time.Millisecond
			}
			c.look(at*ms, wait)
		}
		return c.reached().Round(time.Millisecond)
	}
	for name, c := range map[string]struct {
		late func(at int64) bool
		want time.Duration
	}{
		"at once":                {func(at int64) bool { return at < 1000 }, 0},
		"after a while":          {func(at int64) bool { return at < 1500 }, 449 * time.Millisecond}, // 50 of the next 1000 are late
		"with a pause of 900 ms": {func(at int64) bool { return at < 1200 || at >= 2100 && at < 2500 }, 1449 * time.Millisecond},
		"each tenth":             {func(at int64) bool { return at%10 == 0 }, Never},
		"each thirtieth":         {func(at int64) bool { return at%30 == 0 }, 0},
		"too late":               {func(at int64) bool { return at < 4200 }, Never},
	} {
		if got := short(c.late); got != c.want {
			t.Errorf("%s: short after %v, want %v", name, got, c.want)
		}
	}
	if c := (calm{from: 0, to: 5000 * ms}); c.reached() != 0 {
		t.Errorf("a queue in which nobody waits is short after %v", c.reached())
	}
}
