package endpoint

import (
	"testing"
	"time"
)

// contest fills channels of one delivery for a second and returns what the peer got of each,
// in bytes.
func contest(t *testing.T, d Delivery, rate, size int, configure func(i int, ch *ChannelConfig), n int) []int {
	t.Helper()
	cfg := Config{Controller: func() Controller { return fixedRate(rate) }}
	for i := range n {
		ch := ChannelConfig{ID: ChannelID(i + 1), Delivery: d}
		configure(i, &ch)
		cfg.Channels = append(cfg.Channels, ch)
	}
	p := newPair(t, cfg, 5*time.Millisecond).open()
	p.run(time.Second)
	got := make([]int, n)
	for range 100 {
		for i := range n {
			for p.ends[0].ChannelStats(ChannelID(i+1)).QueuedBytes < 50_000 {
				if _, err := p.ends[0].Send(ChannelID(i+1), make([]byte, size), SendOptions{}); err != nil {
					t.Fatal(err)
				}
			}
		}
		p.run(10 * time.Millisecond)
		for i := range n {
			for _, m := range p.received(1, ChannelID(i+1)) {
				got[i] += len(m)
			}
		}
	}
	return got
}

// TestWeights shares a path of 400 KB/s by weight, for small, middle and fragmented messages.
func TestWeights(t *testing.T) {
	for _, d := range []Delivery{Unreliable, ReliableUnordered, ReliableOrdered} {
		for _, size := range []int{40, 700, 5000} {
			weights := []int{1, 2, 5}
			got := contest(t, d, 400_000, size, func(i int, ch *ChannelConfig) { ch.Weight = weights[i] }, 3)
			total := got[0] + got[1] + got[2]
			t.Logf("%v, messages of %d bytes: %v", d, size, got)
			for i, w := range weights {
				if want := total * w / 8; abs(int64(got[i]-want)) > int64(max(want/20, size+1200)) {
					t.Errorf("%v, messages of %d bytes: weight %d got %d, want %d", d, size, w, got[i], want)
				}
			}
			if total < 250_000 {
				t.Errorf("only %d bytes in all", total)
			}
		}
	}
}

// TestPriority starves a lower class while a higher one fills the path, and only then; of what
// does not fit the higher one's packets it may have the rest.
func TestPriority(t *testing.T) {
	got := contest(t, ReliableUnordered, 200_000, 100, func(i int, ch *ChannelConfig) { ch.Priority = int8(i) }, 2)
	if got[0] > 10_000 || got[1] < 140_000 {
		t.Errorf("the lower class got %d, the higher %d", got[0], got[1])
	}
	t.Log("# what the higher class lost goes before what the lower one never sent")
	cfg := Config{Channels: []ChannelConfig{
		{ID: 1, Delivery: ReliableOrdered, Priority: 1}, {ID: 2, Delivery: ReliableOrdered},
	}, Controller: func() Controller { return fixedRate(50_000) }}
	p := newPair(t, cfg, 20*time.Millisecond).open()
	p.run(time.Second)
	base := p.links[0].sent
	p.links[0].drop = func(n int, _ []byte) bool { return n == base }
	urgent := p.send(0, 1, message(0, 1000))
	p.flush()
	for i := range 100 {
		p.send(0, 2, message(i, 1000))
	}
	p.run(200 * time.Millisecond)
	if ev := p.fates(0)[urgent]; ev.Kind != Delivered || p.ends[0].ChannelStats(2).QueuedMessages < 80 {
		t.Errorf("the higher class reads %v, %d of the lower wait", ev.Kind, p.ends[0].ChannelStats(2).QueuedMessages)
	}
}

