package gen

import (
	"cmp"
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/tickwire/tickwire/codec"
)

// A chooser makes up types, and messages of them: a third way to write what SPEC.md says, beside the Go and
// the TypeScript that are printed.
type chooser struct {
	*rand.Rand
	pkg *Package
}

// scalars and wholes are the kinds that a chooser makes up: the latter are made of others.
var (
	scalars = []Kind{Bool, Ranged, Varint, Byte, EnumKind, Float, Quantized, Half, Unit, Quaternion, Angle, String, Bytes, Binary, Duration, Addr, AddrPort}
	wholes  = []Kind{Array, Slice, Map, Optional, Default, StructKind, UnionKind}
	keys    = []Kind{Bool, Ranged, Varint, Byte, EnumKind, String}
)

func pick[T any](c *chooser, all ...T) T { return all[c.IntN(len(all))] }

// limits make up a range within so many bits.
func (c *chooser) limits(bits int) (lo, hi *big.Int) {
	width := 1 + c.IntN(bits-1)
	hi = new(big.Int).SetUint64(1 + c.Uint64N(1<<width-1))
	lo = big.NewInt(-int64(c.Uint64() >> (66 - bits)))
	if c.IntN(2) == 0 {
		lo.SetInt64(0)
	}
	return lo, hi.Add(hi, lo)
}

func (c *chooser) enum() *Enum {
	e := &Enum{Name: fmt.Sprint("Enum", c.IntN(1<<30))}
	at := int64(c.IntN(5) - 2)
	for i := range 2 + c.IntN(5) {
		e.Constants = append(e.Constants, Constant{fmt.Sprint(e.Name, "At", i), big.NewInt(at)})
		at += int64(pick(c, 1, 1, 1, 1, 7))
	}
	return e
}

// typ makes up a type.
func (c *chooser) typ(kinds []Kind, depth int) *Type {
	t := &Type{Kind: pick(c, kinds...), Signed: c.IntN(2) == 0, Width: pick(c, 32, 64), Max: 1 + c.IntN(20)}
	switch t.Kind {
	case Ranged:
		t.Signed = true
		t.Lo, t.Hi = c.limits(62)
		if c.IntN(2) == 0 {
			t.Lo, t.Hi = c.limits(12)
		}
	case Varint:
		t.Bits = pick(c, 16, 32, 64)
	case Byte:
		t.Bits = 8
	case EnumKind:
		t.Enum = c.enum()
		t.Lo, t.Hi = t.Enum.Constants[0].Value, t.Enum.Constants[len(t.Enum.Constants)-1].Value
	case Float:
		t.Bits = t.Width
	case Quantized:
		t.From, t.To, t.Step = -512, 512, 0.01
		if c.IntN(2) == 0 {
			t.From, t.To, t.Step, t.Clamp = 0, 1, 1.0/128, true
		}
	case Unit, Quaternion, Angle:
		t.Bits = 2 + c.IntN(15)
	case Duration:
		t.Bits, t.Unit = 64, 1
		if c.IntN(2) == 0 {
			t.Unit = pick(c, int64(1), 1000, 1e9)
			lo := -t.Unit * int64(c.IntN(100))
			t.Lo, t.Hi = big.NewInt(lo), big.NewInt(lo+t.Unit*int64(1+c.IntN(1e6)))
		}
	case Array:
		t.Len, t.Elem = 1+c.IntN(6), c.any(depth)
	case Slice:
		t.Elem = c.any(depth)
	case Map:
		t.Key, t.Elem = c.typ(keys, depth), c.any(depth)
	case Optional:
		for t.Elem == nil || t.Elem.Kind == Optional || t.Elem.Kind == UnionKind {
			t.Elem = c.any(depth)
		}
	case Default:
		switch t.Elem = c.typ([]Kind{Bool, Varint, Byte, String, Array, StructKind}, depth); t.Elem.Kind {
		case Array:
			t.Elem.Elem = c.typ([]Kind{Byte}, depth)
		case StructKind:
			t.Elem.Struct = c.structure(2)
			t.Elem.Struct.Fields = []*Field{{Name: "Only", Type: c.typ([]Kind{Byte}, depth)}}
		}
	case StructKind:
		t.Struct = c.structure(depth)
	case UnionKind:
		t.Max, t.Union = c.IntN(2), c.union(depth)
	}
	return t
}

// any makes up a type of any kind, not too deep.
func (c *chooser) any(depth int) *Type {
	if depth > 2 || c.IntN(3) > 0 {
		return c.typ(scalars, depth)
	}
	return c.typ(wholes, depth+1)
}

func (c *chooser) union(depth int) *Union {
	u := &Union{Name: fmt.Sprint("Union", c.IntN(1<<30))}
	for range 1 + c.IntN(4) {
		u.Members = append(u.Members, c.structure(depth+1))
	}
	return u
}

