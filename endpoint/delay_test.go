package endpoint

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

const megabit = 1_000_000 / 8

func byDelay() *DelayBased { return NewDelayBased(DelayConfig{}) }

// TestDelayFindsTheRate: nobody tells it, whatever the round trip, the queue and the losses are.
func TestDelayFindsTheRate(t *testing.T) {
	for _, rtt := range []int64{10, 40, 100, 300} {
		for _, queue := range []int{30, 100, 1000, 0} {
			for _, loss := range []float64{0, 0.01, 0.05} {
				l := newLine(10*megabit, queue, rtt*millisecond/2, &lineFlow{cc: byDelay()})
				l.loss = loss
				from := max(2*second, 20*rtt*millisecond)
				l.run(from)
				shares, wait := l.measure(from, from+10*second)
				t.Logf("# RTT %d ms, queue %d, loss %v: %.3f of the rate, p99 of the wait %v", rtt, queue, loss, shares[0], time.Duration(wait))
				if shares[0] < (1-loss)*0.97 || wait > 18*millisecond {
					t.Errorf("RTT %d ms, queue %d, loss %v: %.3f of the rate, p99 of the wait %v", rtt, queue, loss, shares[0], time.Duration(wait))
				}
			}
		}
	}
}

// TestDelayAtManyRates: from a modem to a local network, with a queue that is short for it too.
func TestDelayAtManyRates(t *testing.T) {
	for _, rate := range []int64{megabit / 2, megabit, 3 * megabit, 30 * megabit, 100 * megabit} {
		l := newLine(rate, 100, 20*millisecond, &lineFlow{cc: byDelay()})
		l.run(4 * second)
		shares, wait := l.measure(4*second, 12*second)
		t.Logf("# %.1f Mbit/s: %.3f of it, p99 of the wait %v", float64(rate)/megabit, shares[0], time.Duration(wait))
		if most := 2*millisecond + 10*lineBytes*second/rate; shares[0] < 0.95 || wait > most {
			t.Errorf("%.1f Mbit/s: %.3f of it, p99 of the wait %v, want at most %v", float64(rate)/megabit, shares[0], time.Duration(wait), time.Duration(most))
		}
	}
}

// TestDelayRampsUp: nine tenths of the rate within 0.6 s of a cold start, and no queue that would
// be full meanwhile.
func TestDelayRampsUp(t *testing.T) {
	l := newLine(10*megabit, 100, 50*millisecond, &lineFlow{cc: byDelay()})
	l.run(400 * millisecond)
	shares, _ := l.measure(400*millisecond, 600*millisecond)
	if shares[0] < 0.9 || l.drops > 0 {
		t.Errorf("%.3f of the rate, %d dropped", shares[0], l.drops)
	}
}

// TestQueueMeterTellsJitter: a wait that rises and falls in each round trip lengthens the queue that
// is kept; one that grows and drains over several, and one that came once, do not.
func TestQueueMeterTellsJitter(t *testing.T) {
	margin := func(wait func(i int) int64) int64 {
		var m queueMeter
		for i := range 400 {
			m.sample(int64(i)*10*millisecond, wait(i), 40*millisecond)
			if i%10 == 9 {
				m.endRound()
			}
		}
		return m.margin(100 * millisecond)
	}
	for name, c := range map[string]struct {
		wait        func(i int) int64
		least, most int64
	}{
		"jitter":    {func(i int) int64 { return int64(i*7%10) * 2 * millisecond }, 8 * millisecond, 18 * millisecond},
		"slow wave": {func(i int) int64 { return abs(int64(i%200)-100) * millisecond / 2 }, 0, 6 * millisecond},
		"one step":  {func(i int) int64 { return max(0, 10-abs(int64(i)-350)) * 20 * millisecond }, 0, 2 * millisecond},
	} {
		if got := margin(c.wait); got < c.least || got > c.most {
			t.Errorf("%s: a margin of %v", name, time.Duration(got))
		}
	}
}

