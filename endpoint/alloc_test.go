package endpoint

import (
	"testing"
	"time"
)

// A loop is two open ends joined by function calls, for measuring: nothing of the test itself
// allocates.
type loop struct {
	now  int64
	ends [2]lone
	buf  []byte

	lossEach int // each so many-th datagram is lost; 0: none
	carried  int
	marks    bool // marks are carried, and every second one becomes CE
	alone    bool // nobody else uses its buffers
}

// channelsIn are the usual channels, with buffers of somebody else's.
func channelsIn(buffers *Buffers) Config {
	cfg := channels()
	cfg.Buffers = buffers
	return cfg
}

func newLoop(t testing.TB, cfg Config) *loop {
	t.Helper()
	l := &loop{now: 1_000_000_000, buf: make([]byte, 0, 2048), alone: true}
	for i := range l.ends {
		cfg.Seed = uint64(i)
		cfg.Controller = func() Controller { return fixedRate(1 << 30) }
		end, err := newLone(l.now, cfg, Carrier{})
		if err != nil {
			t.Fatal(err)
		}
		end.cfg.DisableECN = cfg.DisableECN // as an endpoint that is not alone
		l.ends[i] = end
	}
	for range 1000 {
		l.exchange()
	}
	if !l.ends[0].Open() || !l.ends[1].Open() {
		t.Fatal("not open")
	}
	t.Cleanup(func() {
		l.ends[0].Release()
		l.ends[1].Release()
		if n := l.ends[0].cfg.Buffers.Stats().InUse; n != 0 && l.alone {
			t.Errorf("%d buffers are not returned", n)
		}
	})
	return l
}

// exchange carries all packets across, a millisecond later.
func (l *loop) exchange() {
	l.now += int64(time.Millisecond)
	for i := range l.ends {
		l.ends[i].HandleTimeout(l.now)
		for {
			mark := NotECT
			if l.buf = l.buf[:0]; !l.marks {
				l.buf = l.ends[i].AppendDatagram(l.now, l.buf)
			} else if out := (Outgoing{}); l.ends[i].next(l.now, l.buf, &out) {
				l.buf, mark = out.Packet, out.ECN
			}
			if len(l.buf) == 0 {
				break
			}
			if l.carried++; l.lossEach == 0 || l.carried%l.lossEach != 0 {
				l.ends[1-i].handle(l.now, l.buf, l.markOf(mark))
			}
		}
	}
}

// markOf is how a mark arrives that an end sent.
func (l *loop) markOf(m ECN) ECN {
	if m == NotECT || l.carried%2 == 0 {
		return m
	}
	return CE
}

// take receives all messages of a channel at both ends, reads all events, and says how many
// messages the second end got.
func (l *loop) take(d Delivery) (n int) {
	l.ends[1].Update()
	for {
		if _, ok := l.ends[1].Receive(chanOf(d)); !ok {
			break
		}
		n++
	}
	l.ends[0].Update()
	for _, ok := l.ends[0].Receive(chanOf(d)); ok; _, ok = l.ends[0].Receive(chanOf(d)) {
	}
	for _, ok := l.ends[0].NextEvent(); ok; _, ok = l.ends[0].NextEvent() {
	}
	return n
}

// allocatesNothing plays rounds until everything is as large as it becomes, begins to count anew
// what came, and demands that no round after that allocates.
func allocatesNothing(t *testing.T, warm, rounds int, came *int, round func()) {
	t.Helper()
	for range warm {
		round()
	}
	*came = 0
	if allocs := testing.AllocsPerRun(rounds, round); allocs != 0 {
		t.Errorf("%v allocations a round", allocs)
	}
}

// TestAllocNothing sends and receives in steady state, in every delivery.
func TestAllocNothing(t *testing.T) {
	if raced { // counts are wrong under the race detector
		return
	}
	eachDelivery(t, func(t *testing.T, d Delivery) {
		l := newLoop(t, channels())
		t.Log("# 20 messages of 32 bytes and one of 5000, with receipts, round after round")
		small, large := make([]byte, 32), make([]byte, 5000)
		came := 0
		round := func() {
			for range 20 {
				_, _ = l.ends[0].Send(chanOf(d), small, SendOptions{Receipt: true})
			}
			l.exchange()
			_, _ = l.ends[0].Send(chanOf(d), large, SendOptions{Receipt: true})
			l.exchange()
			_, _ = l.ends[1].Send(chanOf(d), small, SendOptions{})
			l.exchange()
			came += l.take(d)
		}
		allocatesNothing(t, 3000, 1000, &came, round)
		if came < 1000 {
			t.Errorf("only %d messages came", came)
		}
		if st := l.ends[0].cfg.Buffers.Stats(); st.Allocated > 200 {
			t.Errorf("%+v", st)
		}
	})
}

