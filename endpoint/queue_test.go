package endpoint

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestFull fills queues under each policy.
func TestFull(t *testing.T) {
	eachDelivery(t, func(t *testing.T, d Delivery) {
		for _, policy := range []FullPolicy{FullDefault, Refuse, DropOldest, DropNewest} {
			cfg := Config{Channels: []ChannelConfig{{ID: 1, Delivery: d, Full: policy, MaxMessageBytes: 1000, MaxQueuedBytes: 1320}}}
			p := newPair(t, cfg, 5*time.Millisecond).open()
			p.hold(0, 1)
			var receipts []Receipt
			refused := 0
			for i := range 15 { // ten fit
				r, err := p.ends[0].Send(1, message(i, 100), SendOptions{Receipt: true, Keyed: d.latest(), Key: uint64(i)})
				if err != nil {
					if refused++; !errors.Is(err, ErrFull) || !strings.Contains(err.Error(), "1452 bytes with this message") || !strings.Contains(err.Error(), "length + 32") {
						t.Fatal(err)
					}
				}
				receipts = append(receipts, r)
			}
			if policy == FullDefault {
				policy = p.ends[0].outbox.sender(1).cfg.Full
			}
			var lost []Receipt
			for r, ev := range p.fates(0) {
				if ev.Why != Dropped {
					t.Errorf("%v: receipt %d reads %v", policy, r, ev.Why)
				}
				lost = append(lost, r)
			}
			slices.Sort(lost)
			want := map[FullPolicy][]Receipt{DropOldest: receipts[:5], DropNewest: receipts[10:]}[policy]
			if !slices.Equal(lost, want) || (policy == Refuse) != (refused == 5) {
				t.Errorf("%v: lost %v, want %v; %d refused", policy, lost, want, refused)
			}
			if st := p.ends[0].ChannelStats(1); st.QueuedMessages != 10 || st.Dropped[Dropped] != uint64(len(want)) {
				t.Errorf("%v: %+v", policy, st)
			}
		}
	})
}

// TestFullReplaces fills a queue of values: a newer value of a key that waits always fits.
func TestFullReplaces(t *testing.T) {
	for _, policy := range []FullPolicy{Refuse, DropNewest} {
		cfg := Config{Channels: []ChannelConfig{{ID: 1, Delivery: ReliableLatest, Full: policy, MaxMessageBytes: 1000, MaxQueuedBytes: 1320}}}
		p := newPair(t, cfg, 5*time.Millisecond).open()
		p.hold(0, 1)
		for i := range 10 {
			p.sendWith(0, 1, message(i, 100), keyed(uint64(i)))
		}
		for i := range 10 {
			p.sendWith(0, 1, message(i, 100), keyed(uint64(i)))
		}
		if st := p.ends[0].ChannelStats(1); st.Dropped[Replaced] != 10 || st.Dropped[Dropped] != 0 || st.QueuedMessages != 10 {
			t.Errorf("%v: %+v", policy, st)
		}
	}
}

// TestWritable is told once when a refusing channel is half empty.
func TestWritable(t *testing.T) {
	cfg := Config{Channels: []ChannelConfig{{ID: 1, Delivery: ReliableOrdered, MaxMessageBytes: 1000, MaxQueuedBytes: 60_000}},
		Controller: func() Controller { return fixedRate(30_000) }}
	p := newPair(t, cfg, 5*time.Millisecond).open()
	p.run(time.Second)
	for round := range 3 {
		for {
			if _, err := p.ends[0].Send(1, make([]byte, 500), SendOptions{}); err != nil {
				break
			}
		}
		_, _ = p.ends[0].Send(1, make([]byte, 500), SendOptions{}) // refused once more
		told := 0
		for range 4000 {
			p.run(time.Millisecond)
			for _, ev := range p.events(0) {
				if told++; ev != (Event{Kind: Writable, Channel: 1}) {
					t.Errorf("%v", ev)
				}
				if st := p.ends[0].ChannelStats(1); st.QueuedBytes > 30_000 || st.QueuedBytes < 25_000 {
					t.Errorf("told with %d bytes in the queue", st.QueuedBytes)
				}
			}
			p.received(1, 1)
		}
		if told != 1 {
			t.Errorf("round %d: told %d times", round, told)
		}
	}
	t.Log("# a game that reads no events does not pile them up")
	for range 5 {
		for range 100 {
			_, _ = p.ends[0].Send(1, make([]byte, 1000), SendOptions{})
		}
		for range 30 { // it empties
			p.run(100 * time.Millisecond)
			p.received(1, 1)
		}
	}
	if n := p.ends[0].events.ring.Len(); n > 1 {
		t.Errorf("%d events wait", n)
	}
}

