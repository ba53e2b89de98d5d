package endpoint

import (
	"fmt"
	"testing"
	"time"
)

// BenchmarkFlood is bulk of small messages: the cost of one at both ends, with all packets and
// acks.
func BenchmarkFlood(b *testing.B) {
	for _, pooled := range []bool{true, false} {
		for _, d := range deliveries {
			if d.latest() {
				continue // one value waits at a time
			}
			b.Run(fmt.Sprintf("%v/pooled=%v", d, pooled), func(b *testing.B) {
				limit := 0
				if !pooled {
					limit = -1
				}
				flood(b, d, NewBuffers(limit))
			})
		}
	}
}

func flood(b *testing.B, d Delivery, buffers *Buffers) {
	l := newLoop(b, channelsIn(buffers))
	payload := make([]byte, 32)
	b.ReportAllocs()
	came := 0
	for n := 0; b.Loop(); n++ {
		if _, err := l.ends[0].Send(chanOf(d), payload, SendOptions{}); err != nil {
			b.Fatal(err)
		}
		if n%500 == 499 {
			l.exchange()
			came += l.take(d)
		}
	}
	l.exchange()
	l.exchange()
	if came += l.take(d); came != b.N {
		b.Errorf("%d of %d came", came, b.N)
	}
}

// BenchmarkPing is one message there and one back, each in a packet of its own.
func BenchmarkPing(b *testing.B) {
	for _, d := range deliveries {
		b.Run(d.String(), func(b *testing.B) { ping(b, newLoop(b, channels()), chanOf(d)) })
	}
}

func ping(b *testing.B, l *loop, ch ChannelID) {
	payload := make([]byte, 32)
	b.ReportAllocs()
	for b.Loop() {
		for end := range l.ends {
			_, _ = l.ends[end].Send(ch, payload, SendOptions{})
			l.exchange()
			l.ends[1-end].Update()
			if _, ok := l.ends[1-end].Receive(ch); !ok {
				b.Fatal("nothing came")
			}
		}
	}
}

// BenchmarkChannels is a ping among many channels: what those cost that are silent.
func BenchmarkChannels(b *testing.B) {
	for _, n := range []int{1, 16, 128} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			cfg := Config{}
			for i := range n {
				cfg.Channels = append(cfg.Channels, ChannelConfig{ID: ChannelID(i + 1), Delivery: ReliableOrdered})
			}
			ping(b, newLoop(b, cfg), ChannelID(n))
		})
	}
}

// large sends one message of 60 kB after the other, each in fragments.
func large(b *testing.B, l *loop) {
	payload := make([]byte, 60_000)
	b.SetBytes(int64(len(payload)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := l.ends[0].Send(chanOf(ReliableOrdered), payload, SendOptions{}); err != nil {
			b.Fatal(err)
		}
		for l.take(ReliableOrdered) == 0 {
			l.exchange()
		}
	}
}

// BenchmarkLarge is messages of 60 kB in fragments.
func BenchmarkLarge(b *testing.B) {
	for _, pooled := range []bool{true, false} {
		b.Run(fmt.Sprintf("pooled=%v", pooled), func(b *testing.B) {
			limit := 0
			if !pooled {
				limit = -1
			}
			l := newLoop(b, channelsIn(NewBuffers(limit)))
			large(b, l)
		})
	}
}

// BenchmarkDraft builds messages field by field, in turn in memory of the game's that Send
// copies, and in the draft: what the copy costs. The queue is full and drops the oldest, so that
// nothing else is measured. Of all turns the best counts: a machine has other things to do.
func BenchmarkDraft(b *testing.B) {
	field := make([]byte, 64)
	for _, size := range []int{64, 1 << 10, 64 << 10} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			e, err := New(0, channels())
			if err != nil {
				b.Fatal(err)
			}
			mine, draft, ch := make([]byte, 0, size), e.Draft(), chanOf(Unreliable)
			build := func(to []byte) []byte {
				for range size / len(field) {
					to = append(to, field...)
				}
				return to
			}
			best := [2]time.Duration{time.Hour, time.Hour}
			for b.Loop() {
				began := time.Now()
				for range inTurn {
					mine = build(mine[:0])
					_, _ = e.Send(ch, mine, SendOptions{})
				}
				half := time.Now()
				for range inTurn {
					_, _ = draft.Write(build(draft.AvailableBuffer()))
					_, _ = e.SendDraft(ch, draft, SendOptions{})
				}
				best[0], best[1] = min(best[0], half.Sub(began)), min(best[1], time.Since(half))
			}
			b.ReportMetric(float64(best[0])/inTurn, "ns/Send")
			b.ReportMetric(float64(best[1])/inTurn, "ns/SendDraft")
			b.ReportMetric(float64(best[1])/float64(best[0]), "x-Send")
		})
	}
}

// inTurn is how many messages are measured together.
const inTurn = 64

// BenchmarkStream is 60 messages of 100 bytes a second, of which one in twenty is lost, with a
// round trip of 100 ms: the cost of one at both ends.
func BenchmarkStream(b *testing.B) {
	for _, r := range []Repair{RepairOff, RepairOnce, RepairTwice} {
		b.Run(r.String(), func(b *testing.B) {
			p := newPair(b, Config{Channels: []ChannelConfig{{ID: 1, Delivery: ReliableOrdered, Repair: r}}}, 50*time.Millisecond).open()
			p.links[0].loss = 0.05
			payload := make([]byte, 100)
			b.ReportAllocs()
			for b.Loop() {
				_, _ = p.ends[0].Send(1, payload, SendOptions{})
				p.run(time.Second / 60)
				p.ends[1].Update()
				for _, ok := p.ends[1].Receive(1); ok; _, ok = p.ends[1].Receive(1) {
				}
			}
		})
	}
}

// BenchmarkDatagrams is messages of 60 kB in fragments, in datagrams that are as large as those
// that pass everywhere, as an Ethernet frame, and as a large one.
func BenchmarkDatagrams(b *testing.B) {
	for _, most := range []int{baseDatagram, ethernet, 8972} {
		b.Run(fmt.Sprint(most), func(b *testing.B) {
			cfg := channels()
			cfg.MaxDatagramBytes = most
			l := newLoop(b, cfg)
			l.buf = make([]byte, 0, most)
			large(b, l)
		})
	}
}
