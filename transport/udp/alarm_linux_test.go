package udp

import (
	"testing"
	"time"
)

// An alarm rings when the time has come that was set last, however that has moved: not before, when the
// timer expires that was set for another one, and not as much later.
func TestAlarmMoved(t *testing.T) {
	rung := make(chan time.Time, 16)
	var a alarm
	if err := a.open(func() { rung <- time.Now() }); err != nil {
		t.Fatal(err)
	}
	defer a.close()
	for _, times := range [][]time.Duration{
		{5 * time.Millisecond},
		{5 * time.Millisecond, 50 * time.Millisecond},                        // it moves on
		{time.Hour, 5 * time.Millisecond},                                    // it comes nearer
		{80 * time.Millisecond, 79 * time.Millisecond},                       // by a little
		{80 * time.Millisecond, 79 * time.Millisecond, 5 * time.Millisecond}, // and by much
	} {
		began := time.Now()
		var due time.Time
		for _, after := range times {
			due = began.Add(after)
			if over, err := a.set(due); over || err != nil {
				t.Fatalf("%v: over %v, %v", times, over, err)
			}
		}
		select {
		case at := <-rung:
			if at.Before(due) {
				t.Errorf("%v: rang %v too early", times, due.Sub(at))
			}
		case <-time.After(patience):
			t.Fatalf("%v: did not ring", times)
		}
	}
	select {
	case <-rung:
		t.Error("rang twice")
	case <-time.After(100 * time.Millisecond):
	}
}

// A time that is over is told at once, and nothing rings for it.
func TestAlarmOver(t *testing.T) {
	var a alarm
	if err := a.open(func() { t.Error("rang") }); err != nil {
		t.Fatal(err)
	}
	defer a.close()
	if over, err := a.set(time.Now().Add(-time.Second)); !over || err != nil {
		t.Errorf("over %v, %v", over, err)
	}
	time.Sleep(20 * time.Millisecond)
}
