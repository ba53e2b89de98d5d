package endpoint

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// TestSmallCarriers: over a carrier of any size two ends meet, and small and large messages of
// every delivery arrive; or NewLone says how much the carrier would have to take.
func TestSmallCarriers(t *testing.T) {
	cfg := channels()
	refused := 0
	for size := 8; size <= 600; size++ {
		end, err := newLone(0, cfg, Carrier{MaxDatagramBytes: size})
		if err == nil {
			end.Release()
			playSmall(t, cfg, size)
			continue
		}
		var wrong *ConfigError
		if !errors.As(err, &wrong) || wrong.Field != "carrier.MaxDatagramBytes" || wrong.Value != size {
			t.Fatalf("%d bytes: %v", size, err)
		}
		if refused++; size != 7+refused {
			t.Errorf("%d bytes are refused, less are not", size)
		}
	}
	if least := 8 + refused; least < 40 || least > 48 {
		t.Errorf("%d bytes are enough", least)
	}
}

// TestLeastCarrier: of channels that have much to say in HELLO NewLone wants a larger carrier, and over
// one of that size two ends meet.
func TestLeastCarrier(t *testing.T) {
	cfg := Config{}
	for id := range 16 {
		cfg.Channels = append(cfg.Channels, ChannelConfig{ID: ChannelID(id + 1), Delivery: ReliableOrdered, WindowBytes: 100_000 + id})
		p := newPair(t, cfg, 5*time.Millisecond)
		least := p.ends[0].leastLone()
		if _, err := newLone(0, cfg, Carrier{MaxDatagramBytes: least - 1}); err == nil {
			t.Errorf("%d channels: %d bytes are taken for enough", id+1, least-1)
		}
		for i := range p.ends {
			p.ends[i].Carrier.MaxDatagramBytes = least
		}
		p.links[0].drop = func(_ int, b []byte) bool { return len(b) > least }
		if p.open(); id == 15 && least < 90 {
			t.Errorf("%d bytes are enough for 16 windows", least)
		}
	}
}

// playSmall sends messages of all kinds over a carrier of so many bytes, and wants each to arrive.
func playSmall(t *testing.T, cfg Config, size int) {
	p := newPair(t, cfg, 5*time.Millisecond)
	for i := range p.ends {
		p.ends[i].Carrier.MaxDatagramBytes = size
	}
	p.watch = func(end int, b []byte) {
		if len(b) > size {
			t.Errorf("end %d sends %d bytes where the carrier takes %d", end, len(b), size)
		}
	}
	if !p.runUntil(time.Second, func() bool { return p.ends[0].Open() && p.ends[1].Open() }) {
		t.Fatalf("%d bytes: the ends did not meet", size)
	}
	sizes := []int{0, 20, size, 2000}
	for _, d := range deliveries {
		for _, n := range sizes {
			p.send(0, chanOf(d), make([]byte, n))
			p.send(1, chanOf(d), make([]byte, n))
			p.run(2 * time.Second)
			for end := range p.ends {
				if got := p.received(1-end, chanOf(d)); len(got) != 1 || len(got[0]) != n {
					t.Errorf("%d bytes: %v, a message of %d: %d came to end %d", size, d, n, len(got), 1-end)
				}
			}
		}
	}
	p.ends[0].Close(p.now, CodeApplication, strings.Repeat("bye ", 50))
	p.run(5 * time.Second)
	if !p.ends[1].Done() {
		t.Errorf("%d bytes: the peer was not told of the end", size)
	}
}

// TestSmallCarriersLose: what is lost and overtaken is repaired, and ACKs of many ranges and sums
// keep to the carrier's size too.
func TestSmallCarriersLose(t *testing.T) {
	for _, size := range []int{44, 47, 50, 56, 64, 72, 90, 128, 255, 600} {
		p := newPair(t, channels(), 10*time.Millisecond)
		for i := range p.ends {
			p.ends[i].Carrier.MaxDatagramBytes = size
			p.links[i].loss, p.links[i].jitter, p.links[i].dup = 0.1, 10*time.Millisecond, 0.02
		}
		p.watch = func(end int, b []byte) {
			if len(b) > size {
				t.Errorf("end %d sends %d bytes where the carrier takes %d", end, len(b), size)
			}
		}
		p.open()
		for n := range 30 {
			for _, d := range []Delivery{ReliableUnordered, ReliableOrdered} {
				p.send(n&1, chanOf(d), message(n, 8+n*n))
			}
			p.run(10 * time.Millisecond)
		}
		p.run(20 * time.Second)
		for end := range p.ends {
			for _, d := range []Delivery{ReliableUnordered, ReliableOrdered} {
				if got := p.received(end, chanOf(d)); len(got) != 15 {
					t.Errorf("%d bytes: %d messages of %v came to end %d", size, len(got), d, end)
				}
			}
		}
	}
}
