package endpoint

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// repairing is a pair with one channel of a delivery, 50 ms apart, that has played for a second.
func repairing(t *testing.T, d Delivery, r Repair) *pair {
	t.Helper()
	p := newPair(t, Config{Channels: []ChannelConfig{{ID: 1, Delivery: d, Repair: r}}}, 50*time.Millisecond).open()
	p.ticks(60)
	p.run(200 * time.Millisecond)
	p.received(1, 1)
	p.fates(0)
	return p
}

// tick sends message n, in a Latest channel with a key of its own, and lets a sixtieth of a second
// pass.
func (p *pair) tick(n int) Receipt {
	p.t.Helper()
	opts := SendOptions{Receipt: true}
	if p.ends[0].sender(1).cfg.Delivery.latest() {
		opts.Keyed, opts.Key = true, uint64(n)
	}
	r := p.sendWith(0, 1, message(n, 100), opts)
	p.run(time.Second / 60)
	return r
}

// ticks plays so many, and forgets what came.
func (p *pair) ticks(n int) {
	for n := range n {
		p.tick(n)
		p.received(1, 1)
	}
	p.fates(0)
}

// loses has the next packets of the first end be lost, from the i-th to the one before the j-th.
func (p *pair) loses(i, j int) {
	first := p.links[0].sent
	p.links[0].drop = func(n int, _ []byte) bool { return n >= first+i && n < first+j }
}

// TestRebuilt: in every delivery a message that is lost comes with the next one, is told
// Delivered when the peer has said so, and is not sent again.
func TestRebuilt(t *testing.T) {
	eachDelivery(t, func(t *testing.T, d Delivery) {
		p := repairing(t, d, RepairOnce)
		t.Log("# a message is lost; the next one leaves a tick later")
		p.loses(0, 1)
		resent := p.ends[0].Stats().MessagesResent
		lost := p.tick(100)
		p.tick(101)
		p.run(35 * time.Millisecond)
		want := []string{string(message(100, 100)), string(message(101, 100))}
		got := p.received(1, 1)
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Fatalf("%d messages came with the next one: %.20q", len(got), got)
		}
		if _, told := p.fates(0)[lost]; told {
			t.Error("its fate is known before the peer can have said it")
		}
		p.run(200 * time.Millisecond)
		if fate := p.fates(0)[lost]; fate.Kind != Delivered {
			t.Errorf("it reads %v (%v)", fate.Kind, fate.Why)
		}
		a, b := p.ends[0].ChannelStats(1), p.ends[1].Stats()
		if a.MessagesRepaired != 1 || b.MessagesRebuilt == 0 {
			t.Errorf("%d repaired, %d rebuilt", a.MessagesRepaired, b.MessagesRebuilt)
		}
		if p.ends[0].Stats().MessagesResent != resent || a.RepairsSent == 0 || a.RepairBytesSent <= 100*a.RepairsSent {
			t.Errorf("%+v", a)
		}
	})
}

// TestRowIsRebuilt: of five messages in a row each comes back, when as many packets came behind
// them as were lost.
func TestRowIsRebuilt(t *testing.T) {
	for row := 1; row <= 5; row++ {
		p := repairing(t, ReliableOrdered, RepairOnce)
		p.loses(0, row)
		for n := range 2 * row {
			p.tick(n)
		}
		p.run(35 * time.Millisecond)
		if got := p.received(1, 1); len(got) != 2*row || got[0] != string(message(0, 100)) {
			t.Errorf("%d in a row: %d of %d messages are here", row, len(got), 2*row)
		}
	}
}