// structure makes up a struct.
func (c *chooser) structure(depth int) *Struct {
	s := &Struct{Message: depth == 0}
	for i := range 1 + c.IntN(9) {
		f := &Field{Name: pick(c, "ID", "Type", "X", "HTTPPort", "New", "M", "Old") + fmt.Sprint(i), Type: c.any(depth)}
		if c.IntN(8) == 0 {
			f.Since = 2
		} else if c.IntN(8) == 0 {
			f.Until = 3
		}
		s.Fields = append(s.Fields, f)
	}
	s.Name = fmt.Sprint("Struct", len(c.pkg.Structs))
	c.pkg.Structs = append(c.pkg.Structs, s)
	return s
}

// write writes a value of a type.
func (c *chooser) write(w *codec.Writer, t *Type) {
	w.Grow(40)
	switch t.Kind {
	case Bool:
		w.Bits(c.Uint64N(2), 1)
	case Ranged, EnumKind, Quantized:
		c.code(w, t.codes())
	case Duration:
		if !t.endless() {
			c.code(w, t.codes())
			return
		}
		w.Varint64(c.Uint64() >> c.IntN(64))
	case Varint:
		c.varint(w, t.Bits, c.Uint64()>>c.IntN(64))
	case Byte:
		w.Bits(c.Uint64N(256), 8)
	case Float:
		put(w, c.Uint64()&^(1<<62|1<<30)&(1<<t.Bits-1), uint(t.Bits)) // no exponent is that of NaN
	case Half:
		w.Bits(uint64(codec.Half(float32(c.NormFloat64()))), 16)
	case Angle:
		w.Bits(c.Uint64N(1<<t.Bits), uint(t.Bits))
	case Unit:
		w.Bits(codec.Unit(c.NormFloat64(), c.NormFloat64(), c.NormFloat64(), uint(t.Bits)), uint(2*t.Bits))
	case Quaternion:
		w.Bits(codec.Quat(c.NormFloat64(), c.NormFloat64(), c.NormFloat64(), c.NormFloat64(), uint(t.Bits)), uint(2+3*t.Bits))
	case String, Bytes, Binary:
		w.String("", c.text(t.Max), t.Max)
	case Addr, AddrPort:
		kind := c.IntN(3)
		w.Bits(uint64(kind), 2)
		for range []int{0, 4, 16}[kind] + map[Kind]int{AddrPort: 2}[t.Kind] {
			w.Bits(c.Uint64N(256), 8)
		}
	default:
		c.writeWhole(w, t)
	}
}

// code writes one of a range, its ends more often than others.
func (c *chooser) code(w *codec.Writer, last uint64) {
	put(w, pick(c, 0, last, c.Uint64N(last)+1, c.Uint64N(last)+1), codec.Width(last))
}

// put writes any number of bits.
func put(w *codec.Writer, v uint64, n uint) {
	low := min(n, 32)
	w.Bits(v&(1<<low-1), low)
	w.Bits(v>>low, n-low)
}

func (c *chooser) varint(w *codec.Writer, bits int, v uint64) {
	switch bits {
	case 16:
		w.Varint16(uint16(v))
	case 32:
		w.Varint32(uint32(v))
	case 64:
		w.Varint64(v)
	}
}

func (c *chooser) text(most int) string {
	s := strings.Repeat(pick(c, "a", "é", "x☺"), most)
	for n := c.IntN(most + 1); ; n-- {
		if n == len(s) || s[n]&0xc0 != 0x80 { // not in the middle of a character
			return s[:n]
		}
	}
}

// writeWhole writes a value of a type that is made of others.
func (c *chooser) writeWhole(w *codec.Writer, t *Type) {
	switch t.Kind {
	case Array, Slice:
		n := t.Len
		if t.Kind == Slice {
			n = c.IntN(min(t.Max, 4) + 1)
			w.Count("", n, t.Max)
		}
		for range n {
			c.write(w, t.Elem)
		}
	case Map:
		c.writeMap(w, t)
	case Optional:
		there := c.Uint64N(2)
		w.Bits(there, 1)
		if there == 1 {
			c.write(w, t.Elem)
		}
	case Default:
		there := c.Uint64N(2)
		w.Bits(there, 1)
		if there == 1 {
			c.writeSome(w, t.Elem)
		}
	case StructKind:
		c.writeStruct(w, t.Struct)
	case UnionKind:
		n := len(t.Union.Members) + t.Max
		i := c.IntN(n)
		w.Bits(uint64(i), codec.Width(uint64(n-1)))
		if i >= t.Max {
			c.writeStruct(w, t.Union.Members[i-t.Max])
		}
	}
}

