package endpoint

import (
	"testing"
	"time"
)

// Shapes of traffic that other libraries stumble over, in virtual time.

// A watcher sends numbered messages on channels and knows how long each took.
type watcher struct {
	*pair
	sentAt map[ChannelID][]int64
	worst  map[ChannelID]time.Duration
	came   map[ChannelID]int
}

func watchers(p *pair) *watcher {
	return &watcher{pair: p, sentAt: map[ChannelID][]int64{}, worst: map[ChannelID]time.Duration{}, came: map[ChannelID]int{}}
}

func (w *watcher) sends(ch ChannelID, size int) {
	w.t.Helper()
	if _, err := w.ends[0].Send(ch, message(len(w.sentAt[ch]), size), SendOptions{}); err != nil {
		w.t.Fatal(err)
	}
	w.sentAt[ch] = append(w.sentAt[ch], w.now)
}

// runs lets time pass, with a game that looks whenever something happens.
func (w *watcher) runs(d time.Duration, channels ...ChannelID) {
	w.runUntil(d, func() bool {
		for _, ch := range channels {
			for _, m := range w.received(1, ch) {
				w.came[ch]++
				w.worst[ch] = max(w.worst[ch], time.Duration(w.now-w.sentAt[ch][number(m)]))
			}
		}
		return false
	})
}

func (w *watcher) wants(ch ChannelID, worst time.Duration) {
	w.t.Helper()
	if n := len(w.sentAt[ch]); w.came[ch] != n || w.worst[ch] > worst {
		w.t.Errorf("channel %d: %d of %d came, the slowest took %v, want %v", ch, w.came[ch], n, w.worst[ch], worst)
	}
}

// remembersLittle: at rest, an end holds no messages, and no more packets than it needs.
func (w *watcher) remembersLittle() {
	w.t.Helper()
	for i := range w.ends {
		p, b := w.ends[i].path(0), w.ends[i].cfg.Buffers.Stats()
		if p.sent.Len() > 600 || p.contents.Len() > 600 || len(p.ranges.All()) > 2 || b.InUse != 0 {
			w.t.Errorf("end %d remembers %d packets with %d contents, %d ranges, %d buffers",
				i, p.sent.Len(), p.contents.Len(), len(p.ranges.All()), b.InUse)
		}
	}
}

// TestOneWayForMinutes sends reliable messages one way for ten minutes, with and without loss:
// all come, in a round trip and a half if they are lost once, and the answers are few.
func TestOneWayForMinutes(t *testing.T) {
	for _, loss := range []float64{0, 0.02} {
		p := newPair(t, channels(), 30*time.Millisecond).open()
		p.run(time.Second)
		p.links[0].loss, p.links[1].loss = loss, loss
		w, ch := watchers(p), chanOf(ReliableOrdered)
		there, back := p.links[0].sent, p.links[1].sent
		for range 10 * 60 * 20 {
			w.sends(ch, 100)
			w.runs(50*time.Millisecond, ch)
		}
		p.links[0].loss, p.links[1].loss = 0, 0
		w.runs(time.Second, ch)
		w.wants(ch, map[float64]time.Duration{0: 31 * time.Millisecond, 0.02: 600 * time.Millisecond}[loss])
		there, back = p.links[0].sent-there, p.links[1].sent-back
		t.Logf("a loss of %v: the slowest took %v, %d packets and %d back", loss, w.worst[ch], there, back)
		// The answers are answered now and then, so that the peer may forget them. What is lost, or
		// its ack, goes twice more, and each of that is answered.
		if n := len(w.sentAt[ch]); there > n*115/100+50+int(4*loss*float64(n)) || back > n+50+int(4*loss*float64(n)) {
			t.Errorf("%d packets and %d back for %d messages", there, back, n)
		}
		w.remembersLittle()
	}
}