// TestDelayFollowsTheRate: down to a fifth, and back.
func TestDelayFollowsTheRate(t *testing.T) {
	f := &lineFlow{cc: byDelay()}
	l := newLine(10*megabit, 0, 50*millisecond, f)
	l.run(10 * second)
	l.rate = 2 * megabit
	l.run(11 * second)
	_, wait := l.measure(11*second, 18*second)
	if wait > 50*millisecond {
		t.Errorf("a second after the rate fell packets waited %v", time.Duration(wait))
	}
	l.rate = 10 * megabit
	l.run(20 * second)
	shares, _ := l.measure(20*second, 21*second)
	if shares[0] < 0.9 {
		t.Errorf("two seconds after the rate came back %.3f of it are used", shares[0])
	}
}

// TestDelayShares: two and four flows that begin one after the other, of round trips alike.
func TestDelayShares(t *testing.T) {
	for _, n := range []int{2, 4} {
		var flows []*lineFlow
		for i := range n {
			flows = append(flows, &lineFlow{cc: byDelay(), begin: int64(i) * 5 * second})
		}
		l := newLine(10*megabit, 100, 50*millisecond, flows...)
		l.run(int64(n) * 5 * second)
		shares, wait := l.measure(l.now, l.now+30*second)
		t.Logf("# %.3f of the rate, p99 of the wait %v", shares, time.Duration(wait))
		for i, s := range shares {
			if fair := 1 / float64(n); s < fair*0.8 || s > fair*1.2 {
				t.Errorf("flow %d of %d has %.3f of the rate", i, n, s)
			}
		}
		if wait > 60*millisecond {
			t.Errorf("%d flows: p99 of the wait %v", n, time.Duration(wait))
		}
	}
}

// TestDelayBesideLoss: beside flows that fill the queue until something is lost it keeps a quarter
// of what there is, and gives the queue up when they are gone.
func TestDelayBesideLoss(t *testing.T) {
	mine, theirs := &lineFlow{cc: byDelay()}, &lineFlow{cc: NewAIMD(AIMDConfig{}), begin: 5 * second}
	theirs.wants = func(now int64) bool { return now < 65*second }
	l := newLine(10*megabit, 100, 50*millisecond, mine, theirs)
	l.run(15 * second)
	shares, _ := l.measure(15*second, 65*second)
	t.Logf("# %.3f of the rate each", shares)
	if shares[0] < 0.25 {
		t.Errorf("%.3f of the rate beside one that fills the queue", shares[0])
	}
	l.run(75 * second)
	if shares, wait := l.measure(75*second, 85*second); shares[0] < 0.95 || wait > 12*millisecond {
		t.Errorf("when it was gone %.3f of the rate, p99 of the wait %v", shares[0], time.Duration(wait))
	}
}

// TestDelayTellsLosses: those that come because too much is sent, behind a queue that holds next to
// nothing, slow it down; those of a path that loses a fifth do not.
func TestDelayTellsLosses(t *testing.T) {
	f := &lineFlow{cc: byDelay()}
	l := newLine(100*megabit, 8, 20*millisecond, f) // less than a millisecond
	l.run(5 * second)
	sent, drops := len(f.sent), l.drops
	shares, _ := l.measure(5*second, 15*second)
	part := float64(l.drops-drops) / float64(len(f.sent)-sent)
	t.Logf("# a queue of 8 packets: %.3f of the rate, %.3f dropped", shares[0], part)
	if shares[0] < 0.9 || part > 0.05 {
		t.Errorf("a queue of 8 packets: %.3f of the rate, %.3f dropped", shares[0], part)
	}
	l = newLine(10*megabit, 100, 50*millisecond, &lineFlow{cc: byDelay()})
	l.loss = 0.2
	l.run(3 * second)
	if shares, _ := l.measure(3*second, 15*second); shares[0] < 0.8*0.95 {
		t.Errorf("a path that loses a fifth: %.3f of the rate", shares[0])
	}
}

