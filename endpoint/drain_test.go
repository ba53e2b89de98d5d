package endpoint

import (
	"errors"
	"slices"
	"testing"
	"time"
)

// ends of a pair report how their connection ended: the last event of each.
func (p *pair) last(end int) Event {
	p.t.Helper()
	all := p.events(end)
	if len(all) == 0 || all[len(all)-1].Kind != Closed {
		p.t.Fatalf("end %d is not told the end: %v", end, all)
	}
	return all[len(all)-1]
}

// TestDrain: whatever was accepted arrives, and both ends read the reason, while three of ten
// datagrams are lost in both directions.
func TestDrain(t *testing.T) {
	for seed := range uint64(40) {
		p := newPair(t, channels(), 20*time.Millisecond, seed+1)
		p.open().run(time.Second)
		p.links[0].loss, p.links[1].loss = 0.3, 0.3
		reliable := []Delivery{ReliableUnordered, ReliableLatest, ReliableOrdered}
		receipts := map[Receipt]Delivery{}
		for n := range 30 {
			for _, d := range deliveries {
				receipts[p.send(0, chanOf(d), message(n, 20+n*100))] = d
			}
		}
		receipts[p.send(0, chanOf(ReliableOrdered), message(30, 60_000))] = ReliableOrdered
		p.ends[0].Drain(p.now, 300, "the match is over", time.Minute)
		var got [5][]string
		p.runReading(30*time.Second, 1, &got)
		if ev := p.last(1); ev.Code != 300 || ev.Text != "the match is over" || !ev.Remote {
			t.Errorf("seed %d: the peer reports %v", seed, ev)
		}
		all := p.events(0)
		if len(all) != len(receipts)+1 || all[len(all)-1] != (Event{Kind: Closed, Code: 300, Text: "the match is over"}) {
			t.Fatalf("seed %d: %d events, the last is %v", seed, len(all), all[len(all)-1])
		}
		for _, ev := range all[:len(all)-1] {
			d := receipts[ev.Receipt]
			if d.Reliable() && d != ReliableLatest && ev.Kind != Delivered || ev.Why == ConnClosed {
				t.Errorf("seed %d: %v: %v, %v", seed, d, ev.Kind, ev.Why)
			}
		}
		for _, d := range reliable {
			got := got[d]
			if want := map[Delivery]int{ReliableUnordered: 30, ReliableLatest: len(got), ReliableOrdered: 31}[d]; len(got) != want || want == 0 {
				t.Errorf("seed %d: %v: %d messages of %d", seed, d, len(got), want)
			}
			if d == ReliableLatest && number(got[len(got)-1]) != 29 {
				t.Errorf("seed %d: the newest value did not come", seed)
			}
		}
	}
}

func TestDrainAcceptsNothing(t *testing.T) {
	p := newPair(t, channels(), 20*time.Millisecond).open()
	p.run(time.Second)
	p.send(0, chanOf(ReliableOrdered), []byte("x"))
	p.ends[0].Drain(p.now, 300, "bye", time.Minute)
	t.Log("# nothing is accepted, nor a hold; what the peer sends is still received")
	if _, err := p.ends[0].Send(chanOf(Unreliable), []byte("y"), SendOptions{}); err != ErrClosed {
		t.Errorf("Send: %v", err)
	}
	if err := p.ends[0].Hold(p.now, time.Second); err != ErrClosed {
		t.Errorf("Hold: %v", err)
	}
	if p.ends[0].Open() || !p.ends[1].Open() {
		t.Error("our end is open, or the peer's is not")
	}
	p.send(1, chanOf(ReliableOrdered), []byte("answer"))
	p.run(30 * time.Millisecond)
	if got := p.received(0, chanOf(ReliableOrdered)); !slices.Equal(got, []string{"answer"}) {
		t.Errorf("received %q", got)
	}
	t.Log("# with nothing under way it ends when the peer knows, a round trip later")
	p = newPair(t, channels(), 20*time.Millisecond).open()
	p.run(time.Second)
	began := p.now
	p.ends[0].Drain(p.now, 300, "bye", time.Hour)
	if !p.runUntil(time.Second, func() bool { return p.ends[0].life.ended() }) || p.now != began+40_000_000 {
		t.Errorf("it took %v", time.Duration(p.now-began))
	}
	if ev := p.last(0); ev.Code != 300 || ev.Undelivered != 0 {
		t.Errorf("%v", ev)
	}
	p.ends[0].Drain(p.now, 301, "once more", time.Hour)
	p.run(5 * time.Second)
	if all := p.events(0); len(all) != 0 || !p.ends[0].Done() {
		t.Errorf("afterwards: %v", all)
	}
}

