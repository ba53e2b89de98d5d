package endpoint

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// flushes plays a number of flushes of 16 ms each with a limit, and returns what left in each:
// bytes of datagrams with all headers, and the part of them that are messages.
func (p *pair) flushes(n, limit int, play func()) (bytes, messages []int) {
	e := p.ends[0]
	ofMessages := func() (sum uint64) {
		for _, d := range deliveries {
			sum += e.ChannelStats(chanOf(d)).BytesSent
		}
		return sum
	}
	for range n {
		play()
		before, was := e.Stats().BytesSent, ofMessages()
		e.LimitBudget(limit)
		e.BeginFlush()
		p.run(16 * time.Millisecond)
		bytes = append(bytes, int(e.Stats().BytesSent-before))
		messages = append(messages, int(ofMessages()-was))
	}
	return bytes, messages
}

// TestBudgetIsKept floods an end whose game limits each flush: never more leaves than that, and
// most of it is used, whatever is lost.
func TestBudgetIsKept(t *testing.T) {
	for _, limit := range []int{0, 100, 250, 1000, 5000, 30_000} {
		p := newPairOf(t, channels(), channels(), 10*time.Millisecond, 7).open()
		p.links[0].loss, p.links[1].loss = 0.05, 0.05
		bytes, messages := p.flushes(300, limit, func() { p.flood(0); p.takeAll(1) })
		sum := 0
		for i := range bytes {
			sum += messages[i]
			if messages[i] > limit {
				t.Errorf("limit %d: %d bytes of messages in a flush", limit, messages[i])
			}
			if bytes[i] > limit+300 { // control frames, probes without messages, acks
				t.Errorf("limit %d: %d bytes in a flush", limit, bytes[i])
			}
		}
		if limit >= 250 && limit <= 1000 && sum < 300*limit/2 || limit < 200 && sum > 0 {
			t.Errorf("limit %d: %d bytes of messages in 300 flushes", limit, sum)
		}
		t.Log("# what waits for the next flush is no reason to be called again and again")
		p.flush()
		if at := p.ends[0].Deadline(); at <= p.now {
			t.Errorf("limit %d: the deadline is %v ago", limit, time.Duration(p.now-at))
		}
		t.Log("# with the limit gone everything comes")
		p.ends[0].LimitBudget(-1)
		p.ends[0].BeginFlush()
		r := p.send(0, chanOf(ReliableOrdered), []byte("the end"))
		if !p.runUntil(time.Minute, func() bool { p.takeAll(1); return p.fates(0)[r].Kind == Delivered }) {
			t.Errorf("limit %d: stuck", limit)
		}
	}
}

// TestBudgetOfNothing holds messages up and nothing else: the connection lives, and takes what
// comes.
func TestBudgetOfNothing(t *testing.T) {
	p := newPair(t, channels(), 10*time.Millisecond).open()
	p.ends[0].LimitBudget(0)
	p.ends[0].BeginFlush()
	r := p.send(0, chanOf(ReliableOrdered), []byte("held"))
	for range 300 {
		back := p.send(1, chanOf(ReliableOrdered), make([]byte, 5000))
		if !p.runUntil(time.Second, func() bool { p.takeAll(0); return p.fates(1)[back].Kind == Delivered }) {
			t.Fatal("the other direction stands still")
		}
	}
	p.run(time.Minute)
	if n := len(p.received(1, chanOf(ReliableOrdered))); n > 0 || !p.ends[1].Open() {
		t.Errorf("%d messages came, open %v", n, p.ends[1].Open())
	}
	p.ends[0].LimitBudget(10_000)
	p.ends[0].BeginFlush()
	if !p.runUntil(time.Second, func() bool { p.takeAll(1); return p.fates(0)[r].Kind == Delivered }) {
		t.Error("it does not come when it may")
	}
}

