package endpoint

import (
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// A feed sends a new value of a Latest channel again and again, and notes how old what the
// receiver sees is.
type feed struct {
	p        *pair
	d        Delivery
	size     int
	every    time.Duration
	sent     []int64 // when each value was sent
	last     int     // newest value seen
	seen     int
	seenAt   int64
	oldest   time.Duration // of a value when it was seen
	longest  time.Duration // without a new value
	buffered int
}

func (f *feed) run(t *testing.T, n int) {
	t.Helper()
	f.last, f.seenAt = -1, f.p.now
	for range n {
		_, err := f.p.ends[0].Send(chanOf(f.d), message(len(f.sent), f.size), SendOptions{})
		if err != nil {
			t.Fatal(err)
		}
		f.sent = append(f.sent, f.p.now)
		f.p.run(f.every)
		f.look(t)
	}
}

// sendLast sends one more value, and loses every packet that it takes.
func (f *feed) sendLast(t *testing.T) {
	t.Helper()
	f.p.run(time.Second) // the one before is through
	f.look(t)
	f.p.links[0].cut = true
	if _, err := f.p.ends[0].Send(chanOf(f.d), message(len(f.sent), f.size), SendOptions{}); err != nil {
		t.Fatal(err)
	}
	f.sent = append(f.sent, f.p.now)
	f.p.flush()
	f.p.links[0].cut = false
}

func (f *feed) look(t *testing.T) {
	t.Helper()
	for _, m := range f.p.received(1, chanOf(f.d)) {
		i := number(m)
		if i <= f.last || m != string(message(i, f.size)) {
			t.Fatalf("value %d after %d", i, f.last)
		}
		f.oldest = max(f.oldest, time.Duration(f.p.now-f.sent[i]))
		f.last = i
		f.seen++
		f.seenAt = f.p.now
	}
	f.longest = max(f.longest, time.Duration(f.p.now-f.seenAt))
	f.buffered = max(f.buffered, f.p.ends[1].cfg.Buffers.Stats().InUse)
}

// TestLatestAge bounds how old what the receiver sees is, under endless updates.
func TestLatestAge(t *testing.T) {
	for _, c := range []struct {
		name     string
		d        Delivery
		size     int
		loss     float64
		oldest   time.Duration
		longest  time.Duration
		leastper int // seen values of a hundred
	}{
		{"small", ReliableLatest, 100, 0, 60 * time.Millisecond, 60 * time.Millisecond, 95},
		{"small, loss", ReliableLatest, 100, 0.3, 1500 * time.Millisecond, 1500 * time.Millisecond, 50},
		{"large", ReliableLatest, 8000, 0, 250 * time.Millisecond, 250 * time.Millisecond, 10},
		{"large, loss", ReliableLatest, 8000, 0.1, 2 * time.Second, 2 * time.Second, 3},
		{"small", UnreliableLatest, 100, 0.3, 60 * time.Millisecond, 1500 * time.Millisecond, 50},
		{"large", UnreliableLatest, 8000, 0, 250 * time.Millisecond, 250 * time.Millisecond, 20},
		{"large, loss", UnreliableLatest, 8000, 0.05, 500 * time.Millisecond, 2 * time.Second, 10},
	} {
		t.Run(c.d.String()+", "+c.name, func(t *testing.T) {
			p := newPair(t, channels(), 20*time.Millisecond)
			p.links[0].loss, p.links[1].loss = c.loss, c.loss
			p.open().run(time.Second)
			t.Log("# a value each 16 ms for two minutes")
			f := &feed{p: p, d: c.d, size: c.size, every: 16 * time.Millisecond}
			f.run(t, 7500)
			t.Logf("%d of %d values seen, at most %v old, at most %v without one", f.seen, len(f.sent), f.oldest, f.longest)
			if f.oldest > c.oldest || f.longest > c.longest || f.seen*100 < c.leastper*len(f.sent) {
				t.Errorf("%d of %d values seen, at most %v old, at most %v without one", f.seen, len(f.sent), f.oldest, f.longest)
			}
			t.Log("# the last value is lost, and arrives all the same if the delivery is reliable")
			f.sendLast(t)
			p.run(5 * time.Second)
			f.look(t)
			if c.d == ReliableLatest && f.last != len(f.sent)-1 {
				t.Errorf("the last value seen is %d of %d", f.last, len(f.sent))
			}
		})
	}
}

// TestSkipReturnsCredit loses three of ten packets of a hundred thousand updates: what was
// started and what was returned stay in step.
func TestSkipReturnsCredit(t *testing.T) {
	n := 100_000
	if raced {
		n = 20_000
	}
	p := newPair(t, channels(), 20*time.Millisecond)
	p.links[0].loss, p.links[1].loss, p.links[0].dup = 0.3, 0.3, 0.04
	p.links[0].jitter = 10 * time.Millisecond
	p.open()
	t.Logf("# %d updates at 30 %% loss", n)
	f := &feed{p: p, d: ReliableLatest, size: 300, every: 8 * time.Millisecond}
	f.run(t, n)
	p.run(10 * time.Second)
	f.look(t)
	snd, rcv := p.ends[0].outbox.sender(uint16(chanOf(ReliableLatest))), p.ends[1].inbox.receiver(uint16(chanOf(ReliableLatest)))
	t.Logf("%d started, %d seen, %d superseded; charges started %d = %d, returned %d",
		snd.open.End(), f.seen, p.ends[0].Stats().MessagesDropped[Superseded], snd.started, rcv.started, rcv.returned)
	if snd.open.Len() != 0 || snd.started != rcv.started || rcv.started != rcv.returned || f.last != n-1 {
		t.Errorf("%d open, started %d and %d, returned %d, last %d", snd.open.Len(), snd.started, rcv.started, rcv.returned, f.last)
	}
	if p.ends[0].Stats().MessagesDropped[Superseded] == 0 || snd.open.End() < 1<<16 && !raced {
		t.Errorf("%d ids, %+v", snd.open.End(), p.ends[0].Stats())
	}
}

func TestLatestReceipts(t *testing.T) {
	for _, d := range []Delivery{UnreliableLatest, ReliableLatest} {
		p := newPair(t, channels(), 20*time.Millisecond).open()
		p.run(time.Second)
		t.Logf("# %v: a value that waits is replaced, at once", d)
		a, b := p.send(0, chanOf(d), []byte("a")), p.send(0, chanOf(d), []byte("b"))
		if ev := p.fates(0)[a]; ev.Kind != Lost || ev.Why != Replaced {
			t.Errorf("a reads %v (%v)", ev.Kind, ev.Why)
		}
		t.Log("# one that is overtaken on the way arrived stale: Delivered")
		slow := p.links[0].sent
		p.flush()
		p.links[0].flight[0].at += int64(2 * time.Millisecond)
		c := p.send(0, chanOf(d), []byte("c"))
		p.run(10 * time.Second)
		fates := p.fates(0)
		if fates[b].Kind != Delivered || fates[c].Kind != Delivered {
			t.Errorf("b reads %v, c %v", fates[b].Kind, fates[c].Kind)
		}
		if got := p.received(1, chanOf(d)); len(got) != 1 || got[0] != "c" {
			t.Errorf("received %q (datagram %d was slow)", got, slow)
		}
		if n := p.ends[1].Stats().MessagesStale; n != 1 {
			t.Errorf("%d stale", n)
		}
		t.Log("# one that is lost with a newer one behind it reads Superseded, or not known")
		lost := p.links[0].sent
		p.links[0].drop = func(n int, _ []byte) bool { return n == lost }
		e := p.send(0, chanOf(d), []byte("e"))
		p.flush()
		p.send(0, chanOf(d), []byte("f"))
		p.run(10 * time.Second)
		want := map[Delivery]LossReason{UnreliableLatest: NotKnown, ReliableLatest: Superseded}[d]
		if ev := p.fates(0)[e]; ev.Kind != Lost || ev.Why != want {
			t.Errorf("e reads %v (%v)", ev.Kind, ev.Why)
		}
	}
}

// TestLatestIsFinished changes a value of fifty packets sixty times a second over a line that
// loses a tenth of them, with credit for many: hardly one comes without a loss, and so each that
// is begun is finished before the next one begins.
func TestLatestIsFinished(t *testing.T) {
	cfg := Config{Channels: []ChannelConfig{{ID: chanOf(ReliableLatest), Delivery: ReliableLatest, WindowBytes: 1 << 20}}}
	cfg.Controller = func() Controller { return fixedRate(8 << 20) }
	p := newPair(t, cfg, 20*time.Millisecond).open()
	p.run(time.Second)
	p.links[0].loss, p.links[1].loss = 0.1, 0.1
	f := &feed{p: p, d: ReliableLatest, size: 60_000, every: 16 * time.Millisecond}
	f.run(t, 1000)
	t.Logf("%d of %d values seen, at most %v old, at most %v without one", f.seen, len(f.sent), f.oldest, f.longest)
	if f.oldest > 600*time.Millisecond || f.longest > 600*time.Millisecond || f.seen < 60 {
		t.Errorf("%d of %d values seen, at most %v old, at most %v without one", f.seen, len(f.sent), f.oldest, f.longest)
	}
}

// valueOf is a RUN of one message with a key.
func valueOf(ch ChannelID, id, key uint64, message string) []byte {
	b := wire.AppendRun(nil, &wire.Run{Channel: uint16(ch), HasIDs: true, First: id, Count: 1, Options: wire.OptionKeyed})
	return wire.AppendBytes(wire.AppendUvarint(b, key), []byte(message))
}

// TestFirstValueMovesUp: of values that were shown and not taken those that are overtaken go, also the very
// first one, and when others went before it.
func TestFirstValueMovesUp(t *testing.T) {
	ch := chanOf(ReliableLatest)
	s := newScript(t, channels())
	s.hears(valueOf(ch, 0, 7, "first of 7"), valueOf(ch, 1, 8, "first of 8"))
	s.e.Update()
	s.hears(valueOf(ch, 2, 8, "second of 8"))
	s.e.Update()
	s.hears(valueOf(ch, 3, 7, "second of 7"))
	s.wantTaken(ch, "second of 8", "second of 7")
	if n := s.e.Stats().MessagesStale; n != 2 {
		t.Errorf("%d were stale", n)
	}
}