// TestDrainDeadline: a peer whose game reads nothing gives no credit, one that is cut off
// acknowledges nothing; what did not get there is told.
func TestDrainDeadline(t *testing.T) {
	for name, within := range map[string]time.Duration{"two seconds": 2 * time.Second, "no time": 0, "less than none": -time.Second} {
		p := newPair(t, channels(), 20*time.Millisecond).open()
		p.run(time.Second)
		t.Logf("# %s for more than the credit allows", name)
		receipts := []Receipt{}
		for n := range 100 {
			receipts = append(receipts, p.send(0, chanOf(ReliableOrdered), message(n, 2000)))
		}
		began := p.now
		p.ends[0].Drain(p.now, 300, "bye", within)
		if !p.runUntil(time.Minute, func() bool { return p.ends[0].life.ended() }) {
			t.Fatal("it never ends")
		}
		if took := time.Duration(p.now - began); took != max(within, 0) {
			t.Errorf("it took %v", took)
		}
		p.run(5 * time.Second)
		lost, end := 0, Event{}
		for _, ev := range p.events(0) {
			if end = ev; ev.Kind == Lost && ev.Why == ConnClosed {
				lost++
			}
		}
		st := p.ends[0].Stats()
		if end.Undelivered != lost || lost == 0 || st.MessagesDropped[ConnClosed] != uint64(lost) || lost > len(receipts) {
			t.Errorf("%d messages lost, the event says %d, the counter %d", lost, end.Undelivered, st.MessagesDropped[ConnClosed])
		}
		if got := p.received(1, chanOf(ReliableOrdered)); len(got) < len(receipts)-lost {
			t.Errorf("%d messages arrived, %d are lost", len(got), lost)
		}
		if ev := p.last(1); ev.Code != 300 || ev.Text != "bye" {
			t.Errorf("the peer reports %v", ev)
		}
	}
}

func TestDrainTimeout(t *testing.T) {
	p := newPair(t, channels(), 20*time.Millisecond).open()
	p.run(time.Second)
	t.Log("# the link dies under a drain: the timeout ends both ends, and says so")
	p.links[0].cut, p.links[1].cut = true, true
	p.send(0, chanOf(ReliableOrdered), []byte("x"))
	p.ends[0].Drain(p.now, 300, "bye", time.Hour)
	p.run(11 * time.Second)
	if ev := p.last(0); ev.Code != CodeTimeout || ev.Undelivered != 1 {
		t.Errorf("our end reports %v", ev)
	}
	if ev := p.last(1); ev.Code != CodeTimeout {
		t.Errorf("the peer reports %v", ev)
	}
}

func TestDrainAndClose(t *testing.T) {
	p := newPair(t, channels(), 20*time.Millisecond).open()
	p.run(time.Second)
	t.Log("# Close cuts a drain short; another Drain may only make it end sooner")
	p.send(0, chanOf(ReliableOrdered), message(0, 100_000))
	p.ends[0].Drain(p.now, 300, "gently", time.Minute)
	p.ends[0].Drain(p.now, 301, "still gently", time.Hour)
	if p.ends[0].life.drain.until != p.now+int64(time.Minute) {
		t.Error("the deadline moved")
	}
	p.ends[0].Close(p.now, 302, "now")
	p.run(5 * time.Second)
	if a, b := p.last(0), p.last(1); a.Code != 302 || a.Undelivered != 1 || b.Code != 302 || b.Undelivered != 0 {
		t.Errorf("the ends report %v and %v", a, b)
	}
	p = newPair(t, channels(), 20*time.Millisecond).open()
	p.links[1].cut = true // nothing is acknowledged
	p.send(0, chanOf(ReliableOrdered), []byte("x"))
	p.ends[0].Drain(p.now, 300, "gently", time.Minute)
	p.ends[0].Drain(p.now, 301, "less gently", time.Second)
	p.run(1100 * time.Millisecond)
	if ev := p.last(0); ev.Code != 300 || ev.Undelivered != 1 {
		t.Errorf("%v", ev)
	}
	t.Log("# the peer's CLOSE ends it")
	p = newPair(t, channels(), 20*time.Millisecond).open()
	p.send(0, chanOf(ReliableOrdered), message(0, 500_000))
	p.ends[0].Drain(p.now, 300, "gently", time.Minute)
	p.ends[1].Close(p.now, 303, "enough")
	p.run(5 * time.Second)
	if a, b := p.last(0), p.last(1); a.Code != 303 || !a.Remote || a.Undelivered != 1 || b.Code != 303 {
		t.Errorf("the ends report %v and %v", a, b)
	}
}

