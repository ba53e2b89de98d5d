package endpoint

import (
	"fmt"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// TestWhoIsRepaired: small messages of reliable channels, and of unreliable ones that ask for it; then
// what is lost comes back in each delivery.
func TestWhoIsRepaired(t *testing.T) {
	eachDelivery(t, func(t *testing.T, d Delivery) {
		for _, kind := range []Repair{RepairDefault, RepairAuto, RepairOff} {
			is := kind == RepairAuto || kind == RepairDefault && d.Reliable()
			p := repairing(t, d, kind)
			p.links[0].loss = 0.1
			p.ticks(600)
			a, b := p.ends[0].ChannelStats(1), p.ends[1].ChannelStats(1)
			if (a.RepairsSent > 300) != is || (b.MessagesRebuilt > 30) != is || !is && a.RepairsSent > 0 {
				t.Errorf("%v: %d sums, %d rebuilt", kind, a.RepairsSent, b.MessagesRebuilt)
			}
		}
	})
}

// TestRepairGivesWay: over a line that carries less than the least rate, repair takes what the messages
// leave, and does not have them wait. Where there is room, or bulk of a lower priority that can be cut,
// all of it goes.
func TestRepairGivesWay(t *testing.T) {
	for _, c := range []struct {
		rate        int // bytes a second without the headers of IP and UDP; the messages take 60 × 108
		bulk        bool
		least, most uint64 // sums in ten seconds
	}{{9000, false, 0, 400}, {40_000, false, 1100, 1300}, {40_000, true, 1000, 1300}} {
		t.Run(fmt.Sprint(c.rate, c.bulk), func(t *testing.T) {
			cfg := Config{Channels: []ChannelConfig{
				{ID: 1, Delivery: ReliableOrdered, Priority: 1, Repair: RepairTwice}, {ID: 2, Delivery: ReliableOrdered},
			}, PacketOverheadBytes: 51, Congestion: CongestionConfig{MinBytesPerSecond: -1}}
			p := newPair(t, cfg, 30*time.Millisecond).open()
			p.links[0].rate, p.links[0].queue = c.rate, time.Second
			w := watchers(p)
			play := func(seconds int) {
				for range 60 * seconds {
					if c.bulk && p.ends[0].ChannelStats(2).QueuedBytes < 20_000 {
						w.sends(2, 1000)
					}
					w.sends(1, 100)
					w.runs(time.Second/60, 1, 2)
				}
			}
			play(10)
			before := p.ends[0].Stats()
			w.worst[1] = 0
			play(10)
			st := p.ends[0].Stats()
			sums, bytes := st.RepairsSent-before.RepairsSent, st.BytesSent-before.BytesSent
			t.Logf("# %d sums, %d bytes, the slowest message took %v", sums, bytes, w.worst[1])
			if sums < c.least || sums > c.most || w.worst[1] > 600*time.Millisecond {
				t.Errorf("want %d to %d sums", c.least, c.most)
			}
		})
	}
}

// TestSumsOfAPacket: a REPAIR names the last messages that are not acknowledged, never those of its own
// packet, each sum in the next row; the last one in a packet saves its length.
func TestSumsOfAPacket(t *testing.T) {
	cfg := Config{Channels: []ChannelConfig{{ID: 1, Delivery: ReliableOrdered, Repair: RepairTwice}}}
	s := newScript(t, cfg)
	row, all := -1, 0
	for n := range 12 {
		packet := s.packetOf(t, message(n, 20))
		sums := 0
		for i, f := range packet {
			if f[0] != wire.TypeRepair {
				continue
			}
			r, _, _ := wire.ConsumeRepair(f)
			if sums++; int(r.Newest) != n-1 || wire.MaskSpan(r.Mask) > n || wire.MaskSpan(r.Mask) > repairSpan {
				t.Errorf("packet %d has a sum of %d, mask %b", n, r.Newest, r.Mask)
			}
			if row >= 0 && int(r.Row) != row+1 {
				t.Errorf("row %d after %d", r.Row, row)
			}
			if row = int(r.Row); r.ToEnd != (i == len(packet)-1) {
				t.Errorf("packet %d: frame %d of %d, to the end %v", n, i, len(packet), r.ToEnd)
			}
		}
		if all += sums; all > 2*n || sums > 3 {
			t.Errorf("packet %d has %d sums, %d in all", n, sums, all)
		}
		s.now += second / 60
	}
	if all < 18 {
		t.Errorf("%d sums for 12 messages", all)
	}
}

// packetOf sends a message and returns the frames of the packet that it goes in.
func (s *script) packetOf(t *testing.T, m []byte) [][]byte {
	t.Helper()
	if _, err := s.e.Send(1, m, SendOptions{}); err != nil {
		t.Fatal(err)
	}
	return s.says()
}

// TestBurstIsAQuantum: of bulk that the window holds back no more leaves together than two packets, or
// what a millisecond gives; after a pause ten, or what two milliseconds give. So no segmented send is
// larger.
func TestBurstIsAQuantum(t *testing.T) {
	for _, rate := range []int{250_000, 5_000_000} {
		cfg := Config{Channels: []ChannelConfig{{ID: 1}}, PacketOverheadBytes: 51}
		p := newPair(t, cfg, 20*time.Millisecond).open()
		p.links[0].rate, p.links[0].queue = rate, 50*time.Millisecond
		p.bulk(1, 4*time.Second)
		at, together, most := int64(-1), 0, 0
		p.watch = func(end int, b []byte) {
			if end != 0 {
				return
			}
			if p.now != at {
				at, together = p.now, 0
			}
			together += len(b) + 51
			most = max(most, together)
		}
		p.bulk(1, time.Second)
		if quantum := max(10*packetBytes, rate*13/10/500) + packetBytes; most > quantum {
			t.Errorf("%d bytes a second: %d left together", rate, most)
		}
		t.Logf("# %d bytes a second: %d left together at most", rate, most)
	}
}

// TestSumsLeaveOutWhatCame: a sum has nothing in it that was acknowledged, be it an empty message.
func TestSumsLeaveOutWhatCame(t *testing.T) {
	s := newScript(t, Config{Channels: []ChannelConfig{{ID: 1, Delivery: ReliableOrdered, Repair: RepairTwice}}})
	sums := 0
	for n := range 4 {
		s.packetOf(t, message(n, 20))
	}
	came := s.nextNumber()
	s.packetOf(t, nil)
	s.hears(ack(came, came))
	for n := range 5 {
		for _, f := range s.packetOf(t, message(n, 20)) {
			if f[0] != wire.TypeRepair {
				continue
			}
			sums++
			if r, _, _ := wire.ConsumeRepair(f); r.Newest >= 4 && r.Mask>>(r.Newest-4)&1 != 0 {
				t.Errorf("a sum of %d, mask %b, has the message that came", r.Newest, r.Mask)
			}
		}
		s.now += second / 60
	}
	if sums == 0 {
		t.Error("there was no sum")
	}
}
