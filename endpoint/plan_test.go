package endpoint

import (
	"fmt"
	"testing"

	"github.com/tickwire/tickwire/internal/wire"
)

// many is a plan with so many channels of all deliveries.
func many(t testing.TB, n int) *Plan {
	t.Helper()
	cfg := Config{Handshake: true, Trusted: true}
	for i := range n {
		cfg.Channels = append(cfg.Channels, ChannelConfig{ID: ChannelID(i + 1), Delivery: Delivery(i % 5)})
	}
	p, err := Prepare(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestAllocMatch: what a HELLO is worth is found out without making anything, however many channels
// there are.
func TestAllocMatch(t *testing.T) {
	if raced {
		return
	}
	for _, channels := range []int{5, 1024} {
		p := many(t, channels)
		good := p.New(0, Life{Seed: 1}).AppendHello(0, nil)
		h, _ := wire.ConsumeHello(good)
		h.Digest++
		bad := wire.AppendHello(nil, &h)
		if n := testing.AllocsPerRun(100, func() {
			if err := p.Match(good); err != nil {
				t.Fatal(err)
			}
		}); n > 0 {
			t.Errorf("%d channels: %v allocations for a HELLO that matches", channels, n)
		}
		if n := allocated(func() {
			for range 100 {
				if m, ok := p.Match(bad).(*MismatchError); !ok || m.Code != CodeMismatch || len(m.Rows) != channels*wire.ChannelRowSize {
					t.Fatal("it matches")
				}
			}
		}); n > 100*256 {
			t.Errorf("%d channels: %d bytes for a HELLO that does not match", channels, n/100)
		}
		if m, ok := p.Match(good[:3]).(*MismatchError); !ok || m.Code != CodeProtocol {
			t.Error("a HELLO that was cut matches")
		}
	}
}

// TestPlanLives: endpoints of a plan differ by what is their own, and talk.
func TestPlanLives(t *testing.T) {
	p := many(t, 5)
	a, b := p.New(0, Life{Seed: 1}), p.New(0, Life{Seed: 2, Instance: 7})
	if a.Instance() == b.Instance() || b.Instance() != 7 {
		t.Errorf("instances %d and %d", a.Instance(), b.Instance())
	}
	if err := a.HandleHello(0, b.AppendHello(0, nil)); err != nil || !a.Open() || b.Open() {
		t.Errorf("open %v and %v: %v", a.Open(), b.Open(), err)
	}
}

// BenchmarkPlan makes endpoints, and compares HELLOs that do not match.
func BenchmarkPlan(b *testing.B) {
	for _, channels := range []int{5, 64, 1024} {
		p := many(b, channels)
		hello := many(b, channels+1-channels/1024*2).New(0, Life{}).AppendHello(0, nil)
		b.Run(fmt.Sprintf("New/channels=%d", channels), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p.New(0, Life{Seed: 1}).Release()
			}
		})
		b.Run(fmt.Sprintf("Match/channels=%d", channels), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if p.Match(hello) == nil {
					b.Fatal("it matches")
				}
			}
		})
	}
}
