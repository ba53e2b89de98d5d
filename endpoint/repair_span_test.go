package endpoint

import (
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// TestStrengthSteps: each step begins at the share of losses, times how many come in a row, that it is
// documented with.
func TestStrengthSteps(t *testing.T) {
	for _, c := range []struct {
		lost, bursts int // of 1000 packets
		want         strength
		row          int
	}{
		{4, 4, oneSum / 2, 1}, {5, 5, oneSum, 1}, {79, 79, oneSum, 1}, {80, 80, oneSum * 3 / 2, 1}, {159, 159, oneSum * 3 / 2, 1},
		{160, 160, 2 * oneSum, 1}, {399, 399, 2 * oneSum, 1}, {400, 400, 3 * oneSum, 1}, {40, 20, oneSum * 3 / 2, 2}, {50, 20, oneSum * 3 / 2, 3},
		{49, 20, oneSum * 3 / 2, 2}, {1, 3, oneSum / 2, 0}, {-1, 3, oneSum / 2, 0}, {1100, 1, 3 * oneSum, 1100},
	} {
		w := lossWatch{now: lossCount{sent: 1000, lost: int32(c.lost), bursts: int32(c.bursts)}, any: true}
		if got := w.strength(); got != c.want || w.inARow() != c.row {
			t.Errorf("%d of 1000 in %d rows: %d halves, %d in a row; want %d and %d", c.lost, c.bursts, got, w.inARow(), c.want, c.row)
		}
	}
}

// sumsOf sends so many messages at once, tick after tick, of which nothing is acknowledged, and returns
// the REPAIRs of each tick.
func (s *script) sumsOf(t *testing.T, ticks, each, size int) (sums [][]wire.Repair) {
	t.Helper()
	for range ticks {
		for range each {
			if _, err := s.e.Send(1, make([]byte, size), SendOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		var of []wire.Repair
		for _, f := range s.says() {
			if f[0] == wire.TypeRepair {
				r, _, _ := wire.ConsumeRepair(f)
				of = append(of, r)
			}
		}
		sums = append(sums, of)
		s.now += second / 60
	}
	return sums
}

func repairScript(t *testing.T, d Delivery) *script {
	cfg := Config{Channels: []ChannelConfig{{ID: 1, Delivery: d, Repair: RepairOnce, WindowBytes: 1 << 20}}}
	cfg.Controller = func() Controller { return fixedRate(1 << 28) }
	s := newScript(t, cfg)
	s.e.outbox.sender(1).limit = 1 << 30
	return s
}

// TestSpan: how far sums reach back, by how many packets are lost in a row; and never further than what
// a mask holds with the messages behind it.
func TestSpan(t *testing.T) {
	for _, c := range []struct{ row, each, span int }{{1, 1, 7}, {2, 1, 7}, {3, 1, 14}, {1, 3, 21}, {3, 3, 28}, {1, 8, 28}} {
		s := repairScript(t, ReliableOrdered)
		s.e.path(0).watch = lossWatch{before: lossCount{sent: 256, lost: int32(10 * c.row), bursts: 10}, any: true}
		widest := 0
		for _, of := range s.sumsOf(t, 20, c.each, 20) {
			for _, r := range of {
				widest = max(widest, wire.MaskSpan(r.Mask))
			}
		}
		// the messages of its own packet are none of a sum's, and count
		if widest > c.span || widest < c.span-c.each {
			t.Errorf("%d in a row, %d in a packet: sums reach over %d ids, want %d", c.row, c.each, widest, c.span)
		}
	}
}

// TestSparse: eight messages in a packet are repaired, nine are a flood, as is what waits for its turn;
// and when it is over none of it is in a sum.
func TestSparse(t *testing.T) {
	for each, is := range map[int]bool{8: true, 9: false} {
		s, n := repairScript(t, ReliableOrdered), 0
		for _, of := range s.sumsOf(t, 20, each, 20) {
			n += len(of)
		}
		if (n > 0) != is {
			t.Errorf("%d in a packet: %d sums", each, n)
		}
	}
	s, n := repairScript(t, ReliableOrdered), 0
	for _, of := range s.sumsOf(t, 30, 40, 200) { // five fit a packet
		n += len(of)
	}
	if n > 30 { // of the last packet of each tick
		t.Errorf("%d sums in a flood", n)
	}
	flood := s.e.outbox.sender(1).open.End()
	s.sumsOf(t, 1, 9, 20)
	for _, of := range s.sumsOf(t, 10, 1, 20) {
		for _, r := range of {
			if oldest := r.Newest + 1 - uint64(wire.MaskSpan(r.Mask)); oldest < flood+9 {
				t.Errorf("a sum reaches back to %d, the flood ended with %d", oldest, flood+8)
			}
		}
	}
}

// TestSumsBeginAnew: after a pause the peer has kept nothing: what it may have forgotten is in the first
// sum, which has it keep what comes, and in none behind it.
func TestSumsBeginAnew(t *testing.T) {
	s := repairScript(t, ReliableOrdered)
	s.sumsOf(t, 5, 1, 20)
	s.now += second * 4 / 10
	got := s.sumsOf(t, 4, 1, 20)
	if len(got[0]) == 0 || wire.MaskSpan(got[0][0].Mask) != 3 {
		t.Errorf("the first sums are %+v", got[0])
	}
	for _, of := range got[1:] {
		for _, r := range of {
			if r.Newest+1-uint64(wire.MaskSpan(r.Mask)) < 6 {
				t.Errorf("a sum of %d with mask %b", r.Newest, r.Mask)
			}
		}
	}
	if len(got[3]) == 0 {
		t.Error("there are no more sums")
	}
}

// TestNoSumsFarAhead: where an id would go wide in a RUN there are no sums, for their two bytes would
// mean another one.
func TestNoSumsFarAhead(t *testing.T) {
	s := repairScript(t, Unreliable)
	before, after := 0, 0
	for tick, of := range s.sumsOf(t, 1<<13+100, 2, 4) {
		if tick < 1<<13 {
			before += len(of)
		} else if tick > 1<<13+1 {
			after += len(of)
		}
	}
	if before < 1<<12 || after > 0 {
		t.Errorf("%d sums up to 2^14 ids, %d behind", before, after)
	}
}

// TestStrengthOfPaths: the worst path that carries messages counts, and none that does not.
func TestStrengthOfPaths(t *testing.T) {
	m := newMesh(t, Config{Channels: []ChannelConfig{{ID: 1, Delivery: ReliableOrdered}}}, time.Duration(30*milli), 1)
	m.addWay(1, 1, time.Duration(40*milli))
	m.openPath(PathConfig{Route: 1})
	e := m.ends[0]
	bad := lossWatch{now: lossCount{sent: 100, lost: 30, bursts: 10}, any: true}
	for i := range uint8(2) {
		e.path(0).watch, e.path(1).watch = lossWatch{}, lossWatch{}
		e.path(i).watch = bad
		if e.paths.strength() != bad.strength() || e.paths.inARow() != 3 {
			t.Errorf("path %d loses: strength %d, %d in a row", i, e.paths.strength(), e.paths.inARow())
		}
	}
	if err := e.SetPath(m.now, 1, PathConfig{Route: 1, Use: UseReserve}); err != nil {
		t.Fatal(err)
	}
	e.path(1).watch, e.path(0).watch = bad, lossWatch{since: unproven}
	if e.paths.strength() != repairIdle || e.paths.inARow() != 0 {
		t.Errorf("a path in reserve loses: strength %d, %d in a row", e.paths.strength(), e.paths.inARow())
	}
}

// TestSumsDriveNothingOut: whoever has a higher priority, or a larger weight, has no sum that puts the
// message of another channel into a packet of its own.
func TestSumsDriveNothingOut(t *testing.T) {
	for _, of := range []ChannelConfig{{Priority: 1}, {Weight: 100}} {
		var packets [2]int
		for i, kind := range []Repair{RepairOff, RepairThrice} {
			of.ID, of.Delivery, of.Repair = 1, ReliableOrdered, kind
			s := newScript(t, Config{Channels: []ChannelConfig{of, {ID: 2}}, Controller: func() Controller { return fixedRate(1 << 28) }})
			s.e.outbox.sender(1).limit = 1 << 30
			s.sumsOf(t, 4, 1, 100)
			for size := 500; size < 1020; size += 10 {
				if _, err := s.e.Send(2, make([]byte, size), SendOptions{}); err != nil {
					t.Fatal(err)
				}
				before := s.e.Stats().PacketsSent
				s.sumsOf(t, 1, 1, 100)
				packets[i] += int(s.e.Stats().PacketsSent - before)
				s.acksOf()
			}
		}
		if packets[0] != packets[1] {
			t.Errorf("%+v: %d packets, %d with repair", of, packets[0], packets[1])
		}
	}
}

// acksOf acknowledges the oldest packets, so that the last four are in flight.
func (s *script) acksOf() {
	sent := &s.e.path(0).sent
	for n := sent.Base(); n+4 < sent.End(); n++ {
		if sent.At(n).state == packetInFlight {
			s.hears(ack(n, n))
		}
	}
}