// TestDrainOptions: each message gets the fate that its options allow, and none waits for the
// deadline.
func TestDrainOptions(t *testing.T) {
	for seed := range uint64(20) {
		cfg := channels()
		cfg.Channels[ReliableUnordered].Resend.MaxAttempts = 1
		p := newPair(t, cfg, 20*time.Millisecond, seed+1)
		p.open().run(time.Second)
		p.links[0].loss, p.links[1].loss = 0.3, 0.3
		for n := range 200 {
			for _, m := range []struct {
				d    Delivery
				opts SendOptions
			}{
				{ReliableOrdered, SendOptions{Group: 1 + uint32(n)/10%2}},
				{ReliableOrdered, SendOptions{Droppable: true}},
				{ReliableOrdered, SendOptions{TTL: max(time.Duration(n)*time.Millisecond, 1)}},
				{ReliableLatest, SendOptions{Keyed: true, Key: uint64(n) % 7}},
				{UnreliableLatest, SendOptions{Keyed: true, Key: uint64(n) % 7}},
				{ReliableUnordered, SendOptions{}},
			} {
				m.opts.Receipt = true
				if _, err := p.ends[0].Send(chanOf(m.d), message(n, 30+n%3*800), m.opts); err != nil {
					t.Fatal(err)
				}
			}
		}
		p.ends[0].Drain(p.now, 300, "bye", time.Hour)
		p.runReading(30*time.Second, 1, new([5][]string))
		if !p.ends[0].Done() {
			t.Fatalf("seed %d: it does not end", seed)
		}
		all := p.events(0)
		if len(all) != 1201 || all[1200].Undelivered != 0 || all[1200].Code != 300 {
			t.Errorf("seed %d: %d events, the last %v", seed, len(all), all[len(all)-1])
		}
		for _, ev := range all[:len(all)-1] {
			if ev.Why == ConnClosed {
				t.Errorf("seed %d: %v", seed, ev)
			}
		}
	}
}

// runReading lets time pass while the game of an end takes what comes.
func (p *pair) runReading(d time.Duration, end int, got *[5][]string) {
	for until := p.now + int64(d); p.now < until; {
		p.run(10 * time.Millisecond)
		for _, d := range deliveries {
			got[d] = append(got[d], p.received(end, chanOf(d))...)
		}
	}
}

func TestDrainWhileMeeting(t *testing.T) {
	p := newPair(t, channels(), 20*time.Millisecond)
	t.Log("# nobody is there yet, and nothing to say to him")
	p.ends[0].Drain(p.now, 300, "bye", time.Minute)
	if ev := p.last(0); ev.Code != 300 {
		t.Errorf("%v", ev)
	}
	p = newPair(t, channels(), 20*time.Millisecond)
	t.Log("# a message that was sent before the peer is known leaves when it is")
	p.send(0, chanOf(ReliableOrdered), []byte("x"))
	p.ends[0].Drain(p.now, 300, "bye", time.Minute)
	p.run(5 * time.Second)
	if got := p.received(1, chanOf(ReliableOrdered)); len(got) != 1 {
		t.Errorf("received %q", got)
	}
	if a, b := p.last(0), p.last(1); a.Code != 300 || a.Undelivered != 0 || b.Code != 300 {
		t.Errorf("the ends report %v and %v", a, b)
	}
}

// TestDrainAndWritable: who was refused is not told of room that is not for him any more.
func TestDrainAndWritable(t *testing.T) {
	p := newPair(t, channels(), 20*time.Millisecond).open()
	for range 10 {
		p.ends[0].Send(chanOf(ReliableOrdered), make([]byte, 900_000), SendOptions{})
	}
	if _, err := p.ends[0].Send(chanOf(ReliableOrdered), make([]byte, 900_000), SendOptions{}); !errors.Is(err, ErrFull) {
		t.Fatal(err)
	}
	p.ends[0].Drain(p.now, 300, "bye", time.Minute)
	p.runReading(20*time.Second, 1, new([5][]string))
	if all := p.events(0); len(all) != 1 || all[0].Kind != Closed || all[0].Undelivered != 0 {
		t.Errorf("%v", all)
	}
}
