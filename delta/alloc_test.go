package delta_test

import (
	"math/rand/v2"
	"testing"

	"github.com/tickwire/tickwire/delta"
	"github.com/tickwire/tickwire/endpoint"
)

// TestAllocSteady: a tick of forty values that change allocates nothing at either end.
func TestAllocSteady(t *testing.T) {
	from, _ := delta.NewSender[uint16, state](delta.Config{})
	to, _ := delta.NewReceiver[uint16, state](delta.Config{})
	values := make([]state, 40)
	for i := range values {
		values[i].Items = []uint8{1, 2, 3}
	}
	buf := make([]byte, 0, 2000)
	receipt := endpoint.Receipt(0)
	tick := func() {
		from.Begin(buf, 1000)
		for i := range values {
			values[i].X++
			values[i].Items[receipt%3]++
			if fits, err := from.Put(uint16(i), &values[i]); !fits || err != nil {
				t.Fatal(fits, err)
			}
		}
		b, err := from.End()
		if err != nil {
			t.Fatal(err)
		}
		receipt++
		from.Sent(receipt)
		n := 0
		for _, err := range to.Read(b) {
			if n++; err != nil {
				t.Fatal(err)
			}
		}
		if n != len(values) {
			t.Fatalf("%d changes", n)
		}
		if receipt > 5 {
			from.Delivered(receipt - 5)
		}
	}
	for range 300 {
		tick()
	}
	if n := testing.AllocsPerRun(300, tick); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestAllocLimits: bytes that nobody of ours wrote take no more memory than the limits allow.
func TestAllocLimits(t *testing.T) {
	to, _ := delta.NewReceiver[uint32, state](delta.Config{MaxKeys: 10})
	rng := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, 200)
	for range 20000 {
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		for range to.Read(b) {
		}
	}
	if to.Len() > 10 {
		t.Errorf("%d keys", to.Len())
	}
}