// TestStreamIsRepaired plays a minute with each strength and mixes of what a message may be, over
// links that lose up to a third: everything arrives once, as it was sent, and receipts tell the
// truth. The stronger the repair, the less is sent again.
func TestStreamIsRepaired(t *testing.T) {
	eachDelivery(t, func(t *testing.T, d Delivery) {
		again := map[Repair]uint64{}
		for _, r := range []Repair{RepairOff, RepairAuto, RepairHalf, RepairOnce, RepairTwice, RepairThrice} {
			for seed := range uint64(4) {
				again[r] += playRepaired(t, d, r, seed)
			}
		}
		t.Logf("sent again: %v", again)
		if d.Reliable() && (again[RepairThrice] > again[RepairOnce] || 2*again[RepairTwice] > again[RepairOff]) {
			t.Errorf("sent again: %v", again)
		}
	})
}

func playRepaired(t *testing.T, d Delivery, r Repair, seed uint64) (resent uint64) {
	rnd := rand.New(rand.NewPCG(seed, uint64(r)))
	cfg := Config{Channels: []ChannelConfig{{ID: 1, Delivery: d, Repair: r}}, Controller: func() Controller { return fixedRate(1 << 20) }}
	p := newPairSeed(t, cfg, 30*time.Millisecond, seed).open()
	for i := range p.links {
		p.links[i].loss, p.links[i].dup = 0.02+0.05*float64(seed), 0.02
		p.links[i].jitter = time.Duration(seed%2) * 25 * time.Millisecond
	}
	sent, came := map[string]Receipt{}, map[string]int{}
	take := func() {
		for _, m := range p.received(1, 1) {
			came[m]++
		}
	}
	for n := range 1200 {
		for range 1 + rnd.IntN(3)/2*rnd.IntN(4) {
			opts := SendOptions{Receipt: true}
			if d.latest() && rnd.IntN(2) == 0 {
				opts.Keyed, opts.Key = true, uint64(rnd.IntN(500))
			}
			if d == ReliableOrdered {
				opts.Group, opts.Droppable = uint32(n/7%3), rnd.IntN(10) == 0
			}
			m := message(len(sent), 8+rnd.IntN(250))
			receipt, err := p.ends[0].Send(1, m, opts)
			if err != nil {
				t.Fatal(err)
			}
			sent[string(m)] = receipt
		}
		p.run(time.Second / 60)
		take()
	}
	p.links[0].loss, p.links[1].loss = 0, 0
	p.run(5 * time.Second)
	take()
	fates := p.fates(0)
	for m, n := range came {
		if _, ok := sent[m]; !ok || n != 1 && d != Unreliable {
			t.Fatalf("%v, %v, seed %d: %.12q came %d times", d, r, seed, m, n)
		}
	}
	for m, receipt := range sent {
		switch fate := fates[receipt]; {
		case fate.Kind != Delivered && fate.Kind != Lost:
			t.Fatalf("%v, %v, seed %d: %.12q has no fate", d, r, seed, m)
		case fate.Kind == Delivered && came[m] == 0 && !d.latest() && d != ReliableOrdered:
			t.Errorf("%v, %v, seed %d: %.12q is Delivered and did not come", d, r, seed, m)
		case fate.Kind == Lost && d == ReliableUnordered:
			t.Errorf("%v, %v, seed %d: %.12q is Lost", d, r, seed, m)
		}
	}
	if r == RepairOff && p.ends[0].Stats().RepairsSent > 0 {
		t.Errorf("%v: %d sums", r, p.ends[0].Stats().RepairsSent)
	}
	return p.ends[0].Stats().MessagesResent
}

// TestNotRebuilt: an unreliable message that does not come back is Lost a second later.
func TestNotRebuilt(t *testing.T) {
	p := repairing(t, Unreliable, RepairOnce)
	p.links[0].cut = true
	lost := p.send(0, 1, message(0, 100))
	p.run(100 * time.Millisecond)
	p.links[0].cut = false
	for n := range 12 { // in packets that a sum does not fit
		_, _ = p.ends[0].Send(1, message(n, 1140), SendOptions{})
		p.run(20 * time.Millisecond)
	}
	if fates := p.fates(0); len(fates) != 0 {
		t.Fatalf("%v", fates)
	}
	p.run(1100 * time.Millisecond)
	if fate := p.fates(0)[lost]; fate.Kind != Lost || fate.Why != NotKnown {
		t.Errorf("it reads %v (%v)", fate.Kind, fate.Why)
	}
}

