package codec_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/tickwire/tickwire/codec"
	"github.com/tickwire/tickwire/internal/gen/sample/five"
)

// TestFiveMessages takes each message there, back and there again: into a fresh value and into one
// that held another, and the second time the bytes are the same.
func TestFiveMessages(t *testing.T) {
	used := map[string]message{
		"input": five.AnInput(), "entity": &five.Entity{Kind: 3}, "snapshot": five.ASnapshot(),
		"chat":      &five.Chat{To: new(uint32), Text: strings.Repeat("x", 190)},
		"inventory": &five.Inventory{Items: make([]five.Item, 40), Ammo: map[uint8]uint16{200: 3}},
	}
	fresh := map[string]message{
		"input": &five.Input{}, "entity": &five.Entity{}, "snapshot": &five.Snapshot{}, "chat": &five.Chat{}, "inventory": &five.Inventory{}}
	for name, m := range values() {
		wire, err := m.AppendBinary([]byte("front"))
		if err != nil || !bytes.HasPrefix(wire, []byte("front")) {
			t.Fatalf("%s: %q, %v", name, wire, err)
		}
		wire = wire[5:]
		for _, into := range []message{fresh[name], used[name]} {
			if err := into.UnmarshalBinary(wire); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			again, err := into.AppendBinary(nil)
			if err != nil || !bytes.Equal(again, wire) {
				t.Errorf("%s: %x (%v), want %x", name, again, err, wire)
			}
		}
	}
	if got := (&five.Inventory{}); true {
		want := five.AnInventory()
		wire, _ := want.AppendBinary(nil)
		if err := got.UnmarshalBinary(wire); err != nil || !reflect.DeepEqual(got.Ammo, want.Ammo) || got.Items[1].Name != want.Items[1].Name {
			t.Errorf("%v: %+v", err, got)
		}
	}
}

// writer and reader are begun.
func writer(dst []byte, room int) (w codec.Writer) {
	w.Start(dst, room)
	return w
}

func reader(b []byte) (r codec.Reader) {
	r.Start(b)
	return r
}

// TestBitsAnywhere writes numbers of all widths, one behind the other, and reads them.
func TestBitsAnywhere(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		w := writer(nil, 0)
		var values, widths []uint64
		for range rng.IntN(40) {
			n := uint64(1 + rng.IntN(64))
			v := rng.Uint64() >> (64 - n)
			values, widths = append(values, v), append(widths, n)
			w.Grow(8)
			if n > 56 {
				w.Wide(v, uint(n))
			} else {
				w.Bits(v, uint(n))
			}
		}
		wire, err := w.Finish()
		if err != nil {
			t.Fatal(err)
		}
		r := reader(wire)
		for i, n := range widths {
			got := uint64(0)
			if n > 56 {
				got = r.Wide(uint(n))
			} else {
				got = r.Bits(uint(n))
			}
			if got != values[i] {
				t.Fatalf("number %d of widths %v: %x, want %x", i, widths, got, values[i])
			}
		}
		if err := r.Finish("numbers"); err != nil {
			t.Fatal(err)
		}
	}
}

// TestStringsAnywhere writes and reads strings of all small lengths at all eight places of a byte.
func TestStringsAnywhere(t *testing.T) {
	text := strings.Repeat("0123456789abcdefghijklmnopqrstuvwxyz", 4)
	for at := range uint(9) {
		for n := range 140 {
			w := writer(nil, 4)
			w.Bits(1<<at-1, at)
			w.String("s", text[:n], 200)
			w.Bytes("b", []byte(text[:n]), 140)
			w.Bits(5, 3)
			wire, err := w.Finish()
			if err != nil {
				t.Fatal(err)
			}
			r := reader(wire)
			ones, s := r.Bits(at), r.String("s", text[:n/2*2], 200)
			b, five := r.Bytes("b", nil, 140), r.Bits(3)
			if err := r.Finish("m"); err != nil || ones != 1<<at-1 || s != text[:n] || string(b) != text[:n] || five != 5 {
				t.Fatalf("at %d, %d bytes: %x %q %q %d, %v", at, n, ones, s, b, five, err)
			}
			v := reader(wire)
			v.Bits(at)
			s, b = v.ViewString("s", 200), v.View("b", 140)
			if five := v.Bits(3); v.Finish("m") != nil || s != text[:n] || string(b) != text[:n] || five != 5 {
				t.Fatalf("views at %d, %d bytes: %q %q %d", at, n, s, b, five)
			}
		}
	}
}

