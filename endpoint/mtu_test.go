package endpoint

import (
	"fmt"
	"testing"
	"time"
)

const ethernet = 1472 // what an Ethernet frame carries of UDP over IPv4

// newSearch joins two ends that search for the largest datagram, up to one.
func newSearch(t testing.TB, most int, delay time.Duration, seed uint64) *pair {
	t.Helper()
	cfg := channels()
	cfg.MaxDatagramBytes = most
	p := newPair(t, cfg, delay, seed)
	for i := range p.ends {
		p.ends[i].Carrier.DontFragment = true
	}
	return p
}

// carries sets what both links carry.
func (p *pair) carries(mtu int) *pair {
	p.links[0].mtu, p.links[1].mtu = mtu, mtu
	return p
}

func (p *pair) mtu(end int) int { return p.ends[end].PathStats(0).MTU }

// TestSearchEnds: within so many probes and so much time a path knows what it carries: to the
// byte if that is usual, within a hundredth otherwise. Datagrams never exceed what both ends
// allow, and of ordinary ones none is lost for its size.
func TestSearchEnds(t *testing.T) {
	for _, c := range []struct {
		most, mtu, want, probes int
	}{
		{ethernet, 0, ethernet, 1},
		{ethernet, 1452, 1452, 12},
		{ethernet, 1400 - 28, 1372, 16},
		{ethernet, 1280 - 28, 1252, 22},
		{ethernet, 1200, 1200, 18},
		{ethernet, 1391, 1391 - mtuStep, 22},
		{9000, 1472, 1472, 50},
		{8972, 0, 8972, 1},
		{1200, 0, 1200, 0},
		{600, 0, 600, 0},
		{ethernet, 1199, 1199 - mtuStep, 36},
		{ethernet, 700, 700 - mtuStep, 36},
	} {
		t.Run(fmt.Sprint(c.most, c.mtu), func(t *testing.T) {
			p := newSearch(t, c.most, 25*time.Millisecond, 1).carries(c.mtu)
			p.watch = func(end int, b []byte) {
				if len(b) > c.most {
					t.Errorf("end %d sends %d bytes", end, len(b))
				}
			}
			p.open()
			got := 0
			for n := range 600 {
				p.send(0, chanOf(ReliableOrdered), message(n, 1500))
				p.run(time.Second / 60)
				got += len(p.received(1, chanOf(ReliableOrdered)))
			}
			p.run(2 * time.Second)
			got += len(p.received(1, chanOf(ReliableOrdered)))
			st := p.ends[0].PathStats(0)
			t.Logf("MTU %d after %d probes, %d lost", st.MTU, st.Probes, st.ProbesLost)
			if st.MTU < c.want || c.mtu > 0 && st.MTU > c.mtu {
				t.Errorf("the search ended at %d, want %d", st.MTU, c.want)
			}
			if int(st.Probes) > c.probes || p.ends[0].Stats().Probes != st.Probes {
				t.Errorf("%d probes, want %d", st.Probes, c.probes)
			}
			if c.mtu == 0 || c.mtu >= baseDatagram {
				if st.PacketsLost != 0 || st.BlackHoles != 0 {
					t.Errorf("%d packets lost, %d black holes", st.PacketsLost, st.BlackHoles)
				}
			}
			if got != 600 {
				t.Errorf("%d messages of 600 arrived", got)
			}
		})
	}
}

// TestSearchIsPatient: a probe waits for the fate of the one before it, and costs no window: on a
// path that carries no more than the base no more than five of them leave in a second, and what
// is lost of them is no loss.
func TestSearchIsPatient(t *testing.T) {
	p := newSearch(t, ethernet, 25*time.Millisecond, 1).carries(baseDatagram)
	cc := NewAIMD(AIMDConfig{})
	p.ends[0].path(0).cc = cc
	p.open()
	var probes []int64
	p.watch = func(end int, b []byte) {
		if end == 0 && len(b) > baseDatagram {
			probes = append(probes, p.now)
		}
	}
	p.run(10 * time.Second)
	if len(probes) < 10 {
		t.Fatalf("%d probes", len(probes))
	}
	for i := 5; i < len(probes); i++ {
		if apart := probes[i] - probes[i-5]; apart < second*9/10 {
			t.Errorf("probe %d leaves %v after the fifth before it", i, time.Duration(apart))
		}
	}
	st := p.ends[0].Stats()
	if st.PacketsLost != 0 || st.PacketsSpurious != 0 || st.LossOut != 0 || st.BytesInFlight != 0 {
		t.Errorf("%d packets lost, %d spurious, a share of %v, %d bytes in flight",
			st.PacketsLost, st.PacketsSpurious, st.LossOut, st.BytesInFlight)
	}
	if st.ProbesLost == 0 || st.ProbesLost != uint64(len(probes)) {
		t.Errorf("%d probes lost of %d", st.ProbesLost, len(probes))
	}
	if cc.windowBefore != 0 {
		t.Error("congestion control was told of a loss")
	}
	t.Log("# ten minutes later it looks again")
	was := len(probes)
	p.links[0].mtu = 0
	p.run(700 * time.Second)
	if len(probes) != was+1 || p.mtu(0) != ethernet {
		t.Errorf("%d more probes, and %d bytes", len(probes)-was, p.mtu(0))
	}
	p.run(2000 * time.Second)
	if len(probes) != was+1 {
		t.Errorf("%d more probes of a path that carries all", len(probes)-was-1)
	}
}

