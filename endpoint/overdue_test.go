package endpoint

import (
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

const milli = int64(time.Millisecond)

// settled is a script whose peer has answered many packets after a round trip of 100 ms: the
// estimates have settled.
func settled(t *testing.T, cfg Config) *script {
	t.Helper()
	s := newScript(t, cfg)
	for range 2 * lateAcks {
		s.answered(t, 100*milli)
	}
	return s
}

// answered sends a message and has it acknowledged after a time.
func (s *script) answered(t *testing.T, after int64) {
	t.Helper()
	s.speak(t, chanOf(ReliableOrdered))
	s.wait(s.now + after)
	s.acksAll()
}

// speak sends a message of 20 bytes at once, and returns the number of its packet.
func (s *script) speak(t *testing.T, ch ChannelID) uint64 {
	t.Helper()
	if _, err := s.e.Send(ch, make([]byte, 20), SendOptions{}); err != nil {
		t.Fatal(err)
	}
	s.says()
	return s.e.path(0).sent.End() - 1
}

// acksAll acknowledges all that is in flight, in one packet, and gives credit for more.
func (s *script) acksAll() {
	ordered := s.e.outbox.sender(uint16(chanOf(ReliableOrdered)))
	acks := wire.AppendWindow(nil, ordered.id, uint32(ordered.started)+1<<16)
	sent := &s.e.path(0).sent
	var a wire.Ack
	for n := sent.End() - 1; n+1 > sent.Base(); n-- {
		switch k := len(a.Ranges) - 1; {
		case sent.At(n).state != packetInFlight:
		case k < 0:
			a = wire.Ack{Largest: n, Ranges: []wire.AckRange{{}}}
		case a.Ranges[k].Oldest == a.Largest-n-1:
			a.Ranges[k].Oldest++
		default:
			a.Ranges = append(a.Ranges, wire.AckRange{Newest: a.Largest - n, Oldest: a.Largest - n})
		}
	}
	if a.Ranges != nil {
		acks = wire.AppendAck(acks, &a)
	}
	s.hears(acks)
}

// TestOverdue: a packet of which nothing is heard just above the round trip is sent once more,
// though it is not declared lost; its ack that comes later is told from one that was due.
func TestOverdue(t *testing.T) {
	s := settled(t, unrepaired(channels()))
	n, sent := s.speak(t, chanOf(ReliableOrdered)), s.now
	t.Log("# not before a millisecond above the round trip")
	if said := s.wait(sent + 101*milli - milli/10); len(said) > 0 {
		t.Fatalf("%d frames", len(said))
	}
	said := s.wait(sent + 101*milli + milli/10)
	st := s.e.Stats()
	if len(said) != 1 || st.PacketsOverdue != 1 || st.MessagesResent != 1 || st.PacketsLost != 0 || st.PacketsHasty != 0 {
		t.Fatalf("%d frames, %+v", len(said), st)
	}
	t.Log("# the ack of the resend shows that the packet was lost indeed")
	s.now = sent + 201*milli
	s.hears(ack(n+1, n+1))
	if st := s.e.Stats(); st.PacketsLost != 1 || st.PacketsHasty != 0 || st.MessagesResent != 1 {
		t.Errorf("%+v", st)
	}
	t.Log("# another one is only late: that is counted, and it is not sent a third time")
	n, sent = s.speak(t, chanOf(ReliableOrdered)), s.now
	s.wait(sent + 102*milli)
	s.hears(ack(n, n))
	s.wait(sent + 190*milli)
	if st := s.e.Stats(); st.PacketsOverdue != 2 || st.PacketsHasty != 1 || st.PacketsLost != 1 {
		t.Errorf("%+v", st)
	}
}

// TestOverdueThenLost: when the packet that was overdue is declared lost the resend is still in
// flight, and no other one is made, be it a message or a piece of one.
func TestOverdueThenLost(t *testing.T) {
	for _, size := range []int{20, 1300} {
		s := settled(t, unrepaired(channels()))
		if _, err := s.e.Send(chanOf(ReliableOrdered), make([]byte, size), SendOptions{}); err != nil {
			t.Fatal(err)
		}
		s.says()
		n := s.e.path(0).sent.End() - 1
		s.speak(t, chanOf(Unreliable))
		s.speak(t, chanOf(Unreliable))
		s.wait(s.now + 102*milli)
		s.hears(ack(n-1, n-1))
		s.hears(ack(n+1, n+2))
		s.wait(s.now + 50*milli)
		st := s.e.Stats()
		if st.PacketsOverdue != 1 || st.PacketsLost != 1 || st.PacketsHasty != 0 || st.MessagesResent+st.FragmentsResent != 1 {
			t.Errorf("%d bytes: %+v", size, st)
		}
	}
}

// TestOverdueIsForWhatIsAlone: what leaves more behind is followed by packets whose acks tell
// soon; and the unreliable is never sent again.
func TestOverdueIsForWhatIsAlone(t *testing.T) {
	s := settled(t, unrepaired(channels()))
	for range 6 {
		if _, err := s.e.Send(chanOf(ReliableUnordered), make([]byte, 1000), SendOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	s.speak(t, chanOf(Unreliable))
	p := s.e.path(0)
	prompt := 0
	for n := p.oldestInFlight(); n < p.sent.End(); n++ {
		if p.sent.At(n).flags&packetPrompt != 0 {
			prompt++
		}
	}
	if p.eliciting < 5 || prompt > 1 {
		t.Errorf("%d of %d packets are waited for", prompt, p.eliciting)
	}
	s.now += 100 * milli
	s.acksAll()
	n := s.speak(t, chanOf(Unreliable))
	s.wait(s.now + 102*milli)
	if st := s.e.Stats(); st.PacketsOverdue != 0 || p.sent.At(n).flags&packetPrompt != 0 {
		t.Errorf("%+v", st)
	}
}

// TestOverdueLearns: a peer that answers late now and then is not taken for deaf each time.
func TestOverdueLearns(t *testing.T) {
	s := settled(t, unrepaired(channels()))
	before := s.e.Stats().PacketsOverdue
	for i := range 1000 {
		s.answered(t, 100*milli+int64(i%20/19)*8*milli)
	}
	if n := s.e.Stats().PacketsOverdue - before; n > 1000/lateAcks+1 {
		t.Errorf("%d of 1000 packets were overdue", n)
	}
	t.Log("# what was learned is forgotten after twice as many acks")
	for range 2 * lateAcks {
		s.answered(t, 100*milli)
	}
	if w := s.e.path(0).patience(); w > 102*milli {
		t.Errorf("it waits %v", time.Duration(w))
	}
}

// TestLostAcksTeachNothing: the ack of a packet that comes with the next one, since its own was
// lost, does not make the endpoint wait longer.
func TestLostAcksTeachNothing(t *testing.T) {
	s := settled(t, unrepaired(channels()))
	for range 100 {
		a, first := s.speak(t, chanOf(ReliableOrdered)), s.now
		s.now += 20 * milli
		b := s.speak(t, chanOf(ReliableOrdered))
		s.number++ // the first ack is lost
		s.now = first + 120*milli
		s.hears(ack(a, b))
	}
	if w := s.e.path(0).patience(); w > 102*milli {
		t.Errorf("it waits %v", time.Duration(w))
	}
}

// TestMistakesAreBounded: beyond a few, one packet in sixteen is sent again in vain at most,
// however many acks are lost.
func TestMistakesAreBounded(t *testing.T) {
	s := settled(t, unrepaired(channels()))
	const n = 4000
	began := s.e.Stats()
	for range n / 4 {
		for range 4 {
			s.speak(t, chanOf(ReliableOrdered))
			s.wait(s.now + 16*milli)
		}
		s.wait(s.now + 104*milli)
		s.number++
		s.acksAll()
	}
	st := s.e.Stats()
	hasty := st.PacketsHasty - began.PacketsHasty
	t.Logf("# %d of %d were overdue, %d of them had come", st.PacketsOverdue-began.PacketsOverdue, n, hasty)
	if hasty > overdueCredit+1+(n+hasty)/overdueShare || hasty < n/overdueShare/2 || st.PacketsLost != 0 {
		t.Errorf("%+v", st)
	}
}

// TestOverdueAsksNoPolicy: an ack that is late is no reason to give up, nor one of the attempts
// that a policy grants.
func TestOverdueAsksNoPolicy(t *testing.T) {
	cfg := channels()
	asked := 0
	cfg.Channels[ReliableUnordered].Resend = ResendPolicy{MaxAttempts: 3, Again: func(ResendInput) bool { asked++; return true }}
	s := settled(t, cfg)
	s.speak(t, chanOf(ReliableUnordered))
	s.wait(s.now + 105*milli)
	if st := s.e.Stats(); asked != 0 || st.PacketsOverdue != 0 || st.MessagesResent != 0 {
		t.Errorf("asked %d times, %+v", asked, st)
	}
}

// TestOverdueLatest: of a value that a newer one has passed nothing goes again before its packet
// is lost, and then SKIP.
func TestOverdueLatest(t *testing.T) {
	s := settled(t, unrepaired(channels()))
	began := s.now
	n := s.speak(t, chanOf(ReliableLatest))
	s.now += 50 * milli
	s.speak(t, chanOf(ReliableLatest))
	if said := s.wait(began + 110*milli); len(said) != 0 {
		t.Errorf("%d frames", len(said))
	}
	s.now = began + 151*milli
	s.hears(ack(n+1, n+1))
	if said := s.wait(s.now); len(said) == 0 || said[len(said)-1][0] != wire.TypeSkip {
		t.Errorf("%x", said)
	}
}

// TestOverdueFragments: the pieces of a message that nothing follows are waited for, too, and
// sent again once.
func TestOverdueFragments(t *testing.T) {
	s := settled(t, unrepaired(channels()))
	before := s.e.Stats()
	if _, err := s.e.Send(chanOf(ReliableOrdered), make([]byte, 1300), SendOptions{}); err != nil {
		t.Fatal(err)
	}
	s.says()
	p := s.e.path(0)
	n := p.sent.End() - 1
	s.wait(s.now + 102*milli)
	st := s.e.Stats()
	if st.PacketsOverdue != before.PacketsOverdue+1 || st.FragmentsResent != 1 {
		t.Fatalf("%+v", st)
	}
	t.Log("# its loss, declared later, is no second reason")
	s.now += 98 * milli
	s.hears(ack(n-1, n-1), ack(n+1, n+1))
	s.wait(s.now + 150*milli)
	if st := s.e.Stats(); st.PacketsLost != 1 || st.FragmentsResent != 1 || st.MessagesResent != before.MessagesResent {
		t.Errorf("%+v", st)
	}
}

// TestPeerOnHoldIsNotOverdue: nobody who has announced a silence is expected to answer.
func TestPeerOnHoldIsNotOverdue(t *testing.T) {
	s := settled(t, unrepaired(channels()))
	s.speak(t, chanOf(ReliableOrdered))
	s.hears(wire.AppendHold(nil, 1, 3000))
	s.wait(s.now + 2*second)
	if st := s.e.Stats(); st.PacketsOverdue != 0 || st.MessagesResent != 0 {
		t.Errorf("%+v", st)
	}
}

// TestAckWait: what is reliable is acknowledged at once unless messages flow back so often that
// one will take the ack along; and no more than two acks in a hold go alone.
func TestAckWait(t *testing.T) {
	reliable := func(id uint64) []byte {
		return append(wire.AppendRun(nil, &wire.Run{Channel: uint16(chanOf(ReliableOrdered)), HasIDs: true, First: id, Count: 1}), 1, 'x')
	}
	loose := append(wire.AppendRun(nil, &wire.Run{Channel: uint16(chanOf(Unreliable)), Count: 1}), 1, 'x')
	hold := int64(20 * time.Millisecond)
	s := newScript(t, channels())
	s.now += second
	s.hears(reliable(0))
	if said := s.says(); len(said) != 1 {
		t.Errorf("%d frames at once", len(said))
	}
	t.Log("# the unreliable waits for the hold")
	s.now += second
	s.hears(loose)
	began := s.now
	if said := s.wait(began + hold - 1); len(said) != 0 {
		t.Errorf("%d frames before the hold is over", len(said))
	}
	if said := s.wait(began + hold); len(said) != 1 {
		t.Errorf("%d frames after the hold", len(said))
	}
	t.Log("# 200 packets a second: one ack for every two of them, for ten milliseconds, at most")
	acks := 0
	for id := range uint64(200) {
		s.now += 5 * milli
		s.hears(reliable(1 + id))
		acks += len(s.says())
	}
	if acks > 110 || acks < 95 {
		t.Errorf("%d acks of 200 packets", acks)
	}
	t.Log("# a side that talks each 16 ms takes the ack along")
	s.now += second
	alone := 0
	for id := range uint64(100) {
		if _, err := s.e.Send(chanOf(Unreliable), []byte("state"), SendOptions{}); err != nil {
			t.Fatal(err)
		}
		s.says()
		s.now += 7 * milli
		s.hears(reliable(201 + id))
		if said := s.wait(s.now + 9*milli); id > 20 {
			alone += len(said)
		}
	}
	if alone != 0 {
		t.Errorf("%d acks alone", alone)
	}
	t.Log("# and when it falls silent, the ack goes when it would have")
	began = s.now
	s.hears(reliable(301))
	if said := s.wait(began + milli); len(said) != 1 {
		t.Errorf("%d frames", len(said))
	}
}