// TestResendPolicy gives up after as many attempts, or when the game's function says so.
func TestResendPolicy(t *testing.T) {
	for _, d := range []Delivery{ReliableUnordered, ReliableLatest, ReliableOrdered} {
		for _, size := range []int{100, 6000} {
			var asked []ResendInput
			for name, policy := range map[string]ResendPolicy{
				"once":     {MaxAttempts: 1},
				"thrice":   {MaxAttempts: 3},
				"function": {Again: func(in ResendInput) bool { asked = append(asked, in); return in.Age < 300*time.Millisecond }},
			} {
				cfg := Config{Channels: []ChannelConfig{{ID: 1, Delivery: d, Resend: policy}, {ID: 2}}}
				p := newPair(t, unrepaired(cfg), 20*time.Millisecond).open()
				p.run(time.Second)
				payloads := 0
				p.links[0].drop = func(_ int, b []byte) bool {
					hit := len(b) > 90 && len(b) < 130 || len(b) > 500
					if hit {
						payloads++
					}
					return hit
				}
				t.Logf("# %v, %d bytes, %s: it never gets through, small packets do", d, size, name)
				at := p.now
				r := p.send(0, 1, message(0, size))
				fate, gone := Event{}, int64(0)
				for range 400 {
					_, _ = p.ends[0].Send(2, []byte("tick"), SendOptions{})
					p.run(10 * time.Millisecond)
					if ev, ok := p.fates(0)[r]; ok {
						fate, gone = ev, p.now
					}
				}
				if fate.Kind != Lost || fate.Why != GaveUp {
					t.Fatalf("it reads %v (%v)", fate.Kind, fate.Why)
				}
				t.Logf("given up after %v and %d packets", time.Duration(gone-at), payloads)
				if most := map[string]int{"once": 1, "thrice": 3, "function": 20}[name]; size == 100 && payloads > most || payloads > 8*most {
					t.Errorf("%d packets for %s", payloads, name)
				}
				t.Log("# the channel moves on and the credit is back")
				p.links[0].drop = nil
				p.send(0, 1, message(1, 50))
				p.run(time.Second)
				if got := p.received(1, 1); len(got) != 1 || number(got[0]) != 1 {
					t.Errorf("received %d", len(got))
				}
				if r := p.ends[1].inbox.receiver(1); r.started != r.returned || p.ends[0].outbox.sender(1).open.Len() != 0 {
					t.Errorf("charges started %d, returned %d", r.started, r.returned)
				}
			}
			if len(asked) == 0 || asked[0].Attempts != 1 || asked[0].RTT < 40*time.Millisecond || asked[0].Bytes != size || asked[0].Age <= 0 {
				t.Errorf("asked %+v", asked)
			}
		}
	}
}

// TestWritableForLarge refuses a message of more than half a queue: the game is told when it
// fits, not when the queue is half empty.
func TestWritableForLarge(t *testing.T) {
	cfg := Config{Channels: []ChannelConfig{{ID: 1, Delivery: ReliableOrdered, MaxMessageBytes: 9000,
		MaxQueuedBytes: 10_000, BytesPerSecond: 20_000}}}
	p := newPair(t, cfg, 5*time.Millisecond).open()
	p.run(time.Second)
	for range 18 {
		p.send(0, 1, make([]byte, 500))
	}
	if _, err := p.ends[0].Send(1, make([]byte, 9000), SendOptions{}); !errors.Is(err, ErrFull) {
		t.Fatal(err)
	}
	told := false
	for range 1000 {
		p.run(time.Millisecond)
		for _, ev := range p.events(0) {
			if ev.Kind != Writable {
				continue
			}
			told = true
			if _, err := p.ends[0].Send(1, make([]byte, 9000), SendOptions{}); err != nil {
				t.Error(err)
			}
		}
	}
	if !told {
		t.Error("not told")
	}
}

