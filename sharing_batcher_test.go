package tickwire

import (
	"testing"
	"time"
)

// TestBatcherBursts: a lone message is sent by whoever puts it in; the second of a burst and those
// behind it are left to the service goroutine, and one that answers what was shown is lone again.
func TestBatcherBursts(t *testing.T) {
	b, clock := new(batcher), time.Unix(1000, 0)
	put := func(after time.Duration, want bool) {
		t.Helper()
		clock = clock.Add(after)
		if got := b.isLone(clock); got != want {
			t.Errorf("lone: %v, want %v", got, want)
		}
	}
	put(0, true)
	put(time.Second, true)
	put(flushGap-1, false)
	put(flushGap, false) // the first after a burst: another one may follow
	put(flushGap, true)
	put(1, false)
	b.shows(1)
	put(1, true)
	put(1, false)
	b.called = true
	if !b.isLeft(0) {
		t.Error("the service goroutine is called twice")
	}
	b.called = false
	put(time.Second, false) // what was put in meanwhile was one more of a burst
}

// TestBatcherLoop: what the body of the loop says about the first of several events is left to the
// loop, unless the service goroutine looks too late; about the last one it is not.
func TestBatcherLoop(t *testing.T) {
	const now = int64(time.Hour)
	for _, c := range []struct {
		events int
		alarm  int64
		want   bool
	}{{2, now + bodyTime, true}, {2, now + bodyTime + 1, false}, {1, now, false}, {0, now, false}} {
		b := batcher{alarm: c.alarm}
		if b.shows(c.events); b.isLeft(now) != c.want || b.waiting != (c.events == 0) {
			t.Errorf("%d events, alarm %d later: left %v, waits %v", c.events, c.alarm-now, !c.want, b.waiting)
		}
	}
}

// TestBatcherAlarm: an alarm for an earlier time stays until it has come, so that deadlines which
// move on wake nobody; one that is due sooner calls the service goroutine, once.
func TestBatcherAlarm(t *testing.T) {
	b := new(batcher)
	for _, c := range []struct{ now, due, want int64 }{
		{10, 50, 50},
		{20, 60, 50}, // it moves on
		{30, 40, 40},
		{40, 90, 90}, // the alarm was now
		{50, never, 90},
		{95, never, never},
	} {
		if got := b.setAlarm(c.now, c.due); got != c.want {
			t.Errorf("at %d, due at %d: the alarm is at %d, want %d", c.now, c.due, got, c.want)
		}
	}
	b.setAlarm(100, 200)
	for _, c := range []struct {
		called bool
		due    int64
		want   bool
	}{{false, 199, true}, {false, 200, false}, {true, 199, false}} {
		if b.called = c.called; b.comesLate(c.due) != c.want {
			t.Errorf("%+v: called %v", c, !c.want)
		}
	}
}
