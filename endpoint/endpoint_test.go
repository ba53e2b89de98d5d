package endpoint

import (
	"bytes"
	"slices"
	"testing"
	"time"
)

func TestOneMessage(t *testing.T) {
	eachDelivery(t, func(t *testing.T, d Delivery) {
		p := newPair(t, channels(), 20*time.Millisecond).open()
		t.Log("# a message arrives once and its receipt reads Delivered")
		receipt := p.send(0, chanOf(d), []byte("hello"))
		p.run(time.Second)
		if got := p.received(1, chanOf(d)); !slices.Equal(got, []string{"hello"}) {
			t.Errorf("received %q", got)
		}
		if ev := p.fates(0)[receipt]; ev.Kind != Delivered || ev.Channel != chanOf(d) {
			t.Errorf("fate %v", ev)
		}
		if n := p.ends[1].cfg.Buffers.Stats().InUse; n > 1 {
			t.Errorf("%d buffers in use", n)
		}
	})
}

func TestLargeMessage(t *testing.T) {
	eachDelivery(t, func(t *testing.T, d Delivery) {
		p := newPair(t, channels(), 20*time.Millisecond).open()
		t.Log("# a message of many packets arrives whole")
		want := message(1, 60_000)
		receipt := p.send(0, chanOf(d), want)
		p.run(5 * time.Second)
		got := p.received(1, chanOf(d))
		if len(got) != 1 || !bytes.Equal([]byte(got[0]), want) {
			t.Fatalf("received %d messages", len(got))
		}
		if ev := p.fates(0)[receipt]; ev.Kind != Delivered {
			t.Errorf("fate %v", ev)
		}
	})
}

// TestLossyLink sends many messages of mixed sizes through a bad link and checks what each
// delivery promises.
func TestLossyLink(t *testing.T) {
	eachDelivery(t, func(t *testing.T, d Delivery) {
		for seed := range uint64(5) {
			p := newPair(t, channels(), 30*time.Millisecond, seed+1)
			for i := range p.links {
				p.links[i].loss, p.links[i].dup, p.links[i].jitter = 0.2, 0.05, 60*time.Millisecond
			}
			p.open()
			exerciseLossy(t, p, d)
		}
	})
}

func exerciseLossy(t *testing.T, p *pair, d Delivery) {
	t.Helper()
	const n = 300
	sent := map[Receipt]int{}
	var got []string
	events := map[Receipt]Event{}
	collect := func() {
		got = append(got, p.received(1, chanOf(d))...)
		for r, ev := range p.fates(0) {
			if _, twice := events[r]; twice {
				t.Fatalf("receipt %d resolved twice", r)
			}
			events[r] = ev
		}
	}
	for i := range n {
		size := 8 + (i*37)%200
		if i%20 == 0 {
			size = 5000
		}
		sent[p.send(0, chanOf(d), message(i, size))] = i
		p.run(10 * time.Millisecond)
		collect()
	}
	p.run(60 * time.Second)
	collect()
	if len(events) != n {
		t.Fatalf("%v, seed %d: %d of %d receipts resolved; %+v", d, p.seed, len(events), n, p.ends[0].Stats())
	}
	checkDelivery(t, d, n, got)
	arrived := map[int]bool{}
	for _, m := range got {
		arrived[number(m)] = true
	}
	for r, ev := range events {
		if ev.Kind == Lost && d.Reliable() && d != ReliableLatest {
			t.Fatalf("%v: message %d lost: %v", d, sent[r], ev.Why)
		}
		if ev.Kind == Delivered && !d.latest() && !arrived[sent[r]] {
			t.Fatalf("%v, seed %d: message %d delivered and never seen", d, p.seed, sent[r])
		}
	}
	if d == ReliableLatest && !arrived[n-1] {
		t.Fatal("the newest value did not arrive")
	}
}

func number(m string) (n int) {
	for _, c := range m[:8] {
		n = n*10 + int(c-'0')
	}
	return n
}

func checkDelivery(t *testing.T, d Delivery, n int, got []string) {
	t.Helper()
	seen := map[int]bool{}
	last := -1
	for _, m := range got {
		i := number(m)
		if m != string(message(i, len(m))) {
			t.Fatalf("message %d was changed", i)
		}
		if seen[i] {
			t.Fatalf("%v: message %d came twice", d, i)
		}
		if (d.latest() || d == ReliableOrdered) && i <= last {
			t.Fatalf("%v: message %d came after %d", d, i, last)
		}
		seen[i], last = true, i
	}
	if (d == ReliableOrdered || d == ReliableUnordered) && len(got) != n {
		t.Fatalf("%v: %d of %d messages came", d, len(got), n)
	}
	if len(got) == 0 {
		t.Fatalf("%v: nothing came", d)
	}
}

func TestGapBlocksOnlyItsChannel(t *testing.T) {
	cfg := Config{Channels: []ChannelConfig{{ID: 1, Delivery: ReliableOrdered}, {ID: 2, Delivery: ReliableOrdered}}}
	p := newPair(t, unrepaired(cfg), 50*time.Millisecond).open()
	p.run(time.Second)
	t.Log("# the first message of channel 1 is lost, a second one and one of channel 2 follow")
	first := p.links[0].sent
	p.links[0].drop = func(n int, b []byte) bool { return n == first }
	p.send(0, 1, []byte("a"))
	p.flush()
	p.send(0, 1, []byte("b"))
	p.send(0, 2, []byte("c"))
	p.run(70 * time.Millisecond)
	if got := p.received(1, 1); len(got) != 0 {
		t.Errorf("channel 1 shows %q beside a gap", got)
	}
	if got := p.received(1, 2); !slices.Equal(got, []string{"c"}) {
		t.Errorf("channel 2 shows %q", got)
	}
	p.run(time.Second)
	if got := p.received(1, 1); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("channel 1 shows %q", got)
	}
}
