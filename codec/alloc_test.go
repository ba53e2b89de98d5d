package codec_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/tickwire/tickwire/internal/gen/sample/five"
)

// TestAllocNothing writes and reads each of the five messages: nothing is allocated, not even for
// strings, as long as they are those that the value held.
func TestAllocNothing(t *testing.T) {
	for name, m := range values() {
		b, err := m.AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		b = append(b, make([]byte, 64)...)
		if n := testing.AllocsPerRun(100, func() { b, err = m.AppendBinary(b[:0]) }); n != 0 || err != nil {
			t.Errorf("%s: %v allocations to write it, %v", name, n, err)
		}
		if err := m.UnmarshalBinary(b); err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(100, func() { err = m.UnmarshalBinary(b) }); n != 0 || err != nil {
			t.Errorf("%s: %v allocations to read it, %v", name, n, err)
		}
	}
}

// TestAllocString reads strings that are new: each costs one, and a view none.
func TestAllocString(t *testing.T) {
	for _, text := range []string{"short", "one that is longer than what lies on the stack while it is compared with the old"} {
		w := writer(nil, 1)
		w.Bits(1, 3)
		w.String("s", text, 100)
		b, _ := w.Finish()
		read := func() {
			r := reader(b)
			r.Bits(3)
			if s := r.String("s", "other", 100); s != text {
				t.Errorf("%q", s)
			}
		}
		if n := testing.AllocsPerRun(100, read); n != 1 {
			t.Errorf("%d bytes: %v allocations", len(text), n)
		}
		kept := func() {
			r := reader(b)
			r.Bits(3)
			if s := r.String("s", text, 100); s != text {
				t.Errorf("%q", s)
			}
		}
		if n := testing.AllocsPerRun(100, kept); n != 0 {
			t.Errorf("%d bytes that the value had: %v allocations", len(text), n)
		}
		copied := append([]byte{}, b...)
		view := func() {
			r := reader(append(copied[:0], b...))
			r.Bits(3)
			if s := r.ViewString("s", 100); s != text {
				t.Errorf("%q", s)
			}
		}
		if n := testing.AllocsPerRun(100, view); n != 0 {
			t.Errorf("%d bytes: %v allocations for a view", len(text), n)
		}
	}
}

// TestAllocBound reads messages that promise much and hold little: what is allocated for them is an
// element for each that could have come.
func TestAllocBound(t *testing.T) {
	w := writer(nil, 64)
	w.Bits(0, 14)
	w.Bits(256, 9)
	b, _ := w.Finish()
	b = append(b, make([]byte, 3*18)...) // room for three entities
	var s five.Snapshot
	var err error
	if n := testing.AllocsPerRun(100, func() { err = s.UnmarshalBinary(b) }); n > 2 || err == nil || cap(s.Entities) > 0 {
		t.Errorf("%v allocations, %d entities, %v", n, cap(s.Entities), err) // those of the error
	}
}

// TestAllocBoundOfDamage reads random bytes and damaged messages: what is allocated for each byte
// that came has the bound that the documentation says. A Snapshot's elements take 137 bits and have
// 56 bytes; an Inventory's take 37 and have 48, and it has a map.
func TestAllocBoundOfDamage(t *testing.T) {
	rng := rand.New(rand.NewPCG(17, 18))
	for _, name := range []string{"Snapshot", "Inventory", "Chat"} {
		whole, err := values()[strings.ToLower(name)].AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		for range 300 {
			b := bytes.Clone(whole[:1+rng.IntN(len(whole))])
			for range rng.IntN(8) {
				b[rng.IntN(min(len(b), 12))] = byte(rng.Uint32())
			}
			if n, err := allocatedFor(name, b); n > uint64(4096+16*len(b)) {
				t.Fatalf("%s: %d bytes are allocated for %d: %v", name, n, len(b), err)
			}
		}
	}
}

// allocatedFor is how many bytes it takes to read a message: the least of three times, since on a busy machine
// the runtime makes something for itself now and then.
func allocatedFor(name string, b []byte) (least uint64, err error) {
	least = math.MaxUint64
	for range 3 {
		m := blank(name)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err = m.UnmarshalBinary(b)
		runtime.ReadMemStats(&after)
		least = min(least, after.TotalAlloc-before.TotalAlloc)
	}
	return least, err
}
