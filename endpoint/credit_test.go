package endpoint

import (
	"errors"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// reliables runs a test for each delivery that has credit.
func reliables(t *testing.T, f func(t *testing.T, d Delivery)) {
	for _, d := range []Delivery{ReliableUnordered, ReliableLatest, ReliableOrdered} {
		t.Run(d.String(), func(t *testing.T) { f(t, d) })
	}
}

// TestReceiverThatDoesNotDrain stops reading for a minute.
func TestReceiverThatDoesNotDrain(t *testing.T) {
	reliables(t, func(t *testing.T, d Delivery) {
		p := newPair(t, channels(), 20*time.Millisecond).open()
		p.links[0].loss = 0.05
		ch := chanOf(d)
		t.Log("# a minute without a reader: the sender fills its queue and is told, memory stays bounded")
		sent, full, most := 0, 0, 0
		for end := p.now + int64(time.Minute); p.now < end; {
			_, err := p.ends[0].Send(ch, message(sent, 4000), SendOptions{})
			switch {
			case err == nil:
				sent++
			case errors.Is(err, ErrFull):
				full++
			default:
				t.Fatal(err)
			}
			p.run(20 * time.Millisecond)
			p.ends[1].Update()
			most = max(most, p.ends[1].cfg.Buffers.Stats().InUse)
		}
		t.Logf("%d sent, %d refused, at most %d buffers at the receiver", sent, full, most)
		if d == ReliableLatest {
			if full != 0 || most > 16 {
				t.Errorf("%d refused, %d buffers", full, most)
			}
		} else if full == 0 || most*4032 > defaultWindow+4032 {
			t.Errorf("%d refused, %d buffers", full, most)
		}
		if n := p.ends[1].cfg.Pool.InUse(); n != 0 && d != ReliableLatest {
			t.Errorf("%d bytes of the pool for a game that does not read", n)
		}
		t.Log("# it reads again: everything arrives")
		var got []string
		for range 3000 {
			got = append(got, p.received(1, ch)...)
			p.run(20 * time.Millisecond)
		}
		if d == ReliableLatest {
			if len(got) == 0 || number(got[len(got)-1]) != sent-1 {
				t.Errorf("the newest value did not arrive")
			}
			return
		}
		checkDelivery(t, d, sent, got)
	})
}

func TestMessageLargerThanTheWindow(t *testing.T) {
	reliables(t, func(t *testing.T, d Delivery) {
		p := newPair(t, channels(), 20*time.Millisecond).open()
		t.Log("# a message of 1 MiB meets a window of 64 KiB: BLOCKED asks, the pool gives")
		receipt := p.send(0, chanOf(d), message(0, 1<<20))
		if !p.runUntil(30*time.Second, func() bool { return p.ends[1].cfg.Pool.InUse() > 0 }) {
			t.Fatal("the pool gave nothing")
		}
		p.run(30 * time.Second)
		if got := p.received(1, chanOf(d)); len(got) != 1 || got[0] != string(message(0, 1<<20)) {
			t.Fatalf("received %d messages", len(got))
		}
		if p.fates(0)[receipt].Kind != Delivered {
			t.Error("not Delivered")
		}
		p.ends[1].Release()
		if n := p.ends[1].cfg.Pool.InUse(); n != 0 {
			t.Errorf("%d bytes of the pool are not returned", n)
		}
	})
}

func TestPoolExhaustedThenFreed(t *testing.T) {
	cfg := channels()
	cfg.Pool = NewWindowPool(1 << 20)
	p := newPair(t, cfg, 20*time.Millisecond).open()
	t.Log("# somebody else has the pool: the message waits, and BLOCKED asks once a second")
	if cfg.Pool.take(1, 1<<20) != 1<<20 {
		t.Fatal("pool")
	}
	asked := 0
	p.links[0].drop = func(_ int, b []byte) bool {
		asked += count(framesOf(t, b[loneHeader:]), wire.TypeBlocked)
		return false
	}
	p.send(0, chanOf(ReliableOrdered), message(0, 200_000))
	p.run(10 * time.Second)
	if got := p.received(1, chanOf(ReliableOrdered)); len(got) != 0 || asked < 9 || asked > 12 {
		t.Errorf("received %d messages, asked %d times", len(got), asked)
	}
	t.Log("# it comes back: the message arrives")
	cfg.Pool.give(1 << 20)
	p.run(10 * time.Second)
	if got := p.received(1, chanOf(ReliableOrdered)); len(got) != 1 {
		t.Errorf("received %d messages", len(got))
	}
	p.links[0].drop = nil
}

func TestWindowGrowsWithUse(t *testing.T) {
	cfg := channels()
	cfg.Controller = func() Controller { return fixedRate(20 << 20) }
	p := newPair(t, cfg, 50*time.Millisecond).open()
	t.Log("# a game that reads at once gets a larger window, until it no longer holds the sender back")
	begin := p.now
	total := 0
	for total < 40<<20 {
		for p.ends[0].Stats().QueuedBytes < 2<<20 {
			_, _ = p.ends[0].Send(chanOf(ReliableOrdered), make([]byte, 1000), SendOptions{})
		}
		p.run(5 * time.Millisecond)
		for _, m := range p.received(1, chanOf(ReliableOrdered)) {
			total += len(m)
		}
	}
	took := time.Duration(p.now - begin)
	t.Logf("40 MiB in %v with a window of %d", took, p.ends[1].receiver(uint16(chanOf(ReliableOrdered))).window)
	if took > 5*time.Second {
		t.Errorf("40 MiB took %v at 20 MiB a second", took)
	}
}

func TestNoPool(t *testing.T) {
	cfg := channels()
	cfg.Pool = NewWindowPool(-1)
	p := newPair(t, cfg, 20*time.Millisecond).open()
	t.Log("# windows that never grow: all that fits one arrives all the same")
	var got []string
	for i := range 300 {
		p.send(0, chanOf(ReliableOrdered), message(i, 8+i*200))
		p.run(30 * time.Millisecond)
		got = append(got, p.received(1, chanOf(ReliableOrdered))...)
		p.fates(0)
	}
	for range 200 {
		p.run(100 * time.Millisecond)
		got = append(got, p.received(1, chanOf(ReliableOrdered))...)
	}
	checkDelivery(t, ReliableOrdered, 300, got)
}

// TestFlowViolation scripts a cheat that starts more than it was allowed to.
func TestFlowViolation(t *testing.T) {
	reliables(t, func(t *testing.T, d Delivery) {
		cfg := Config{Channels: []ChannelConfig{{ID: 1, Delivery: d, WindowBytes: 2000, MaxMessageBytes: 10_000}}}
		t.Log("# messages of 968 + 32: two fit a window of 2000, the third does not")
		s := newScript(t, cfg)
		for i := range uint64(2) {
			s.hears(run(1, i, string(make([]byte, 968))))
		}
		if s.e.state != stateOpen {
			t.Fatal("closed too early")
		}
		if d != ReliableLatest { // there the first one's charge returned, but the limit did not move yet
			s.e.Update()
		}
		s.hears(run(1, 2, ""))
		if s.closed() != CodeFlow {
			t.Error("not FLOW")
		}
		t.Log("# one byte at an offset beyond the window is charged as all before it, and allocates nothing")
		s = newScript(t, cfg)
		s.hears(fragment(1, 0, 5000, 0, []byte("x")))
		if s.closed() != CodeFlow || s.e.cfg.Buffers.Stats().Allocated != 0 {
			t.Errorf("allocated %d", s.e.cfg.Buffers.Stats().Allocated)
		}
		t.Log("# so are the total of a first fragment, 63 messages just begun, and SKIP")
		s = newScript(t, cfg)
		s.hears(fragment(1, 0, 0, 1969, []byte("x")))
		if s.closed() != CodeFlow {
			t.Error("not FLOW")
		}
		s = newScript(t, cfg)
		for i := range uint64(61) {
			s.hears(fragment(1, i, 0, 1, []byte("x")))
		}
		if s.closed() != CodeFlow {
			t.Error("not FLOW")
		}
		s = newScript(t, cfg)
		s.hears(wire.AppendSkip(nil, 1, 0, []int{900, 900, 900}))
		if s.closed() != CodeFlow {
			t.Error("not FLOW")
		}
	})
}

// TestSenderMemoryIsBounded grants endless credit and never acknowledges the last byte of
// anything.
func TestSenderMemoryIsBounded(t *testing.T) {
	cfg := channels()
	cfg.Controller = func() Controller { return fixedRate(200 << 20) }
	s := newScript(t, cfg)
	ch := chanOf(ReliableUnordered)
	t.Log("# a peer grants gigabytes and acknowledges nothing: what is under way stays bounded")
	limit := uint32(0)
	for range 3000 {
		limit += 1 << 20
		s.hears(wire.AppendWindow(nil, uint16(ch), limit))
		_, _ = s.e.Send(ch, make([]byte, 100_000), SendOptions{})
		s.says()
		s.now += 1_000_000
	}
	snd := s.e.sender(uint16(ch))
	t.Logf("%d bytes under way, %d queued", snd.underway, snd.queued)
	if snd.underway > maxWindow || snd.queued > snd.cfg.MaxQueuedBytes || snd.underway == 0 {
		t.Errorf("%d bytes under way, %d queued", snd.underway, snd.queued)
	}
}
