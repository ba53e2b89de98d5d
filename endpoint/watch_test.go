package endpoint

import (
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// lossless plays messages with repair by losses for ten seconds, and fails if there are more sums than
// on a path that loses nothing.
func (p *pair) lossless(t *testing.T) {
	t.Helper()
	before := p.ends[0].Stats()
	p.ticks(600)
	if n := p.ends[0].Stats().RepairsSent - before.RepairsSent; n < 100 || n > 152 {
		t.Errorf("%d sums in ten seconds, though nothing was lost", n)
	}
}

// TestSizeProbesCallForNoRepair: that large probes do not pass is no loss of messages.
func TestSizeProbesCallForNoRepair(t *testing.T) {
	cfg := Config{Channels: []ChannelConfig{{ID: 1, Delivery: ReliableOrdered}}, MaxDatagramBytes: ethernet}
	p := newPair(t, cfg, 50*time.Millisecond).carries(1391)
	for i := range p.ends {
		p.ends[i].Carrier.DontFragment = true
	}
	p.open().ticks(900)
	if st := p.ends[0].Stats(); st.ProbesLost < 3 || st.PacketsLost != 0 {
		t.Fatalf("%d probes lost, %d packets", st.ProbesLost, st.PacketsLost)
	}
	p.lossless(t)
}

// TestSleepCallsForNoRepair: what was lost because the peer slept tells nothing about the path.
func TestSleepCallsForNoRepair(t *testing.T) {
	s := settled(t, channels())
	for range 20 {
		s.speak(t, chanOf(Unreliable))
	}
	n := s.e.path(0).sent.End() - 1
	s.hears(wire.AppendHold(nil, 1, 2000))
	s.wait(s.now + second)
	s.hears([]byte{wire.TypePing})
	s.now += second / 10
	s.hears(ack(n, n))
	if st := s.e.Stats(); st.PacketsLost < 10 {
		t.Fatalf("%d packets are lost", st.PacketsLost)
	}
	if got := s.e.path(0).watch.strength(); got != repairIdle {
		t.Errorf("strength %d", got)
	}
}

// TestMovedPathHasLostNothing: what the path lost where it went before calls for no repair where it
// goes now, nor does what comes late from there take back what it loses now.
func TestMovedPathHasLostNothing(t *testing.T) {
	s := settled(t, channels())
	lost := s.speak(t, chanOf(Unreliable))
	for range packetThreshold {
		s.speak(t, chanOf(Unreliable))
	}
	w := &s.e.path(0).watch
	s.hears(ack(lost+1, lost+packetThreshold))
	if w.strength() == repairIdle {
		t.Fatal("nothing was lost")
	}
	s.now += second / 10
	if err := s.e.SetPath(s.now, 0, PathConfig{Route: 7}); err != nil {
		t.Fatal(err)
	}
	if *w != (lossWatch{}) {
		t.Errorf("of the new route is known %+v", *w)
	}
	if s.hears(ack(lost, lost)); s.e.Stats().PacketsSpurious != 1 || w.now.lost != 0 {
		t.Errorf("%d losses of the new route, %d mistakes", w.now.lost, s.e.Stats().PacketsSpurious)
	}
}
