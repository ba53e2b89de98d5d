package endpoint

import (
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// TestIDsWrap sends more messages than two bytes count, with loss, in every delivery, small
// and in fragments.
func TestIDsWrap(t *testing.T) {
	n := 70_000
	if raced {
		n = 5_000
	}
	eachDelivery(t, func(t *testing.T, d Delivery) {
		cfg := channels()
		cfg.Controller = func() Controller { return fixedRate(50 << 20) }
		p := newPair(t, cfg, 5*time.Millisecond)
		p.links[0].loss, p.links[1].loss = 0.02, 0.02
		p.open()
		every := 50
		if d == ReliableLatest {
			every = 1000 // each is finished before the next value starts
		}
		t.Logf("# %d messages, one of %d in fragments", n, every)
		var got []string
		for i := range n {
			size := 8 + i%5
			if i%every == 0 {
				size = 1500
			}
			if _, err := p.ends[0].Send(chanOf(d), message(i, size), SendOptions{}); err != nil {
				t.Fatal(err)
			}
			if d.latest() || i%10 == 0 {
				p.run(500 * time.Microsecond)
				got = append(got, p.received(1, chanOf(d))...)
			}
		}
		for range 300 {
			p.run(20 * time.Millisecond)
			got = append(got, p.received(1, chanOf(d))...)
		}
		checkDelivery(t, d, n, got)
		if len(got) < n*9/10 || d == ReliableLatest && number(got[len(got)-1]) != n-1 {
			t.Errorf("%d of %d came", len(got), n)
		}
		snd := p.ends[0].outbox.sender(uint16(chanOf(d)))
		if !raced && snd.open.End() < 1<<16 {
			t.Errorf("only %d ids", snd.open.End())
		}
		if snd.open.Len() != 0 || snd.cuts.Len() != 0 {
			t.Errorf("%d ids and %d cuts are open", snd.open.Len(), snd.cuts.Len())
		}
	})
}

func TestFragmentIDsWrap(t *testing.T) {
	n := 66_000
	if raced {
		n = 3_000
	}
	cfg := channels()
	cfg.Controller = func() Controller { return fixedRate(200 << 20) }
	p := newPair(t, cfg, time.Millisecond).open()
	t.Logf("# %d fragmented unreliable messages, with receipts", n)
	came, delivered := 0, 0
	for i := range n {
		p.send(0, chanOf(Unreliable), message(i, 1300))
		p.run(100 * time.Microsecond)
		came += len(p.received(1, chanOf(Unreliable)))
		for _, ev := range p.fates(0) {
			if ev.Kind == Delivered {
				delivered++
			}
		}
	}
	p.run(5 * time.Second)
	came += len(p.received(1, chanOf(Unreliable)))
	for _, ev := range p.fates(0) {
		if ev.Kind == Delivered {
			delivered++
		}
	}
	if came != n || delivered < n*99/100 {
		t.Errorf("%d came, %d Delivered", came, delivered)
	}
}

// TestWideIDs loses more than 2^15 values of a Latest channel in a row, while the connection
// lives: the channel is not deaf afterwards.
func TestWideIDs(t *testing.T) {
	sizes := []int{60, 1300}
	if raced {
		sizes = sizes[:1]
	}
	for _, size := range sizes {
		for _, d := range []Delivery{UnreliableLatest, ReliableLatest} {
			cfg := unrepaired(channels())
			cfg.Controller = func() Controller { return fixedRate(100 << 20) }
			p := newPair(t, cfg, time.Millisecond).open()
			p.wind(1 << 20) // or ids could not be below those that were lost
			t.Logf("# %v of %d bytes: 40000 values are lost", d, size)
			p.links[0].drop = func(_ int, b []byte) bool { return len(b) > 55 }
			n := 0
			for range 40_000 {
				_, _ = p.ends[0].Send(chanOf(d), message(n, size), SendOptions{})
				_, _ = p.ends[0].Send(chanOf(Unreliable), nil, SendOptions{})
				n++
				p.flush()
				_, _ = p.ends[0].Send(chanOf(Unreliable), nil, SendOptions{})
				p.run(250 * time.Microsecond)
			}
			if got := p.received(1, chanOf(d)); len(got) != 0 {
				t.Fatalf("%d came", len(got))
			}
			if ids := p.ends[0].outbox.sender(uint16(chanOf(d))).open.End() - 1<<20; d == UnreliableLatest && ids < 1<<15 {
				t.Errorf("only %d ids", ids)
			}
			p.links[0].drop = nil
			f := &feed{p: p, d: d, size: size, every: 10 * time.Millisecond}
			f.run(t, 100)
			if f.seen < 80 {
				t.Errorf("%v: %d of 100 values seen afterwards", d, f.seen)
			}
		}
	}
}

// TestSeenButIncomplete gives a Latest receiver pieces of more than 2^15 values and none of
// them whole: ids are rebuilt from what was seen.
func TestSeenButIncomplete(t *testing.T) {
	s := newScript(t, channels())
	t.Log("# first fragments of 70000 values, then a small value")
	for i := range uint64(70_000) {
		s.hears(fragment(chanOf(UnreliableLatest), i, 0, 3000, []byte("x")))
		s.says()
		s.now += 100_000
	}
	s.hears(run(chanOf(UnreliableLatest), 70_000, "whole"))
	s.e.Update()
	if m, ok := s.e.Receive(chanOf(UnreliableLatest)); !ok || string(m.Bytes()) != "whole" {
		t.Fatal("not received")
	}
	if next := s.e.inbox.receiver(uint16(chanOf(UnreliableLatest))).keys.keyless.id; next != 70_001 {
		t.Errorf("the newest is %d", next)
	}
}

// TestPacketNumbersWrap sends more packets than the two bytes of a lone end count.
func TestPacketNumbersWrap(t *testing.T) {
	n := 140_000
	if raced {
		n = 20_000
	}
	p := newPair(t, channels(), 2*time.Millisecond)
	p.links[0].jitter, p.links[0].dup, p.links[0].loss = 3*time.Millisecond, 0.05, 0.05
	p.open()
	t.Logf("# %d packets", n)
	came := 0
	for i := range n {
		_, _ = p.ends[0].Send(chanOf(Unreliable), message(i, 8), SendOptions{})
		p.run(time.Millisecond)
		came += len(p.received(1, chanOf(Unreliable)))
	}
	if came < n*93/100 || came > n*97/100 {
		t.Errorf("%d of %d came", came, n)
	}
	if next := p.ends[0].path(0).header().Number; next < uint64(n) {
		t.Errorf("the next number is %d", next)
	}
}

func TestNumberBytes(t *testing.T) {
	s := newScript(t, channels())
	t.Log("# before the first ack the largest acknowledged number counts as -1")
	for _, c := range []struct {
		number uint64
		want   int
	}{{0, 2}, {1<<14 - 2, 2}, {1<<14 - 1, 3}, {1<<22 - 2, 3}, {1<<22 - 1, 4}, {1 << 40, 4}} {
		if got := s.e.path(0).numberBytes(c.number); got != c.want {
			t.Errorf("%d: %d bytes, want %d", c.number, got, c.want)
		}
	}
	for range 3 {
		_, _ = s.e.Send(chanOf(Unreliable), nil, SendOptions{})
		s.says()
	}
	s.hears(ack(2, 2))
	for ahead, want := range map[uint64]int{1: 2, 1<<14 - 1: 2, 1 << 14: 3, 1<<22 - 1: 3, 1 << 22: 4} {
		if got := s.e.path(0).numberBytes(2 + ahead); got != want {
			t.Errorf("%d ahead: %d bytes, want %d", ahead, got, want)
		}
	}
	if n, ok := s.e.LargestAcked(9); n != 0 || ok {
		t.Error("a path that is not there")
	}
}

// TestIDsGoWide: an id has two bytes as long as it is less than 2^14 above the oldest that is open, however many
// there were before (SPEC.md, 6.2).
func TestIDsGoWide(t *testing.T) {
	for _, d := range []Delivery{ReliableOrdered, ReliableUnordered} {
		cfg := unrepaired(channels())
		s := newScript(t, cfg)
		for n := range 120 {
			for range 100 {
				if _, err := s.e.Send(chanOf(d), []byte{byte(n)}, SendOptions{}); err != nil {
					t.Fatal(err)
				}
			}
			for _, f := range s.wait(s.now + second/10) {
				if kindOf(f) != wire.TypeRunLong {
					continue
				}
				if r, _ := wire.ConsumeRun(f); r.Wide {
					t.Fatalf("%v: message %d goes wide, and all before it have arrived", d, 100*n)
				}
			}
			s.hears(ack(0, s.nextNumber()-1), wire.AppendWindow(nil, uint16(chanOf(d)), uint32(64<<10+(n+1)*100*33)))
		}
	}
}