// TestBudgetBelowAMessage: what is larger than the whole limit goes in pieces, one to each flush;
// what is larger than what is left waits for the next, and nobody is asked to call until then.
func TestBudgetBelowAMessage(t *testing.T) {
	eachDelivery(t, func(t *testing.T, d Delivery) {
		p := newPair(t, channels(), 10*time.Millisecond).open()
		p.ends[0].LimitBudget(400)
		p.ends[0].BeginFlush()
		_, _ = p.ends[0].Send(chanOf(d), make([]byte, 1000), SendOptions{})
		_, _ = p.flushes(6, 400, func() {})
		p.run(50 * time.Millisecond)
		if got := p.received(1, chanOf(d)); len(got) != 1 || len(got[0]) != 1000 {
			t.Errorf("%d messages came", len(got))
		}
		p.ends[0].LimitBudget(1500)
		p.ends[0].BeginFlush()
		_, _ = p.ends[0].Send(chanOf(d), make([]byte, 1100), SendOptions{})
		p.flush()
		_, _ = p.ends[0].Send(chanOf(d), make([]byte, 500), SendOptions{})
		p.flush()
		if at := p.ends[0].Deadline(); at <= p.now {
			t.Errorf("the deadline is %v ago", time.Duration(p.now-at))
		}
		_, _ = p.flushes(2, 1500, func() {})
		p.run(50 * time.Millisecond)
		if got := p.received(1, chanOf(d)); len(got) == 0 || len(got[len(got)-1]) != 500 {
			t.Errorf("%d messages came", len(got))
		}
	})
}

// TestBudgetKnowsWhatIsLost: what has to be sent again is in the way of what is new.
func TestBudgetKnowsWhatIsLost(t *testing.T) {
	cfg := channels()
	cfg.Controller = func() Controller { return fixedRate(10_000_000) }
	p := newPair(t, cfg, 10*time.Millisecond).open()
	e := p.ends[0]
	base := p.links[0].sent
	p.links[0].drop = func(n int, _ []byte) bool { return n < base+8 }
	for i := range 12 {
		p.send(0, chanOf(ReliableUnordered), message(i, 1000))
	}
	p.flush()
	e.LimitBudget(0) // until everything is in its queue again
	e.BeginFlush()
	p.run(200 * time.Millisecond)
	e.LimitBudget(20_000)
	if got := e.Budget(p.now, p.now+second/60); got > 20_000-8*1000 || got < 20_000-8*1200 {
		t.Errorf("budget %d of 20000 with 8 messages of 1000 bytes to be sent again", got)
	}
	e.BeginFlush()
	p.run(100 * time.Millisecond)
	if got := e.Budget(p.now, p.now+second/60); got != 20_000 || p.takeAll(1) != 12 {
		t.Errorf("budget %d of 20000", got)
	}
}

// TestBudgetCountsDown: each Send takes about what it will cost.
func TestBudgetCountsDown(t *testing.T) {
	cfg := channels()
	cfg.Controller = func() Controller { return fixedRate(600_000) }
	p := newPair(t, cfg, 10*time.Millisecond).open()
	p.run(time.Second)
	step := int64(second / 60)
	e := p.ends[0]
	if got := e.Budget(p.now, p.now+step); got < 12_000+600_000/60*9/10 || got > 12_000+600_000/60 {
		t.Errorf("budget %d of 600 KB/s with a burst of 12000", got)
	}
	for _, size := range []int{20, 400, 3000} {
		e.LimitBudget(8000)
		e.BeginFlush()
		for e.Budget(p.now, p.now+step) > size {
			_, _ = e.Send(chanOf(ReliableUnordered), make([]byte, size), SendOptions{})
		}
		left, before := e.Budget(p.now, p.now+step), e.Stats().BytesSent
		p.run(50 * time.Millisecond)
		p.takeAll(1)
		if sent := int(e.Stats().BytesSent - before); sent > 8000 || sent < 8000-left-600 {
			t.Errorf("messages of %d bytes: %d bytes left with %d in the budget", size, sent, left)
		}
		if n := e.Stats().QueuedMessages; n > 1 {
			t.Errorf("messages of %d bytes: %d wait", size, n)
		}
	}
	t.Log("# the lowest of all limits counts; extreme times and rates do no harm")
	e.LimitBudget(-1)
	e.BeginFlush()
	if a, b := e.Budget(p.now, math.MaxInt64), e.Budget(math.MaxInt64, 0); a < 600_000 || b < 0 {
		t.Errorf("budgets %d, %d", a, b)
	}
	peer := limited(Limits{BytesPerSecond: 6000}, ChannelLimits{})
	p = newPairOf(t, cfg, peer, 10*time.Millisecond, 8).open()
	p.run(time.Second)
	if got := p.ends[0].Budget(p.now, p.now+step); got < 300 || got > 400 { // a twentieth, and a sixtieth more
		t.Errorf("budget %d of a peer who takes 6000 a second", got)
	}
	p.ends[0].Close(p.now, CodeNone, "")
	if got := p.ends[0].Budget(p.now, p.now+step); got != 0 {
		t.Errorf("budget %d of a closed end", got)
	}
}

