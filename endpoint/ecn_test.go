package endpoint

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// marking has the routers of both links do something to marks.
func (p *pair) marking(router func(n int, m ECN) ECN) *pair {
	p.links[0].router, p.links[1].router = router, router
	return p
}

// marksSent runs a game for some seconds and counts marked datagrams of end 0, and all.
func (p *pair) marksSent(seconds int) (marked, all int) {
	count := p.links[0].router
	p.links[0].router = func(n int, m ECN) ECN {
		if all++; m != NotECT {
			marked++
		}
		return count(n, m)
	}
	for range 60 * seconds {
		p.send(0, chanOf(ReliableOrdered), message(0, 100))
		p.send(1, chanOf(ReliableOrdered), message(0, 100))
		p.run(time.Second / 60)
		p.received(0, chanOf(ReliableOrdered))
		p.received(1, chanOf(ReliableOrdered))
	}
	p.links[0].router = count
	return marked, all
}

func asSent(_ int, m ECN) ECN { return m }

// bleach is a router that takes all marks off.
func bleach(int, ECN) ECN { return NotECT }

// TestMarksAreTested: packets are marked as long as the marks arrive as they left, and no further
// than ten of them if not (RFC 9000, 13.4.2).
func TestMarksAreTested(t *testing.T) {
	other := func(_ int, m ECN) ECN { return min(m, 1) } // ECT(0) becomes ECT(1)
	half := func(n int, m ECN) ECN {
		if n%2 == 0 {
			return NotECT
		}
		return m
	}
	for _, c := range []struct {
		name        string
		router      func(int, ECN) ECN
		least, most int
		state       markState
	}{
		{"carried", asSent, 570, 700, marksCapable},
		{"bleached", bleach, 0, markTests, marksFailed},
		{"changed", other, 0, markTests, marksFailed},
		{"bleached now and then", half, 0, 20, marksFailed},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPair(t, channels(), 25*time.Millisecond).marking(c.router).open()
			marked, all := p.marksSent(10)
			if marked < c.least || marked > c.most {
				t.Errorf("%d of %d datagrams are marked, want %d to %d", marked, all, c.least, c.most)
			}
			if got := p.ends[0].path(0).marks.state; got != c.state {
				t.Errorf("state %d, want %d", got, c.state)
			}
		})
	}
}

// TestMarksGetLost: where marked packets are dropped no more are marked.
func TestMarksGetLost(t *testing.T) {
	p := newPair(t, channels(), 25*time.Millisecond).marking(asSent).open()
	p.ends[0].path(0).marks = marks{}
	drop := func(int, []byte) bool { return p.links[0].mark != NotECT }
	p.links[0].drop = drop
	p.marksSent(10)
	if got := p.ends[0].path(0).marks.state; got != marksFailed {
		t.Errorf("state %d", got)
	}
}

// TestMarksOff: DisableECN marks nothing.
func TestMarksOff(t *testing.T) {
	cfg := channels()
	cfg.DisableECN = true
	if marked, _ := newPair(t, cfg, 25*time.Millisecond).marking(asSent).open().marksSent(1); marked != 0 {
		t.Errorf("%d datagrams are marked", marked)
	}
}

// TestMarksOnABadLine: losses, copies and overtaking are no fault of marks.
func TestMarksOnABadLine(t *testing.T) {
	for seed := range uint64(20) {
		p := newPair(t, channels(), 25*time.Millisecond, seed)
		for i := range p.links {
			l := &p.links[i]
			l.router, l.loss, l.dup, l.jitter = asSent, 0.2, 0.1, 40*time.Millisecond
		}
		p.open().marksSent(30)
		for i := range p.ends {
			if got := p.ends[i].path(0).marks.state; got != marksCapable {
				t.Errorf("seed %d, end %d: state %d", seed, i, got)
			}
		}
	}
}

// TestMarksAfterAMove: a path that moves is tested anew.
func TestMarksAfterAMove(t *testing.T) {
	p := newPair(t, channels(), 25*time.Millisecond).marking(asSent).open()
	p.marksSent(2)
	end := p.ends[0]
	end.path(0).move(p.now, 0, 0)
	if end.path(0).marks.state != marksTesting {
		t.Error("not tested")
	}
	if marked, _ := p.marksSent(2); marked < 100 {
		t.Errorf("%d marked", marked)
	}
	end.path(0).move(p.now, 0, 0)
	p.links[0].router = bleach
	if marked, _ := p.marksSent(2); marked > 2*markTests {
		t.Errorf("%d marked where marks are bleached", marked)
	}
}

