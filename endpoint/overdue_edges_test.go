package endpoint

import (
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// overdueAfter sends a message of which nothing is heard, others each so often behind it, and says
// after what time it went again.
func (s *script) overdueAfter(t *testing.T, every int64) int64 {
	t.Helper()
	sent, before := s.now, s.e.Stats().PacketsOverdue
	s.speak(t, chanOf(ReliableOrdered))
	for next := sent + every; s.e.Stats().PacketsOverdue == before && s.now < sent+second; s.wait(s.now + milli) {
		if s.now >= next {
			s.speak(t, chanOf(Unreliable))
			next += every
		}
	}
	return s.now - sent
}

// TestSilenceTeachesLittle: that an ack took three seconds once does not have all that follow be
// waited for as long, but for a round trip and the ack hold longer than usual at most.
func TestSilenceTeachesLittle(t *testing.T) {
	s := settled(t, unrepaired(channels()))
	n := s.speak(t, chanOf(ReliableOrdered))
	s.now += 3 * second // in which nobody calls the end either
	s.hears(ack(n, n))
	for range lateAcks / 2 {
		s.answered(t, 100*milli)
	}
	if w := s.e.path(0).patience(); w > 230*milli {
		t.Errorf("it waits %v", time.Duration(w))
	}
	t.Log("# where acks are held for longer than a round trip, that is learned in full")
	s = settled(t, unrepaired(channels()))
	for range 40 * lateAcks {
		s.answered(t, 4*milli)
	}
	before := s.e.Stats().PacketsOverdue
	for range 3 * lateAcks {
		n := s.speak(t, chanOf(ReliableOrdered))
		s.wait(s.now + 22*milli)
		s.hears(wire.AppendAck(nil, &wire.Ack{Largest: n, Hold: 18 * milli, Ranges: []wire.AckRange{{}}}))
		s.acksAll()
	}
	if n := s.e.Stats().PacketsOverdue - before; n > overdueCredit {
		t.Errorf("%d packets were overdue, whose acks were held as was announced", n)
	}
}

// TestHoldTeachesNothing: how long the ack took of a packet that the peer slept through.
func TestHoldTeachesNothing(t *testing.T) {
	s := settled(t, unrepaired(channels()))
	n := s.speak(t, chanOf(ReliableOrdered))
	s.hears(wire.AppendHold(nil, 1, 1000))
	s.wait(s.now + second/2)
	s.hears([]byte{wire.TypePing}, ack(n, n))
	if w := s.e.path(0).patience(); w > 102*milli {
		t.Errorf("it waits %v", time.Duration(w))
	}
}

// TestOverdueWithRepair: what is in the sums of the packets behind it is waited for as long as three of
// them take, half a round trip at most; not at all where the next packet is further away than a resend.
func TestOverdueWithRepair(t *testing.T) {
	for _, c := range []struct{ rtt, every, least, most int64 }{
		{100, 10, 130, 134}, {100, 33, 150, 154}, {30, 100, 31, 33}, {36, 16, 54, 58},
	} {
		cfg := channels()
		cfg.Channels[ReliableOrdered].Repair = RepairOnce
		s := newScript(t, cfg)
		for range 4 * lateAcks {
			s.answered(t, c.rtt*milli)
		}
		for range 40 {
			s.speak(t, chanOf(Unreliable))
			s.now += c.every * milli
		}
		if got := s.overdueAfter(t, c.every*milli); got < c.least*milli || got > c.most*milli {
			t.Errorf("round trip %d ms, a packet each %d ms: overdue after %v", c.rtt, c.every, time.Duration(got))
		}
	}
}

// TestMistakesAreCountedByWhatIsWaitedFor: packets that nobody waits for give no credit for mistakes.
func TestMistakesAreCountedByWhatIsWaitedFor(t *testing.T) {
	s := settled(t, unrepaired(channels()))
	const n = 1000
	before := s.e.Stats().PacketsHasty
	for range n {
		s.speak(t, chanOf(ReliableOrdered))
		s.wait(s.now + 16*milli)
		for range 8 {
			s.speak(t, chanOf(Unreliable))
		}
		s.wait(s.now + 100*milli)
		s.number++
		s.acksAll()
	}
	if hasty := s.e.Stats().PacketsHasty - before; hasty > overdueCredit+1+2*n/overdueShare || hasty < n/overdueShare/2 {
		t.Errorf("%d of %d were sent again in vain", hasty, n)
	}
}

// TestSpuriousLosses: the controller hears of losses that were none, with what is in flight then; who
// wakes up does not learn from them.
func TestSpuriousLosses(t *testing.T) {
	cfg, cc := unrepaired(channels()), &hearing{Controller: fixedRate(1 << 20)}
	cfg.Controller = func() Controller { return cc }
	s := settled(t, cfg)
	lost := s.speak(t, chanOf(Unreliable))
	at := s.now
	for range packetThreshold {
		s.now += milli
		s.speak(t, chanOf(Unreliable))
	}
	s.now += 100 * milli
	s.hears(ack(lost+1, lost+packetThreshold))
	w := &s.e.path(0).watch
	if cc.lost.Packets != 1 || w.now.lost+w.before.lost != 1 || s.e.path(0).outbound.lost+s.e.path(0).outbound.ppm == 0 {
		t.Fatalf("%+v lost", cc.lost)
	}
	s.speak(t, chanOf(Unreliable))
	delivered, flying := s.e.path(0).delivered, s.e.path(0).inFlight
	s.hears(ack(lost, lost+packetThreshold))
	p := s.e.path(0)
	if cc.spurious.Packets != 1 || cc.spurious.Bytes != cc.lost.Bytes || cc.spurious.SentAt != at || cc.spurious.InFlight != flying || flying == 0 {
		t.Errorf("the controller heard %+v of %+v", cc.spurious, cc.lost)
	}
	if p.delivered != delivered+int64(cc.lost.Bytes) || w.now.lost+w.before.lost != 0 || p.outbound.share() != 0 {
		t.Errorf("delivered %d after %d, %+v, %v", p.delivered, delivered, w.now, p.outbound.share())
	}
	t.Log("# and once only")
	if s.hears(ack(lost, lost+packetThreshold)); s.e.Stats().PacketsSpurious != 1 || !p.loss.order.seen {
		t.Errorf("%d mistakes, %+v", s.e.Stats().PacketsSpurious, p.loss.order)
	}
	t.Log("# a packet is as late as it came after it was declared lost")
	if p.loss.order.slack > 0 {
		t.Errorf("it came %v later than is allowed", time.Duration(p.loss.order.slack))
	}
}

// hearing is a controller that keeps what it heard last.
type hearing struct {
	Controller
	lost, spurious LossSample
	acked          AckSample
}

func (h *hearing) Lost(now int64, s LossSample)     { h.lost = s }
func (h *hearing) Spurious(now int64, s LossSample) { h.spurious = s }
func (h *hearing) Acked(now int64, s AckSample)     { h.acked = s }

// TestProbesCarryTheOldest: a probe timeout has what the oldest packets carry sent once more, as much
// as begins in a packet, and two packets go once one was in vain.
func TestProbesCarryTheOldest(t *testing.T) {
	cfg := unrepaired(channels())
	cfg.Channels[ReliableUnordered].Resend.MaxAttempts = 100 // which is never overdue
	s := settled(t, cfg)
	for range 8 {
		if _, err := s.e.Send(chanOf(ReliableUnordered), make([]byte, 600), SendOptions{}); err != nil {
			t.Fatal(err)
		}
		s.says()
	}
	sent := s.now
	before := s.e.Stats()
	for s.e.path(0).loss.probes == 0 {
		s.wait(s.now + milli)
	}
	if took := s.now - sent; took > 130*milli {
		t.Errorf("the first probe goes after %v", time.Duration(took))
	}
	st := s.e.Stats()
	if again, packets := st.MessagesResent-before.MessagesResent, st.PacketsSent-before.PacketsSent; again == 0 || again > 2 || packets > 2 {
		t.Errorf("%d messages go again in %d packets", again, packets)
	}
	for s.e.path(0).loss.probes == 1 {
		s.wait(s.now + milli)
	}
	if packets := s.e.Stats().PacketsSent - st.PacketsSent; packets < 2 {
		t.Errorf("the second time %d packets", packets)
	}
}

// TestLossDelayFollowsTheLatest: by time a packet is lost after 9/8 of the larger of the smoothed and the
// latest round trip.
func TestLossDelayFollowsTheLatest(t *testing.T) {
	s := settled(t, unrepaired(channels()))
	lost := s.speak(t, chanOf(Unreliable))
	sent := s.now
	s.speak(t, chanOf(Unreliable))
	s.now += 200 * milli
	s.hears(ack(lost+1, lost+1))
	s.wait(sent + 224*milli)
	if n := s.e.Stats().PacketsLost; n != 0 {
		t.Errorf("%d lost after 9/8 of the smoothed round trip", n)
	}
	if s.wait(sent + 226*milli); s.e.Stats().PacketsLost != 1 {
		t.Errorf("%d lost after 9/8 of the latest one", s.e.Stats().PacketsLost)
	}
}
