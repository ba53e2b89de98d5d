package endpoint

import (
	"slices"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// TestIdleRepair: of a path that is not known yet there is a sum for each message; as long as nothing is
// lost there are 15 a second at most; after a loss there is one for two messages, after some one for each, and after half a minute of 60 messages a
// second it is over.
func TestIdleRepair(t *testing.T) {
	p := repairing(t, ReliableOrdered, RepairAuto) // for a second
	sums := func(ticks int) int {
		before := p.ends[0].Stats().RepairsSent
		p.ticks(ticks)
		return int(p.ends[0].Stats().RepairsSent - before)
	}
	if n := sums(60); n < 58 {
		t.Errorf("%d sums in the second second", n)
	}
	sums(20)
	if n := sums(600); n < 100 || n > 150 {
		t.Errorf("%d sums in ten seconds without a loss", n)
	}
	p.loses(0, 1)
	sums(20)
	if n := sums(60); n < 29 || n > 31 {
		t.Errorf("%d sums for 60 messages after a loss", n)
	}
	p.loses(0, 1)
	sums(20)
	p.loses(0, 1)
	sums(20)
	if n := sums(100); n < 99 {
		t.Errorf("%d sums for 100 messages after three losses", n)
	}
	sums(1900)
	if n := sums(600); n > 150 {
		t.Errorf("%d sums in ten seconds, half a minute after a loss", n)
	}
}

// TestNoRoundTripNoRepair: where all is acknowledged before the next packet leaves there is
// nothing to repair.
func TestNoRoundTripNoRepair(t *testing.T) {
	cfg := Config{Channels: []ChannelConfig{{ID: 1, Delivery: ReliableOrdered, Repair: RepairOnce}}, AckHold: -1}
	p := newPair(t, cfg, 2*time.Millisecond).open()
	p.ticks(600)
	if n := p.ends[0].Stats().RepairsSent; n != 0 {
		t.Errorf("%d sums", n)
	}
	p.loses(0, 1)
	p.tick(600)
	p.tick(601)
	if got := p.received(1, 1); len(got) != 2 || p.ends[0].Stats().RepairsSent != 1 {
		t.Errorf("%d came, with %d sums", len(got), p.ends[0].Stats().RepairsSent)
	}
}

// TestFloodIsNotRepaired: bulk gets none, of small messages nor of large ones; it begins again when
// the flood is over.
func TestFloodIsNotRepaired(t *testing.T) {
	for _, size := range []int{32, 4000} {
		p := repairing(t, ReliableOrdered, RepairThrice)
		before := p.ends[0].Stats().RepairsSent
		for range 60 {
			for range 64 {
				_, _ = p.ends[0].Send(1, message(0, size), SendOptions{})
			}
			p.run(time.Second / 60)
			p.received(1, 1)
		}
		p.run(time.Second)
		p.received(1, 1)
		if n := p.ends[0].Stats().RepairsSent - before; n > 3 { // for those of before
			t.Errorf("%d bytes: %d sums in a flood", size, n)
		}
		if p.ends[1].inbox.receiver(1).rebuild != nil {
			t.Error("what is kept for repair is kept in vain")
		}
		for n := range 10 {
			p.tick(n)
		}
		if n := p.ends[0].Stats().RepairsSent - before; n < 15 {
			t.Errorf("%d bytes: %d sums after a flood", size, n)
		}
	}
}

// TestRepairLeavesPacketsAsTheyAre: no datagram grows beyond its size, and none goes that would not
// have gone.
func TestRepairLeavesPacketsAsTheyAre(t *testing.T) {
	count := [2]int{}
	for i, r := range []Repair{RepairOff, RepairThrice} {
		cfg := Config{Channels: []ChannelConfig{{ID: 1, Delivery: ReliableOrdered, Repair: r}, {ID: 2}}, MaxDatagramBytes: 700}
		p := newPair(t, cfg, 50*time.Millisecond).open()
		p.watch = func(end int, b []byte) {
			if len(b) > 700 {
				t.Fatalf("a datagram of %d bytes", len(b))
			}
		}
		before := p.links[0].sent
		for n := range 600 {
			_, _ = p.ends[0].Send(2, message(n, n), SendOptions{})
			p.send(0, 1, message(n, 100))
			p.run(time.Second / 60)
			p.received(1, 1)
			p.fates(0)
		}
		count[i] = p.links[0].sent - before
	}
	if count[0] != count[1] {
		t.Errorf("%d packets, and %d with repair", count[0], count[1])
	}
}

// TestRepairIsAnnounced: nothing of it is sent to an end that does not read it.
func TestRepairIsAnnounced(t *testing.T) {
	cfg := Config{Channels: []ChannelConfig{{ID: 1, Delivery: ReliableOrdered, Repair: RepairThrice}}, Handshake: true}
	for _, capabilities := range []uint64{wire.CapabilityOptions, wire.CapabilityOptions | wire.CapabilityRepair} {
		e, err := New(0, cfg)
		if err != nil {
			t.Fatal(err)
		}
		h := e.cfg.hello()
		h.Digest, h.Capabilities = wire.Hash(e.plan.rows), capabilities
		if err := e.HandleHello(0, wire.AppendHello(nil, &h)); err != nil {
			t.Fatal(err)
		}
		for n := range int64(20) {
			_, _ = e.Send(1, []byte("hello"), SendOptions{})
			nextPacket(e, n, usual)
		}
		if n := e.Stats().RepairsSent; (n > 0) != (capabilities&wire.CapabilityRepair != 0) {
			t.Errorf("capabilities %b: %d sums", capabilities, n)
		}
		e.Release()
	}
}

// TestRepairWithinTheRate: a path that takes a third more than the messages need gets that much
// repair and no more, and no message waits for it. If something waits that counts less, that pays.
func TestRepairWithinTheRate(t *testing.T) {
	for _, c := range []struct {
		bulk    bool
		rate    int // bytes a second; the messages take 60 × 159
		sums    uint64
		slowest time.Duration // 20 ms, and with bulk the packet that it may have begun
	}{{false, 13_000, 150, 21 * time.Millisecond}, {true, 60_000, 500, 42 * time.Millisecond}} {
		cfg := Config{
			Channels:            []ChannelConfig{{ID: 1, Delivery: ReliableOrdered, Repair: RepairTwice, Priority: 1}, {ID: 2, Delivery: ReliableOrdered}},
			Controller:          func() Controller { return fixedRate(c.rate) },
			PacketOverheadBytes: 51,
		}
		p := newPair(t, cfg, 20*time.Millisecond).open()
		w := watchers(p)
		if c.bulk {
			w.sends(2, 1<<20)
		}
		p.run(2 * time.Second)
		before := p.ends[0].Stats()
		for range 600 {
			w.sends(1, 100)
			w.runs(time.Second/60, 1)
		}
		w.runs(time.Second, 1)
		st := p.ends[0].Stats()
		bytes, sums := int(st.BytesSent-before.BytesSent), st.RepairsSent-before.RepairsSent
		t.Logf("bulk %v: %d bytes, %d sums, the slowest took %v", c.bulk, bytes, sums, w.worst[1])
		if most := 11*c.rate + 12*packetBytes; bytes > most || sums < c.sums || w.worst[1] > c.slowest {
			t.Errorf("want %d bytes, %d sums and %v", most, c.sums, c.slowest)
		}
	}
}

// TestRepairOfACappedChannel: sums count against the channel's cap and the peer's limits, and
// hold no message up.
func TestRepairOfACappedChannel(t *testing.T) {
	for _, limit := range []ChannelConfig{
		{BytesPerSecond: 9000},
		{Inbound: ChannelLimits{BytesPerSecond: 9000}},
		{Inbound: ChannelLimits{MessagesPerSecond: 90}},
	} {
		limit.ID, limit.Delivery, limit.Repair = 1, ReliableOrdered, RepairTwice
		p := newPair(t, Config{Channels: []ChannelConfig{limit}}, 50*time.Millisecond).open()
		p.links[0].loss = 0.05
		got := 0
		for n := range 600 {
			p.tick(n)
			got += len(p.received(1, 1))
			p.fates(0)
		}
		st := p.ends[0].ChannelStats(1)
		if got < 580 || !p.ends[1].Open() || st.RepairsSent == 0 || limit.BytesPerSecond+limit.Inbound.BytesPerSecond > 0 && st.BytesSent > 100_000 {
			t.Errorf("%+v: %d came, %+v", limit, got, st)
		}
	}
}

// TestRepairGoesOn under new keys: what was sent before may still be needed to rebuild.
func TestRepairGoesOn(t *testing.T) {
	p := repairing(t, Unreliable, RepairOnce)
	p.follow = true
	p.goOn(0, 1)
	for n := range 60 {
		p.tick(n)
	}
	p.loses(0, 1)
	p.tick(60)
	p.tick(61)
	p.run(100 * time.Millisecond)
	got := p.received(1, 1)
	if !slices.Contains(got, string(message(60, 100))) {
		t.Errorf("the lost one is not among %d", len(got))
	}
}

// TestRepairOnPaths: a game in turn over two paths, of which one loses a tenth.
func TestRepairOnPaths(t *testing.T) {
	cfg := Config{Channels: []ChannelConfig{{ID: 1, Delivery: ReliableOrdered, Repair: RepairOnce}}}
	m := newMesh(t, cfg, 30*time.Millisecond, 1)
	w := m.addWay(1, 1, 40*time.Millisecond)
	m.openPath(PathConfig{Route: 1})
	w.links[0].loss, w.links[1].loss = 0.1, 0.1
	for n := range 1200 {
		m.send(0, 1, message(n, 100))
		m.run(time.Second / 60)
		m.received(1, 1)
	}
	m.run(time.Second)
	a, b := m.ends[0].Stats(), m.ends[1].Stats()
	if b.MessagesRebuilt < 30 || a.MessagesRepaired < 30 || b.MessagesReceived != 1200 {
		t.Errorf("%d rebuilt, %d repaired, %d of 1200 came", b.MessagesRebuilt, a.MessagesRepaired, b.MessagesReceived)
	}
}

// TestStrength: what the losses of a path call for.
func TestStrength(t *testing.T) {
	for _, c := range []struct {
		each, row int // of each so many packets a row of so many is lost
		want      strength
	}{{0, 0, repairIdle}, {1000, 1, oneSum / 2}, {100, 1, oneSum}, {20, 1, oneSum}, {10, 1, oneSum * 3 / 2}, {5, 1, 2 * oneSum}, {2, 1, 3 * oneSum}, {60, 3, oneSum * 3 / 2}, {30, 5, 3 * oneSum}} {
		var w lossWatch
		for n := range uint64(3000) {
			w.sent()
			if c.each > 0 && n%uint64(c.each) < uint64(c.row) {
				w.lost(n)
			}
		}
		if got := w.strength(); got != c.want {
			t.Errorf("%d of %d: %d halves, want %d", c.row, c.each, got, c.want)
		}
	}
}

// TestReliablePathNeedsNoRepair: what carries the path loses nothing.
func TestReliablePathNeedsNoRepair(t *testing.T) {
	cfg := Config{Channels: []ChannelConfig{{ID: 1, Delivery: ReliableOrdered, Repair: RepairThrice}}, Path: PathConfig{Reliable: true}}
	p := newPair(t, cfg, 50*time.Millisecond).open()
	p.ticks(120)
	if n := p.ends[0].Stats().RepairsSent; n != 0 {
		t.Errorf("%d sums", n)
	}
}
