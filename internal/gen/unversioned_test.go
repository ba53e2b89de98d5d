package gen

import (
	"strings"
	"testing"
)

// unversioned are messages without versions that have types with bits of their own, at each place where there
// may be one. The random messages all have versions.
const unversioned = `package main

import (
	"fmt"

	"github.com/tickwire/tickwire/codec"
)

// Fixed writes itself.
type Fixed uint16

func (f *Fixed) AppendBits(w *codec.Writer) {
	w.Grow(2)
	w.Bits(uint64(*f&1023), 10)
}
func (f *Fixed) ReadBits(r *codec.Reader) { *f = Fixed(r.Bits(10)) }

//tickwire:union Said Left
type Event interface{ event() }

type Said struct{ Loud Fixed }
type Left struct{ Seat uint8 }

func (Said) event() {}
func (Left) event() {}

type Inner struct{ One Fixed }

//tickwire:message
type Outer struct {
	Plain  Fixed
	Maybe  *Fixed
	Opt    Fixed ` + "`tw:\"opt\"`" + `
	Few    [2]Fixed
	Many   []Fixed ` + "`tw:\"max=3\"`" + `
	Named  map[uint8]Fixed ` + "`tw:\"max=3\"`" + `
	Inner  Inner
	Inners []Inner ` + "`tw:\"max=3\"`" + `
	Event  Event
	Events []Event ` + "`tw:\"max=3\"`" + `
}

func outer(n Fixed) *Outer {
	return &Outer{n, &n, n, [2]Fixed{n, 1}, []Fixed{n}, map[uint8]Fixed{1: n}, Inner{n}, []Inner{{n}}, Said{n}, []Event{Left{1}, Said{n}}}
}

func main() {
	full, err := outer(5).AppendBinary(nil)
	delta, err2 := outer(6).AppendDelta(nil, outer(5))
	still, err3 := outer(5 + 1024).AppendDelta(nil, outer(5)) // other values, the same bits
	var a, b Outer
	fmt.Println(err, err2, err3, a.UnmarshalBinary(full), b.ApplyDelta(delta, &a), a.Equal(outer(5)), b.Equal(outer(6)), len(still))
}
`

// TestUnversioned: a message without versions is generated as one with versions is, also beside one.
func TestUnversioned(t *testing.T) {
	beside := "\n//tickwire:message\ntype Later struct {\n\tOuter Outer\n\tInner Inner\n\tEvent Event\n\tNew Fixed `tw:\"since=2\"`\n}\n"
	for name, source := range map[string]string{"alone": unversioned, "beside one with versions": unversioned + beside} {
		p, model := newProgram(t, source)
		for _, s := range model.Structs {
			if (s.Versions() > 1) != (s.Name == "Later") {
				t.Errorf("%s: %s has %d versions", name, s.Name, s.Versions())
			}
		}
		out, err := p.run(t)
		if want := "<nil> <nil> <nil> <nil> <nil> true true 2"; err != nil || strings.TrimSpace(string(out)) != want {
			t.Errorf("%s: %s, want %s, %v", name, out, want, err)
		}
	}
}
