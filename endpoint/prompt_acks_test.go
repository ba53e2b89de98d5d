package endpoint

import (
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// reliably is a packet's worth of a reliable message.
func reliably(id uint64) []byte { return run(chanOf(ReliableOrdered), id, "x") }

// TestAckOfSeldomTalk: who talks more seldom than an ack may wait sends it alone, at once, however
// lately he talked.
func TestAckOfSeldomTalk(t *testing.T) {
	s := newScript(t, channels())
	for id := range uint64(20) {
		s.now += 100 * milli
		s.speak(t, chanOf(Unreliable))
		s.now += 5 * milli
		s.hears(reliably(id))
		if said := s.says(); len(said) != 1 {
			t.Fatalf("message %d: %d frames at once", id, len(said))
		}
	}
}

// TestAckAfterAFlood: after many acks alone the next one waits for the hold, and no longer.
func TestAckAfterAFlood(t *testing.T) {
	s := newScript(t, channels())
	for id := range uint64(400) {
		s.now += milli
		s.hears(reliably(id))
		s.says()
	}
	s.wait(s.now + 30*milli)
	s.hears(reliably(400))
	began, hold := s.now, int64(20*time.Millisecond)
	if said := s.wait(began + hold - 1); len(said) != 0 {
		t.Errorf("%x before the hold is over", said)
	}
	if said := s.wait(began + hold); len(said) != 1 {
		t.Errorf("%d frames after it", len(said))
	}
}

// TestAckOfUnevenTalk: that two packets went close together once does not make an ack go alone before
// the next one.
func TestAckOfUnevenTalk(t *testing.T) {
	s := newScript(t, channels())
	for range 40 {
		s.speak(t, chanOf(Unreliable))
		s.now += 16 * milli
	}
	alone := 0
	for id := range uint64(40) {
		s.speak(t, chanOf(Unreliable))
		s.now += 2 * milli
		s.speak(t, chanOf(Unreliable))
		s.now += 5 * milli
		s.hears(reliably(id))
		alone += count(s.wait(s.now+8*milli), wire.TypeAck)
		s.now += milli
	}
	if alone > 0 {
		t.Errorf("%d of 40 acks go alone", alone)
	}
}

// TestNothingIsAcknowledged: acks alone go out without end, and none is ever acknowledged.
func TestNothingIsAcknowledged(t *testing.T) {
	s := newScript(t, channels())
	s.e.windPath(maxUnanswered - 100)
	s.e.path(0).largestAcked = 0
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