// TestAllocNothingWithLoss loses every seventh datagram on the way.
func TestAllocNothingWithLoss(t *testing.T) {
	if raced {
		return
	}
	eachDelivery(t, func(t *testing.T, d Delivery) {
		l := newLoop(t, channels())
		t.Log("# repair allocates nothing either")
		l.lossEach = 7
		payload := make([]byte, 2500)
		round := func() {
			_, _ = l.ends[0].Send(chanOf(d), payload, SendOptions{Receipt: true})
			_, _ = l.ends[0].Send(chanOf(d), payload[:100], SendOptions{})
			l.exchange()
			l.take(d)
		}
		allocatesNothing(t, 5000, 2000, new(int), round)
	})
}

// TestAllocNothingWithPolicies loses a third on the way, with policies that count attempts.
func TestAllocNothingWithPolicies(t *testing.T) {
	if raced {
		return
	}
	cfg := channels()
	for i := range cfg.Channels {
		if cfg.Channels[i].Delivery.Reliable() {
			cfg.Channels[i].Resend = ResendPolicy{MaxAttempts: 3, Again: func(in ResendInput) bool { return in.Loss < 0.9 }}
		}
	}
	reliables(t, func(t *testing.T, d Delivery) {
		l := newLoop(t, cfg)
		l.lossEach = 3
		payload, came := make([]byte, 3500), 0
		round := func() {
			_, _ = l.ends[0].Send(chanOf(d), payload, SendOptions{Receipt: true})
			_, _ = l.ends[0].Send(chanOf(d), payload[:100], SendOptions{Receipt: true})
			l.exchange()
			came += l.take(d)
		}
		allocatesNothing(t, 8000, 2000, &came, round)
		if st := l.ends[0].Stats(); came < 500 || st.MessagesDropped[GaveUp]+st.MessagesDropped[Superseded] == 0 {
			t.Errorf("%d came, dropped %v", came, st.MessagesDropped)
		}
	})
}

// An option is what messages are sent with, by their number.
type option struct {
	name string
	fits func(Delivery) bool
	of   func(n int) SendOptions
}

var options = []option{
	{"a time to live", always, func(n int) SendOptions {
		return SendOptions{TTL: max(time.Duration(n%9)*time.Millisecond, 1)}
	}},
	{"keys", Delivery.latest, func(n int) SendOptions { return SendOptions{Keyed: true, Key: uint64(n) % 60} }},
	{"ever new keys that expire", Delivery.latest, func(n int) SendOptions {
		return SendOptions{Keyed: true, Key: uint64(n), TTL: max(time.Duration(n%30)*time.Millisecond, 1)}
	}},
	{"groups", isOrdered, func(n int) SendOptions { return SendOptions{Group: uint32(n/7) % 2} }},
	{"droppables", isOrdered, func(n int) SendOptions {
		return SendOptions{Droppable: n%3 != 0, Group: uint32(n/7) % 2, TTL: max(time.Duration(n%30)*time.Millisecond, 1)}
	}},
}

func always(Delivery) bool      { return true }
func isOrdered(d Delivery) bool { return d == ReliableOrdered }

// TestAllocNothingWithOptions sends with each option that a delivery has, with loss, in steady
// state: bytes, messages built in place, and one message to two ends.
func TestAllocNothingWithOptions(t *testing.T) {
	if raced {
		return
	}
	eachDelivery(t, func(t *testing.T, d Delivery) {
		for _, o := range options {
			if o.fits(d) {
				t.Run(o.name, func(t *testing.T) { allocNothingWith(t, d, o) })
			}
		}
	})
}

func allocNothingWith(t *testing.T, d Delivery, o option) {
	pool := NewBuffers(0)
	t.Cleanup(func() {
		if n := pool.Stats().InUse; n != 0 {
			t.Errorf("%d buffers are not returned", n)
		}
	})
	loops := [2]*loop{newLoop(t, channelsIn(pool)), newLoop(t, channelsIn(pool))}
	for _, l := range loops {
		l.lossEach, l.alone = 11, false
	}
	sender := loops[0].ends[0]
	own, many := sender.Draft(), NewDraft(pool, channels().Channels)
	payload, n, came := make([]byte, 2500), 0, 0
	send := func(opts SendOptions, b []byte) {
		switch n % 3 {
		case 0:
			_, _ = sender.Send(chanOf(d), b, opts)
		case 1:
			_, _ = own.Write(b)
			if _, err := sender.SendDraft(chanOf(d), own, opts); err != nil {
				own.Reset()
			}
		default:
			_, _ = many.Write(b)
			many.Share()
			for _, l := range loops {
				_, _ = l.ends[0].SendDraft(chanOf(d), many, opts)
			}
			many.Reset()
		}
	}
	round := func() {
		for i := range 10 {
			size := 30
			if n++; i == 5 {
				size = 2500
			}
			opts := o.of(n)
			opts.Receipt = true
			send(opts, payload[:size])
		}
		for _, l := range loops {
			l.exchange()
			came += l.take(d)
		}
	}
	allocatesNothing(t, 8000, 2000, &came, round)
	if came < 3000 {
		t.Errorf("only %d messages came", came)
	}
}

