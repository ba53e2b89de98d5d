package endpoint

import (
	"testing"
	"time"
)

// TestTwinOfShortRoundTrip: alone it goes after a quarter of a round trip, if that is less than a tick;
// its bytes are the channel's.
func TestTwinOfShortRoundTrip(t *testing.T) {
	s := losing(t, channels())
	for range 30 * lateAcks {
		s.answered(t, 20*milli)
	}
	s.e.path(0).outbound.ppm = 50_000
	s.resends(t, chanOf(ReliableOrdered))
	bytes := s.e.ChannelStats(chanOf(ReliableOrdered)).BytesSent
	if n := runsOf(s.wait(s.now + 4*milli)); n != 0 {
		t.Errorf("%d runs too early", n)
	}
	if n := runsOf(s.wait(s.now + 2*milli)); n != 1 {
		t.Errorf("%d runs", n)
	}
	if n := s.e.ChannelStats(chanOf(ReliableOrdered)).BytesSent - bytes; n < 20 || n > 40 {
		t.Errorf("%d bytes are counted", n)
	}
}

// TestTwinOfThePast: what a newer value has passed, or what has expired, has no twin any more.
func TestTwinOfThePast(t *testing.T) {
	s := losing(t, unrepaired(channels()))
	s.resends(t, chanOf(ReliableLatest))
	s.now += 5 * milli
	s.speak(t, chanOf(ReliableLatest))
	if s.wait(s.now + 40*milli); s.e.Stats().MessagesDoubled != 0 {
		t.Error("a value that is passed goes once more")
	}
	s = losing(t, unrepaired(channels()))
	began := s.now
	s.e.SetNow(began)
	if _, err := s.e.Send(chanOf(ReliableOrdered), make([]byte, 20), SendOptions{TTL: time.Duration(110 * milli)}); err != nil {
		t.Fatal(err)
	}
	s.wait(began + 103*milli)
	if s.e.Stats().MessagesResent != 1 || s.e.outbox.twins.Len() != 1 {
		t.Fatalf("%+v", s.e.Stats())
	}
	s.now = began + 111*milli // nobody was called meanwhile
	if _, err := s.e.Send(chanOf(Unreliable), []byte("tick"), SendOptions{}); err != nil {
		t.Fatal(err)
	}
	if s.says(); s.e.Stats().MessagesDoubled != 0 {
		t.Error("what has expired goes once more")
	}
}

// TestTwinWaitsForRoom: a packet without room for it does not take it; the next one does, once.
func TestTwinWaitsForRoom(t *testing.T) {
	s := losing(t, channels())
	s.resends(t, chanOf(ReliableOrdered))
	again := s.e.Stats().MessagesResent
	for _, size := range []int{1130, 10} {
		s.now += milli
		if _, err := s.e.Send(chanOf(Unreliable), make([]byte, size), SendOptions{}); err != nil {
			t.Fatal(err)
		}
		if s.says(); size > 1000 && s.e.Stats().MessagesResent != again {
			t.Fatalf("it went: %+v", s.e.Stats())
		}
	}
	s.wait(s.now + 30*milli)
	if st := s.e.Stats(); st.MessagesDoubled != 1 || st.MessagesResent != again+1 {
		t.Errorf("%+v", st)
	}
}

// TestNoTwinIntoSilence: after a probe in vain nothing is doubled. No more twins wait than there is room
// for.
func TestNoTwinIntoSilence(t *testing.T) {
	s := losing(t, unrepaired(channels()))
	s.e.path(0).loss.overdue.late.note(100 * milli) // so that a probe comes first
	s.speak(t, chanOf(ReliableOrdered))
	s.wait(s.now + 900*milli)
	if st := s.e.Stats(); st.PacketsOverdue == 0 || st.MessagesDoubled != 0 {
		t.Errorf("%d doubled of %d that were overdue", st.MessagesDoubled, st.PacketsOverdue)
	}
	s = losing(t, unrepaired(channels()))
	for range 2 * maxTwins {
		if _, err := s.e.Send(chanOf(ReliableUnordered), make([]byte, 4), SendOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	s.says()
	n := s.e.path(0).sent.End() - 1
	for range packetThreshold {
		s.speak(t, chanOf(Unreliable))
	}
	s.now += 100 * milli
	s.hears(ack(n+1, n+packetThreshold))
	s.says()
	if s.wait(s.now + 40*milli); s.e.Stats().MessagesDoubled != maxTwins {
		t.Errorf("%d doubled", s.e.Stats().MessagesDoubled)
	}
}