// TestOnePacketInFiveSeconds sends next to nothing: each message comes at once, and one that is
// lost in a second.
func TestOnePacketInFiveSeconds(t *testing.T) {
	for _, loss := range []float64{0, 0.2} {
		p := newPair(t, channels(), 30*time.Millisecond).open()
		p.run(time.Second)
		p.links[0].loss, p.links[1].loss = loss, loss
		w, ch := watchers(p), chanOf(ReliableUnordered)
		there, back := p.links[0].sent, p.links[1].sent
		for range 200 {
			w.sends(ch, 100)
			w.runs(5*time.Second, ch)
		}
		w.wants(ch, map[float64]time.Duration{0: 31 * time.Millisecond, 0.2: 2 * time.Second}[loss])
		there, back = p.links[0].sent-there, p.links[1].sent-back
		t.Logf("a loss of %v: the slowest took %v, %d packets and %d back", loss, w.worst[ch], there, back)
		if most := map[float64]int{0: 420, 0.2: 800}[loss]; there > most || back > most {
			t.Errorf("%d packets and %d back for 200 messages", there, back)
		}
		w.remembersLittle()
	}
}

// TestIdleBesideBusy has hundreds of channels do nothing beside one that is busy: they cost no
// byte, and the first message of one that was idle so far goes out at once.
func TestIdleBesideBusy(t *testing.T) {
	bytes, seconds := [2]int{}, 30
	if raced {
		seconds = 5
	}
	for idle, n := range []int{2, 400} {
		cfg := Config{}
		for i := range n {
			cfg.Channels = append(cfg.Channels, ChannelConfig{ID: ChannelID(i + 1), Delivery: Delivery(i % 5)})
		}
		p := newPair(t, cfg, 20*time.Millisecond).open()
		w := watchers(p)
		p.run(time.Second)
		before := p.links[0].bytes + p.links[1].bytes
		for range 60 * seconds {
			w.sends(1, 300)
			w.runs(time.Second/60, 1)
		}
		bytes[idle] = p.links[0].bytes + p.links[1].bytes - before
		w.sends(1, 300)
		w.sends(2, 300)
		w.runs(time.Second, 1, 2)
		w.wants(1, 21*time.Millisecond)
		w.wants(2, 21*time.Millisecond)
		w.remembersLittle()
	}
	if bytes[0] != bytes[1] {
		t.Errorf("%d bytes alone, %d beside idle channels", bytes[0], bytes[1])
	}
}

// TestBulkBeside60Hz moves megabytes over a path of 1 MB/s while state goes out sixty times a
// second: it takes what the path takes, whether the bulk is of a lower class or of the same.
func TestBulkBeside60Hz(t *testing.T) {
	for _, priority := range []int8{0, 1} {
		cfg := Config{Channels: []ChannelConfig{
			{ID: 1, Delivery: UnreliableLatest, Priority: priority}, {ID: 2, Delivery: ReliableOrdered, Priority: priority},
			{ID: 3, Delivery: ReliableOrdered, MaxMessageBytes: 8 << 20},
		}}
		p := newPair(t, cfg, 20*time.Millisecond)
		for i := range p.links {
			p.links[i].rate, p.links[i].queue = 1_000_000, 30*time.Millisecond
		}
		p.open()
		p.run(time.Second)
		w := watchers(p)
		w.sends(3, 8<<20)
		took := time.Duration(0)
		for range 60 * 12 {
			w.sends(1, 200)
			w.sends(2, 60)
			w.runs(time.Second/60, 1, 2, 3)
			if w.came[3] == 1 && took == 0 {
				took = time.Duration(p.now - w.sentAt[3][0])
			}
		}
		w.runs(time.Second, 1, 2)
		t.Logf("priority %d: 8 MiB took %v; %d of %d states, the slowest took %v; the slowest event %v", priority,
			took, w.came[1], len(w.sentAt[1]), w.worst[1], w.worst[2])
		t.Log("# 20 ms of way, 30 of the path's own queue; an event that is lost takes a round trip more")
		if w.came[1] < len(w.sentAt[1])*95/100 || w.worst[1] > 60*time.Millisecond {
			t.Errorf("%d of %d states came, the slowest took %v", w.came[1], len(w.sentAt[1]), w.worst[1])
		}
		w.wants(2, 250*time.Millisecond)
		if took == 0 || took > 11*time.Second {
			t.Errorf("8 MiB took %v at 1 MB/s", took)
		}
		w.remembersLittle()
	}
}