// TestKeysMoveUp lets most values of a queue expire behind one that stays: those that stay move
// up, and newer ones of their keys still take their places.
func TestKeysMoveUp(t *testing.T) {
	p := newPair(t, channels(), 5*time.Millisecond).open()
	ch := chanOf(ReliableLatest)
	p.hold(0, ch)
	for key := range uint64(300) {
		opts := keyed(key)
		if key%10 > 0 {
			opts.TTL = time.Millisecond
		}
		p.sendWith(0, ch, message(int(key), 8), opts)
	}
	p.run(10 * time.Millisecond)
	for key := uint64(0); key < 300; key += 10 {
		p.sendWith(0, ch, message(int(key), 8), keyed(key))
	}
	if st := p.ends[0].ChannelStats(ch); st.Dropped[Expired] != 270 || st.Dropped[Replaced] != 30 || st.QueuedMessages != 30 {
		t.Errorf("%+v", st)
	}
}

// TestWritableAndReplaced replaces values in a full queue: there is room when the new one is
// smaller, and not before.
func TestWritableAndReplaced(t *testing.T) {
	cfg := Config{Channels: []ChannelConfig{{ID: 1, Delivery: ReliableLatest, MaxMessageBytes: 8000, MaxQueuedBytes: 10_000, Full: Refuse}}}
	p := newPair(t, cfg, 5*time.Millisecond).open()
	p.run(time.Second)
	send := func(key uint64, size int) error {
		_, err := p.ends[0].Send(1, make([]byte, size), SendOptions{Keyed: true, Key: key})
		return err
	}
	for _, step := range []struct {
		key     uint64
		size    int
		refused bool
		told    int
	}{{1, 6000, false, 0}, {2, 3500, false, 0}, {3, 4000, true, 0}, {1, 6000, false, 0}, {1, 100, false, 1}, {3, 4000, false, 0}} {
		if err := send(step.key, step.size); errors.Is(err, ErrFull) != step.refused {
			t.Errorf("%+v: %v", step, err)
		}
		if events := p.events(0); len(events) != step.told {
			t.Errorf("%+v: %v", step, events)
		}
	}
}

// TestFullSaysHowMuch: an error of a full queue says how much there was no room for: the same one for the
// same size, since who fills a queue does so again and again, and another one for another.
func TestFullSaysHowMuch(t *testing.T) {
	p := newPair(t, Config{Channels: []ChannelConfig{{ID: 1, Full: Refuse, MaxMessageBytes: 1000, MaxQueuedBytes: 1320}}}, 5*time.Millisecond).open()
	p.hold(0, 1)
	p.send(0, 1, make([]byte, 900))
	errorOf := func(size int) *SendError {
		_, err := p.ends[0].Send(1, make([]byte, size), SendOptions{})
		var full *SendError
		if !errors.As(err, &full) || !errors.Is(err, ErrFull) || full.Limit != 1320 {
			t.Fatalf("%d bytes: %v", size, err)
		}
		return full
	}
	first, again, other := errorOf(700), errorOf(700), errorOf(800)
	if first != again || other.Value-first.Value != 100 {
		t.Errorf("%v, then %v, and %v of 100 bytes more", first, again, other)
	}
}

// TestFits asks before each message whether there is room for it: Send finds the same.
func TestFits(t *testing.T) {
	eachDelivery(t, func(t *testing.T, d Delivery) {
		cfg := Config{Channels: []ChannelConfig{{ID: 1, Delivery: d, Full: Refuse, MaxMessageBytes: 900, MaxQueuedBytes: 2000}}}
		p := newPair(t, cfg, 5*time.Millisecond).open()
		p.hold(0, 1)
		e, refused, full := p.ends[0], 0, 0
		for i := range 30 {
			length := 11 * i
			fits, key := e.Fits(1, length), SendOptions{Keyed: d.latest(), Key: uint64(i)}
			_, err := e.Send(1, make([]byte, length), key)
			if fits != (err == nil) || err != nil && !errors.Is(err, ErrFull) {
				t.Fatalf("of %d bytes Fits says %v, and Send %v", length, fits, err)
			}
			if queued := e.ChannelStats(1).QueuedBytes; e.HalfEmpty(1) != (queued <= 1000) {
				t.Fatalf("with %d bytes of 2000 HalfEmpty says %v", queued, e.HalfEmpty(1))
			}
			if full++; !fits {
				refused++
			}
		}
		if refused == 0 || refused == full {
			t.Errorf("%d of %d were refused", refused, full)
		}
		if e.Fits(9, 0) || e.HalfEmpty(9) {
			t.Error("a channel that does not exist has room")
		}
	})
}
