package wire

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/tickwire/tickwire/internal/seq"
)

// The vectors of numbers.json: LEB128, the length of packet numbers, what
// truncated numbers are rebuilt to, and the digest of channels.

type uvarintVector struct {
	Value uint64   `json:"value,string"`
	Bytes hexBytes `json:"bytes"`
}

// A lengthVector is how the number of the next packet goes on the wire. Acked
// is one more than the largest acknowledged number, 0 if none is.
type lengthVector struct {
	Next  uint64   `json:"next,string"`
	Acked uint64   `json:"acked_end,string"`
	Bytes hexBytes `json:"bytes"`
}

type rebuildVector struct {
	Expected uint64 `json:"expected,string"`
	Low      uint64 `json:"low,string"`
	Bits     uint   `json:"bits"`
	Number   uint64 `json:"number,string"`
}

// A digestVector is the digest of HELLO over the rows of its channels.
type digestVector struct {
	Name   string     `json:"name"`
	Names  []string   `json:"channel_names"`
	Rows   []rowField `json:"rows"`
	Bytes  hexBytes   `json:"bytes"`
	Digest uint64     `json:"digest,string"`
}

// A formsVector is the digest of HELLO over the forms of typed messages, and the rows of a refusal.
type formsVector struct {
	Name   string      `json:"name"`
	Forms  []formEntry `json:"forms"`
	Bytes  hexBytes    `json:"bytes"`
	Digest uint32      `json:"digest"`
	Rows   hexBytes    `json:"rows"`
}

type formEntry struct {
	Channel uint16 `json:"channel"`
	Text    string `json:"text"`
}

func formsVectors() (list []formsVector) {
	const move = "Move\nTick uint32\nX -1..1/0.01\nY -1..1/0.01"
	for _, v := range []formsVector{
		{Name: "a type without fields", Forms: []formEntry{{1, "Ping"}}},
		{Name: "a type with three fields, whose last row is full", Forms: []formEntry{{16383, move}}},
		{Name: "two types", Forms: []formEntry{{1, move + "\nFires bool"}, {300, "Line\nFrom string<=32\nText string<=200"}}},
		{Name: "a line whose hash would be 0", Forms: []formEntry{{2, lineOfZero()}}},
	} {
		for _, f := range v.Forms {
			v.Bytes = AppendForm(v.Bytes, f.Channel, f.Text)
			v.Rows = AppendFormRows(v.Rows, f.Channel, strings.Split(f.Text, "\n"))
		}
		v.Digest = FormsDigest(v.Bytes)
		list = append(list, v)
	}
	return list
}

// lineOfZero is a name whose hash has 16 low bits of zero.
func lineOfZero() string {
	for i := 0; ; i++ {
		if name := fmt.Sprintf("T%d", i); uint16(Hash([]byte(name))) == 0 {
			return name
		}
	}
}

func uvarintVectors() (list []uvarintVector) {
	for _, v := range []uint64{0, 1, 127, 128, 129, 255, 300, 1<<14 - 1, 1 << 14, 1<<21 - 1, 1 << 21, 1<<32 - 1, 1 << 32,
		1<<53 - 1, 1 << 53, 1<<56 - 1, 1 << 56, 1<<63 - 1, 1 << 63, math.MaxUint64} {
		list = append(list, uvarintVector{v, AppendUvarint(nil, v)})
	}
	return list
}

func refusedUvarints() []malformedVector {
	return []malformedVector{
		{"nothing", hexBytes{}, "cut short"},
		{"one byte of two", unhex("80"), "cut short"},
		{"nine bytes of ten", unhex("ffffffffffffffffff"), "cut short"},
		{"0 in two bytes", unhex("8000"), "not in shortest form"},
		{"1 in two bytes", unhex("8100"), "not in shortest form"},
		{"127 in three bytes", unhex("ff8000"), "not in shortest form"},
		{"0 in ten bytes", unhex("80808080808080808000"), "not in shortest form"},
		{"2^64", unhex("80808080808080808002"), "beyond 64 bits"},
		{"ten bytes of ones", unhex("ffffffffffffffffff7f"), "beyond 64 bits"},
		{"eleven bytes", unhex("8080808080808080808001"), "more than ten bytes"},
	}
}

// numberLen is the rule of SPEC.md, 5: how many bytes the number next needs
// when all below acked were acknowledged at most.
func numberLen(next, acked uint64) int {
	n := 2
	for n < 4 && next-acked+1 >= 1<<(8*n-2) {
		n++
	}
	return n
}

func lengthVectors() (list []lengthVector) {
	for _, c := range [][2]uint64{
		{0, 0}, {1, 0}, {16382, 0}, {16383, 0}, {4194302, 0}, {4194303, 0}, {1073741822, 0},
		{16383, 1}, {70000, 53618}, {70000, 53617}, {1 << 32, 1<<32 - 1}, {1<<32 + 4194302, 1 << 32}, {1<<32 + 4194303, 1 << 32},
		{1 << 53, 1<<53 - 100}, {1 << 62, 1<<62 - 16382}, {1 << 62, 1<<62 - 16383},
	} {
		next, acked := c[0], c[1]
		var b []byte
		for i := range numberLen(next, acked) {
			b = append(b, byte(next>>(8*i)))
		}
		list = append(list, lengthVector{next, acked, b})
	}
	return list
}