// TestNoStarvation lets a channel send now and then beside one of a hundred times its weight
// that never stops: it waits as long as its share takes, and no longer.
func TestNoStarvation(t *testing.T) {
	cfg := Config{Channels: []ChannelConfig{
		{ID: 1, Delivery: ReliableUnordered, Weight: 100}, {ID: 2, Delivery: ReliableUnordered},
	}, Controller: func() Controller { return fixedRate(100_000) }}
	p := newPair(t, cfg, 5*time.Millisecond).open()
	p.run(time.Second)
	worst := time.Duration(0)
	for i := range 50 {
		for p.ends[0].ChannelStats(1).QueuedBytes < 50_000 {
			_, _ = p.ends[0].Send(1, make([]byte, 3000), SendOptions{})
		}
		at := p.now
		r := p.send(0, 2, message(i, 200))
		if !p.runUntil(time.Second, func() bool { return p.fates(0)[r].Kind == Delivered }) {
			t.Fatal("starved")
		}
		worst = max(worst, time.Duration(p.now-at))
		p.received(1, 1)
	}
	t.Logf("at most %v", worst)
	if worst > 250*time.Millisecond { // 205 bytes at a hundredth of 100 KB/s, and a packet's delay
		t.Errorf("a message waited %v", worst)
	}
}

// TestIdleClaimsNothing lets one channel send alone for seconds: another one that begins then
// shares with it, and gets nothing for the time before.
func TestIdleClaimsNothing(t *testing.T) {
	cfg := Config{Channels: []ChannelConfig{{ID: 1, Delivery: Unreliable}, {ID: 2, Delivery: Unreliable}},
		Controller: func() Controller { return fixedRate(100_000) }}
	p := newPair(t, cfg, 5*time.Millisecond).open()
	p.run(time.Second)
	got := [3]int{}
	step := func(channels ...ChannelID) {
		for _, ch := range channels {
			for p.ends[0].ChannelStats(ch).QueuedBytes < 20_000 {
				_, _ = p.ends[0].Send(ch, make([]byte, 500), SendOptions{})
			}
		}
		p.run(10 * time.Millisecond)
		for _, ch := range channels {
			got[ch] += len(p.received(1, ch))
		}
	}
	for range 300 {
		step(1)
	}
	got[1] = 0
	for range 100 {
		step(1, 2)
	}
	if got[1] < 60 || abs(int64(got[1]-got[2])) > 12 {
		t.Errorf("the first got %d, the one that was idle %d", got[1], got[2])
	}
}

// TestCap holds a channel to its rate, with everything that it costs.
func TestCap(t *testing.T) {
	for _, d := range []Delivery{Unreliable, ReliableOrdered} {
		for _, size := range []int{30, 1000, 20_000} {
			cfg := Config{Channels: []ChannelConfig{{ID: 1, Delivery: d, BytesPerSecond: 30_000}, {ID: 2, Delivery: d}}}
			p := newPair(t, cfg, 5*time.Millisecond).open()
			p.links[0].loss = 0.05
			p.run(time.Second)
			before := p.ends[0].ChannelStats(1).BytesSent
			for range 500 {
				for p.ends[0].ChannelStats(1).QueuedBytes < 50_000 {
					_, _ = p.ends[0].Send(1, make([]byte, size), SendOptions{})
				}
				p.run(10 * time.Millisecond)
				p.received(1, 1)
			}
			if n := p.ends[0].ChannelStats(1).BytesSent - before; n < 140_000 || n > 5*30_000+1500+1200 {
				t.Errorf("%v, messages of %d bytes: %d bytes in five seconds", d, size, n)
			}
			t.Log("# the other channel is free, and a capped end does not spin")
			r := p.send(0, 2, message(0, 100))
			p.links[0].loss = 0
			if !p.runUntil(100*time.Millisecond, func() bool { return p.fates(0)[r].Kind == Delivered }) {
				t.Error("the other channel waits too")
			}
			if at := p.ends[0].Deadline(); at <= p.now {
				t.Errorf("the deadline is %v ago", time.Duration(p.now-at))
			}
		}
	}
}

// TestManyClasses sends one message on each of a thousand channels: all come, in few packets.
func TestManyClasses(t *testing.T) {
	cfg := Config{}
	for i := range maxChannels {
		cfg.Channels = append(cfg.Channels, ChannelConfig{ID: ChannelID(i + 1), Delivery: Delivery(i % 5), Priority: int8(i % 3)})
	}
	p := newPair(t, cfg, 5*time.Millisecond).open()
	p.run(time.Second)
	base := p.links[0].sent
	for i := range maxChannels {
		p.send(0, ChannelID(i+1), message(i, 20))
	}
	p.run(time.Second)
	if n := len(p.fates(0)); n != maxChannels || p.links[0].sent-base > 40 {
		t.Errorf("%d came in %d packets", n, p.links[0].sent-base)
	}
}

