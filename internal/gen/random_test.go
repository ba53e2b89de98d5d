package gen

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Random schemas: the source of a package with so many messages of all kinds of fields, by a seed.
// What reads the same seed in another language reads the same messages.

// A spec is the type of a field as source, with the options of its tag.
type spec struct {
	source  string
	options []string
	plain   bool // may be compared with its zero value
}

// of puts a word in front of each option: each or key.
func (s spec) of(word string) []string {
	var all []string
	for _, o := range s.options {
		all = append(all, word+":"+o)
	}
	return all
}

// A schemer writes the source.
type schemer struct {
	*rand.Rand
	structs int // that are declared already
}

func (s *schemer) pick(of ...string) string { return of[s.IntN(len(of))] }

// number is an integer with a range or without.
func (s *schemer) number() spec {
	bits := []int{8, 16, 32, 64}[s.IntN(4)]
	signed := s.IntN(2) == 0
	source := fmt.Sprintf("uint%d", bits)
	if signed {
		source = source[1:]
	}
	if s.IntN(3) == 0 {
		return spec{source, nil, true}
	}
	least, most := limitsOf(bits, signed)
	lo, hi := least.Int64(), uint64(1)<<min(bits-1, 62)
	if lo != 0 && s.IntN(4) > 0 {
		lo = -s.Int64N(min(1000, -(lo + 1)))
	}
	limits := fmt.Sprintf("%d..%d", lo, 1+s.Int64N(int64(hi-1)))
	if s.IntN(6) == 0 {
		limits = fmt.Sprintf("%v..%v", least, most)
	}
	options := []string{limits}
	if s.IntN(4) == 0 {
		options = append(options, "clamp")
	}
	return spec{source, options, true}
}

// float is a float, a direction or a rotation.
func (s *schemer) float() spec {
	width := []int{32, 64}[s.IntN(2)]
	source := fmt.Sprintf("float%d", width)
	switch s.IntN(8) {
	case 0:
		return spec{source, nil, true}
	case 1:
		return spec{source, []string{"half"}, true}
	case 2:
		return spec{source, []string{fmt.Sprintf("angle=%d", 2+s.IntN(width/4+15))}, true}
	case 3:
		return spec{"[3]" + source, []string{fmt.Sprintf("unit=%d", 2+s.IntN(21))}, true}
	case 4, 5:
		return spec{"[4]" + source, []string{fmt.Sprintf("quat=%d", 2+s.IntN(17))}, true}
	}
	options := []string{s.pick("0..1/0.001", "-512..512/0.01", "-1.5..2.5/0.25", "100..100000/0.1", "0..1e6/1", "-Far..Far/0.5")}
	if s.IntN(3) == 0 {
		options = append(options, "clamp")
	}
	return spec{source, options, true}
}

// text is a string or bytes.
func (s *schemer) text() spec {
	t := spec{"string", []string{fmt.Sprintf("max=%d", 1+s.IntN(40))}, true}
	if s.IntN(2) == 0 {
		t.source, t.plain = "[]byte", false
	}
	if s.IntN(4) == 0 {
		t.options = append(t.options, "view")
	}
	return t
}

func (s *schemer) other() spec {
	switch s.IntN(8) {
	case 6:
		return spec{"Label", []string{"max=7"}, true}
	case 7:
		return spec{"Row", []string{"max=3", "each:-9..9"}, false}
	case 0:
		return spec{"time.Duration", nil, true}
	case 1:
		return spec{"time.Duration", []string{s.pick("0s..10s/1ms", "-1h..1h/1s", "5ms..25ms/5us")}, true}
	case 2:
		return spec{s.pick("netip.Addr", "netip.AddrPort"), nil, true}
	case 3:
		return spec{"time.Time", []string{"max=16"}, false}
	case 4:
		return spec{"Fixed", nil, true}
	}
	return spec{s.pick("Color", "Sparse"), []string{"enum"}, true}
}

// key is what a map may have keys of.
func (s *schemer) key() spec {
	switch s.IntN(5) {
	case 0:
		return spec{"bool", nil, true}
	case 1:
		return spec{"string", []string{"max=9"}, true}
	case 2:
		return spec{s.pick("Color", "Sparse"), []string{"enum"}, true}
	}
	return spec{s.pick("uint8", "int16", "int32", "uint64"), []string{"0..100"}[:s.IntN(2)], true}
}

