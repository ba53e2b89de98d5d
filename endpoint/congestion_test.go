package endpoint

import (
	"math"
	"testing"
	"time"
)

const rttMS = int64(time.Millisecond)

// acked is a sample of n packets sent at the time, with a round trip of 100 ms.
func acked(n int, sentAt int64) AckSample {
	return AckSample{Bytes: n * packetBytes, SentAt: sentAt, SmoothRTT: 100 * rttMS, RTT: 100 * rttMS}
}

func TestAIMDGrowth(t *testing.T) {
	c := NewAIMD(AIMDConfig{MinBytesPerSecond: -1})
	if c.WindowBytes() != 12_000 {
		t.Fatalf("first window %d", c.WindowBytes())
	}
	t.Log("# slow start: the window doubles in a round trip")
	now := 100 * rttMS
	c.Acked(now, acked(10, 1))
	if c.WindowBytes() != 24_000 {
		t.Errorf("window %d", c.WindowBytes())
	}
	t.Log("# pacing runs at twice the window in a round trip")
	if rate := c.BytesPerSecond(); rate < 470_000 || rate > 490_000 {
		t.Errorf("rate %d", rate)
	}
	t.Log("# what an idle sender gets acknowledged says nothing")
	idle := acked(10, 1)
	idle.AppLimited = true
	if c.Acked(now, idle); c.WindowBytes() != 24_000 {
		t.Errorf("window %d", c.WindowBytes())
	}
	t.Log("# a loss: seven tenths, once for all packets that were under way")
	c.Lost(now, LossSample{Bytes: 1200, Packets: 1, SentAt: now - 1})
	c.Lost(now+1, LossSample{Bytes: 1200, Packets: 1, SentAt: now})
	if c.WindowBytes() != 16_800 {
		t.Errorf("window %d", c.WindowBytes())
	}
	c.Acked(now+2, acked(10, now))
	if c.WindowBytes() != 16_800 {
		t.Errorf("grown by what was sent before the loss: %d", c.WindowBytes())
	}
	t.Log("# then one packet more for each window acknowledged")
	for i := range int64(14) {
		c.Acked(now+3, acked(1, now+1+i))
	}
	if c.WindowBytes() != 16_800+1200 {
		t.Errorf("window %d", c.WindowBytes())
	}
	if rate := c.BytesPerSecond(); rate < 220_000 || rate > 226_000 {
		t.Errorf("rate %d", rate)
	}
	t.Log("# a packet sent after the loss was noticed is another event")
	c.Lost(now+100, LossSample{SentAt: now + 50})
	if c.WindowBytes() != 12_600 {
		t.Errorf("window %d", c.WindowBytes())
	}
}

func TestAIMDBounds(t *testing.T) {
	t.Log("# nothing but losses: four packets, or the floor's rate")
	bare, floor := NewAIMD(AIMDConfig{MinBytesPerSecond: -1}), NewAIMD(AIMDConfig{})
	for i := range int64(50) {
		for _, c := range []*AIMD{bare, floor} {
			c.Acked(i*1000, AckSample{SentAt: -1, SmoothRTT: 200 * rttMS})
			c.Lost(i*1000, LossSample{SentAt: i*1000 - 1})
		}
	}
	const rate = 64 << 10
	if bare.WindowBytes() != minWindow || floor.WindowBytes() < 2*rate/5 || floor.WindowBytes() > rate/2 ||
		floor.BytesPerSecond() < rate {
		t.Errorf("windows %d and %d, rate %d", bare.WindowBytes(), floor.WindowBytes(), floor.BytesPerSecond())
	}
	t.Log("# nothing but success: the ceiling's rate")
	c := NewAIMD(AIMDConfig{MaxBytesPerSecond: 1_000_000})
	for i := range int64(1000) {
		c.Acked(i, acked(1000, i))
	}
	if c.WindowBytes() > 100_100 || c.BytesPerSecond() > 1_000_000 {
		t.Errorf("window %d, rate %d", c.WindowBytes(), c.BytesPerSecond())
	}
}

