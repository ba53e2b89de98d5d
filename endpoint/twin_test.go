package endpoint

import (
	"testing"

	"github.com/tickwire/tickwire/internal/wire"
)

// losing is a settled script on whose path something was lost.
func losing(t *testing.T, cfg Config) *script {
	t.Helper()
	s := settled(t, cfg)
	for range 128 {
		s.e.path(0).outbound.add(1, 0)
	}
	s.e.path(0).outbound.add(1, 10)
	s.e.path(0).outbound.add(64, 0)
	return s
}

// resends sends a message on a channel of whose packet nothing is heard, and waits until it goes
// again.
func (s *script) resends(t *testing.T, ch ChannelID) {
	t.Helper()
	before := s.e.Stats().PacketsOverdue
	s.speak(t, ch)
	for tries := 0; s.e.Stats().PacketsOverdue == before && tries < 10; tries++ {
		s.now = max(s.now, s.e.Deadline())
		s.e.HandleTimeout(s.now)
	}
	if said := s.says(); len(said) == 0 {
		t.Fatal("it does not go again")
	}
}

// runsOf counts the runs among frames.
func runsOf(frames [][]byte) (n int) {
	for _, f := range frames {
		if kind := f[0]; kind >= wire.TypeRunLong {
			n++
		}
	}
	return n
}

// TestTwinRides: the second copy of a resend goes with the next packet that has messages, and
// only once.
func TestTwinRides(t *testing.T) {
	s := losing(t, channels())
	s.resends(t, chanOf(ReliableOrdered))
	s.now += 5 * milli
	if _, err := s.e.Send(chanOf(Unreliable), []byte("tick"), SendOptions{}); err != nil {
		t.Fatal(err)
	}
	packets := s.e.Stats().PacketsSent
	if n, sent := runsOf(s.says()), s.e.Stats().PacketsSent-packets; n != 2 || sent != 1 {
		t.Errorf("%d runs in %d packets", n, sent)
	}
	if n := runsOf(s.wait(s.now + 40*milli)); n != 0 {
		t.Errorf("%d runs more", n)
	}
	if st := s.e.Stats(); st.MessagesDoubled != 1 || st.MessagesResent != 2 {
		t.Errorf("%+v", st)
	}
}

// TestTwinGoesAlone: where nothing else is sent it goes after a tick.
func TestTwinGoesAlone(t *testing.T) {
	s := losing(t, channels())
	s.resends(t, chanOf(ReliableOrdered))
	again := s.now
	if n := runsOf(s.wait(again + twinWait - 1)); n != 0 {
		t.Errorf("%d runs too early", n)
	}
	if n := runsOf(s.wait(again + twinWait)); n != 1 {
		t.Errorf("%d runs", n)
	}
}

// TestTwinStays: what has arrived meanwhile, is bulk, large, or limited by a policy has no twin; nor
// is there one on a path that loses nothing.
func TestTwinStays(t *testing.T) {
	limited := channels()
	limited.Channels[ReliableOrdered].Resend.MaxAttempts = 5
	for name, c := range map[string]struct {
		cfg   Config
		clean bool
		size  int
		more  bool // waits on the channel
		acked bool
	}{
		"arrived": {cfg: channels(), size: 20, acked: true},
		"clean":   {cfg: channels(), size: 20, clean: true},
		"large":   {cfg: channels(), size: twinBytes + 1},
		"bulk":    {cfg: channels(), size: 20, more: true},
		"limited": {cfg: limited, size: 20},
	} {
		s := losing(t, c.cfg)
		if c.clean {
			s = settled(t, c.cfg)
		}
		ch, p := chanOf(ReliableOrdered), s.e.path(0)
		if _, err := s.e.Send(ch, make([]byte, c.size), SendOptions{}); err != nil {
			t.Fatal(err)
		}
		s.says()
		n := p.sent.End() - 1
		for range packetThreshold { // it is lost by the acks of later ones
			s.speak(t, chanOf(Unreliable))
		}
		s.now += 100 * milli
		if c.more {
			s.e.outbox.senderAt(s.e.plan.index(uint16(ch))).limit = 0 // so that it waits for credit
			if _, err := s.e.Send(ch, make([]byte, 20), SendOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		s.hears(ack(n+1, n+packetThreshold))
		s.says()
		if st := s.e.Stats(); st.MessagesResent != 1 {
			t.Fatalf("%s: %+v", name, st)
		}
		if c.acked {
			s.now += 5 * milli
			s.hears(ack(n, n))
		}
		s.wait(s.now + 30*milli)
		if st := s.e.Stats(); st.MessagesDoubled != 0 {
			t.Errorf("%s: it has a twin", name)
		}
	}
}

// TestTwinKeepsToLimits: a twin that a cap, or the budget of the flush, does not let go is dropped,
// and holds nothing up.
func TestTwinKeepsToLimits(t *testing.T) {
	cfg := channels()
	cfg.Channels[ReliableOrdered].BytesPerSecond = 1000
	s := losing(t, cfg)
	s.resends(t, chanOf(ReliableOrdered))
	s.e.outbox.sender(uint16(chanOf(ReliableOrdered))).turn.cap.spend(s.now, 500)
	s.wait(s.now + 60*milli)
	if st := s.e.Stats(); st.MessagesDoubled != 0 || s.e.outbox.twins.Len() != 0 {
		t.Errorf("beyond the cap: %d doubled, %d wait", st.MessagesDoubled, s.e.outbox.twins.Len())
	}
	s = losing(t, channels())
	s.resends(t, chanOf(ReliableOrdered))
	s.e.LimitBudget(0)
	s.e.BeginFlush()
	s.wait(s.now + 60*milli)
	if st := s.e.Stats(); st.MessagesDoubled != 0 {
		t.Errorf("beyond the budget: %d doubled", st.MessagesDoubled)
	}
}