// TestBlockedDoNotStarve has more channels wait for credit than a packet tries in vain.
func TestBlockedDoNotStarve(t *testing.T) {
	cfg := Config{}
	for i := range 100 {
		cfg.Channels = append(cfg.Channels, ChannelConfig{ID: ChannelID(i + 1), Delivery: ReliableOrdered, WindowBytes: 1024})
	}
	p := newPair(t, cfg, 5*time.Millisecond).open()
	p.run(time.Second)
	for i := range 99 {
		for range 10 {
			p.send(0, ChannelID(i+1), make([]byte, 200))
		}
	}
	p.run(time.Second)
	p.fates(0)
	r := p.send(0, 100, []byte("free"))
	p.run(100 * time.Millisecond)
	if ev := p.fates(0)[r]; ev.Kind != Delivered || p.ends[0].Stats().QueuedMessages == 0 {
		t.Errorf("it reads %v, %d wait", ev.Kind, p.ends[0].Stats().QueuedMessages)
	}
}

func TestChannelStats(t *testing.T) {
	cfg := channels()
	cfg.Controller = func() Controller { return fixedRate(100_000) }
	p := newPair(t, cfg, 5*time.Millisecond).open()
	ch := chanOf(ReliableOrdered)
	p.run(time.Second)
	_, _ = p.ends[0].Send(ch, make([]byte, 100), SendOptions{})
	p.run(time.Second)
	a, b := p.ends[0].ChannelStats(ch), p.ends[1].ChannelStats(ch)
	if a.MessagesSent != 1 || a.BytesSent != 105 || b.MessagesReceived != 1 || b.BytesReceived != 105 || a.QueueDelay != 0 {
		t.Errorf("%+v\n%+v", a, b)
	}
	for range 20 {
		_, _ = p.ends[0].Send(ch, make([]byte, 4968), SendOptions{})
	}
	if a := p.ends[0].ChannelStats(ch); a.QueuedMessages != 20 || a.QueuedBytes != 100_000 || a.QueueDelay != time.Second {
		t.Errorf("%+v", a)
	}
	t.Log("# the delay is about what it takes")
	at := p.now
	p.runUntil(10*time.Second, func() bool {
		p.received(1, ch)
		return p.ends[0].ChannelStats(ch).QueuedMessages == 0
	})
	if d := time.Duration(p.now - at); d < 700*time.Millisecond || d > 1300*time.Millisecond {
		t.Errorf("it took %v", d)
	}
	if p.ends[0].ChannelStats(99) != (ChannelStats{}) {
		t.Error("a channel that is not there has numbers")
	}
}

// TestQueueDelay: the delay of a queue is that at the least of all rates.
func TestQueueDelay(t *testing.T) {
	ch := chanOf(ReliableOrdered)
	for name, c := range map[string]struct {
		cap     int
		inbound Limits
		want    time.Duration
	}{
		"the path's rate":    {want: time.Second},
		"a cap":              {cap: 50_000, want: 2 * time.Second},
		"the peer's limit":   {inbound: Limits{BytesPerSecond: 25_000}, want: 4 * time.Second},
		"a cap that is wide": {cap: 1 << 20, want: time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := channels()
			cfg.Controller = func() Controller { return fixedRate(100_000) }
			cfg.Channels[ch-1].BytesPerSecond, cfg.Inbound = c.cap, c.inbound
			p := newPair(t, cfg, 5*time.Millisecond).open()
			for range 20 {
				_, _ = p.ends[0].Send(ch, make([]byte, 4968), SendOptions{})
			}
			if st := p.ends[0].ChannelStats(ch); st.QueueDelay != c.want {
				t.Errorf("%d bytes wait for %v, want %v", st.QueuedBytes, st.QueueDelay, c.want)
			}
		})
	}
}
