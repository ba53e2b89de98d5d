package endpoint

import (
	"cmp"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// sendWith sends with a receipt and these options.
func (p *pair) sendWith(end int, ch ChannelID, payload []byte, opts SendOptions) Receipt {
	p.t.Helper()
	opts.Receipt = true
	p.ends[end].SetNow(p.now)
	r, err := p.ends[end].Send(ch, payload, opts)
	if err != nil {
		p.t.Fatal(err)
	}
	return r
}

// timeLeft is how long it is until a time, from the latest that the endpoint knows; not 0, which is
// for ever.
func (e *Endpoint) timeLeft(until int64) time.Duration { return time.Duration(cmp.Or(until-e.now, -1)) }

// hold keeps a channel from sending anything for a thousand seconds.
func (p *pair) hold(end int, ch ChannelID) *sender {
	s := p.ends[end].outbox.sender(uint16(ch))
	s.turn.cap, s.turn.limited = throttle{rate: 1, level: -1000 * second, at: p.now}, true
	return s
}

func (p *pair) wantLost(end int, r Receipt, why LossReason) {
	p.t.Helper()
	if ev := p.fates(end)[r]; ev.Kind != Lost || ev.Why != why {
		p.t.Errorf("receipt %d reads %v (%v), want Lost (%v)", r, ev.Kind, ev.Why, why)
	}
}

// TestExpiryInQueue lets messages expire that wait behind a slow path: none is sent, and the
// receipts are on time.
func TestExpiryInQueue(t *testing.T) {
	eachDelivery(t, func(t *testing.T, d Delivery) {
		cfg := channels()
		cfg.Controller = func() Controller { return fixedRate(20_000) }
		p := newPair(t, cfg, 20*time.Millisecond).open()
		t.Log("# a bulk of other messages fills the path for seconds")
		_, _ = p.ends[0].Send(chanOf(ReliableUnordered), make([]byte, 60_000), SendOptions{})
		p.run(200 * time.Millisecond)
		sent := p.ends[0].ChannelStats(chanOf(d)).BytesSent
		t.Log("# messages with a life of 30 to 90 ms on a channel that is held up by a cap")
		p.hold(0, chanOf(d))
		due := map[Receipt]int64{}
		for i := range 20 {
			opts := SendOptions{TTL: time.Duration(30+3*i) * time.Millisecond, Keyed: d.latest(), Key: uint64(i)}
			due[p.sendWith(0, chanOf(d), message(i, 300), opts)] = p.now + int64(opts.TTL)
		}
		late := int64(0)
		for range 4000 {
			p.run(50 * time.Microsecond)
			for r, ev := range p.fates(0) {
				if ev.Kind != Lost || ev.Why != Expired || p.now < due[r] {
					t.Fatalf("%v (%v) %v before its time", ev.Kind, ev.Why, time.Duration(due[r]-p.now))
				}
				late = max(late, p.now-due[r])
				delete(due, r)
			}
		}
		t.Logf("the latest receipt came %v late", time.Duration(late))
		if len(due) != 0 || late > 5_000_000 {
			t.Errorf("%d without a fate, the latest came %v late", len(due), time.Duration(late))
		}
		st := p.ends[0].ChannelStats(chanOf(d))
		if st.Dropped[Expired] != 20 || st.QueuedMessages != 0 || st.QueuedBytes != 0 || sent != 0 && st.BytesSent != sent {
			t.Errorf("%+v", st)
		}
		if got := p.received(1, chanOf(d)); len(got) != 0 {
			t.Errorf("received %d", len(got))
		}
	})
}

// TestExpiryOnTheWay loses the packets of a message that expires: the others move on by SKIP,
// and the credit returns.
func TestExpiryOnTheWay(t *testing.T) {
	for _, size := range []int{100, 5000} {
		for _, d := range []Delivery{ReliableUnordered, ReliableLatest, ReliableOrdered} {
			p := newPair(t, channels(), 20*time.Millisecond).open()
			p.run(time.Second)
			p.links[0].cut = true
			t.Logf("# %v: a message of %d bytes is lost and expires", d, size)
			r := p.sendWith(0, chanOf(d), message(0, size), SendOptions{TTL: 50 * time.Millisecond})
			p.run(49 * time.Millisecond)
			if len(p.fates(0)) != 0 {
				t.Error("too early")
			}
			p.run(6 * time.Millisecond)
			p.wantLost(0, r, Expired)
			p.links[0].cut = false
			p.send(0, chanOf(d), message(1, 10))
			p.run(2 * time.Second)
			if got := p.received(1, chanOf(d)); len(got) != 1 || number(got[0]) != 1 {
				t.Errorf("received %d messages", len(got))
			}
			snd, rcv := p.ends[0].outbox.sender(uint16(chanOf(d))), p.ends[1].inbox.receiver(uint16(chanOf(d)))
			if snd.open.Len() != 0 || snd.started != rcv.started || rcv.started != rcv.returned {
				t.Errorf("%d open; charges started %d and %d, returned %d", snd.open.Len(), snd.started, rcv.started, rcv.returned)
			}
		}
	}
}

// TestExpiryStopsFragments expires a large message whose first transmission is under way.
func TestExpiryStopsFragments(t *testing.T) {
	eachDelivery(t, func(t *testing.T, d Delivery) {
		cfg := channels()
		cfg.Controller = func() Controller { return fixedRate(100_000) }
		p := newPair(t, cfg, 20*time.Millisecond).open()
		p.run(time.Second)
		bytes := p.links[0].bytes
		t.Log("# 60 KB at 100 KB/s, for 200 ms")
		r := p.sendWith(0, chanOf(d), message(0, 60_000), SendOptions{TTL: 200 * time.Millisecond})
		p.run(206 * time.Millisecond)
		p.wantLost(0, r, Expired)
		p.run(2 * time.Second)
		if n := p.links[0].bytes - bytes; n < 15_000 || n > 40_000 {
			t.Errorf("%d bytes were sent", n)
		}
		p.send(0, chanOf(d), message(1, 2000))
		p.run(2 * time.Second)
		if got := p.received(1, chanOf(d)); len(got) != 1 || number(got[0]) != 1 {
			t.Errorf("received %d messages", len(got))
		}
	})
}

// TestSkipLoses sends SKIP of messages that were stored: they are delivered.
func TestSkipLoses(t *testing.T) {
	s := newScript(t, channels())
	ch := chanOf(ReliableOrdered)
	t.Log("# 1 is stored and waits for 0; SKIP of both comes too late for it")
	s.hears(run(ch, 1, "one"))
	s.hears(wire.AppendSkip(nil, uint16(ch), 0, []int{4, 3}))
	s.e.Update()
	if m, ok := s.e.Receive(ch); !ok || string(m.Bytes()) != "one" {
		t.Errorf("received %q", m.Bytes())
	}
	t.Log("# what was skipped and comes late is a duplicate")
	s.hears(run(ch, 0, "zero"))
	s.e.Update()
	if _, ok := s.e.Receive(ch); ok || s.e.Stats().MessagesDuplicate != 2 {
		t.Error("a skipped message was delivered")
	}
}

// TestExpiryBehindHead expires messages behind one that cannot leave: the queue does not grow
// with the dead.
func TestExpiryBehindHead(t *testing.T) {
	p := newPair(t, channels(), 5*time.Millisecond).open()
	ch := chanOf(ReliableOrdered)
	s := p.hold(0, ch)
	first := p.send(0, ch, message(0, 100))
	for i := range 5000 {
		p.sendWith(0, ch, message(i, 100), SendOptions{TTL: 3 * time.Millisecond})
		p.run(time.Millisecond)
	}
	if s.queue.Len() > 200 {
		t.Errorf("%d in the queue", s.queue.Len())
	}
	t.Log("# the head comes through in the end")
	s.turn.cap = throttle{}
	p.run(time.Second)
	if ev := p.fates(0)[first]; ev.Kind != Delivered {
		t.Errorf("the first reads %v", ev.Kind)
	}
}

// TestExpiryCost sends thousands of messages that could expire: looking for those that did
// costs little beside sending them.
func TestExpiryCost(t *testing.T) {
	p := newPair(t, channels(), 5*time.Millisecond).open()
	s := p.hold(0, chanOf(ReliableUnordered))
	looks := 0
	for i := range 2000 {
		looked := s.expiry.looked
		p.ends[0].SetNow(p.now)
		_, err := p.ends[0].Send(chanOf(ReliableUnordered), nil, SendOptions{TTL: max(time.Duration(i)*500*time.Microsecond, 1)})
		if err != nil {
			t.Fatal(err)
		}
		p.run(500 * time.Microsecond)
		if s.expiry.looked != looked {
			looks++
		}
	}
	if looks > 1000/4+1 {
		t.Errorf("looked %d times within a second", looks)
	}
	if n := p.ends[0].ChannelStats(chanOf(ReliableUnordered)).Dropped[Expired]; n < 100 {
		t.Errorf("%d expired", n)
	}
}

// TestExpiredInPacket builds packets late, without a call at the deadline before: what has
// expired is in none, behind others neither, and not sent again either.
func TestExpiredInPacket(t *testing.T) {
	eachDelivery(t, func(t *testing.T, d Delivery) {
		s := newScript(t, channels())
		opts := SendOptions{Keyed: d.latest()}
		s.e.SetNow(s.now)
		for i, name := range []string{"a", "b", "c"} {
			if opts.Key = uint64(i); i == 1 {
				opts.TTL = 0
			} else {
				opts.TTL = time.Millisecond
			}
			if _, err := s.e.Send(chanOf(d), []byte(name), opts); err != nil {
				t.Fatal(err)
			}
		}
		s.now += 1_000_000
		for _, f := range s.says() {
			if last := f[len(f)-1]; kindOf(f) == wire.TypeRunLong && last != 'b' {
				t.Errorf("a run ends in %q", last)
			}
		}
		if st := s.e.ChannelStats(chanOf(d)); st.Dropped[Expired] != 2 || st.QueuedMessages != 0 {
			t.Errorf("%+v", st)
		}
	})
}

// TestExpiryOfStartedDroppable holds up a droppable of which a part was sent: its receipt is on
// time, and what waits behind it goes.
func TestExpiryOfStartedDroppable(t *testing.T) {
	cfg := channels()
	cfg.Controller = func() Controller { return fixedRate(100_000) }
	p := newPair(t, cfg, 20*time.Millisecond).open()
	p.run(time.Second)
	ch := chanOf(ReliableOrdered)
	r := p.sendWith(0, ch, message(0, 60_000), SendOptions{Droppable: true, TTL: 50 * time.Millisecond})
	p.run(20 * time.Millisecond)
	s := p.hold(0, ch)
	p.run(35 * time.Millisecond)
	p.wantLost(0, r, Expired)
	s.turn.cap = throttle{}
	p.send(0, ch, message(1, 100))
	p.run(time.Second)
	if got := p.received(1, ch); len(got) != 1 || number(got[0]) != 1 {
		t.Errorf("received %d messages", len(got))
	}
}
