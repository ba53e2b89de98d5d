package codec_test

import (
	"errors"
	"testing"

	"github.com/tickwire/tickwire/codec"
	"github.com/tickwire/tickwire/internal/gen/sample/five"
)

// TestAllocDelta takes deltas there and back: nothing is allocated once there is memory.
func TestAllocDelta(t *testing.T) {
	base, next := five.ASnapshot(), five.ASnapshot()
	for i := range next.Entities {
		if i%3 == 0 {
			next.Entities[i].X++
		}
	}
	bag, other := five.AnInventory(), five.AnInventory()
	other.Items[3].Count, other.Items[5].Enchants = 99, []uint8{1, 2}
	var m five.Snapshot
	var into five.Inventory
	for name, takes := range map[string]func(b []byte) ([]byte, error){
		"snapshot": func(b []byte) ([]byte, error) {
			b, err := next.AppendDelta(b, base)
			return b, errors.Join(err, m.ApplyDelta(b, base))
		},
		"inventory": func(b []byte) ([]byte, error) {
			b, err := other.AppendDelta(b, bag)
			return b, errors.Join(err, into.ApplyDelta(b, bag))
		},
	} {
		buf, err := takes(nil)
		buf = append(buf, make([]byte, 4096)...)
		if n := testing.AllocsPerRun(100, func() { buf, err = takes(buf[:0]) }); n != 0 || err != nil {
			t.Errorf("%s: %v allocations, %v", name, n, err)
		}
	}
	if !m.Equal(next) && len(m.Entities) != 100 {
		t.Errorf("%+v", m)
	}
}

// TestAllocBoundDelta reads deltas that promise more elements than could have come: nothing is made
// for them.
func TestAllocBoundDelta(t *testing.T) {
	base := &five.Snapshot{Entities: make([]five.Entity, 3)}
	w := writer(nil, 64)
	w.Bits(4, 3) // entities differ
	w.Bits(1, 1) // in their number
	w.Bits(256, 9)
	b, _ := w.Finish()
	b = append(b, make([]byte, 40)...) // room for two more at the most
	var m five.Snapshot
	if err := m.ApplyDelta(b, base); !errors.Is(err, codec.ErrShort) || cap(m.Entities) > 8 {
		t.Errorf("%d entities, %v", cap(m.Entities), err)
	}
}

// own is a type that writes itself, both ways.
type own struct{ v []byte }

func (o *own) AppendBits(w *codec.Writer) { w.Bytes("own", o.v, 3) }
func (o *own) ReadBits(r *codec.Reader)   { o.v = r.Bytes("own", o.v, 3) }
func (o *own) AppendBinary(b []byte) ([]byte, error) {
	if len(o.v) > 3 {
		return b, codec.ErrTooLong
	}
	return append(b, o.v...), nil
}
func (o *own) UnmarshalBinary(b []byte) error {
	o.v = append(o.v[:0], b...)
	return nil
}

// TestSameAndCopy: types that write themselves are compared and copied by what they write; what
// cannot be written is like nothing, and is not copied.
func TestSameAndCopy(t *testing.T) {
	a, same, other, large := &own{[]byte{1, 2}}, &own{[]byte{1, 2}}, &own{[]byte{1, 3}}, &own{make([]byte, 4)}
	for _, c := range []struct {
		b    *own
		want bool
	}{{a, true}, {same, true}, {other, false}, {large, false}, {&own{}, false}} {
		if codec.SameBits(a, c.b, 0) != c.want || codec.SameBinary(a, c.b) != c.want {
			t.Errorf("%v and %v are the same: want %v", a, c.b, c.want)
		}
	}
	if codec.SameBits(large, large, 0) || codec.SameBinary(large, large) {
		t.Error("what cannot be written is the same as itself")
	}
	for _, by := range []func(to, from *own){
		func(to, from *own) { codec.CopyBits(to, from) }, func(to, from *own) { codec.CopyBinary(to, from) },
	} {
		var to own
		by(&to, a)
		if by(&to, large); !codec.SameBinary(&to, a) {
			t.Errorf("%v is copied as %v", a, to)
		}
		if a.v[0]++; to.v[0] == a.v[0] {
			t.Error("a copy shares memory")
		}
		a.v[0]--
	}
}

func BenchmarkDelta(b *testing.B) {
	base, next := five.ASnapshot(), five.ASnapshot()
	for i := range next.Entities {
		if i%4 == 0 {
			next.Entities[i].X, next.Entities[i].Y = next.Entities[i].X+0.5, next.Entities[i].Y-0.5
		}
	}
	var m five.Snapshot
	buf, err := next.AppendDelta(nil, base)
	if err != nil {
		b.Fatal(err)
	}
	n := len(buf)
	b.Run("append/snapshot", func(b *testing.B) {
		for b.Loop() {
			buf, _ = next.AppendDelta(buf[:0], base)
		}
		b.ReportMetric(float64(n), "bytes")
	})
	b.Run("apply/snapshot", func(b *testing.B) {
		for b.Loop() {
			if err := m.ApplyDelta(buf, base); err != nil {
				b.Fatal(err)
			}
		}
	})
}
