package codec_test

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"testing"

	"github.com/tickwire/tickwire/codec"
)

// A kitchen has a field of each kind whose encoding is the only one of its value.
type kitchen struct {
	A     uint16
	B     uint32
	C     uint64
	D     int64
	E     uint64
	F     bool
	Half  float32
	Angle float32
	Size  float32 // 0..10/0.1
	Name  string
	View  string
	Bytes []byte
	Addrs []netip.AddrPort
	Map   map[string]uint16
	Next  *kitchen
}

func (k *kitchen) AppendBits(w *codec.Writer) {
	w.Grow(64)
	w.Varint16(k.A)
	w.Varint32(k.B)
	w.Varint64(k.C)
	w.Varint64(codec.Zigzag(k.D))
	w.Wide(k.E, 64)
	w.Bits(codec.Bool(k.F)|uint64(codec.Half(k.Half))<<1|codec.Angle(float64(k.Angle), 9)<<17|codec.Quantize(float64(k.Size), 0, 10)<<26, 33)
	w.String("kitchen.Name", k.Name, 100)
	w.String("kitchen.View", k.View, 100)
	w.Bytes("kitchen.Bytes", k.Bytes, 1000)
	w.Count("kitchen.Addrs", len(k.Addrs), 20)
	for _, a := range k.Addrs {
		w.AddrPort("kitchen.Addrs", a)
	}
	w.Count("kitchen.Map", len(k.Map), 20)
	var keys [20]string
	for _, key := range codec.Keys(keys[:0], k.Map) {
		w.String("kitchen.Map", key, 10)
		w.Grow(3)
		w.Varint16(k.Map[key])
	}
	w.Grow(1)
	w.Bits(codec.Bool(k.Next != nil), 1)
	if k.Next != nil {
		k.Next.AppendBits(w)
	}
}

func (k *kitchen) ReadBits(r *codec.Reader) {
	k.A = r.Varint16("kitchen.A")
	k.B = r.Varint32("kitchen.B")
	k.C = r.Varint64("kitchen.C")
	k.D = codec.Zagzig(r.Varint64("kitchen.D"))
	k.E = r.Wide(64)
	b := r.Bits(33)
	k.F, k.Half, k.Angle = b&1 != 0, codec.FromHalf(uint16(b>>1)), float32(codec.FromAngle(b>>17&511, 9))
	if b>>26 > 100 {
		r.Range("kitchen.Size", b>>26, "a code of 0..100")
	}
	k.Size = float32(codec.Dequantize(b>>26, 0, 0.1))
	k.Name = r.String("kitchen.Name", k.Name, 100)
	k.View = r.ViewString("kitchen.View", 100)
	k.Bytes = r.Bytes("kitchen.Bytes", k.Bytes, 1000)
	k.Addrs = codec.Resize(k.Addrs, r.Count("kitchen.Addrs", 20, 18))
	for i := range k.Addrs {
		k.Addrs[i] = r.AddrPort("kitchen.Addrs")
	}
	k.readMap(r)
	if k.Next = nil; r.Bool() {
		k.Next = &kitchen{}
		k.Next.ReadBits(r)
	}
}

func (k *kitchen) readMap(r *codec.Reader) {
	n := r.Count("kitchen.Map", 20, 4+6)
	k.Map = make(map[string]uint16, n)
	last := ""
	for i := range n {
		key := r.String("kitchen.Map", "", 10)
		if !codec.Ascends(r, "kitchen.Map", i == 0, last, key) {
			return
		}
		k.Map[key], last = r.Varint16("kitchen.Map"), key
	}
}

// FuzzReader reads whatever bytes through all kinds of fields. What is taken is written as the same
// bytes again: there is one encoding of each value. (NaNs of half floats are made one, and are left
// out here.)
func FuzzReader(f *testing.F) {
	for _, k := range kitchens() {
		w := writer(nil, 0)
		k.AppendBits(&w)
		b, err := w.Finish()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var k kitchen
		r := reader(bytes.Clone(b)) // views move bytes in it
		k.ReadBits(&r)
		if r.Finish("kitchen") != nil {
			return
		}
		for k := &k; k != nil; k = k.Next {
			if k.Half != k.Half {
				return
			}
		}
		w := writer(nil, 0)
		k.AppendBits(&w)
		if again, err := w.Finish(); err != nil || !bytes.Equal(again, b) {
			t.Errorf("%x is %+v, and that is %x, %v", b, k, again, err)
		}
	})
}

func kitchens() []*kitchen {
	full := &kitchen{A: 7, B: 1 << 20, C: 1 << 50, D: -5, E: 1<<64 - 1, F: true, Half: 0.5, Angle: 1, Size: 3.3,
		Name: "a name", View: "a view", Bytes: []byte{1, 2, 3}, Map: map[string]uint16{"a": 1, "b": 300},
		Addrs: []netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:1"), netip.MustParseAddrPort("[2001:db8::1]:2"), {}}}
	return []*kitchen{{}, full, {Next: full}, {Next: &kitchen{Next: &kitchen{}}}}
}

// FuzzMessages reads whatever bytes as each of the five messages, and what is taken a second time.
func FuzzMessages(f *testing.F) {
	for _, m := range values() {
		b, _ := m.AppendBinary(nil)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, name := range []string{"Input", "Entity", "Snapshot", "Chat", "Inventory"} {
			m := blank(name)
			if m.UnmarshalBinary(b) != nil {
				continue
			}
			again, err := m.AppendBinary(nil)
			rotates := name == "Entity" || name == "Snapshot" // rotations have several codes
			if err != nil || len(again) != len(b) || !rotates && !bytes.Equal(again, b) {
				t.Errorf("%s: %x is %+v, and that is %x, %v", name, b, m, again, err)
			}
		}
	})
}

// FuzzDirections reads all codes of unit vectors and rotations.
func FuzzDirections(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8}, uint8(9))
	f.Fuzz(func(t *testing.T, b []byte, n uint8) {
		code := binary.LittleEndian.Uint64(append(b, make([]byte, 8)...))
		bits := 2 + uint(n)%17
		x, y, z, ok := codec.FromUnit(code&(1<<(2*bits)-1), bits)
		if length := x*x + y*y + z*z; ok && (length < 1-1e-14 || length > 1+1e-14) {
			t.Errorf("unit %x of %d bits has the length %v", code, bits, length)
		}
		q, ok := fromQuat(code&(1<<(2+3*bits)-1), bits)
		if length := q[0]*q[0] + q[1]*q[1] + q[2]*q[2] + q[3]*q[3]; ok && (length < 1-1e-14 || length > 1+1e-14) {
			t.Errorf("quat %x of %d bits has the length %v", code, bits, length)
		}
		keepsUnit(t, code&(1<<(2*bits)-1), bits)
		keepsQuat(t, code&(1<<(2+3*bits)-1), bits)
	})
}
