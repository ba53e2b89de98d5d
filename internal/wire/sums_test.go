package wire

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// A sumVector is the bytes of one REPAIR and the messages in it, by their ids.
type sumVector struct {
	Name     string       `json:"name"`
	Newest   uint64       `json:"newest"`
	Row      uint8        `json:"row"`
	Mask     uint32       `json:"mask"`
	Messages []sumMessage `json:"messages"` // the newest first
	Bytes    hexBytes     `json:"bytes"`
}

type sumMessage struct {
	Bytes hexBytes `json:"bytes"`
	optionFields
	Key *keyField `json:"key,omitempty"`
}

func (m sumMessage) symbol() Symbol {
	return Symbol{Options: m.Options, Key: uint64(orZero(m.Key)), Back: m.back(), Payload: m.Bytes}
}

func sumVectors() []sumVector {
	plain := func(s string) sumMessage { return sumMessage{Bytes: []byte(s)} }
	keyed := sumMessage{Bytes: []byte("hp 90"), optionFields: optionFieldsOf(OptionKeyed, 0, 0), Key: ptr(keyField(300))}
	grouped := sumMessage{Bytes: []byte("part"), optionFields: optionFieldsOf(OptionGroup, 200, 0)}
	long := sumMessage{Bytes: bytes.Repeat([]byte{0xa5}, 130)}
	list := []sumVector{
		{Name: "row 0 is the XOR", Newest: 10, Row: 0, Mask: 0b11, Messages: []sumMessage{plain("jump"), plain("fire!")}},
		{Name: "row 1 of the same", Newest: 10, Row: 1, Mask: 0b11, Messages: []sumMessage{plain("jump"), plain("fire!")}},
		{Name: "a copy in row 0", Newest: 7, Row: 0, Mask: 1, Messages: []sumMessage{plain("gg")}},
		{Name: "an empty message", Newest: 0, Row: 0, Mask: 1, Messages: []sumMessage{plain("")}},
		{Name: "with a gap, across 128 ids", Newest: 130, Row: 127, Mask: 0b1101, Messages: []sumMessage{plain("a"), plain("bc"), plain("def")}},
		{Name: "keyed", Newest: 70000, Row: 5, Mask: 0b11, Messages: []sumMessage{keyed, plain("x")}},
		{Name: "in a group", Newest: 1 << 32, Row: 9, Mask: 0b101, Messages: []sumMessage{grouped, long}},
	}
	for i := range list {
		v, size, n := &list[i], 0, 0
		for _, m := range v.Messages {
			s := m.symbol()
			size = max(size, s.Len())
		}
		v.Bytes = make(hexBytes, size)
		for bit := range uint64(MaxRepairSpan) {
			if v.Mask>>bit&1 != 0 {
				s := v.Messages[n].symbol()
				s.AddTo(v.Bytes, Coefficient(v.Row, v.Newest-bit))
				n++
			}
		}
	}
	return list
}

// slowly multiplies in GF(2^8) by the book: the product of two polynomials, of which multiples of
// 0x11D are taken away from the highest power down.
func slowly(a, b byte) byte {
	product := 0
	for i := range 8 {
		for j := range 8 {
			product ^= int(a>>i&1&(b>>j&1)) << (i + j)
		}
	}
	for power := 14; power >= 8; power-- {
		if product>>power&1 != 0 {
			product ^= 0x11D << (power - 8)
		}
	}
	return byte(product)
}

func TestField(t *testing.T) {
	for a := range 256 {
		for b := range 256 {
			if got, want := products[a][b], slowly(byte(a), byte(b)); got != want {
				t.Fatalf("%d times %d is %d, want %d", a, b, got, want)
			}
		}
		if a > 0 && slowly(byte(a), Reciprocal(byte(a))) != 1 {
			t.Errorf("%d times its reciprocal %d is not 1", a, Reciprocal(byte(a)))
		}
	}
	rnd := rand.New(rand.NewPCG(1, 1))
	for size := range 70 {
		for _, c := range []byte{0, 1, 2, 0x8e, 255} {
			dst, src := make([]byte, size+3), make([]byte, size)
			for i := range dst {
				dst[i] = byte(rnd.Uint32())
			}
			for i := range src {
				src[i] = byte(rnd.Uint32())
			}
			want := bytes.Clone(dst)
			for i, v := range src {
				want[i] ^= slowly(c, v)
			}
			if MulAdd(dst, src, c); !bytes.Equal(dst, want) {
				t.Fatalf("%d bytes times %d: %x, want %x", size, c, dst, want)
			}
			if Scale(dst, c); size > 0 && dst[0] != slowly(c, want[0]) {
				t.Errorf("scaled by %d: %x", c, dst)
			}
		}
	}
}