// TestDelayOfAnIdleSender: who sends little keeps the estimate that he had, and neither a queue of
// others nor what little he sends changes it; bulk that begins then has the rate at once.
func TestDelayOfAnIdleSender(t *testing.T) {
	f := &lineFlow{cc: byDelay()}
	l := newLine(10*megabit, 100, 50*millisecond, f)
	l.run(3 * second)
	last, bulk := int64(0), false
	f.wants = func(now int64) bool {
		if bulk || now-last >= second/60 {
			last = now
			return true
		}
		return false
	}
	l.run(30 * second)
	if rate := f.cc.BytesPerSecond(); rate < 9*megabit || rate > 12*megabit {
		t.Errorf("after half a minute of little the estimate is %.2f Mbit/s", float64(rate)/megabit)
	}
	bulk = true
	l.run(30*second + 200*millisecond)
	if shares, _ := l.measure(l.now, l.now+300*millisecond); shares[0] < 0.9 {
		t.Errorf("two round trips after bulk began %.3f of the rate are used", shares[0])
	}
	t.Log("# who never sent much has an estimate no larger than what he showed, and ramps up like others")
	bulk = false
	f = &lineFlow{cc: byDelay(), wants: f.wants}
	l = newLine(10*megabit, 100, 50*millisecond, f)
	l.run(10 * second)
	if rate := f.cc.BytesPerSecond(); rate > 2*megabit {
		t.Errorf("60 packets a second have shown %.2f Mbit/s", float64(rate)/megabit)
	}
	bulk = true
	l.run(11 * second)
	if shares, _ := l.measure(l.now, l.now+second); shares[0] < 0.9 {
		t.Errorf("a second after bulk began %.3f of the rate are used", shares[0])
	}
}

// TestDelayTrustsTheClockOnly: what happens to acknowledgements on their way changes nothing: they
// come late, in bunches, few of them; and clocks drift apart by 200 ppm.
func TestDelayTrustsTheClockOnly(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for name, f := range map[string]*lineFlow{
		"jitter":     {hold: func(int64) int64 { return rnd.Int64N(30 * millisecond) }},
		"bunches":    {hold: func(at int64) int64 { return 25*millisecond - at%(25*millisecond) }},
		"few":        {ackGap: 16},
		"fast clock": {clock: func(at int64) int64 { return at + at/5000 }},
		"slow clock": {clock: func(at int64) int64 { return at - at/5000 }},
	} {
		f.cc = byDelay()
		l := newLine(10*megabit, 100, 50*millisecond, f)
		l.run(3 * second)
		shares, wait := l.measure(3*second, 40*second)
		t.Logf("# %s: %.3f of the rate, p99 of the wait %v", name, shares[0], time.Duration(wait))
		if shares[0] < 0.95 || wait > 35*millisecond {
			t.Errorf("%s: %.3f of the rate, p99 of the wait %v", name, shares[0], time.Duration(wait))
		}
	}
}

// TestDelayAfterAStep: a route that is longer, or a clock that was set, costs what it costs for as
// long as the base delay is remembered, and no longer.
func TestDelayAfterAStep(t *testing.T) {
	for _, step := range []int64{-100 * millisecond, 40 * millisecond, second} {
		f := &lineFlow{cc: byDelay()}
		f.clock = func(at int64) int64 {
			if at > 5*second {
				at += step
			}
			return at
		}
		l := newLine(10*megabit, 100, 50*millisecond, f)
		l.run(20 * second)
		shares, wait := l.measure(20*second, 30*second)
		if shares[0] < 0.95 || wait > 25*millisecond {
			t.Errorf("clock set by %v: %.3f of the rate, p99 of the wait %v", time.Duration(step), shares[0], time.Duration(wait))
		}
	}
}

// TestDelayOfALiar: a peer whose clock says that everything came at once, or who acknowledges as if
// nothing had waited, has us send no more than it acknowledges, and a bit.
func TestDelayOfALiar(t *testing.T) {
	for name, lies := range map[string]func(s *AckSample){
		"nothing waits":     func(s *AckSample) { s.OneWay = 0 },
		"the clock stands":  func(s *AckSample) { s.OneWay = -s.SentAt },
		"ever faster":       func(s *AckSample) { s.OneWay = -s.SentAt + s.SentAt/1000 },
		"a clock gone wild": func(s *AckSample) { s.OneWay = (s.SentAt * 7919) % (10 * second) },
	} {
		f := &lineFlow{cc: byDelay(), lies: lies}
		l := newLine(10*megabit, 100, 50*millisecond, f)
		l.run(5 * second)
		sent := len(f.sent)
		l.run(15 * second)
		pace := float64(len(f.sent)-sent) * lineBytes / 10
		t.Logf("# %s: %.2f Mbit/s", name, pace/megabit)
		if pace > 20*megabit {
			t.Errorf("%s: a path of 10 Mbit/s is sent %.2f", name, pace/megabit)
		}
	}
}