// TestRareMessage: a message a second would wait a second for the next of its channel; its repair
// rides in what another channel sends.
func TestRareMessage(t *testing.T) {
	cfg := Config{Channels: []ChannelConfig{{ID: 1, Delivery: UnreliableLatest}, {ID: 2, Delivery: ReliableOrdered}}}
	p := newPair(t, cfg, 50*time.Millisecond).open()
	for n := range 60 {
		p.tick(n)
	}
	p.loses(0, 1)
	p.send(0, 2, []byte("gg"))
	p.tick(60)
	p.tick(61)
	p.run(35 * time.Millisecond)
	if got := p.received(1, 2); len(got) != 1 {
		t.Errorf("%q came", got)
	}
	if n := p.ends[0].ChannelStats(2).RepairsSent; n != 1 {
		t.Errorf("%d sums", n)
	}
}

// TestIdleRepair: as long as nothing is lost there are 15 sums a second at most; after a loss
// there is one for two messages, after some one for each, and after half a minute of 60 messages a
// second it is over.
func TestIdleRepair(t *testing.T) {
	p := repairing(t, ReliableOrdered, RepairAuto)
	sums := func(ticks int) int {
		before := p.ends[0].Stats().RepairsSent
		p.ticks(ticks)
		return int(p.ends[0].Stats().RepairsSent - before)
	}
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
		if p.ends[1].receiver(1).rebuild != nil {
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
		h.Digest, h.Capabilities = wire.Hash(e.rows()), capabilities
		if err := e.HandleHello(0, wire.AppendHello(nil, &h)); err != nil {
			t.Fatal(err)
		}
		for n := range int64(20) {
			_, _ = e.Send(1, []byte("hello"), SendOptions{})
			e.AppendPacket(n, 0, e.NextNumber(0), nil, 1150)
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
	}{{false, 13_000, 150, 21 * time.Millisecond}, {true, 60_000, 1000, 42 * time.Millisecond}} {
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

// sumOf is a REPAIR of some messages of channel 1, the newest first, which has the id.
func sumOf(row uint8, newest uint64, messages ...[]byte) []byte {
	f, symbol := wire.Repair{Channel: 1, Newest: newest, Row: row}, []byte{}
	for i, m := range messages {
		if m == nil {
			continue
		}
		s := wire.Symbol{Payload: m}
		f.Mask |= 1 << i
		symbol = append(symbol, make([]byte, max(0, s.Len()-len(symbol)))...)
		s.AddTo(symbol, wire.Coefficient(row, newest-uint64(i)))
	}
	return wire.AppendBytes(wire.AppendRepair(nil, &f), symbol)
}

// TestHostileRepair: what no honest peer sends closes the connection.
func TestHostileRepair(t *testing.T) {
	raw := func(channel uint16, newest uint64, mask uint32, symbol string) []byte {
		b := wire.AppendRepair(nil, &wire.Repair{Channel: channel, Newest: newest, Mask: mask})
		return wire.AppendBytes(b, []byte(symbol))
	}
	for name, c := range map[string]struct {
		d      Delivery
		frames [][]byte
	}{
		"a channel that is not there":  {ReliableOrdered, [][]byte{raw(9, 0, 1, "\x00")}},
		"the library's own channel":    {ReliableOrdered, [][]byte{raw(0, 0, 1, "\x00")}},
		"an id below 0":                {ReliableOrdered, [][]byte{raw(1, 0, 3, "\x00")}},
		"an id far ahead":              {ReliableOrdered, [][]byte{raw(1, 1<<14, 1, "\x00")}},
		"a message that is cut":        {ReliableOrdered, [][]byte{raw(1, 0, 1, "\x05abc")}},
		"bytes behind a message":       {ReliableOrdered, [][]byte{raw(1, 0, 1, "\x01a\x00\x01")}},
		"a droppable":                  {ReliableOrdered, [][]byte{raw(1, 0, 1, "\x01a\x04\x00")}},
		"a key in an ordered channel":  {ReliableOrdered, [][]byte{raw(1, 0, 1, "\x01a\x01\x00")}},
		"a group that begins below 0":  {ReliableOrdered, [][]byte{raw(1, 0, 1, "\x01a\x02\x01")}},
		"a group in a Latest channel":  {ReliableLatest, [][]byte{raw(1, 0, 1, "\x01a\x02\x00")}},
		"options of Unreliable":        {Unreliable, [][]byte{raw(1, 0, 1, "\x01a\x01\x00")}},
		"a message that is too large":  {UnreliableLatest, [][]byte{raw(1, 0, 1, "\xfb\x01"+string(make([]byte, 251)))}},
		"shorter than what is in it":   {ReliableOrdered, [][]byte{raw(1, 0, 1, "\x00"), run(1, 1, "hello"), raw(1, 2, 6, "\x00\x00")[:0], raw(1, 2, 7, "\x00\x00")}},
		"REBUILT of another channel":   {ReliableOrdered, [][]byte{wire.AppendRebuilt(nil, 9, 0, 1)}},
		"REBUILT of the library's own": {ReliableOrdered, [][]byte{wire.AppendRebuilt(nil, 0, 0, 1)}},
	} {
		s := newScript(t, Config{Channels: []ChannelConfig{{ID: 1, Delivery: c.d, MaxMessageBytes: 250}}})
		s.hears(c.frames...)
		if code := s.closed(); code != CodeProtocol {
			t.Errorf("%s: %v", name, code)
		}
	}
	t.Log("# credit holds for what is rebuilt")
	s := newScript(t, Config{Channels: []ChannelConfig{{ID: 1, Delivery: ReliableUnordered, WindowBytes: 1024}}})
	for id := range uint64(4) {
		s.hears(sumOf(0, id, make([]byte, 250)))
	}
	if code := s.closed(); code != CodeFlow {
		t.Errorf("%v", code)
	}
	t.Log("# REBUILT of what was never sent, or is long settled, means nothing")
	s = newScript(t, Config{Channels: []ChannelConfig{{ID: 1, Delivery: ReliableOrdered}}})
	s.hears(wire.AppendRebuilt(nil, 1, 77, 0xffff))
	if !s.e.Open() || s.e.Stats().MessagesRepaired != 0 {
		t.Errorf("%+v", s.e.Stats())
	}
}

// TestRebuildersAreBounded: a cheat sends sums that can never be solved, on all the channels that
// there are: neither memory nor work grows beyond what is said.
func TestRebuildersAreBounded(t *testing.T) {
	cfg := Config{}
	for i := range 40 {
		cfg.Channels = append(cfg.Channels, ChannelConfig{ID: ChannelID(i + 1), Delivery: []Delivery{ReliableOrdered, UnreliableLatest, Unreliable}[i%3]})
	}
	s := newScript(t, cfg)
	rnd := rand.New(rand.NewPCG(5, 5))
	symbol := bytes.Repeat([]byte{0xa5}, wire.MaxSymbol)
	least := rebuildWork
	for n := range 4000 {
		var frames [][]byte
		for size := 0; size < 1100; {
			f := wire.Repair{Channel: uint16(1 + rnd.IntN(40)), Newest: uint64(40 + n/8), Row: uint8(rnd.IntN(128)), Mask: rnd.Uint32() | 1}
			frames = append(frames, wire.AppendBytes(wire.AppendRepair(nil, &f), symbol[:1+rnd.IntN(wire.MaxSymbol)]))
			size += len(frames[len(frames)-1])
		}
		if n%4 == 0 {
			frames = append(frames, run(ChannelID(3*(n%13)+1), uint64(rnd.IntN(40)), "x"))
		}
		if s.hears(frames...); !s.e.Open() {
			t.Fatalf("packet %d closed it: %v", n, s.closed())
		}
		least = min(least, s.e.rebuilders.work)
		st := s.e.cfg.Buffers.Stats()
		if len(s.e.rebuilders.list) > maxRebuilders || st.BytesInUse > maxRebuilders*(pastIDs*wire.MaxSymbol+maxSums*1024)+64<<10 {
			t.Fatalf("%d rebuilders, %+v", len(s.e.rebuilders.list), st)
		}
	}
	t.Logf("%d rebuilders, %+v", len(s.e.rebuilders.list), s.e.cfg.Buffers.Stats())
	if least < 0 || least > wire.MaxSymbol {
		t.Errorf("%d bytes of work are left in the worst packet", least)
	}
}

// FuzzRepair hands an endpoint sums and messages of a peer that may lie: whatever it is, the
// bounds hold, and what is honest is rebuilt as it was.
func FuzzRepair(f *testing.F) {
	f.Add([]byte{0, 1, 2, 0x83, 4, 5, 0x86, 7, 8, 9}, uint8(0))
	f.Add([]byte{0x80, 0x81, 2, 3, 0x84, 5, 6, 0x87, 8, 9, 10, 11}, uint8(1))
	f.Add([]byte{0, 0x81, 0x82, 0x83, 4, 5, 6, 7, 8, 0xc3, 0xc9}, uint8(2))
	f.Add([]byte{0, 1, 0xff, 3, 4}, uint8(4))
	f.Fuzz(func(t *testing.T, b []byte, kind uint8) {
		d := deliveries[int(kind)%len(deliveries)]
		s := newScript(t, Config{Channels: []ChannelConfig{{ID: 1, Delivery: d, WindowBytes: 1 << 20, MaxMessageBytes: 1000}}})
		of := func(id uint64) []byte { return message(int(id), 8+int(id*7)%200) }
		seen := map[string]bool{}
		for n, op := range b[:min(len(b), 300)] {
			id := uint64(n)
			switch {
			case op >= 0xf0:
				s.hears(append([]byte{wire.TypeRepair, 1}, b[n:]...))
				checkBounds(t, s.e)
				return // it was malformed, or may have been a lie about what comes
			case op < 0x80: // it arrives, with a sum of some before it
				run := wire.Run{Channel: 1, HasIDs: true, First: id, Count: 1}
				s.hears(wire.AppendBytes(wire.AppendRun(nil, &run), of(id)), sumBefore(id, uint8(n), op, of))
			case op < 0xc0: // it is lost
			default: // it comes late
				late := id - min(id, uint64(op&7))
				run := wire.Run{Channel: 1, HasIDs: true, First: late, Count: 1}
				s.hears(wire.AppendBytes(wire.AppendRun(nil, &run), of(late)))
			}
			if !s.e.Open() {
				t.Fatalf("an honest peer: %v", s.closed())
			}
			checkBounds(t, s.e)
			s.e.Update()
			for m, ok := s.e.Receive(1); ok; m, ok = s.e.Receive(1) {
				var k uint64
				if _, err := fmt.Sscanf(string(m.Bytes()[:8]), "%d", &k); err != nil || !bytes.Equal(m.Bytes(), of(k)) || seen[string(m.Bytes())] {
					t.Fatalf("%q came", m.Bytes())
				}
				seen[string(m.Bytes())] = true
			}
		}
	})
}

// sumBefore is a sum of messages below an id.
func sumBefore(id uint64, row, mask byte, of func(uint64) []byte) []byte {
	if id == 0 {
		return nil
	}
	messages := make([][]byte, min(id, 7))
	for i := range messages {
		if i == 0 || mask>>i&1 != 0 {
			messages[i] = of(id - 1 - uint64(i))
		}
	}
	return sumOf(row&wire.MaxRepairRow, id-1, messages...)
}