// TestMarksCostLittle: who gets no marks sends none of the bytes that tell of them; who gets
// them, four with each clock: ten times a second, and of two packets or more.
func TestMarksCostLittle(t *testing.T) {
	for _, router := range []func(int, ECN) ECN{asSent, nil} {
		p := newPair(t, channels(), 25*time.Millisecond)
		p.links[0].router, p.links[1].router = router, router
		p.open()
		acks, told := 0, 0
		p.watch = func(end int, b []byte) {
			var a wire.Ack
			if len(b) > 2 && b[2] >= wire.TypeAck && b[2] < wire.TypeFragment && wire.ConsumeAck(b[2:], &a) > 0 {
				if acks++; a.HasECN {
					told++
				}
			}
		}
		for n := range 600 {
			p.send(0, chanOf(ReliableOrdered), message(n, 100))
			p.run(time.Second / 60)
			p.received(1, chanOf(ReliableOrdered))
		}
		if router == nil && told != 0 || router != nil && (told < 50 || told > acks/4) || acks < 300 {
			t.Errorf("%d of %d acks in ten seconds tell of marks", told, acks)
		}
	}
}

// TestMarkedCongestion: a queue that marks instead of dropping slows the sender down before
// anything is lost, once in a round trip, though ACKs are lost.
func TestMarkedCongestion(t *testing.T) {
	p := newPair(t, channels(), 25*time.Millisecond)
	l := &p.links[0]
	l.rate, l.queue = 250_000, 500*time.Millisecond
	p.links[1].loss = 0.1
	worst, ce := int64(0), 0
	l.router = func(_ int, m ECN) ECN {
		if wait := l.busy - p.now; p.now > 5*second {
			worst = max(worst, wait)
		}
		if m != NotECT && l.busy-p.now > int64(20*time.Millisecond) {
			ce++
			return CE
		}
		return m
	}
	p.links[1].router = asSent
	p.open()
	began := p.now
	got := 0
	for p.now < began+20*second {
		for p.ends[0].Stats().QueuedBytes < 100_000 {
			p.send(0, chanOf(ReliableOrdered), message(0, 5000))
		}
		p.run(10 * time.Millisecond)
		for _, m := range p.received(1, chanOf(ReliableOrdered)) {
			got += len(m)
		}
		p.events(0)
	}
	st := p.ends[0].Stats()
	t.Logf("%d bytes a second, queue at most %v, %d packets lost, %d marked", got/20, time.Duration(worst), st.PacketsLost, ce)
	if got/20 < 250_000*2/3 || worst > int64(150*time.Millisecond) || ce == 0 {
		t.Errorf("%d bytes a second, %v of queue, %d marks", got/20, time.Duration(worst), ce)
	}
	if st.PacketsLost != 0 {
		t.Errorf("%d packets lost", st.PacketsLost)
	}
	c := NewAIMD(AIMDConfig{MinBytesPerSecond: -1})
	c.Acked(1, AckSample{SentAt: 0, Bytes: 12000, SmoothRTT: second})
	was := c.window
	c.Acked(10, AckSample{SentAt: 5, Bytes: 1200, SmoothRTT: second, Congested: 1})
	if c.window != was*7/10 {
		t.Errorf("a window of %d becomes %d", was, c.window)
	}
	once := c.window
	c.Acked(11, AckSample{SentAt: 9, Bytes: 1200, SmoothRTT: second, Congested: 3})
	if c.Spurious(12, LossSample{Packets: 1}); c.window != once {
		t.Errorf("once more, or taken back: %d becomes %d", once, c.window)
	}
}

// TestMarksWrap: the counts go on beyond what their two bytes hold, on both ends.
func TestMarksWrap(t *testing.T) {
	var at, back marks
	rnd := rand.New(rand.NewPCG(1, 2))
	ce := 0
	for n := range 300_000 {
		at.sent++
		mark := ECT0
		if rnd.IntN(10) == 0 {
			mark = CE
		}
		back.arrived(mark)
		at.acked++
		a := wire.Ack{HasClock: n%10 == 0}
		if back.report(&a); a.HasECN {
			back.reported()
		}
		if at.judge(&a, true); at.state != marksCapable {
			t.Fatalf("packet %d: state %d", n, at.state)
		}
		ce += at.fresh
		at.fresh = 0
	}
	if ce < 29_000 || ce > 31_000 {
		t.Errorf("%d marks of congestion were told", ce)
	}
	for name, a := range map[string]wire.Ack{
		"more than left":       {HasECN: true, ECT: back.ect + 1, CE: back.ce},
		"fewer than arrived":   {HasECN: true, ECT: back.ect - 1, CE: back.ce},
		"fewer CE than before": {HasECN: true, ECT: back.ect + 1, CE: back.ce - 1},
	} {
		m := at
		if m.judge(&a, false); m.state != marksCapable {
			t.Errorf("%s: an old ACK says something", name)
		}
		if m.judge(&a, true); m.state != marksFailed {
			t.Errorf("%s: state %d", name, m.state)
		}
	}
}