// writeSome writes a value that is not zero.
func (c *chooser) writeSome(w *codec.Writer, t *Type) {
	switch t.Kind {
	case Bool:
		w.Bits(1, 1)
	case Varint:
		c.varint(w, t.Bits, 1+c.Uint64()>>(64-t.Bits)/2)
	case Byte:
		w.Bits(1+c.Uint64N(255), 8)
	case Array:
		for range t.Len {
			w.Bits(1+c.Uint64N(255), 8)
		}
	case StructKind:
		w.Bits(1+c.Uint64N(255), 8)
	case String:
		w.String("", "a", t.Max)
	}
}

// writeMap writes entries: of all keys that were made up, those that are above the ones before.
func (c *chooser) writeMap(w *codec.Writer, t *Type) {
	type key struct {
		rank  uint64
		text  string
		write func()
	}
	var all []key
	for range c.IntN(min(t.Max, 4) + 1) {
		v := c.Uint64() >> c.IntN(64)
		switch k := t.Key; k.Kind {
		case Bool, Ranged, EnumKind:
			last := max(k.codes(), 1) // of a bool it is 1
			v %= last + 1
			all = append(all, key{v, "", func() { put(w, v, codec.Width(last)) }})
		case Varint, Byte:
			v &= 1<<k.Bits - 1
			rank := v
			switch {
			case k.Signed && k.Kind == Varint:
				rank = uint64(codec.Zagzig(v)) ^ 1<<63
			case k.Signed:
				rank = uint64(int64(int8(v))) ^ 1<<63
			}
			all = append(all, key{rank, "", func() {
				if k.Kind == Byte {
					w.Bits(v, 8)
				} else {
					c.varint(w, k.Bits, v)
				}
			}})
		case String:
			s := c.text(k.Max)
			all = append(all, key{0, s, func() { w.String("", s, k.Max) }})
		}
	}
	slices.SortFunc(all, func(a, b key) int { return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.text, b.text)) })
	all = slices.CompactFunc(all, func(a, b key) bool { return a.rank == b.rank && a.text == b.text })
	w.Count("", len(all), t.Max)
	for _, k := range all {
		w.Grow(16)
		k.write()
		c.write(w, t.Elem)
	}
}

func (c *chooser) writeStruct(w *codec.Writer, s *Struct) {
	for _, f := range s.Fields {
		if f.In(w.Version) {
			c.write(w, f.Type)
		}
	}
}

// message makes up a message.
func (c *chooser) message(t *testing.T, s *Struct, version int) []byte {
	t.Helper()
	var w codec.Writer
	w.Start(nil, 64)
	w.Version = version
	c.writeStruct(&w, s)
	b, err := w.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestTypeScriptSchemas: of made up types, TypeScript reads made up messages and writes them as the same bytes,
// and a delta between two of them leads to the other; damaged, they are read or refused, and nothing else.
func TestTypeScriptSchemas(t *testing.T) {
	c := &chooser{Rand: rand.New(rand.NewPCG(12, 12)), pkg: &Package{Name: "schemas"}}
	for range 20 {
		c.structure(0)
	}
	var jobs, wants []string
	job := func(want []byte, format string, args ...any) {
		jobs, wants = append(jobs, fmt.Sprintf(format, args...)), append(wants, fmt.Sprintf("= %x", want))
	}
	for _, s := range c.pkg.Structs {
		for i := 0; i < 30 && s.Message; i++ {
			version := 1 + i%3
			base, next := c.message(t, s, version), c.message(t, s, version)
			job(base, "full %s %d %x", s.Name, version, base)
			job(next, "there %s %d %x %x", s.Name, version, base, next)
			if len(base) > 0 {
				job(nil, "full %s %d %x", s.Name, version, damaged(c.Rand, base))
				job(nil, "apply %s %d %x %x", s.Name, version, base, damaged(c.Rand, base))
			}
		}
	}
	answers := strings.Split(strings.TrimSpace(string(run(t, []byte(strings.Join(jobs, "\n")), peer(t, c.pkg)))), "\n")
	if len(answers) != len(wants) {
		t.Fatalf("%d answers to %d jobs", len(answers), len(wants))
	}
	wrong, refused := 0, 0
	for i, want := range wants {
		if want == "= " && !strings.HasPrefix(answers[i], "?") {
			refused += strings.Count(answers[i], "! ")
			continue
		}
		if answers[i] != want && wrong < 5 {
			wrong++
			t.Errorf("%s: TypeScript says %s, want %s", jobs[i], answers[i], want)
		}
	}
	if refused < len(jobs)/10 {
		t.Errorf("of %d damaged messages %d are refused", len(jobs)/2, refused)
	}
}