func TestPacer(t *testing.T) {
	const rate = 100_000
	p := throttle{at: -second}
	t.Log("# a full bucket lets ten packets go, and one on credit")
	p.pace(0, rate)
	n := 0
	for ; p.ready(p.at); n++ {
		p.spend(p.at, packetBytes)
	}
	if n != 10 {
		t.Errorf("%d packets", n)
	}
	p.pace(rttMS, rate)
	p.spend(p.at, packetBytes)
	t.Log("# the next may go exactly when the debt is paid")
	at := p.readyAt()
	if early := p; true {
		if early.pace(at-2, rate); early.ready(early.at) {
			t.Error("ready too early")
		}
	}
	if p.pace(at, rate); !p.ready(p.at) {
		t.Error("not ready in time")
	}
	t.Log("# over a second the rate is met, however often one looks")
	for _, step := range []int64{1000, 10_000_000, 130_000_000} {
		p = throttle{}
		bytes := 0
		for now := int64(0); now < 10*second; now += step {
			p.pace(now, rate)
			for p.ready(p.at) {
				p.spend(p.at, packetBytes)
				bytes += packetBytes
			}
		}
		if want := 10 * rate; step < 100_000_000 && (bytes < want*99/100 || bytes > want*101/100) || bytes > want*101/100 {
			t.Errorf("every %v: %d bytes in 10 s", time.Duration(step), bytes)
		}
	}
	t.Log("# a crawl, a pause of a year, a clock that stands still, and a high rate do no harm")
	p = throttle{}
	p.pace(0, 10)
	p.spend(p.at, packetBytes)
	if at := p.readyAt(); at < 120*second || at > 121*second {
		t.Errorf("at ten bytes a second the next goes after %v", time.Duration(at))
	}
	if p.pace(121*second, 10); !p.ready(p.at) {
		t.Error("not ready after two minutes")
	}
	for _, rate := range []int{1, 1 << 30} {
		p.pace(p.at+365*24*3600*second, rate)
		p.pace(p.at, rate)
		p.pace(p.at-second, rate)
		if p.level != p.burst*second {
			t.Errorf("level %d at rate %d", p.level, rate)
		}
	}
}

// TestBulkRates sends bulk over links of several qualities and looks at what share of the time
// the default controller makes of them.
func TestBulkRates(t *testing.T) {
	for _, c := range []struct {
		rtt   time.Duration
		loss  float64
		least int // bytes a second
	}{
		{5 * time.Millisecond, 0, 10 << 20}, {50 * time.Millisecond, 0, 2 << 20},
		{50 * time.Millisecond, 0.01, 150 << 10}, {100 * time.Millisecond, 0.3, 25 << 10},
	} {
		cfg := channels()
		cfg.Controller = func() Controller { return NewAIMD(AIMDConfig{MaxBytesPerSecond: 20 << 20}) }
		p := newPair(t, cfg, c.rtt/2)
		p.links[0].loss, p.links[1].loss = c.loss, c.loss
		p.open()
		total, ch := 0, chanOf(ReliableOrdered)
		step := 5 * time.Millisecond
		for range 5 * time.Second / step {
			for p.ends[0].Stats().QueuedBytes < 1<<20 {
				_, _ = p.ends[0].Send(ch, make([]byte, 1000), SendOptions{})
			}
			p.run(step)
			total += 1000 * len(p.received(1, ch))
		}
		t.Logf("# RTT %v, loss %v: %d KiB a second", c.rtt, c.loss, total/5>>10)
		if total/5 < c.least {
			t.Errorf("RTT %v, loss %v: %d bytes a second", c.rtt, c.loss, total/5)
		}
	}
}

// TestCongestionLimits: rates go up to a GiB a second, and a least one up to the most.
func TestCongestionLimits(t *testing.T) {
	const gib = 1 << 30
	for _, c := range []struct {
		cfg  CongestionConfig
		good bool
	}{
		{CongestionConfig{MinBytesPerSecond: gib}, true},
		{CongestionConfig{MinBytesPerSecond: gib + 1}, false},
		{CongestionConfig{MaxBytesPerSecond: gib, MinBytesPerSecond: gib}, true},
		{CongestionConfig{MaxBytesPerSecond: gib + 1}, false},
		{CongestionConfig{MaxBytesPerSecond: 5000, MinBytesPerSecond: 5000}, true},
		{CongestionConfig{MaxBytesPerSecond: 5000, MinBytesPerSecond: 5001}, false},
		{CongestionConfig{Kind: CongestionFixed, BytesPerSecond: gib}, true},
		{CongestionConfig{Kind: CongestionFixed, BytesPerSecond: gib + 1}, false},
		{CongestionConfig{Kind: CongestionFixed}, false},
		{CongestionConfig{Kind: CongestionAIMD, BytesPerSecond: 1}, false},
		{CongestionConfig{Kind: CongestionOff}, true},
		{CongestionConfig{Kind: CongestionOff + 1}, false},
	} {
		if err := c.cfg.validate(); (err == nil) != c.good {
			t.Errorf("%+v: %v", c.cfg, err)
		}
	}
}