// TestBlackHole: a path stops carrying large datagrams while messages flow. No reliable message
// is lost, none is held up for longer than is stated, and the search finds what is left.
func TestBlackHole(t *testing.T) {
	for _, c := range []struct {
		name          string
		after, within int
		size, perTick int
		most          time.Duration
	}{
		{"large messages", 1300, 1300 - mtuStep, 1400, 1, 400 * time.Millisecond},
		{"bulk", 1252, 1252, 8000, 1, 200 * time.Millisecond},
		{"large and small", 1400, 1392, 1400, 4, 200 * time.Millisecond},
		{"below the base", 1000, 1000 - mtuStep, 1400, 1, 1100 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newSearch(t, ethernet, 25*time.Millisecond, 1).open()
			sent, got, last, gap := 0, 0, p.now, int64(0)
			tick := func() {
				for i := range c.perTick {
					size := c.size
					if i > 0 {
						size = 40
					}
					p.send(0, chanOf(ReliableOrdered), message(sent, size))
					sent++
				}
				p.run(time.Second / 60)
				for _, m := range p.received(1, chanOf(ReliableOrdered)) {
					if m[:8] != fmt.Sprintf("%08d", got) {
						t.Fatalf("message %d is %s", got, m[:8])
					}
					got++
					gap, last = max(gap, p.now-last), p.now
				}
			}
			for range 120 {
				tick()
			}
			if p.mtu(0) != ethernet {
				t.Fatalf("MTU %d", p.mtu(0))
			}
			p.carries(c.after)
			gap = 0
			for range 600 {
				tick()
			}
			p.run(6 * time.Second)
			got += len(p.received(1, chanOf(ReliableOrdered)))
			st := p.ends[0].PathStats(0)
			t.Logf("MTU %d, longest gap %v, %d black holes, %d probes, %d lost", st.MTU, time.Duration(gap), st.BlackHoles, st.Probes, st.PacketsLost)
			if st.MTU > c.after || st.MTU < c.within {
				t.Errorf("MTU %d", st.MTU)
			}
			if gap > int64(c.most) {
				t.Errorf("nothing arrived for %v", time.Duration(gap))
			}
			if got != sent {
				t.Errorf("%d messages of %d arrived", got, sent)
			}
		})
	}
}

// TestSearchUnderLoss: what a path loses by chance does not make it look smaller than it is.
func TestSearchUnderLoss(t *testing.T) {
	for _, loss := range []float64{0.05, 0.2} {
		t.Run(fmt.Sprint(loss), func(t *testing.T) {
			holes, small := uint64(0), 0
			for seed := range uint64(20) {
				p := newSearch(t, ethernet, 25*time.Millisecond, seed).open()
				p.links[0].loss, p.links[1].loss = loss, loss
				sent, got := 0, 0
				for range 1200 {
					p.send(0, chanOf(ReliableOrdered), message(sent, 1400))
					p.send(0, chanOf(ReliableUnordered), message(sent, 40))
					sent++
					p.run(time.Second / 60)
					got += len(p.received(1, chanOf(ReliableOrdered)))
					p.received(1, chanOf(ReliableUnordered))
				}
				holes += p.ends[0].PathStats(0).BlackHoles
				if p.mtu(0) != ethernet {
					small++
				}
				p.links[0].loss, p.links[1].loss = 0, 0
				for range 100 {
					p.run(100 * time.Millisecond)
					got += len(p.received(1, chanOf(ReliableOrdered)))
				}
				if got != sent {
					t.Errorf("seed %d: %d messages of %d arrived", seed, got, sent)
				}
			}
			t.Logf("%d black holes seen in 400 s, %d of 20 paths below %d at the end", holes, small, ethernet)
			if holes > 4 || small > 1 {
				t.Errorf("%d black holes, %d paths too small", holes, small)
			}
		})
	}
}

