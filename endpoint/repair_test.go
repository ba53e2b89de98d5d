package endpoint

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
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
	if p.ends[0].outbox.sender(1).cfg.Delivery.latest() {
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
	p := newPair(t, cfg, 30*time.Millisecond, seed).open()
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