// TestCost: a message makes the budget smaller by its cost, small ones by little more than they are.
func TestCost(t *testing.T) {
	cfg := channels()
	cfg.Controller = func() Controller { return fixedRate(6_000_000) }
	p := newPair(t, cfg, 10*time.Millisecond).open()
	p.run(time.Second)
	e, until := p.ends[0], p.now+second/60
	rnd, sent, total := rand.New(rand.NewPCG(1, 2)), 0, 0
	for budget := e.Budget(p.now, until); ; sent++ {
		size := 4 + rnd.IntN(60)
		if rnd.IntN(20) == 0 {
			size = 4 + rnd.IntN(5000)
		}
		cost := e.Cost(p.now, until, size)
		if cost > budget {
			break
		}
		p.send(0, chanOf([]Delivery{Unreliable, ReliableUnordered, ReliableOrdered}[rnd.IntN(3)]), message(sent, size))
		if got := e.Budget(p.now, until); got != budget-cost {
			t.Fatalf("message %d of %d bytes costs %d, the budget went from %d to %d", sent, size, cost, budget, got)
		}
		budget -= cost
		total += size
	}
	if sent < 100 {
		t.Errorf("only %d messages", sent)
	}
	t.Log("# what is said to be left over is about what left in packets")
	before := e.Stats().BytesSent
	p.run(500 * time.Millisecond)
	if bytes := int(e.Stats().BytesSent - before); bytes < total || bytes > total*11/10+1000 {
		t.Errorf("%d bytes of messages, %d were sent", total, bytes)
	}
	if a, b := e.Cost(p.now, until, 0), e.Cost(p.now, until, -5); a < 2 || a > 100 || a != b {
		t.Errorf("an empty message costs %d, %d", a, b)
	}
	if a, b := e.Cost(p.now, until, 30), e.Cost(p.now, until, 130); b != a+100 {
		t.Errorf("100 bytes more cost %d", b-a)
	}
}

// TestBudgetBesideBulk: what goes later, or waits for something else than the path, is not in the
// way.
func TestBudgetBesideBulk(t *testing.T) {
	cfg := Config{Controller: func() Controller { return fixedRate(600_000) }, Channels: []ChannelConfig{
		{ID: 1, Delivery: Unreliable, Priority: 1},
		{ID: 2, Delivery: ReliableOrdered},
		{ID: 3, Delivery: ReliableOrdered, BytesPerSecond: 60_000},
		{ID: 4, Delivery: ReliableOrdered, WindowBytes: 2048},
	}}
	p := newPair(t, cfg, 10*time.Millisecond).open()
	p.run(time.Second)
	e, step := p.ends[0], int64(second/60)
	all := e.Budget(p.now, p.now+step)
	bulk := func(ch ChannelID, messages int) {
		for range messages {
			p.send(0, ch, make([]byte, 1000))
		}
	}
	t.Log("# a capped channel takes what its cap gives")
	bulk(3, 1000)
	if got := e.Budget(p.now, p.now+step); got > all-3000 || got < all-5000 {
		t.Errorf("budget %d of %d beside a capped channel", got, all)
	}
	if got := e.ChannelBudget(3, p.now, p.now+step); got != 0 {
		t.Errorf("a capped channel has a budget of %d", got)
	}
	bulk(4, 1000)
	p.run(time.Second)
	t.Log("# what waits for credit is in the way of its own channel only")
	if got := e.ChannelBudget(2, p.now, p.now+step); got < all/2 || e.ChannelBudget(4, p.now, p.now+step) != 0 {
		t.Errorf("budget %d of %d beside a channel that waits for credit", got, all)
	}
	t.Log("# what is of a lower class is in the way of its own class only")
	bulk(2, 100)
	if got := e.Budget(p.now, p.now+step); got != 0 {
		t.Errorf("budget %d beside bulk", got)
	}
	if got := e.ChannelBudget(1, p.now, p.now+step); got < all/2 || e.ChannelBudget(2, p.now, p.now+step) != 0 || e.ChannelBudget(9, p.now, p.now+step) != 0 {
		t.Errorf("budget %d of %d above bulk", got, all)
	}
	p.ends[1].Update()
}