// TestDelayBounds: the limits hold, whatever comes.
func TestDelayBounds(t *testing.T) {
	c := NewDelayBased(DelayConfig{MinBytesPerSecond: 100_000, MaxBytesPerSecond: 200_000})
	f := &lineFlow{cc: c}
	least, most := c.BytesPerSecond(), c.BytesPerSecond()
	for _, rate := range []int64{20_000, 10 * megabit} {
		l := newLine(rate, 50, 50*millisecond, f)
		*f = lineFlow{cc: c}
		for l.now < 10*second {
			l.run(l.now + second/10)
			least, most = min(least, c.BytesPerSecond()), max(most, c.BytesPerSecond())
			if c.WindowBytes() < 2*packetBytes {
				t.Errorf("a window of %d bytes", c.WindowBytes())
			}
		}
	}
	if least < 100_000 || most > 200_000 {
		t.Errorf("rates from %d to %d", least, most)
	}
	t.Log("# samples that make no sense")
	rnd := rand.New(rand.NewPCG(5, 6))
	now := int64(0)
	for range 20_000 {
		now += rnd.Int64N(second / 100)
		any := func() int64 { return rnd.Int64() >> (1 + rnd.IntN(62)) }
		signed := func() int64 { return any() * (1 - 2*rnd.Int64N(2)) }
		s := AckSample{Bytes: int(any() >> 30), SentAt: signed(), RTT: any(), SmoothRTT: any(), MinRTT: any(), OneWay: signed(),
			HasOneWay: rnd.IntN(2) == 0, Delivered: any(), Passed: any(), AppLimited: rnd.IntN(2) == 0, Congested: rnd.IntN(2)}
		c.Acked(now, s)
		c.Lost(now, LossSample{Bytes: int(any() >> 30), Packets: 1, SentAt: signed(), Queue: rnd.IntN(9) == 0})
		c.Spurious(now, LossSample{Bytes: int(any() >> 30), SentAt: any()})
		if rate := c.BytesPerSecond(); rate < 100_000 || rate > 200_000 || c.WindowBytes() <= 0 {
			t.Fatalf("rate %d, window %d after %+v", rate, c.WindowBytes(), s)
		}
	}
}

// TestDelayBacksOff: a queue inside of a carrier, and marks, slow it down once in a round trip.
func TestDelayBacksOff(t *testing.T) {
	f := &lineFlow{cc: byDelay()}
	l := newLine(10*megabit, 100, 50*millisecond, f)
	l.run(3 * second)
	before := f.cc.BytesPerSecond()
	for range 5 {
		f.cc.Lost(l.now, LossSample{Packets: 1, Bytes: lineBytes, SentAt: l.now - 1, Queue: true})
	}
	if rate := f.cc.BytesPerSecond(); rate > before*81/100 || rate < before*79/100 {
		t.Errorf("from %d to %d", before, rate)
	}
	f.cc.Lost(l.now+1, LossSample{SentAt: l.now + 1, Queue: true})
	if rate := f.cc.BytesPerSecond(); rate > before*65/100 {
		t.Errorf("from %d to %d after another round", before, rate)
	}
}

