package endpoint

import (
	"math"
	"testing"

	"github.com/tickwire/tickwire/internal/wire"
)

// TestWindowsFitAnywhere: a window of more than two gigabytes is not negative where an int has 32
// bits.
func TestWindowsFitAnywhere(t *testing.T) {
	c := NewDelayBased(DelayConfig{})
	c.begin.window, c.rounds = 1<<31, 2
	if n := c.WindowBytes(); n != math.MaxInt32 {
		t.Errorf("starting: %d", n)
	}
	c.phase, c.rate, c.pipe = delayCruising, maxRate, 3*second
	if n := c.WindowBytes(); n != math.MaxInt32 {
		t.Errorf("cruising: %d", n)
	}
}

// TestClockSamplesForYears: more samples than an int of 32 bits counts.
func TestClockSamplesForYears(t *testing.T) {
	var x exchanges
	for range x.take {
		t.Fatal("there is one")
	}
	x.n, x.took = 1<<32-3, 1<<32-3
	for n := range int64(6) {
		x.add(ClockSample{Sent: n})
	}
	next := int64(0)
	for s := range x.take {
		if s.Sent != next {
			t.Errorf("sample %d is %d", next, s.Sent)
		}
		next++
	}
	if next != 6 {
		t.Errorf("%d samples", next)
	}
}

// TestStatusLeap: a serial behind which ours could not go on ends the connection.
func TestStatusLeap(t *testing.T) {
	for serial, open := range map[uint64]bool{1 << 32: true, 1<<32 + 1: false, math.MaxUint64: false} {
		s := newScript(t, channels())
		s.hears(wire.AppendPathStatus(nil, &wire.PathStatus{Path: 0, Serial: serial, Weight: 1}))
		if s.e.Open() != open {
			t.Errorf("serial %d: open %v", serial, s.e.Open())
		}
	}
	s := newScript(t, channels())
	opening := wire.AppendPathStatus(nil, &wire.PathStatus{Path: 1, Serial: math.MaxUint64, Weight: 1})
	s.e.HandlePacket(s.now, Incoming{Path: 1, From: 1, Frames: wire.AppendPathChallenge(opening, 7)})
	if s.e.paths.path(1) != nil {
		t.Error("a path was opened with the last serial of all")
	}
}

// TestNothingIsAcknowledged: acks alone go out without end, and none is ever acknowledged.
func TestNothingIsAcknowledged(t *testing.T) {
	s := newScript(t, channels())
	s.e.windPath(maxUnanswered - 100)
	s.e.paths.all[0].largestAcked = 0
	s.number = maxUnanswered
	for n := 0; s.e.Open(); n++ {
		if n > 1000 {
			t.Fatal("the connection goes on")
		}
		s.hears([]byte{wire.TypePing})
		s.hears([]byte{wire.TypePing})
		s.packet()
		s.now += millisecond
	}
	if code := s.closed(); code != CodeProtocol {
		t.Errorf("closed with %v", code)
	}
}
