package gen

import (
	"bytes"
	"math"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/gen/sample"
)

// wire is a message in full, as the newest version.
func wire(t *testing.T, m *sample.All) []byte {
	t.Helper()
	b, err := m.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestDelta: what differs between two messages, applied to the first as its reader has it, is the
// second, in the same memory, in another, and in memory that held something else. The base stays as
// it was.
func TestDelta(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	var had sample.All
	for i := range 1000 {
		base, next := anything(r), anything(r)
		if i%2 == 0 {
			next = changed(r, base)
		}
		delta, err := next.AppendDelta([]byte("front"), base)
		if err != nil {
			t.Fatal(i, err)
		}
		delta = delta[len("front"):]
		var old, want sample.All
		if err := old.UnmarshalBinary(wire(t, base)); err != nil {
			t.Fatal(err)
		}
		if err := want.UnmarshalBinary(wire(t, next)); err != nil {
			t.Fatal(err)
		}
		kept := wire(t, &old)
		for _, into := range []*sample.All{{}, &had, &old} {
			if into == &old && !bytes.Equal(wire(t, &old), kept) {
				t.Fatalf("%d: the base has changed", i)
			}
			if err := into.ApplyDelta(bytes.Clone(delta), &old); err != nil {
				t.Fatal(i, err)
			}
			want.Old = into.Old // which is not sent
			if !into.Equal(&want) {
				t.Fatalf("%d: %v is read as %v, want %v", i, show(next), show(into), show(&want))
			}
		}
	}
}

// changed is a message with a few fields of another.
func changed(r *rand.Rand, m *sample.All) *sample.All {
	var n sample.All
	n.CopyFrom(m)
	from, to := reflect.ValueOf(anything(r)).Elem(), reflect.ValueOf(&n).Elem()
	for range r.IntN(4) {
		if f := r.IntN(to.NumField()); to.Field(f).CanSet() {
			to.Field(f).Set(from.Field(f))
		}
	}
	for i := range n.Items {
		if r.IntN(4) == 0 {
			n.Items[i].Count = uint8(1 + r.IntN(99))
		}
	}
	return &n
}

// TestDeltaOfNothing: equal messages have a delta of a bit for each field, also if they are equal
// only once they are rounded.
func TestDeltaOfNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for range 200 {
		m := anything(r)
		var came sample.All
		if err := came.UnmarshalBinary(wire(t, m)); err != nil {
			t.Fatal(err)
		}
		came.Old = m.Old
		for version, fields := range map[int]int{1: 28, 2: 29, 3: 28} {
			b, err := m.AppendDeltaVersion(nil, &came, version)
			if err != nil || len(b) != (fields+7)/8 || len(bytes.Trim(b, "\x00")) > 0 {
				t.Fatalf("version %d: %x, %v", version, b, err)
			}
		}
	}
}

// TestDeltaVersions: a field that a version does not have is in none of its deltas.
func TestDeltaVersions(t *testing.T) {
	base := anything(rand.New(rand.NewPCG(8, 8)))
	base.New, base.Old = false, false
	var next sample.All
	next.CopyFrom(base)
	next.New, next.Old, next.Health = true, true, (base.Health+1)%1000
	for version, want := range map[int][2]bool{1: {false, true}, 2: {true, true}, 3: {true, false}} {
		b, err := next.AppendDeltaVersion(nil, base, version)
		if err != nil {
			t.Fatal(err)
		}
		var came sample.All
		err = came.ApplyDeltaVersion(b, base, version)
		if err != nil || came.New != want[0] || came.Old != want[1] || came.Health != next.Health {
			t.Errorf("version %d: new %v, old %v, health %d, %v", version, came.New, came.Old, came.Health, err)
		}
	}
}