// TestCauchy: row 0 is the XOR, and whichever messages are missing, of the ids that a mask can
// name, as many sums of all of them bring them back.
func TestCauchy(t *testing.T) {
	for id := range uint64(256) {
		if c := Coefficient(0, id); c != 1 {
			t.Errorf("row 0, id %d: %d", id, c)
		}
		for row := range uint8(128) {
			y := byte(id%128) + 128
			if c := Coefficient(row, id); slowly(c, row^y) != y || c == 0 {
				t.Fatalf("row %d, id %d: %d", row, id, c)
			}
		}
	}
	rnd := rand.New(rand.NewPCG(2, 2))
	for range 3000 {
		size := 1 + rnd.IntN(8)
		rows, ids, base := rnd.Perm(128)[:size], rnd.Perm(MaxRepairSpan)[:size], rnd.Uint64()
		m := make([][]byte, size)
		for i := range m {
			for _, id := range ids {
				m[i] = append(m[i], Coefficient(uint8(rows[i]), base+uint64(id)))
			}
		}
		if !invertible(m) {
			t.Fatalf("rows %v of ids %d + %v cannot be solved", rows, base, ids)
		}
	}
}

// invertible reports whether a square matrix is.
func invertible(m [][]byte) bool {
	for k := range m {
		at := k
		for at < len(m) && m[at][k] == 0 {
			at++
		}
		if at == len(m) {
			return false
		}
		m[k], m[at] = m[at], m[k]
		for i := k + 1; i < len(m); i++ {
			MulAdd(m[i], m[k], slowly(m[i][k], Reciprocal(m[k][k])))
		}
	}
	return true
}

// TestSymbols: what a sum of one message says is the message, whatever zeros stand behind it.
func TestSymbols(t *testing.T) {
	for _, v := range sumVectors() {
		for _, m := range v.Messages {
			want := m.symbol()
			b := make([]byte, want.Len()+3)
			want.AddTo(b, 1)
			for zeros := range 4 {
				got, ok := ConsumeSymbol(b[:want.Len()+zeros])
				if !ok || got.Options != want.Options || got.Key != want.Key || got.Back != want.Back || !bytes.Equal(got.Payload, want.Payload) {
					t.Errorf("%x: %+v, %v, want %+v", b[:want.Len()+zeros], got, ok, want)
				}
			}
			for cut := range want.Len() {
				if got, ok := ConsumeSymbol(b[:cut]); ok && got.Options == want.Options && len(got.Payload) == len(want.Payload) {
					t.Errorf("%x cut to %d: %+v", b, cut, got)
				}
			}
		}
	}
	for _, s := range []string{"", "05 00", "8100 00", "01 61 04 07", "01 61 08", "01 61 03 05", "01 61 01", "01 61 02 818001", "01 61 01 05 00 01"} {
		if got, ok := ConsumeSymbol(unhex(s)); ok {
			t.Errorf("%s: %+v", s, got)
		}
	}
}

// TestRepairToEnd makes a REPAIR with a length one that goes to the end of its packet.
func TestRepairToEnd(t *testing.T) {
	for _, size := range []int{1, 127, 128, MaxSymbol} {
		for _, channel := range []uint16{1, 127, 128, MaxChannel} {
			r := Repair{Channel: channel, Newest: 0xfffe, Row: 77, Mask: 0x8001}
			frame := AppendBytes(AppendRepair(nil, &r), bytes.Repeat([]byte{7}, size))
			if RepairLen(&r, size) != len(frame) {
				t.Errorf("%d bytes, want %d", RepairLen(&r, size), len(frame))
			}
			r.ToEnd = true
			want := append(AppendRepair(nil, &r), bytes.Repeat([]byte{7}, size)...)
			if got := SetRepairToEnd(frame, size); !bytes.Equal(got, want) || RepairLen(&r, size) != len(want) {
				t.Errorf("channel %d, %d bytes: %x, want %x", channel, size, got, want)
			}
		}
	}
}

func FuzzRepair(f *testing.F) {
	seed(f, TypeRepair, TypeRepair)
	f.Fuzz(func(t *testing.T, b []byte) {
		r, p, n := ConsumeRepair(b)
		if n < 0 || b[0] != TypeRepair {
			return
		}
		if n > len(b) || r.ToEnd && n != len(b) || len(p) == 0 || len(p) > MaxSymbol || r.Mask&1 == 0 || r.Row > MaxRepairRow || r.Channel > MaxChannel {
			t.Fatalf("%x: %+v, %d bytes, read %d", b, r, len(p), n)
		}
		again := AppendRepair(nil, &r)
		if !r.ToEnd {
			again = AppendUvarint(again, uint64(len(p)))
		}
		if again = append(again, p...); !bytes.Equal(again, b[:n]) || len(again) != RepairLen(&r, len(p)) {
			t.Errorf("%x appends as %x", b[:n], again)
		}
	})
}

func FuzzSymbol(f *testing.F) {
	for _, v := range sumVectors() {
		for _, m := range v.Messages {
			s := m.symbol()
			b := make([]byte, s.Len())
			s.AddTo(b, 1)
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, ok := ConsumeSymbol(b)
		if !ok {
			return
		}
		again := make([]byte, len(b))
		if s.Len() > len(b) {
			t.Fatalf("%x: %+v has %d bytes", b, s, s.Len())
		}
		if s.AddTo(again, 1); !bytes.Equal(again, b) {
			t.Errorf("%x appends as %x", b, again)
		}
	})
}

func BenchmarkMulAdd(b *testing.B) {
	dst, src := make([]byte, 100), bytes.Repeat([]byte{0x5a}, 100)
	for _, c := range []struct {
		name string
		by   byte
	}{{"XOR", 1}, {"product", 0x8e}} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(src)))
			for b.Loop() {
				MulAdd(dst, src, c.by)
			}
		})
	}
}