// TestVarints takes numbers around each edge of a class, and refuses them in a longer form.
func TestVarints(t *testing.T) {
	for shift := range 64 {
		for _, v := range []uint64{1<<shift - 1, 1 << shift, 1<<shift + 1} {
			w := writer(nil, 40)
			w.Varint64(v)
			w.Varint32(uint32(v))
			w.Varint16(uint16(v))
			w.Varint64(codec.Zigzag(-int64(v)))
			wire, _ := w.Finish()
			r := reader(wire)
			a, b, c, d := r.Varint64("a"), r.Varint32("b"), r.Varint16("c"), codec.Zagzig(r.Varint64("d"))
			if err := r.Finish("m"); err != nil || a != v || b != uint32(v) || c != uint16(v) || d != -int64(v) {
				t.Errorf("%d: %d %d %d %d, %v", v, a, b, c, d, err)
			}
		}
	}
	for class := uint64(1); class < 4; class++ {
		for _, read := range []func(r *codec.Reader){
			func(r *codec.Reader) { r.Varint16("n") }, func(r *codec.Reader) { r.Varint32("n") }, func(r *codec.Reader) { r.Varint64("n") },
		} {
			r := reader(append([]byte{byte(class) | 1<<2}, make([]byte, 9)...))
			if read(&r); !errors.Is(r.Finish("m"), codec.ErrForm) {
				t.Errorf("1 in class %d is read", class)
			}
		}
	}
}

// TestBitsOfLanes writes and reads numbers of 57 to 184 bits at all places of a byte, with what
// follows and at the end.
func TestBitsOfLanes(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 16))
	for n := uint(57); n <= 184; n++ {
		for at := range uint(16) {
			v := [3]uint64{rng.Uint64(), rng.Uint64(), rng.Uint64()}
			v[(n-1)/64] >>= -n & 63
			w := writer(nil, int(n+at+7)/8)
			w.Bits(1<<(at/2)-1, at/2)
			switch {
			case n <= 64:
				w.Wide(v[0], n)
			case n <= 128:
				w.Bits2(v[0], v[1], n)
			default:
				w.Bits3(v[0], v[1], v[2], n)
			}
			w.Bits(uint64(at&1), at&1)
			wire, err := w.Finish()
			for _, more := range []int{0, 8} {
				r := reader(append(wire[:len(wire):len(wire)], make([]byte, more)...))
				front := r.Bits(at / 2)
				got := lanes(t, &r, n)
				want := [3]uint64{}
				copy(want[:], v[:(n+63)/64])
				if err != nil || got != want || front != 1<<(at/2)-1 || r.Bits(at&1) != uint64(at&1) {
					t.Fatalf("%d bits at %d, %d bytes behind: %x, want %x, %v", n, at/2, more, got, want, err)
				}
			}
		}
	}
}

// lanes reads a number of 57 to 184 bits. Above its 56 a lane has nothing but bits of the next one.
func lanes(t *testing.T, r *codec.Reader, n uint) [3]uint64 {
	t.Helper()
	if n <= 64 {
		return [3]uint64{r.Wide(n)}
	}
	var l [4]uint64
	last := uint(1)
	if n <= 112 {
		l[0], l[1] = r.Bits2(n)
	} else {
		l[0], l[1], l[2] = r.Bits3(min(n, 168))
		l[3], last = r.Bits(n-min(n, 168)), 2
	}
	for i := range uint(4) {
		if i < last && l[i]>>56&^l[i+1] != 0 {
			t.Fatalf("%d bits: lane %d is %x, and the next is %x", n, i, l[i], l[i+1])
		}
		l[i] &= 1<<min(56, n-min(n, 56*i)) - 1
	}
	return [3]uint64{l[0] | l[1]<<56, l[1]>>8 | l[2]<<48, l[2]>>16 | l[3]<<40}
}
