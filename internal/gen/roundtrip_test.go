package gen

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/gen/sample"
)

// anything is a message with all fields chosen by chance.
func anything(r *rand.Rand) *sample.All {
	text := func(most int) string { return strings.Repeat("aé", most/3)[:r.IntN(most+1)/3*3] }
	m := &sample.All{
		Alive: r.IntN(2) == 0, Health: r.IntN(1001), Heat: int16(r.IntN(126) - 40), Score: r.Uint32() >> r.IntN(32),
		Debt: int64(r.Uint64()) >> r.IntN(64), Raw: uint8(r.Uint32()), Weapon: sample.Weapon(r.IntN(3)),
		Exact: r.NormFloat64(), X: float32(r.Float64()*1024 - 512), Rough: float32(r.NormFloat64()),
		Facing: float32(r.Float64() * 6), Aim: [3]float32{r.Float32(), r.Float32() - 1, r.Float32()},
		Turn: [4]float32{r.Float32() / 2, -r.Float32() / 2, r.Float32() / 2, 0.9}, // largest by far, so it stays the largest
		Name: text(32), Blob: []byte(text(64)), Cooldown: time.Duration(r.IntN(10001)) * time.Millisecond,
		Since: time.Duration(r.Uint64()), Back: netip.AddrPortFrom(netip.AddrFrom4([4]byte{1, 2, 3, 4}), uint16(r.Uint32())),
		New: r.IntN(2) == 0, Old: r.IntN(2) == 0, Bonus: int32(r.IntN(10)), Did: sample.Joined{Player: r.Uint32()},
	}
	for i := range m.Grid {
		m.Grid[i] = uint8(r.IntN(16))
	}
	for range r.IntN(sample.MaxItems + 1) {
		m.Items = append(m.Items, sample.Item{Kind: uint16(r.IntN(501)), Count: uint8(1 + r.IntN(99))})
	}
	for range r.IntN(4) {
		m.Deep = append(m.Deep, []int32{int32(r.IntN(10)), int32(r.IntN(10))}[:r.IntN(3)])
	}
	m.Ammo = make(map[sample.Weapon]int)
	for range r.IntN(4) {
		m.Ammo[sample.Weapon(r.IntN(3))] = r.IntN(100)
	}
	if r.IntN(2) == 0 {
		m.Target, m.From = &sample.Item{Kind: 3, Count: 9}, netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 15: 1})
		m.Did, m.Maybe = sample.Left{Player: 4, Why: text(100)}, sample.Joined{Player: 9}
	}
	return m
}

// TestRoundTrip: a message that is read is the one that was written, but for what its codes leave
// out, and is written as the same bytes; also into a value that has held another.
func TestRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var read, again sample.All
	for i := range 2000 {
		sent := anything(r)
		b, err := sent.AppendBinary([]byte("front"))
		if err != nil {
			t.Fatal(i, err)
		}
		b = b[len("front"):]
		if len(b) > sample.AllMaxBytes {
			t.Fatalf("%d: %d bytes, at most %d", i, len(b), sample.AllMaxBytes)
		}
		kept := bytes.Clone(b)
		if err := read.UnmarshalBinary(b); err != nil {
			t.Fatal(i, err)
		}
		checkClose(t, sent, &read)
		twice, err := read.AppendBinary(nil)
		if err != nil {
			t.Fatal(i, err)
		}
		if err := again.UnmarshalBinary(bytes.Clone(twice)); err != nil {
			t.Fatal(i, err)
		}
		if !bytes.Equal(kept, twice) || !reflect.DeepEqual(read.Items, again.Items) {
			t.Fatalf("%d: %x is written again as %x", i, kept, twice)
		}
		if t.Failed() {
			return
		}
	}
}

// checkClose compares what was sent with what came.
func checkClose(t *testing.T, sent, came *sample.All) {
	t.Helper()
	if d := math.Abs(float64(sent.X - came.X)); d > 0.0051 {
		t.Errorf("X is %v off", d)
	}
	if d := math.Abs(float64(sent.Rough - came.Rough)); d > math.Abs(float64(sent.Rough))/1024 {
		t.Errorf("Rough is %v off", d)
	}
	a, b := *sent, *came
	for _, m := range []*sample.All{&a, &b} {
		m.X, m.Rough, m.Facing, m.Aim, m.Turn, m.Old = 0, 0, 0, [3]float32{}, [4]float32{}, false // until=3
	}
	if x, y := show(&a), show(&b); x != y {
		t.Errorf("sent %s\ncame %s", x, y)
	}
}