// TestBandwidth: bytes per second are those of the last second, also after a pause and when the
// clock jumps.
func TestBandwidth(t *testing.T) {
	var b bandwidth
	now := int64(5 * second)
	for range 300 {
		b.add(now, 100)
		now += second / 100
	}
	if got := b.perSecond(now); got < 9_900 || got > 10_100 {
		t.Errorf("%d of 10000 bytes a second", got)
	}
	t.Log("# it fades within two seconds of silence")
	for ms, most := range map[int64]int{500: 6_000, 1000: 10_000, 1500: 5_100, 2000: 0, 1 << 40: 0} {
		if got := b.perSecond(now + ms*1_000_000); got > max(most, 10_100*int(2000-min(ms, 2000))/2000) {
			t.Errorf("%d ms later: %d", ms, got)
		}
	}
	t.Log("# a clock that stands still or jumps does no harm")
	b.add(now+1_000_000*second, 1000)
	b.add(now, 500)
	if got := b.perSecond(now); got != 1500 {
		t.Errorf("%d after a jump", got)
	}
	t.Log("# an end shows it, of both directions and of each channel")
	p := newPair(t, channels(), 10*time.Millisecond).open()
	for range 180 {
		_, _ = p.ends[0].Send(chanOf(Unreliable), make([]byte, 97), SendOptions{})
		p.run(second / 60)
		p.takeAll(1)
	}
	a, c := p.ends[0].Stats(), p.ends[1].Stats()
	if a.BytesSentPerSecond < 60*100 || a.BytesSentPerSecond > 60*120 || c.BytesReceivedPerSecond < 60*100 || a.BytesReceivedPerSecond > 60*20 {
		t.Errorf("%d sent, %d and %d received a second", a.BytesSentPerSecond, c.BytesReceivedPerSecond, a.BytesReceivedPerSecond)
	}
	x, y := p.ends[0].ChannelStats(chanOf(Unreliable)), p.ends[1].ChannelStats(chanOf(Unreliable))
	if x.BytesSentPerSecond < 5800 || x.BytesSentPerSecond > 6200 || y.BytesReceivedPerSecond < 5800 || y.BytesReceivedPerSecond > 6200 {
		t.Errorf("on the channel %d sent, %d received a second", x.BytesSentPerSecond, y.BytesReceivedPerSecond)
	}
	p.ends[0].SetNow(p.now + 10*second)
	if got := p.ends[0].Stats().BytesSentPerSecond; got != 0 {
		t.Errorf("%d a second after ten seconds of nothing", got)
	}
}

// TestBudgetOfMessages: of a peer that limits how many messages it takes, the budget is over when
// as many wait as may go, however few bytes they have.
func TestBudgetOfMessages(t *testing.T) {
	const step, rate, small = int64(second / 60), 300, 20
	for name, c := range map[string]struct {
		of     Limits
		each   ChannelLimits
		budget func(p *pair) int
	}{
		"of the connection": {Limits{MessagesPerSecond: rate}, ChannelLimits{}, func(p *pair) int { return p.ends[0].Budget(p.now, p.now+step) }},
		"of a channel": {Limits{}, ChannelLimits{MessagesPerSecond: rate}, func(p *pair) int {
			return p.ends[0].ChannelBudget(chanOf(ReliableUnordered), p.now, p.now+step)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPairOf(t, channels(), limited(c.of, c.each), 10*time.Millisecond, 7).open()
			sent, waits, came := 0, 0, 0
			for range 5 * 60 {
				waits = max(waits, p.ends[0].Stats().QueuedMessages)
				for ; c.budget(p) > small; sent++ {
					_, _ = p.ends[0].Send(chanOf(ReliableUnordered), make([]byte, small), SendOptions{})
				}
				p.run(time.Duration(step))
				came += p.takeAll(1)
			}
			if waits > 2 || came < 5*rate*9/10 {
				t.Errorf("%d messages were left from the tick before; of %d sent %d came", waits, sent, came)
			}
		})
	}
}

// TestBudgetLooksAhead: what may be sent is told for ten seconds ahead at most, and for no time that has
// passed.
func TestBudgetLooksAhead(t *testing.T) {
	cfg := channels()
	cfg.Congestion = CongestionConfig{Kind: CongestionFixed, BytesPerSecond: 100_000}
	p := newPair(t, cfg, 20*time.Millisecond).open()
	e := p.ends[0]
	at := func(d int64) int { return e.Budget(p.now, p.now+d) }
	if at(10*second) != at(3600*second) || at(-second) != at(0) {
		t.Errorf("an hour ahead %d, ten seconds %d; now %d, a second ago %d", at(3600*second), at(10*second), at(0), at(-second))
	}
	for d := int64(0); d < 10; d++ {
		if more := at((d+1)*second) - at(d*second); more < 95_000 || more > 250_000 {
			t.Errorf("in second %d there are %d bytes", d, more)
		}
	}
}