// lossesTold is a controller that keeps what it is told of losses.
type lossesTold struct {
	Controller
	all []LossSample
}

func (w *lossesTold) Lost(_ int64, s LossSample) { w.all = append(w.all, s) }

// TestQueueInsideIsJudged: of what repairs losses itself round trips that are longer than twice the
// shortest one by more than 50 ms, for half a second or two of the shortest, say that a queue grows in it.
func TestQueueInsideIsJudged(t *testing.T) {
	for _, c := range []struct {
		least, latest, sent int64
		want                bool
	}{
		{30 * milli, 30 * milli, 900 * milli, false},
		{30 * milli, 110 * milli, 900 * milli, false},
		{30 * milli, 110*milli + 1, 499 * milli, false},
		{30 * milli, 110*milli + 1, 500 * milli, true},
		{300 * milli, 700 * milli, 599 * milli, false},
		{300 * milli, 700 * milli, 600 * milli, true},
	} {
		w := &lossesTold{Controller: byDelay()}
		p := newScript(t, channels()).e.path(0)
		p.cc, p.inFlight = w, 5000
		p.rtt.min, p.rtt.latest = c.least, c.latest
		p.judgeQueue(second, &sentPacket{at: c.sent, bytes: 1200})
		if p.steered != c.want || (len(w.all) == 1) != c.want {
			t.Errorf("%+v: %+v", c, w.all)
		}
		if c.want && w.all[0] != (LossSample{Bytes: 1200, Packets: 1, InFlight: 5000, SentAt: c.sent, Queue: true}) {
			t.Errorf("%+v", w.all)
		}
		p.rtt.latest = c.least
		p.judgeQueue(second, &sentPacket{at: second, bytes: 1200})
		p.rtt.latest = c.latest
		p.judgeQueue(second, &sentPacket{at: second + 400*milli, bytes: 1200})
		if len(w.all) > 1 {
			t.Errorf("%+v: one that came promptly in between changes nothing", c)
		}
	}
}

// TestLossesAreTold: a controller hears of losses with what is in flight beside them, and of none that
// are none.
func TestLossesAreTold(t *testing.T) {
	w := &lossesTold{Controller: byDelay()}
	p := newScript(t, channels()).e.path(0)
	p.cc, p.inFlight = w, 5000
	p.reportLoss(9*milli, LossSample{Bytes: 2400, Packets: 2, SentAt: 7})
	p.reportLoss(9*milli, LossSample{})
	if want := (LossSample{Bytes: 2400, Packets: 2, SentAt: 7, InFlight: 5000}); len(w.all) != 1 || w.all[0] != want {
		t.Errorf("%+v", w.all)
	}
}

// TestControllersKeepTheirBounds: without other bounds a controller stays between its least rate and a
// GiB a second, whatever it is told; negative ones are off.
func TestControllersKeepTheirBounds(t *testing.T) {
	if c := NewAIMD(AIMDConfig{}); c.cfg.MinBytesPerSecond != 64<<10 || c.cfg.MaxBytesPerSecond != 1<<30 {
		t.Errorf("%+v", c.cfg)
	}
	if c := NewDelayBased(DelayConfig{}); c.cfg.MinBytesPerSecond != 16<<10 || c.cfg.MaxBytesPerSecond != 1<<30 {
		t.Errorf("%+v", c.cfg)
	}
	if a, d := NewAIMD(AIMDConfig{MinBytesPerSecond: -1}), NewDelayBased(DelayConfig{MinBytesPerSecond: -1}); a.cfg.MinBytesPerSecond != 0 || d.cfg.MinBytesPerSecond != 0 {
		t.Errorf("off: %+v, %+v", a.cfg, d.cfg)
	}
}

// TestWindowsFitAnywhere: a window of more than two gigabytes is not negative where an int has 32
// bits.
func TestWindowsFitAnywhere(t *testing.T) {
	c := NewDelayBased(DelayConfig{})
	c.begin.window, c.rounds = 1<<31, 2
	if n := c.WindowBytes(); n != math.MaxInt32 {
		t.Errorf("starting: %d", n)
	}
	c.phase, c.rate, c.pipe = delayCruising, maxRate, 3*second
	if n := c.WindowBytes(); n != math.MaxInt32 {
		t.Errorf("cruising: %d", n)
	}
}