// any is a type of any kind, of others only as deep as is said.
func (s *schemer) any(deep int) spec {
	kind := s.IntN(14)
	if deep == 0 {
		kind = s.IntN(7)
	}
	switch kind {
	case 0:
		return spec{"bool", nil, true}
	case 1, 2:
		return s.number()
	case 3, 4:
		return s.float()
	case 5:
		return s.text()
	case 6:
		return s.other()
	case 7:
		return spec{s.pick("Event", "Deed"), nil, false}
	case 8:
		if s.structs == 0 {
			return s.number()
		}
		return spec{fmt.Sprintf("S%d", s.IntN(s.structs)), nil, false}
	}
	return s.composed(kind, s.any(deep-1))
}

func (s *schemer) composed(kind int, elem spec) spec {
	limit := fmt.Sprintf("max=%d", 1+s.IntN(6))
	switch kind {
	case 9:
		return spec{fmt.Sprintf("[%d]%s", 1+s.IntN(4), elem.source), elem.of("each"), elem.plain}
	case 10, 11:
		options := elem.of("each")
		if elem.source == "uint8" && len(options) == 0 {
			options = []string{"each:0..9"} // bytes otherwise
		}
		return spec{"[]" + elem.source, append(options, limit), false}
	case 12:
		k := s.key()
		return spec{"map[" + k.source + "]" + elem.source, append(append(k.of("key"), elem.of("each")...), limit), false}
	}
	if elem.source[0] == '*' || elem.source == "Event" || elem.source == "Deed" {
		return elem
	}
	return spec{"*" + elem.source, elem.options, false}
}

// field prints a field of a struct.
func (s *schemer) field(i int) string {
	t := s.any(2)
	options := t.options
	switch {
	case t.source == "Event", t.source == "Deed", t.plain && s.IntN(8) == 0 && t.source[0] != '[':
		options = append(options, "opt")
	}
	switch s.IntN(12) {
	case 0:
		options = append(options, "since=2")
	case 1:
		options = append(options, "until=3")
	}
	return fmt.Sprintf("\tF%d %s `tw:%q`\n", i, t.source, strings.Join(options, ","))
}

// randomSource is the source of a package.
func randomSource(seed uint64, structs int) string {
	s := &schemer{Rand: rand.New(rand.NewPCG(seed, 0))}
	var b strings.Builder
	b.WriteString(randomHead)
	for i := range structs {
		fmt.Fprintf(&b, "\n//tickwire:message\ntype S%d struct {\n", i)
		for f := range 1 + s.IntN(12) {
			b.WriteString(s.field(f))
		}
		fmt.Fprintf(&b, "\tAlways bool `tw:\"since=2\"`\n}\n")
		s.structs++
	}
	return b.String()
}

// randomHead is what all of them have.
const randomHead = `package main

import (
	"net/netip"
	"time"

	"github.com/tickwire/tickwire/codec"
)

var _, _ = netip.Addr{}, time.Time{}

const Far = 2048.0

type Color int8

const (
	Dark Color = iota - 1
	Red
	Green
)

type Sparse uint32

const (
	Few  Sparse = 3
	More Sparse = 500
	Most Sparse = 1 << 31
)

type Label string

type Row []int16

// Fixed writes itself.
type Fixed uint16

func (f *Fixed) AppendBits(w *codec.Writer) {
	w.Grow(2)
	w.Bits(uint64(*f&1023), 10)
}
func (f *Fixed) ReadBits(r *codec.Reader) { *f = Fixed(r.Bits(10)) }

//tickwire:union Said Left
type Event interface{ event() }

type Said struct {
	Text string  ` + "`tw:\"max=20\"`" + `
	Loud float32 ` + "`tw:\"0..1/0.01\"`" + `
}
type Left struct{ Why []uint16 ` + "`tw:\"max=3\"`" + ` }

func (Said) event() {}
func (Left) event() {}

//tickwire:union *Fell *Rose
type Deed interface{ deed() }

type Fell struct {
	From  uint16
	Marks []uint8 ` + "`tw:\"max=4,each:0..9\"`" + `
}
type Rose struct{ Fixed Fixed }

func (*Fell) deed() {}
func (*Rose) deed() {}
`