// TestSearchEachWay: the two directions of a path are searched each by itself, and what one end
// reads bounds what the other one tries.
func TestSearchEachWay(t *testing.T) {
	a, b := channels(), channels()
	a.MaxDatagramBytes, b.MaxDatagramBytes = 9000, 1402
	p := newPairOf(t, a, b, 25*time.Millisecond, 1)
	for i := range p.ends {
		p.ends[i].Carrier.DontFragment = true
	}
	p.links[1].mtu = 1252
	p.watch = func(end int, b []byte) {
		if len(b) > 1402 {
			t.Errorf("end %d sends %d bytes", end, len(b))
		}
	}
	p.open().run(20 * time.Second)
	if p.mtu(0) != 1402 || p.mtu(1) != 1252 {
		t.Errorf("%d and %d bytes, want 1402 and 1252", p.mtu(0), p.mtu(1))
	}
	t.Log("# what carries the path takes less from now on: no probe is needed to know that")
	p.ends[0].Carrier.MaxDatagramBytes = 1300
	p.watch = func(end int, b []byte) {
		if end == 0 && len(b) > 1300 {
			t.Errorf("%d bytes", len(b))
		}
	}
	p.send(0, chanOf(ReliableOrdered), message(0, 20_000))
	p.run(time.Second)
	if st := p.ends[0].PathStats(0); st.MTU != 1300 || st.PacketsLost != 0 {
		t.Errorf("MTU %d, %d packets lost", st.MTU, st.PacketsLost)
	}
	t.Log("# and one that may cut datagrams is not searched")
	p.ends[0].Carrier, p.watch = Carrier{}, nil
	was := p.ends[0].Stats().Probes
	p.send(0, chanOf(ReliableOrdered), message(1, 20_000))
	p.run(20 * time.Second)
	if st := p.ends[0].Stats(); st.MTU != 1402 || st.Probes != was {
		t.Errorf("MTU %d, %d probes", st.MTU, st.Probes-was)
	}
	p.received(1, chanOf(ReliableOrdered))
}

// TestSearchAfterMove: a path that follows its peer elsewhere begins with what passes
// everywhere, and of two paths each has its own size: what goes over both fits the smaller one.
func TestSearchAfterMove(t *testing.T) {
	cfg := channels()
	cfg.MaxDatagramBytes = ethernet
	m := newMesh(t, cfg, 10*time.Millisecond, 1)
	m.carrier.DontFragment = true
	m.run(5 * time.Second)
	mtu := func(end int, path uint8) int { return m.ends[end].PathStats(path).MTU }
	if mtu(0, 0) != ethernet || mtu(1, 0) != ethernet {
		t.Fatalf("%d and %d bytes", mtu(0, 0), mtu(1, 0))
	}
	narrow := m.rebind(0, 1)
	narrow.links[0].mtu, narrow.links[1].mtu = 1252, 1252
	m.send(0, chanOf(ReliableOrdered), message(0, 50_000))
	m.send(1, chanOf(ReliableOrdered), message(0, 50_000))
	m.run(10 * time.Second)
	if m.ends[1].PathStats(0).Moves != 1 || mtu(1, 0) != 1252 || mtu(0, 0) != 1252 {
		t.Errorf("%d moves, then %d and %d bytes", m.ends[1].PathStats(0).Moves, mtu(0, 0), mtu(1, 0))
	}
	m.addWay(2, 2, 20*time.Millisecond)
	id := m.openPath(PathConfig{Route: 2, Use: UseCopy})
	m.run(10 * time.Second)
	if mtu(0, 0) != 1252 || mtu(0, id) != ethernet {
		t.Errorf("path 0 has %d bytes, path %d %d", mtu(0, 0), id, mtu(0, id))
	}
	before := m.ends[0].PathStats(id)
	got := len(m.received(1, chanOf(ReliableOrdered)))
	for n := range 100 {
		m.send(0, chanOf(ReliableOrdered), message(1+n, 2000))
		m.run(time.Second / 60)
		got += len(m.received(1, chanOf(ReliableOrdered)))
	}
	m.run(time.Second)
	got += len(m.received(1, chanOf(ReliableOrdered)))
	st := m.ends[0].PathStats(id)
	if copies := st.Copies - before.Copies; copies < 150 {
		t.Errorf("%d copies of about 200 packets", copies)
	}
	if got != 101 || len(m.received(0, chanOf(ReliableOrdered))) != 1 {
		t.Errorf("%d messages of 101 arrived", got)
	}
}

// TestAllocNothingSearching: neither probes nor marks allocate.
func TestAllocNothingSearching(t *testing.T) {
	if raced {
		return
	}
	cfg := channels()
	cfg.MaxDatagramBytes = ethernet
	l := newLoop(t, cfg)
	l.marks = true
	for i := range l.ends {
		l.ends[i].Carrier.DontFragment = true
	}
	came, large := 0, make([]byte, 5000)
	round := func() {
		for i := range l.ends {
			m := &l.ends[i].path(0).mtu
			m.size, m.at = baseDatagram, l.now
			l.exchange()
		}
		_, _ = l.ends[0].Send(chanOf(ReliableOrdered), large, SendOptions{})
		for range 5 {
			l.exchange()
		}
		came += l.take(ReliableOrdered)
	}
	allocatesNothing(t, 500, 200, &came, round)
	st, marks := l.ends[0].Stats(), &l.ends[0].path(0).marks
	if came < 200 || st.Probes < 200 || st.MTU != ethernet || marks.state != marksCapable || marks.toldCE == 0 {
		t.Errorf("%d messages, %d probes, %d bytes, marks %+v", came, st.Probes, st.MTU, *marks)
	}
}
