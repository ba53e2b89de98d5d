package endpoint

import (
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// lossyLife has path 1 of two lose a fifth of all packets, for long enough that its meters say so.
func lossyLife(t *testing.T, seed uint64) *stream {
	t.Helper()
	s := twoPaths(t, seed, PathConfig{}, PathConfig{})
	s.ways[1].lossy(0.2, 0)
	s.play(10 * time.Second)
	for end, e := range s.ends {
		st := e.PathStats(1)
		if st.LossOut < 0.1 || st.LossIn < 0.1 || st.PacketsLost == 0 || e.path(1).probesOfSize() <= maxProbes {
			t.Fatalf("end %d: the path shows nothing: %+v", end, st)
		}
	}
	return s
}

// measuresAfresh fails if anything measured on path 1 is left over; sent is how many packets may have
// gone there since, missing which share of the peer's still went by the network before.
func (s *stream) measuresAfresh(what string, sent uint64, missing float64) {
	s.t.Helper()
	for end, e := range s.ends {
		st, p := e.PathStats(1), e.path(1)
		if st.LossOut != 0 || st.LossIn > missing || p.probesOfSize() != maxProbes || p.outbound.lossy() || st.RTT > 85*time.Millisecond {
			s.t.Errorf("%s, end %d: %d probes of a size, %+v", what, end, p.probesOfSize(), st)
		}
		if st.PacketsSent > sent {
			s.t.Errorf("%s, end %d: %d packets were sent", what, end, st.PacketsSent)
		}
	}
}

// TestPathOpenedAgainIsNew: a path under a number that another one had knows nothing of that one: what
// it lost, how much went there, nor that what carried it was busy. The totals of the connection
// have it all, and never go back.
func TestPathOpenedAgainIsNew(t *testing.T) {
	seeds(3, func(seed uint64) {
		s := lossyLife(t, seed)
		s.ends[0].PathBusy(s.now, 1, true)
		before := [2]Stats{s.ends[0].Stats(), s.ends[1].Stats()}
		s.ends[0].ClosePath(s.now, 1)
		s.play(200 * time.Millisecond)
		s.addWay(2, 2, 40*time.Millisecond)
		if id := s.openPath(PathConfig{Route: 2}); id != 1 {
			t.Fatalf("path %d", id)
		}
		s.measuresAfresh("opened again", 20, 0)
		s.play(time.Second)
		s.measuresAfresh("and used", 200, 0)
		s.settle(2 * time.Second)
		for end, e := range s.ends {
			was, is := before[end], e.Stats()
			if is.PacketsSent <= was.PacketsSent || is.BytesSent <= was.BytesSent || is.PacketsReceived <= was.PacketsReceived ||
				is.BytesReceived <= was.BytesReceived || is.PacketsLost < was.PacketsLost || is.PacketsSpurious < was.PacketsSpurious ||
				is.PacketsOverdue < was.PacketsOverdue || is.PacketsHasty < was.PacketsHasty {
				t.Errorf("end %d: the totals go back from %+v to %+v", end, was, is)
			}
			if e.PathStats(1).PacketsLost != 0 {
				t.Errorf("end %d: %d packets lost on a path that loses none", end, e.PathStats(1).PacketsLost)
			}
		}
	})
}

// TestPathMovedMeasuresAfresh: a path that the client leads to a network which loses nothing shows no
// losses there, at neither end, and goes on counting.
func TestPathMovedMeasuresAfresh(t *testing.T) {
	seeds(3, func(seed uint64) {
		s := lossyLife(t, seed)
		sent := s.ends[0].PathStats(1).PacketsSent
		s.addWay(2, 2, 40*time.Millisecond)
		if err := s.ends[0].SetPath(s.now, 1, PathConfig{Route: 2}); err != nil {
			t.Fatal(err)
		}
		s.ways[1].dead = true
		s.play(time.Second)
		s.measuresAfresh("led elsewhere", 1<<20, 0.1)
		if st := s.ends[0].PathStats(1); st.PacketsSent < sent+20 || s.ends[1].PathStats(1).Moves != 1 {
			t.Errorf("%d packets before, %+v", sent, st)
		}
		s.settle(2 * time.Second)
	})
}

// TestArrivals: what is missing counts from the first packet on that came over the network.
func TestArrivals(t *testing.T) {
	var a arrivals
	for _, c := range []struct {
		number, largest uint64
		newest          bool
		packets, lost   int
	}{
		{40, 60, false, 0, 0}, // late, of the network before
		{100, 60, true, 1, 0}, // what is missing below may have gone there
		{104, 100, true, 5, 3},
		{102, 104, false, 5, 2},
		{99, 104, false, 5, 2},
		{100, 104, false, 5, 2},
		{105, 104, true, 6, 2},
		{1 << 20, 105, true, 7, 2}, // so many cannot have been lost
	} {
		if a.came(c.number, c.largest, c.newest); a.packets != int32(c.packets) || a.lost != int32(c.lost) {
			t.Errorf("after %d: %d packets, %d lost, want %d and %d", c.number, a.packets, a.lost, c.packets, c.lost)
		}
	}
}

// TestFateOfTheNetworkBefore: packets of the network that a path had before count in the totals, when
// their fate is known, and say nothing about the one that it has.
func TestFateOfTheNetworkBefore(t *testing.T) {
	s := newScript(t, channels())
	s.hears([]byte{wire.TypePing})
	s.says()
	p := s.e.path(0)
	for n := range 6 {
		if _, err := s.e.Send(chanOf(Unreliable), message(n, 100), SendOptions{}); err != nil {
			t.Fatal(err)
		}
		s.says()
		s.now += second / 100
	}
	last := p.next - 1
	if err := s.e.SetPath(s.now, 0, PathConfig{Route: 1}); err != nil {
		t.Fatal(err)
	}
	s.hearsFrom(1, ack(last, last)) // those below it are lost
	lost := p.counts.PacketsLost
	if lost == 0 || p.outbound != (lossMeter{}) {
		t.Errorf("%d lost, %+v", lost, p.outbound)
	}
	s.hearsFrom(1, ack(last-5, last)) // and were not
	if p.counts.PacketsSpurious != lost || p.outbound != (lossMeter{}) || p.inFlight != 0 || p.loss.order != (reordering{}) {
		t.Errorf("%d of %d spurious, %+v, %d in flight", p.counts.PacketsSpurious, lost, p.outbound, p.inFlight)
	}
}