// TestCopyShares: a copy shares no memory with what it is of, also if it had memory.
func TestCopyShares(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	var c sample.All
	for range 100 {
		m := anything(r)
		c.CopyFrom(m)
		if !c.Equal(m) || !m.Equal(&c) {
			t.Fatalf("%v is copied as %v", show(m), show(&c))
		}
		before := show(&c)
		scribble(m)
		if after := show(&c); after != before {
			t.Fatalf("a copy was %s and is %s", before, after)
		}
	}
}

// scribble changes all that a message leads to.
func scribble(m *sample.All) {
	for i := range m.Blob {
		m.Blob[i]++
	}
	for i := range m.Items {
		m.Items[i].Kind++
	}
	for i := range m.Deep {
		for j := range m.Deep[i] {
			m.Deep[i][j]++
		}
	}
	for k := range m.Ammo {
		m.Ammo[k]++
	}
	if m.Target != nil {
		m.Target.Kind++
	}
}

// TestEqual: each field that is sent counts, floats by their bits; none that is not.
func TestEqual(t *testing.T) {
	base := anything(rand.New(rand.NewPCG(10, 10)))
	for name, change := range map[string]func(*sample.All){
		"Alive": func(m *sample.All) { m.Alive = !m.Alive }, "Exact": func(m *sample.All) { m.Exact = math.NaN() },
		"X": func(m *sample.All) { m.X = math.Nextafter32(m.X, 600) }, "Aim": func(m *sample.All) { m.Aim[1]++ },
		"Turn": func(m *sample.All) { m.Turn[3]++ }, "Name": func(m *sample.All) { m.Name += "x" },
		"Blob": func(m *sample.All) { m.Blob = append(m.Blob, 1) }, "Grid": func(m *sample.All) { m.Grid[3]++ },
		"Items": func(m *sample.All) { m.Items = append(m.Items, sample.Item{}) },
		"Deep":  func(m *sample.All) { m.Deep = append(m.Deep, nil) }, "Ammo": func(m *sample.All) { m.Ammo[9] = 0 },
		"Target": func(m *sample.All) { m.Target = &sample.Item{Kind: 499} }, "Did": func(m *sample.All) { m.Did = nil },
		"Maybe": func(m *sample.All) { m.Maybe = sample.Joined{Player: 77} }, "Since": func(m *sample.All) { m.Since += time.Second },
		"Back": func(m *sample.All) { m.Back = netip.AddrPortFrom(m.From, 1) }, "New": func(m *sample.All) { m.New = !m.New },
	} {
		var m sample.All
		if m.CopyFrom(base); !m.Equal(base) {
			t.Fatal("a copy is not equal")
		}
		if change(&m); m.Equal(base) || base.Equal(&m) || !m.Equal(&m) {
			t.Errorf("%s: %v, %v", name, show(&m), show(base))
		}
	}
	zero := &sample.All{Items: []sample.Item{}, Ammo: map[sample.Weapon]int{}}
	if zero.Size(); !zero.Equal(&sample.All{}) { // Size is kept in a field that is not sent
		t.Error("empty and missing are told apart")
	}
	if (&sample.All{X: float32(math.Copysign(0, -1))}).Equal(&sample.All{}) {
		t.Error("-0 is 0")
	}
}

// FuzzDelta: whatever bytes come, they are a delta or are refused, and what becomes of them can be
// written again as a delta with the same outcome.
func FuzzDelta(f *testing.F) {
	r := rand.New(rand.NewPCG(11, 11))
	base := anything(r)
	for range 20 {
		b, err := changed(r, base).AppendDelta(nil, base)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var m, again sample.All
		if m.ApplyDelta(bytes.Clone(b), base) != nil {
			return
		}
		out, err := m.AppendDelta(nil, base)
		if err != nil {
			t.Fatalf("%x was read, and cannot be written: %v", b, err)
		}
		if err := again.ApplyDelta(bytes.Clone(out), base); err != nil || !bytes.Equal(wire(t, &again), wire(t, &m)) {
			t.Fatalf("%x was written, and is read as %v, %v; want %v", out, show(&again), err, show(&m))
		}
	})
}