// TestClockJumps puts both ends to sleep again and again, for seconds and for a day, with
// messages under way and a link that loses some: what is sent when they are awake comes soon.
func TestClockJumps(t *testing.T) {
	cfg := channels()
	cfg.Timeout = -1
	p := newPair(t, cfg, 20*time.Millisecond, 4).open()
	p.run(time.Second)
	p.links[0].loss = 0.05
	w, ch := watchers(p), chanOf(ReliableOrdered)
	for i, jump := range []time.Duration{time.Second, 10 * time.Second, time.Minute, 24 * time.Hour, 3 * time.Second, 100 * 24 * time.Hour} {
		for range 20 {
			w.sends(ch, 500)
			p.flush()
		}
		p.now += int64(jump)
		at := p.now
		w.sends(ch, 500)
		for w.came[ch] < 21*(i+1) && p.now < at+5*second {
			w.runs(time.Millisecond, ch)
		}
		if took := time.Duration(p.now - at); took > 2500*time.Millisecond {
			t.Errorf("after %v %d came in %v", jump, w.came[ch]-21*i, took)
		}
		w.runs(5*time.Second, ch)
	}
	p.links[0].loss = 0
	w.runs(10*time.Second, ch)
	w.remembersLittle()
}

// TestHugeValues changes a value of 10 MB sixty times a second, over a path of 20 MB/s: half a
// second for each. What is held stays bounded, and the other game goes on seeing values that are
// whole and no older than two of them take. Of an unreliable value each packet must arrive.
func TestHugeValues(t *testing.T) {
	const size, rate = 10 << 20, 20 << 20
	for _, c := range []struct {
		d    Delivery
		loss float64
	}{{ReliableLatest, 0.01}, {UnreliableLatest, 0}} {
		d := c.d
		cfg := Config{Channels: []ChannelConfig{{ID: 1, Delivery: d, MaxMessageBytes: size}}}
		cfg.Controller = func() Controller { return fixedRate(rate) }
		p := newPair(t, cfg, 20*time.Millisecond).open()
		p.run(time.Second)
		p.links[0].loss = c.loss
		payload, sentAt := make([]byte, size), []int64{}
		seen, seenAt, oldest, longest, most := -1, p.now, time.Duration(0), time.Duration(0), [2]int{}
		frames := 60 * 3
		if raced {
			frames = 80
		}
		for n := range frames {
			copy(payload, message(n, 8))
			copy(payload[size-8:], message(n, 8))
			if _, err := p.ends[0].Send(1, payload, SendOptions{}); err != nil {
				t.Fatal(err)
			}
			sentAt = append(sentAt, p.now)
			p.run(time.Second / 60)
			for i := range p.ends {
				most[i] = max(most[i], p.ends[i].cfg.Buffers.Stats().BytesInUse)
			}
			p.ends[1].Update()
			for m, ok := p.ends[1].Receive(1); ok; m, ok = p.ends[1].Receive(1) {
				b := m.Bytes()
				if i := number(string(b[:8])); i <= seen || string(b[:8]) != string(b[size-8:]) || len(b) != size {
					t.Fatalf("value %d after %d, or of two", i, seen)
				}
				seen, seenAt = number(string(b[:8])), p.now
				oldest = max(oldest, time.Duration(p.now-sentAt[seen]))
			}
			longest = max(longest, time.Duration(p.now-seenAt))
		}
		t.Logf("%v, loss %v: the last of %d is %d, at most %v old and %v apart; %d and %d MiB", d, c.loss, frames, seen, oldest, longest, most[0]>>20, most[1]>>20)
		if seen < frames-75 || oldest > 1200*time.Millisecond || longest > 1200*time.Millisecond {
			t.Errorf("%v: the last of %d is %d, at most %v old and %v apart", d, frames, seen, oldest, longest)
		}
		if most[0] > 2*size+1<<20 || most[1] > 3*size {
			t.Errorf("%v: %d and %d bytes are held", d, most[0], most[1])
		}
	}
}