// TestAllocNothingInPlace builds messages in drafts, and sends some to two ends.
func TestAllocNothingInPlace(t *testing.T) {
	if raced {
		return
	}
	eachDelivery(t, func(t *testing.T, d Delivery) {
		pool := NewBuffers(0)
		t.Cleanup(func() {
			if n := pool.Stats().InUse; n != 0 {
				t.Errorf("%d buffers are not returned", n)
			}
		})
		loops := [2]*loop{newLoop(t, channelsIn(pool)), newLoop(t, channelsIn(pool))}
		loops[0].alone, loops[1].alone = false, false
		many, payload, came := NewDraft(pool, channels().Channels), make([]byte, 3000), 0
		round := func() {
			own := loops[0].ends[0].Draft()
			for _, size := range []int{30, 3000, 200} { // a buffer for the large one serves the small ones too
				_ = own.Append(func(b []byte) []byte { return append(b, payload[:size]...) })
				_, _ = loops[0].ends[0].SendDraft(chanOf(d), own, SendOptions{Receipt: true})
				_, _ = own.Write(payload[:size/2])
				_ = own.WriteByte(7)
				_, _ = loops[0].ends[0].SendDraft(chanOf(d), own, SendOptions{})
				_, _ = many.Write(payload[:size])
				many.Share()
				for _, l := range loops {
					_, _ = l.ends[0].SendDraft(chanOf(d), many, SendOptions{Receipt: true})
				}
				many.Reset()
			}
			for _, l := range loops {
				l.exchange()
				came += l.take(d)
			}
		}
		allocatesNothing(t, 3000, 1000, &came, round)
		if came < 2000 {
			t.Errorf("only %d messages came", came)
		}
	})
}

// TestAllocNothingWithLimits sends under inbound limits, caps and limits of flushes, and reads
// budgets and bandwidths.
func TestAllocNothingWithLimits(t *testing.T) {
	if raced {
		return
	}
	l := newLoop(t, channels())
	cfg := limited(Limits{2000, 2_000_000, 20_000}, ChannelLimits{500_000, 5000})
	for i := range l.ends {
		cfg.Seed = uint64(i)
		end, err := newLone(l.now, cfg, Carrier{})
		if err != nil {
			t.Fatal(err)
		}
		l.ends[i].Release()
		l.ends[i] = end
	}
	payload, came := make([]byte, 3000), 0
	round := func() {
		l.ends[0].LimitBudget(8000)
		l.ends[0].BeginFlush()
		for _, d := range deliveries {
			for size := 30; l.ends[0].Budget(l.now, l.now+second/60) > size && size < 3000; size *= 3 {
				_, _ = l.ends[0].Send(chanOf(d), payload[:size], SendOptions{Receipt: true})
			}
		}
		for range 16 {
			l.exchange()
		}
		for _, d := range deliveries {
			came += l.take(d)
		}
		came += min(0, l.ends[1].Stats().BytesReceivedPerSecond, l.ends[1].ChannelStats(1).BytesSentPerSecond)
	}
	allocatesNothing(t, 2000, 1000, &came, round)
	if came < 5000 || !l.ends[1].Open() {
		t.Errorf("only %d messages came, open %v", came, l.ends[1].Open())
	}
}

// TestAllocRepair plays small messages with two sums for each, of which a tenth is
// lost: what is sent for repair, kept for it and solved allocates nothing.
func TestAllocRepair(t *testing.T) {
	if raced {
		return
	}
	for _, d := range []Delivery{Unreliable, ReliableOrdered} {
		cfg := channels()
		cfg.Channels[d].Repair = RepairTwice
		l := newLoop(t, cfg)
		l.lossEach = 10
		payload, came := make([]byte, 100), 0
		allocatesNothing(t, 3000, 1000, &came, func() {
			_, _ = l.ends[0].Send(chanOf(d), payload, SendOptions{})
			l.exchange()
			came += l.take(d)
		})
		if st := l.ends[1].Stats(); came < 900 || st.MessagesRebuilt < 100 {
			t.Errorf("%d came, %d were rebuilt", came, st.MessagesRebuilt)
		}
	}
}