func rebuildVectors() (list []rebuildVector) {
	for _, c := range []rebuildVector{
		{0xa82f30eb, 0x9b32, 16, 0}, // RFC 9000, A.3
		{0, 0, 16, 0}, {0, 0x7fff, 16, 0}, {0, 0x8000, 16, 0}, {0, 0xffff, 16, 0},
		{1, 0xffff, 16, 0}, {0x7fff, 0xffff, 16, 0}, {0x8000, 0, 16, 0}, {0x8001, 0, 16, 0}, {0x8000, 0xffff, 16, 0},
		{0x10000, 0xffff, 16, 0}, {0x10000, 0x8000, 16, 0}, {0x10000, 0x8001, 16, 0}, {0x10000, 0x7fff, 16, 0},
		{0x18000, 0, 16, 0}, {0x18001, 0, 16, 0}, {0x17fff, 0, 16, 0}, {0x1ffff, 0, 16, 0}, {0x1ffff, 0xffff, 16, 0},
		{0xffffffff, 0, 16, 0}, {0x100000000, 0xffff, 16, 0}, {1 << 53, 0xffff, 16, 0}, {1<<53 - 1, 0, 16, 0},
		{0, 0xffffff, 24, 0}, {0x1000000, 0xffffff, 24, 0}, {0x1000000, 0x800000, 24, 0}, {0x1800000, 0, 24, 0}, {0x1ffffff, 1, 24, 0},
		{0, 0xffffffff, 32, 0}, {1 << 32, 0xffffffff, 32, 0}, {1 << 32, 1 << 31, 32, 0}, {3 << 31, 0, 32, 0}, {1<<62 + 5, 3, 32, 0},
		{math.MaxUint64, 0, 16, 0}, {math.MaxUint64 - 5, 0xffff, 16, 0},
	} {
		c.Number = seq.Nearest(c.Expected, c.Low, c.Bits)
		list = append(list, c)
	}
	return list
}

func digestVectors() (list []digestVector) {
	for _, v := range []digestVector{
		{Name: "no channel", Names: []string{}, Rows: []rowField{}},
		{Name: "one channel without a name", Names: []string{""}, Rows: []rowField{{1, 2, 1024, nameHash("")}}},
		{Name: "three channels", Names: []string{"inputs", "state", "chat"}, Rows: shooterRows},
	} {
		rows := []ChannelRow{}
		for _, r := range v.Rows {
			rows = append([]ChannelRow{r.row()}, rows...) // descending: appending sorts them
		}
		v.Bytes = AppendChannelRows(nil, rows)
		v.Digest = Hash(v.Bytes)
		list = append(list, v)
	}
	return list
}

func TestUvarint(t *testing.T) {
	for _, v := range uvarintVectors() {
		got, n := ConsumeUvarint(v.Bytes)
		if got != v.Value || n != len(v.Bytes) || n != UvarintLen(v.Value) {
			t.Errorf("%x = %d of %d bytes, want %d of %d", v.Bytes, got, n, v.Value, UvarintLen(v.Value))
		}
	}
	for _, v := range refusedUvarints() {
		if got, n := ConsumeUvarint(v.Bytes); n >= 0 {
			t.Errorf("%s: %x is accepted as %d of %d bytes, but: %s", v.Name, v.Bytes, got, n, v.Reason)
		}
	}
}

// TestNumberLength checks the rule by its purpose: whatever between the largest
// acknowledged number and next the receiver has, it rebuilds next.
func TestNumberLength(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 7))
	for _, v := range lengthVectors() {
		low, bits := uint64(0), uint(8*len(v.Bytes))
		for i, b := range v.Bytes {
			low |= uint64(b) << (8 * i)
		}
		expected := []uint64{v.Acked, v.Next}
		for range 100 {
			expected = append(expected, v.Acked+r.Uint64N(v.Next-v.Acked+1))
		}
		for _, e := range expected {
			if got := seq.Nearest(e, low, bits); got != v.Next {
				t.Errorf("%d behind %d in %d bytes is rebuilt to %d by who expects %d", v.Next, v.Acked, len(v.Bytes), got, e)
			}
		}
	}
}

// TestRebuild checks the definition itself: congruent, and in the interval or
// at the edge of the number space.
func TestRebuild(t *testing.T) {
	for _, v := range rebuildVectors() {
		half := uint64(1) << (v.Bits - 1)
		if v.Number&(2*half-1) != v.Low {
			t.Errorf("%+v: does not end in low", v)
		}
		above, below := v.Number > v.Expected && v.Number-v.Expected > half, v.Number < v.Expected && v.Expected-v.Number >= half
		if above && v.Number >= 2*half || below && v.Number <= math.MaxUint64-2*half {
			t.Errorf("%+v: not the nearest", v)
		}
	}
}

func TestChannelRows(t *testing.T) {
	for _, v := range digestVectors() {
		for i, row := range v.Rows {
			b := v.Bytes[i*ChannelRowSize:]
			if got := ConsumeChannelRow(b); got != row.row() {
				t.Errorf("%s: row %d reads as %+v, want %+v", v.Name, i, got, row)
			}
			if row.Name != nameHash(v.Names[i]) {
				t.Errorf("%s: %q has another hash", v.Name, v.Names[i])
			}
		}
	}
	if Hash(nil) != 0xcbf29ce484222325 || Hash([]byte("foobar")) != 0x85944171f73967e8 {
		t.Error("Hash is not FNV-1a") // values from the reference of the algorithm's authors
	}
}

func TestBytes(t *testing.T) {
	b := AppendBytes(nil, bytes.Repeat([]byte{7}, 200))
	p, n := ConsumeBytes(b)
	if n != 202 || len(p) != 200 || cap(p) != 200 {
		t.Errorf("read %d bytes: %d, capacity %d", n, len(p), cap(p))
	}
	for _, refused := range []string{"", "80", "8000", "01", "02 aa", "80808080808080808001 aa", "ffffffffffffffffff01 aa"} {
		if p, n := ConsumeBytes(unhex(refused)); n >= 0 || p != nil {
			t.Errorf("%s is accepted as %x", refused, p)
		}
	}
}