// show prints a message with what its pointers lead to; empty and missing slices are alike.
func show(m *sample.All) string {
	top := *m
	top.Target = nil
	return fmt.Sprintf("%+v %+v", top, m.Target)
}

// TestVersions: a message of an older version has the fields that were there then, and the others
// are zero.
func TestVersions(t *testing.T) {
	sent := anything(rand.New(rand.NewPCG(2, 2)))
	sent.New, sent.Old = true, true
	for version, want := range map[int][2]bool{1: {false, true}, 2: {true, true}, 3: {true, false}} {
		b, err := sent.AppendVersion(nil, version)
		if err != nil {
			t.Fatal(err)
		}
		came := sample.All{New: true, Old: true}
		if err := came.UnmarshalVersion(b, version); err != nil || came.New != want[0] || came.Old != want[1] {
			t.Errorf("version %d: new %v, old %v, %v", version, came.New, came.Old, err)
		}
	}
}

// TestDamaged: bytes that are cut or changed are refused or read as something, and nothing panics.
func TestDamaged(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	refused := 0
	for range 300 {
		b, err := anything(r).AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		var m sample.All
		if err := m.UnmarshalBinary(bytes.Clone(b[:r.IntN(len(b))])); err == nil {
			t.Errorf("a part of a message was read")
		}
		for range 4 {
			b[r.IntN(len(b))] ^= 1 << r.IntN(8)
		}
		if m.UnmarshalBinary(b) != nil {
			refused++
		}
	}
	if refused < 30 {
		t.Errorf("of 300 damaged messages %d were refused", refused)
	}
}

// TestOutOfRange: a field that cannot be written is named, with its value, and dst stays as it was.
func TestOutOfRange(t *testing.T) {
	for want, change := range map[string]func(*sample.All){
		"All.Health (1001): out of range, want 0..1000":                                    func(m *sample.All) { m.Health = 1001 },
		"All.X (513): out of range, want -512..512":                                        func(m *sample.All) { m.X = 513 },
		"All.Items (13): too long, want at most 12":                                        func(m *sample.All) { m.Items = make([]sample.Item, 13) },
		"All.Deep (1000): too long, want at most 3":                                        func(m *sample.All) { m.Deep = make([][]int32, 1000) },
		"All.Name (9999): too long, want at most 32 bytes":                                 func(m *sample.All) { m.Name = string(make([]byte, 9999)) },
		"Item.Count (0): out of range, want 1..99":                                         func(m *sample.All) { m.Items = make([]sample.Item, 1) },
		"All.Did: not one of the union's types, want Joined or Left, not a pointer to one": func(m *sample.All) { m.Did = nil },
		"All.Cooldown (-1ms): out of range, want 0s..10s":                                  func(m *sample.All) { m.Cooldown = -time.Millisecond },
	} {
		base, m := anything(rand.New(rand.NewPCG(4, 4))), anything(rand.New(rand.NewPCG(4, 4)))
		change(m)
		b, err := m.AppendBinary([]byte("front"))
		if err == nil || err.Error() != "codec: "+want || string(b) != "front" {
			t.Errorf("%v (%q), want %q", err, b, want)
		}
		b, err = m.AppendDelta([]byte("front"), base)
		if err == nil || err.Error() != "codec: "+want || string(b) != "front" {
			t.Errorf("in a delta: %v (%q), want %q", err, b, want)
		}
	}
}

// FuzzGenerated: whatever bytes come, the generated reader takes them or refuses them, and what it
// takes can be written again.
func FuzzGenerated(f *testing.F) {
	r := rand.New(rand.NewPCG(5, 5))
	for range 20 {
		b, err := anything(r).AppendBinary(nil)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var m, again sample.All
		if m.UnmarshalBinary(bytes.Clone(b)) != nil {
			return
		}
		out, err := m.AppendBinary(nil)
		if err != nil {
			t.Fatalf("%x was read, and cannot be written: %v", b, err)
		}
		if err := again.UnmarshalBinary(out); err != nil {
			t.Fatalf("%x was written, and cannot be read: %v", out, err)
		}
	})
}
