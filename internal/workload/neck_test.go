package workload

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/tickwire/tickwire/simnet"
)

// TestTwoPartsAreOneLink: a narrow place and the air behind it do what a link of simnet does that
// has both.
func TestTwoPartsAreOneLink(t *testing.T) {
	whole := simnet.LinkConfig{
		Delay: 20 * time.Millisecond, Jitter: 5 * time.Millisecond, Loss: 0.1, LossBurst: 2, Duplicate: 0.05, Reorder: 0.05,
		BitsPerSecond: 5_000_000, QueuePackets: 40, OverheadBytes: 43,
	}
	for seed := range uint64(10) {
		one, err := simnet.NewLink(0, whole, seed)
		if err != nil {
			t.Fatal(err)
		}
		n, err := newNeck(whole, 0, never)
		if err != nil {
			t.Fatal(err)
		}
		behind, err := simnet.NewLink(0, air(whole), seed)
		if err != nil {
			t.Fatal(err)
		}
		rnd := rand.New(rand.NewPCG(seed, 1))
		arrivals := 0
		for now, i := int64(0), uint64(0); now < int64(2*time.Second); {
			for range rnd.IntN(3) {
				b := binary.LittleEndian.AppendUint64(make([]byte, 0, 1200), i)
				b = b[:8+rnd.IntN(1100)]
				one.Send(now, b)
				n.send(now, 0, b)
				i++
			}
			for _, b, ok := n.receive(now); ok; _, b, ok = n.receive(now) {
				behind.Send(now, b)
			}
			for {
				a, ok := one.Receive(now)
				b, too := behind.Receive(now)
				if ok != too || !bytes.Equal(a, b) {
					t.Fatalf("seed %d, at %v: %d bytes, %v, and in two parts %d bytes, %v", seed, time.Duration(now), len(a), ok, len(b), too)
				}
				if !ok {
					break
				}
				arrivals++
			}
			now = min(now+int64(rnd.IntN(1_000_000)), n.next()) // no departure is passed over
		}
		if one.Stats().QueueDropped != n.link.Stats().QueueDropped || arrivals < 200 || one.Stats().QueueDropped == 0 {
			t.Errorf("seed %d: %d arrivals, drops of %d and %d", seed, arrivals, one.Stats().QueueDropped, n.link.Stats().QueueDropped)
		}
	}
}

// TestWaits: what waits, and for how long.
func TestWaits(t *testing.T) {
	n, err := newNeck(simnet.LinkConfig{BitsPerSecond: 8_000_000, QueuePackets: 3, OverheadBytes: 50}, 0, int64(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	for id := range 5 {
		n.send(0, id, make([]byte, 950)) // a millisecond each
	}
	for at := range int64(5) {
		for id, _, ok := n.receive(at * 1e6); ok; id, _, ok = n.receive(at * 1e6) {
			if id != int(at)-1 {
				t.Errorf("%d came out after %d ms", id, at)
			}
		}
	}
	if got := newSpread(n.waits); got != (Spread{3, time.Millisecond, 2 * time.Millisecond, 2 * time.Millisecond, 2 * time.Millisecond}) || n.through != 3000 {
		t.Errorf("waits %+v, %d bytes", got, n.through)
	}
}
