package simnet

import (
	"testing"
	"time"
)

func benchmarkLink(b *testing.B, cfg LinkConfig) {
	l := mustLink(b, cfg, 1)
	payload := make([]byte, 200)
	now := int64(0)
	b.ReportAllocs()
	for b.Loop() {
		now += ms
		l.Send(now, payload)
		for _, ok := l.Receive(now); ok; _, ok = l.Receive(now) {
		}
	}
}

func BenchmarkLinkPerfect(b *testing.B) { benchmarkLink(b, LinkConfig{}) }
func BenchmarkLinkWiFiBad(b *testing.B) { benchmarkLink(b, WiFiBad().Down) }
func BenchmarkLinkTrace(b *testing.B)   { benchmarkLink(b, LTE4GDriving().Down) }
func BenchmarkLinkReorders(b *testing.B) {
	benchmarkLink(b, LinkConfig{Delay: 50 * time.Millisecond, Jitter: 20 * time.Millisecond, JitterReorders: true})
}

// BenchmarkNetworkTenMinutes is the load of a long test: eight clients on every
// preset, sixty ticks a second, two datagrams each way.
func BenchmarkNetworkTenMinutes(b *testing.B) {
	sent := uint64(0)
	for b.Loop() {
		_, stats := play(b, 1, 8, 10*time.Minute)
		sent += stats.Sent
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(sent), "ns/datagram")
}

func BenchmarkGenerateTrace(b *testing.B) {
	for b.Loop() {
		if _, err := GenerateTrace(DriveConfig{}, 1); err != nil {
			b.Fatal(err)
		}
	}
}
