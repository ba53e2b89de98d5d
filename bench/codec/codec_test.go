package codec

import (
	"bytes"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/gen/sample/five"
)

// otherValues have other lengths, other fields that are zero, and what TheValues leave out.
func otherValues() *Values {
	to := uint32(99)
	v := &Values{
		Input:     five.Input{Tick: 7, Yaw: 1},
		Entity:    five.AnEntity(34),
		Snapshot:  *five.ASnapshot(),
		Chat:      five.Chat{From: 1, To: &to, Room: five.ToOne, At: time.Hour, Text: "grün"},
		Inventory: *five.AnInventory(),
	}
	v.Snapshot.Entities = v.Snapshot.Entities[40:90]
	v.Inventory.Items = v.Inventory.Items[10:14]
	v.Inventory.Ammo = map[uint8]uint16{9: 1}
	return v
}

// TestRoundTrips takes two values through each format, into memory that has the other.
func TestRoundTrips(t *testing.T) {
	some, others := Cases(TheValues()), Cases(otherValues())
	if want := len(Formats) * len(Messages); len(some) != want {
		t.Fatalf("%d cases, want %d", len(some), want)
	}
	for i := range some {
		one, other := &some[i], &others[i]
		readsBoth(t, one, encoded(t, other))
		readsBoth(t, other, encoded(t, one))
	}
}

// readsBoth reads the value of another case, then its own.
func readsBoth(t *testing.T, c *Case, foreign []byte) {
	t.Helper()
	if err := c.Decode(foreign); err != nil {
		t.Fatalf("%s, another value: %v", c, err)
	}
	if c.Same() {
		t.Errorf("%s: two values are the same", c)
	}
	for range 2 {
		if err := c.Decode(encoded(t, c)); err != nil {
			t.Fatalf("%s: %v", c, err)
		}
		if !c.Same() {
			t.Errorf("%s: what was read is not what was written", c)
		}
	}
}

func encoded(t *testing.T, c *Case) []byte {
	t.Helper()
	b, err := c.Encode()
	if err != nil {
		t.Fatalf("%s: %v", c, err)
	}
	return bytes.Clone(b)
}

// TestOursHasFewestBytes of each message.
func TestOursHasFewestBytes(t *testing.T) {
	least := map[string]int{}
	for _, c := range Cases(TheValues()) {
		if n := len(encoded(t, &c)); c.Format == Ours {
			least[c.Message] = n
		} else if n <= least[c.Message] {
			t.Errorf("%s: %d bytes, ours has %d", &c, n, least[c.Message])
		}
	}
	if len(least) != len(Messages) {
		t.Errorf("ours has %d messages", len(least))
	}
}

// TestOursIsNear: the steps of the ranges take no more than half of themselves.
func TestOursIsNear(t *testing.T) {
	v := TheValues()
	near := func(what string, got, want float32, step float64) {
		t.Helper()
		if d := math.Abs(float64(got) - float64(want)); d > step/2*1.001 {
			t.Errorf("%s is %g, want %g", what, got, want)
		}
	}
	b, err := v.Snapshot.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	var s five.Snapshot
	if err := s.UnmarshalBinary(b); err != nil || len(s.Entities) != 100 {
		t.Fatalf("%d entities, %v", len(s.Entities), err)
	}
	for i := range s.Entities {
		got, want := &s.Entities[i], &v.Snapshot.Entities[i]
		near("X", got.X, want.X, 0.01)
		near("Y", got.Y, want.Y, 0.01)
		near("Z", got.Z, want.Z, 0.01)
		near("VX", got.VX, want.VX, 1.0/256)
		near("VY", got.VY, want.VY, 1.0/256)
	}
}

// TestOursAllocs: none to write, and none to read but for a string that has changed.
func TestOursAllocs(t *testing.T) {
	strings := map[string]float64{"chat": 1, "inventory": float64(len(TheValues().Inventory.Items))}
	aloud := Cases(TheValues().Aloud())
	for i, c := range Cases(TheValues()) {
		if c.Format != Ours {
			continue
		}
		here, there := encoded(t, &c), encoded(t, &aloud[i])
		allocs := func(what string, want float64, call func() error) {
			var err error
			if got := testing.AllocsPerRun(20, func() { err = errors.Join(err, call()) }); got != want || err != nil {
				t.Errorf("%s, %s: %v allocations, want %v, error %v", &c, what, got, want, err)
			}
		}
		allocs("to write", 0, func() error { _, err := c.Encode(); return err })
		allocs("to read the same", 0, func() error { return c.Decode(here) })
		allocs("to read two in turn", 2*strings[c.Message], func() error { return errors.Join(c.Decode(there), c.Decode(here)) })
	}
}