// TestDelayAllocatesNothing: neither do the others.
func TestDelayAllocatesNothing(t *testing.T) {
	f := &lineFlow{cc: byDelay()}
	newLine(10*megabit, 100, 50*millisecond, f).run(second)
	now := int64(second)
	if n := testing.AllocsPerRun(1000, func() {
		now += millisecond
		f.cc.Sent(now, 1200, 12000)
		f.cc.Acked(now, AckSample{Bytes: 2400, SentAt: now - 100*millisecond, SmoothRTT: 100 * millisecond, HasOneWay: true, OneWay: 50 * millisecond, Passed: now, Delivered: now})
		f.cc.Lost(now, LossSample{Bytes: 1200, SentAt: now - 100*millisecond})
		_ = f.cc.WindowBytes() + f.cc.BytesPerSecond()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func ExampleCongestionConfig() {
	cfg := Config{Congestion: CongestionConfig{MinBytesPerSecond: 20_000, MaxBytesPerSecond: 2_000_000}}
	fmt.Println(cfg.Congestion.Kind, cfg.Validate())
	// Output: delay <nil>
}

// TestRateChanged: a game hears what the path carries while it is found, when it falls and when it
// comes back, and not more often than it can do something about it. Who sends little hears nothing.
func TestRateChanged(t *testing.T) {
	cfg := Config{Channels: []ChannelConfig{{ID: 5, Delivery: ReliableOrdered, WindowBytes: 1 << 20}}}
	p := newPair(t, cfg, 20*time.Millisecond).open()
	p.links[0].rate, p.links[0].queue = 1_000_000, time.Second
	heard := func(took time.Duration, queued int) (rates []int) {
		for end := p.now + int64(took); p.now < end; p.run(5 * time.Millisecond) {
			for p.ends[0].Stats().QueuedBytes < queued {
				p.send(0, chanOf(ReliableOrdered), make([]byte, 1000))
			}
			p.received(1, chanOf(ReliableOrdered))
			p.ends[0].Update()
			for ev, ok := p.ends[0].NextEvent(); ok; ev, ok = p.ends[0].NextEvent() {
				if ev.Kind == RateChanged {
					rates = append(rates, ev.BytesPerSecond)
				}
			}
		}
		return rates
	}
	near := func(rates []int, want int) bool {
		return len(rates) > 0 && rates[len(rates)-1] > want*7/10 && rates[len(rates)-1] < want*13/10
	}
	if rates := heard(3*time.Second, 0); len(rates) > 0 {
		t.Errorf("without any traffic it heard %d", rates)
	}
	rates := heard(5*time.Second, 200_000)
	st := p.ends[0].Stats()
	if !near(rates, 1_000_000) || len(rates) > 12 || !near([]int{st.BytesPerSecond}, 1_000_000) ||
		st.QueueDelay <= 0 || st.QueueDelay > 20*time.Millisecond {
		t.Errorf("it heard %d, the estimate is %d, the queue %v", rates, st.BytesPerSecond, st.QueueDelay)
	}
	if rates = heard(10*time.Second, 200_000); len(rates) > 0 {
		t.Errorf("of a path that stays as it is it heard %d", rates)
	}
	p.links[0].rate = 200_000
	if rates = heard(5*time.Second, 200_000); !near(rates, 200_000) || len(rates) > 12 {
		t.Errorf("of a fall to a fifth it heard %d", rates)
	}
	p.links[0].rate = 1_000_000
	if rates = heard(5*time.Second, 200_000); !near(rates, 1_000_000) || len(rates) > 14 {
		t.Errorf("of the way back it heard %d", rates)
	}
}

// TestUrgentBesideBulk: sixty messages a second of a higher class wait next to nowhere while bulk
// uses all of the path.
func TestUrgentBesideBulk(t *testing.T) {
	cfg := Config{Channels: []ChannelConfig{
		{ID: 1, Delivery: ReliableOrdered, Priority: 1}, {ID: 2, Delivery: ReliableOrdered},
	}}
	p := newPair(t, cfg, 50*time.Millisecond).open()
	p.links[0].rate, p.links[0].queue = 1_250_000, 100*time.Millisecond
	var sentAt, late []int64
	bytes := 0
	for tick, end := 0, p.now+12*second; p.now < end; p.run(time.Millisecond / 2) {
		for p.ends[0].ChannelStats(2).QueuedBytes < 200_000 {
			p.send(0, 2, make([]byte, 1000))
		}
		if p.now >= int64(tick)*second/60 {
			tick = int(p.now*60/second) + 1
			p.send(0, 1, make([]byte, 100))
			sentAt = append(sentAt, p.now)
		}
		for range p.received(1, 1) {
			late = append(late, p.now-sentAt[len(late)]-50*millisecond)
		}
		if n := len(p.received(1, 2)); p.now > end-10*second {
			bytes += 1000 * n
		}
	}
	late = late[120:]
	slices.Sort(late)
	p99 := time.Duration(late[len(late)*99/100])
	t.Logf("# %d bytes of bulk a second, p99 %v above the one-way delay", bytes/10, p99)
	if p99 > 10*time.Millisecond || bytes/10 < 1_250_000*95/100 {
		t.Errorf("%d bytes of bulk a second, p99 %v above the one-way delay", bytes/10, p99)
	}
}
