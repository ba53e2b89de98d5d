package endpoint

import (
	"runtime"
	"testing"

	"github.com/tickwire/tickwire/internal/wire"
)

// BenchmarkIdle is the live heap of one endpoint among many of one plan: as it is made, and when it
// has talked and is idle.
func BenchmarkIdle(b *testing.B) {
	for name, talk := range map[string]bool{"fresh": false, "after some messages": true} {
		b.Run(name, func(b *testing.B) {
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(liveHeap(b, 2000, talk)), "B/endpoint")
		})
	}
}

// liveHeap is how many bytes each of many endpoints keeps alive.
func liveHeap(t testing.TB, many int, talk bool) uint64 {
	t.Helper()
	cfg := Config{
		Channels:  []ChannelConfig{{ID: 1, Delivery: UnreliableLatest}, {ID: 2, Delivery: ReliableOrdered}},
		Handshake: true, Trusted: true, Buffers: NewBuffers(0), Pool: NewWindowPool(0, 1),
	}
	plan, err := Prepare(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ends := make([]*Endpoint, many)
	peer := plan.New(0, Life{})
	hello := peer.AppendHello(0, nil)
	before := heapInUse()
	for i := range ends {
		ends[i] = plan.New(0, Life{Seed: uint64(i)})
		if err := ends[i].HandleHello(0, hello); err != nil {
			t.Fatal(err)
		}
		if talk {
			idleTalk(t, ends[i])
		}
	}
	per := (heapInUse() - before) / uint64(many)
	runtime.KeepAlive(ends)
	return per
}

// idleTalk has an endpoint send and hear some messages on each channel, which are acknowledged, and a
// keep-alive.
func idleTalk(t testing.TB, e *Endpoint) {
	t.Helper()
	payload := make([]byte, 60)
	for n := range uint64(8) {
		now := int64(n+1) * second / 10
		for _, ch := range []ChannelID{1, 2} {
			if _, err := e.Send(ch, payload, SendOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		out, ok := nextPacket(e, now, usual)
		if !ok {
			t.Fatal("nothing is sent")
		}
		frames := append(ack(out.Number, out.Number), wire.TypePing)
		e.HandlePacket(now+second/50, Incoming{Number: n, Frames: frames})
		nextPacket(e, now+second/20, usual)
		e.HandleTimeout(now + second/20)
		e.Update()
		for _, ok := e.NextEvent(); ok; _, ok = e.NextEvent() {
		}
	}
}

func heapInUse() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
