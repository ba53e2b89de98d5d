package endpoint

import (
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// held is an endpoint whose peer has announced twenty seconds of silence.
func (s *script) held() *script {
	s.hears([]byte{wire.TypePing})
	s.says()
	s.number = 10
	s.hears(wire.AppendHold(nil, 1, 20_000))
	s.says()
	return s
}

// wantHeld wants the peer to be silent for so much longer.
func (s *script) wantHeld(want time.Duration) {
	s.t.Helper()
	if got := s.e.Held(s.now); got != want {
		s.t.Errorf("held for %v, want %v", got, want)
	}
}

// TestDataEndsHold: while a hold lasts nothing is sent but signs of life and acks, and nothing but
// new data ends it.
func TestDataEndsHold(t *testing.T) {
	s := newScript(t, channels()).held()
	t.Log("# copies, older news, PINGs, acks and what is late change nothing")
	s.now += second
	s.hears(wire.AppendHold(nil, 1, 20_000))
	s.hears([]byte{wire.TypePing})
	s.hears()
	s.number = 5
	s.hears(run(chanOf(ReliableOrdered), 0, "x"))
	s.wantHeld(19 * time.Second)
	t.Log("# what the game sends waits, and nothing is sent but signs of life and acks")
	if _, err := s.e.Send(chanOf(ReliableUnordered), []byte("waits"), SendOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, f := range s.wait(s.now + 18*second) {
		if kind := kindOf(f); kind != wire.TypePing && kind != wire.TypeAck {
			t.Errorf("said %x", f)
		}
	}
	t.Log("# data ends it")
	s.number = 20
	s.hears(run(chanOf(ReliableOrdered), 1, "y"))
	s.wantHeld(0)
	if count(s.says(), wire.TypeRunLong) != 1 {
		t.Error("what waited is not sent")
	}
}

// TestNewerHold: a newer HOLD changes it, or ends it.
func TestNewerHold(t *testing.T) {
	s := newScript(t, channels()).held()
	s.now += second
	s.hears(wire.AppendHold(nil, 2, 30_000))
	s.wantHeld(30 * time.Second)
	s.hears(wire.AppendHold(nil, 3, 0))
	s.wantHeld(0)
	s.hears(wire.AppendHold(nil, 2, 30_000))
	s.wantHeld(0)
}

// TestHoldRunsOut: it ends by itself, and is followed by a timeout.
func TestHoldRunsOut(t *testing.T) {
	s := newScript(t, channels()).held()
	end := s.now + 20*second
	s.wait(end - 1)
	s.wantHeld(1)
	s.wait(end)
	s.wantHeld(0)
	s.wait(end + 10*second - 1)
	if s.e.Done() {
		t.Error("it timed out too early")
	}
	s.wait(end + 10*second)
	if !s.e.Done() || s.closed() != CodeTimeout {
		t.Error("it did not time out")
	}
}

// TestHoldForEver: HOLD after HOLD, and nothing else, keeps nobody alive.
func TestHoldForEver(t *testing.T) {
	s := newScript(t, channels())
	began := s.now
	for serial := uint64(1); !s.e.Done(); serial++ {
		if s.now > began+100*second {
			t.Fatal("it lives for ever")
		}
		millis := uint64(60_000)
		if serial%7 == 0 {
			millis = 0
		}
		s.hears(wire.AppendHold(nil, serial, millis))
		if left := began + 60*second - s.now; int64(s.e.Held(s.now)) > max(left, 0) {
			t.Fatalf("held for another %v after %v", s.e.Held(s.now), time.Duration(s.now-began))
		}
		s.wait(s.now + second)
	}
	if took := time.Duration(s.now - began); took < 69*time.Second || took > 71*time.Second {
		t.Errorf("it took %v, want what is granted and a timeout", took)
	}
	if s.closed() != CodeTimeout {
		t.Error("no timeout")
	}
	t.Log("# a sign of life between them makes the difference")
	s = newScript(t, channels())
	for serial := range uint64(20) {
		s.hears(wire.AppendHold(nil, serial+1, 60_000))
		s.wait(s.now + 20*second)
		s.hears([]byte{wire.TypePing})
		s.says()
	}
	if s.e.Done() {
		t.Error("it died")
	}
}

// TestHoldOldNews: whoever wakes up may learn from its sockets what came when. That the newest
// of it is old is no reason to give the peer up.
func TestHoldOldNews(t *testing.T) {
	s := newScript(t, channels())
	s.hears([]byte{wire.TypePing})
	if err := s.e.Hold(s.now, 30*time.Second); err != nil {
		t.Fatal(err)
	}
	if n := count(s.says(), wire.TypeHold); n != 3 {
		t.Errorf("HOLD went out %d times", n)
	}
	came := s.now + 5*second
	s.now += 31 * second
	s.e.HandleTimeout(s.now)
	s.e.HandlePacket(came, Incoming{Number: s.number, Frames: []byte{wire.TypePing}})
	s.e.HandleTimeout(s.now)
	if s.e.Done() {
		t.Fatal("it gave up")
	}
	s.wait(s.now + 10*second)
	if !s.e.Done() {
		t.Error("it never gives up")
	}
}

// TestHoldAndProbes: probes that were in vain before a hold are forgotten with it, and the first
// one afterwards leaves the peer time to answer.
func TestHoldAndProbes(t *testing.T) {
	s := newScript(t, channels())
	s.hears([]byte{wire.TypePing})
	if _, err := s.e.Send(chanOf(ReliableOrdered), []byte("x"), SendOptions{}); err != nil {
		t.Fatal(err)
	}
	s.wait(s.now + 5*second)
	if n := s.e.path(0).loss.probes; n < 2 {
		t.Fatalf("%d probes", n)
	}
	end := s.now + 19*second
	s.hears(wire.AppendHold(nil, 1, 19_000))
	s.wait(end)
	first := end + s.e.path(0).probeTimeout(0)
	if said := s.wait(first - 1); len(said) != 0 {
		t.Errorf("said %x before the peer could answer", said)
	}
	if said := s.wait(first); count(said, wire.TypeRunLong) != 1 {
		t.Errorf("the probe says %x", said)
	}
}

// TestHoldAndReordering: what looks lost and comes late after a hold teaches nothing.
func TestHoldAndReordering(t *testing.T) {
	s := newScript(t, channels())
	for range 10 {
		if _, err := s.e.Send(chanOf(ReliableUnordered), make([]byte, 1100), SendOptions{}); err != nil {
			t.Fatal(err)
		}
		s.says()
		s.now += 10_000_000
	}
	window := s.e.path(0).cc.WindowBytes()
	s.hears(wire.AppendHold(nil, 1, 5000))
	s.now += second
	s.hears(ack(9, 9))
	if s.e.Stats().PacketsLost == 0 {
		t.Fatal("nothing is lost")
	}
	s.hears(ack(0, 9))
	if st, p := s.e.Stats(), s.e.path(0); st.PacketsSpurious == 0 || p.loss.order != (reordering{}) || p.cc.WindowBytes() < window || st.RTT != 0 {
		t.Errorf("%d of %d were no losses, %+v learned, a window of %d after %d, RTT %v",
			st.PacketsSpurious, st.PacketsLost, p.loss.order, p.cc.WindowBytes(), window, st.RTT)
	}
}

// TestLeaveDeadlines: what is due at once is said to be.
func TestLeaveDeadlines(t *testing.T) {
	s := newScript(t, channels())
	due := func(what string, want bool) {
		t.Helper()
		if at := s.e.Deadline(); (at <= s.now) != want {
			t.Errorf("%s: due in %v", what, time.Duration(at-s.now))
		}
	}
	s.hears([]byte{wire.TypePing})
	s.now += second
	s.e.HandleTimeout(s.now)
	s.says()
	due("nothing to do", false)
	if err := s.e.Hold(s.now, 30*time.Second); err != nil {
		t.Fatal(err)
	}
	due("HOLD", true)
	s.says()
	s.hears(ack(0, s.e.path(0).next-1))
	s.says()
	if at := s.e.Deadline(); at != s.now+30*second {
		t.Errorf("a hold of 30 s ends in %v", time.Duration(at-s.now))
	}
	if _, err := s.e.Send(chanOf(ReliableOrdered), []byte("x"), SendOptions{}); err != nil {
		t.Fatal(err)
	}
	due("a message that ends a hold", true)
	s.says()
	s.e.Drain(s.now, 300, "bye", 100*time.Millisecond)
	due("DRAINING", true)
	s.says()
	due("a drain that waits", false)
	if at := s.e.Deadline(); at != s.now+100_000_000 {
		t.Errorf("a drain of 100 ms ends in %v", time.Duration(at-s.now))
	}
	s.hears(ack(0, s.e.path(0).next-1))
	due("DRAINING once more", true)
	s.says()
	s.hears(ack(0, s.e.path(0).next-1))
	due("the end of a drain", true)
	if said := s.says(); count(said, wire.TypeClose) != 1 {
		t.Errorf("said %x", said)
	}
}
