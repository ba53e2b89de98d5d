package gen

import (
	"bytes"
	"fmt"
	"strings"
)

// Values are compared in two ways: Equal compares what they are, and same what is written of them.
// Where the two agree there is no same.

// A comparison prints conditions that hold if two values are alike.
type comparison struct {
	codes   bool   // by what is written
	version string // the schema version, as an expression
}

// method is what compares two structs.
func (c comparison) method(s *Struct) string {
	if c.codes && s.coded() {
		return "same"
	}
	return "Equal"
}

// versioned reports whether the method wants to know the schema version.
func (c comparison) versioned(s *Struct) bool { return c.codes && s.coded() && s.Versions() > 1 }

// coded reports whether structs may be written alike that are not equal.
func (s *Struct) coded() bool {
	for _, f := range s.Fields {
		if f.Since > 1 || f.Until > 0 || f.Type.coded() {
			return true
		}
	}
	return false
}

func (t *Type) coded() bool {
	switch t.Kind {
	case Quantized, Half, Angle, Unit, Quaternion, Custom, Binary:
		return true
	case Ranged:
		return t.Clamp
	case Duration:
		return t.Clamp || t.Unit > 1
	case StructKind:
		return t.Struct.coded()
	case UnionKind:
		return t.Union.coded()
	}
	return t.Elem != nil && t.Elem.coded() || t.Key != nil && t.Key.coded()
}

func (u *Union) coded() bool {
	for _, m := range u.Members {
		if m.coded() {
			return true
		}
	}
	return false
}

// byValue reports whether == tells what the comparison would.
func (c comparison) byValue(t *Type) bool {
	switch t.Kind {
	case Bool, Varint, Byte, Ranged, EnumKind, Duration, String, Addr, AddrPort:
		return !c.codes || !t.coded()
	case Array:
		return c.byValue(t.Elem)
	case Default:
		return c.byValue(t.Elem)
	}
	return false
}

// alike is the condition that a and b are.
func (c comparison) alike(t *Type, a, b string) string {
	if c.byValue(t) {
		return a + " == " + b
	}
	switch t.Kind {
	case Float:
		return fmt.Sprintf("codec.SameFloat(%s, %s)", a, b)
	case Half, Quantized, Angle, Unit, Quaternion, Ranged, Duration:
		return c.numbers(t, a, b)
	case Bytes:
		return fmt.Sprintf("bytes.Equal(%s, %s)", a, b)
	case StructKind:
		return c.call(t.Struct, a, b)
	case UnionKind:
		return c.unions(t.Union, a, b)
	case Custom, Binary:
		return c.own(t, a, b)
	case Default:
		zero := t.Elem.zero()
		elem := c.alike(t.Elem, a, b)
		if !c.codes {
			return elem
		}
		return fmt.Sprintf("((%s == %s) == (%s == %s) && %s)", a, zero, b, zero, elem)
	case Optional:
		return fmt.Sprintf("codec.SamePointer(%s, %s, %s)", a, b, c.function(t.Elem))
	case Map:
		if c.byValue(t.Elem) {
			return fmt.Sprintf("maps.Equal(%s, %s)", a, b)
		}
		return fmt.Sprintf("codec.SameMap(%s, %s, %s)", a, b, c.function(t.Elem))
	case Array:
		return fmt.Sprintf("codec.SameSlice(%s[:], %s[:], %s)", grouped(a), grouped(b), c.function(t.Elem))
	}
	if c.byValue(t.Elem) {
		return fmt.Sprintf("slices.Equal(%s, %s)", a, b)
	}
	return fmt.Sprintf("codec.SameSlice(%s, %s, %s)", a, b, c.function(t.Elem))
}

// grouped puts an expression with a star into parentheses.
func grouped(expr string) string {
	if strings.HasPrefix(expr, "*") {
		return "(" + expr + ")"
	}
	return expr
}

// pointer is an expression for the address of what an expression is.
func pointer(expr string) string {
	if strings.HasPrefix(expr, "*") {
		return expr[1:]
	}
	return "&" + expr
}

// numbers compares those that have a code.
func (c comparison) numbers(t *Type, a, b string) string {
	if c.codes {
		codes := t.code(a) + " == " + t.code(b)
		if t.Kind == Half { // the only one with two zeros
			return codes
		}
		return fmt.Sprintf("(%s == %s || %s)", a, b, codes)
	}
	if len(t.Parts) == 0 {
		return fmt.Sprintf("codec.SameFloat(%s, %s)", a, b)
	}
	var all []string
	for _, part := range t.Parts {
		all = append(all, fmt.Sprintf("codec.SameFloat(%s%s, %s%s)", grouped(a), part, grouped(b), part))
	}
	return strings.Join(all, " && ")
}

func (c comparison) call(s *Struct, a, b string) string {
	if c.versioned(s) {
		return fmt.Sprintf("%s.same(%s, %s)", value(a), pointer(b), c.version)
	}
	return fmt.Sprintf("%s.%s(%s)", value(a), c.method(s), pointer(b))
}

// own compares types that write themselves.
func (c comparison) own(t *Type, a, b string) string {
	switch {
	case c.codes && t.Kind == Custom && c.version != "":
		return fmt.Sprintf("codec.SameBits(%s, %s, %s)", pointer(a), pointer(b), c.version)
	case c.codes && t.Kind == Custom:
		return fmt.Sprintf("codec.SameBits(%s, %s, 0)", pointer(a), pointer(b))
	case t.Own.Equal == "pointer" && !c.codes:
		return fmt.Sprintf("%s.Equal(%s)", value(a), pointer(b))
	case t.Own.Equal == "value" && !c.codes:
		return fmt.Sprintf("%s.Equal(%s)", value(a), b)
	case t.Own.Comparable && !c.codes:
		return a + " == " + b
	case t.Kind == Custom:
		return fmt.Sprintf("codec.SameBits(%s, %s, 0)", pointer(a), pointer(b))
	}
	return fmt.Sprintf("codec.SameBinary(%s, %s)", pointer(a), pointer(b))
}

// function is one of two pointers to values, for the loops of codec.
func (c comparison) function(t *Type) string {
	if t.Kind == StructKind && !c.versioned(t.Struct) {
		return "(*" + t.Struct.Name + ")." + c.method(t.Struct)
	}
	return fmt.Sprintf("func(a, b *%s) bool { return %s }", t.Go, c.alike(t, "*a", "*b"))
}

// unions is a call of the function that compares two.
func (c comparison) unions(u *Union, a, b string) string {
	if !c.codes || !u.coded() {
		return fmt.Sprintf("equal%s(%s, %s)", u.Name, a, b)
	}
	if u.versioned() {
		return fmt.Sprintf("same%s(%s, %s, %s)", u.Name, a, b, c.version)
	}
	return fmt.Sprintf("same%s(%s, %s)", u.Name, a, b)
}

func (u *Union) versioned() bool {
	for _, m := range u.Members {
		if m.coded() && m.Versions() > 1 {
			return true
		}
	}
	return false
}

// printUnions prints the functions that compare and copy unions.
func printUnions(out *bytes.Buffer, p *Package) {
	w, done := &printer{out: out}, make(map[*Union]bool)
	p.eachType(func(t *Type) {
		if t.Union == nil || done[t.Union] {
			return
		}
		done[t.Union] = true
		w.sameUnion(t.Union, comparison{})
		if t.Union.coded() {
			w.sameUnion(t.Union, comparison{codes: true, version: "version"})
		}
		if !t.Union.plain() {
			w.copyUnion(t.Union)
		}
	})
}

func (p *printer) sameUnion(u *Union, c comparison) {
	name, what, version := "equal", "are equal", ""
	if c.codes {
		name, what = "same", "are written as the same bits"
		if u.versioned() {
			version = ", version int"
		}
	}
	p.linef("\n// %[1]s%[2]s reports whether two of them %[3]s.\nfunc %[1]s%[2]s(a, b %[2]s%[4]s) bool {\nswitch a := a.(type) {", name, u.Name, what, version)
	for _, m := range u.Members {
		if u.Pointers {
			p.linef("case *%[1]s:\nb, ok := b.(*%[1]s)\nreturn ok && (a == b || a != nil && b != nil && %[2]s)", m.Name, c.call(m, "*a", "*b"))
			continue
		}
		p.linef("case %[1]s:\nb, ok := b.(%[1]s)\nreturn ok && %[2]s", m.Name, c.call(m, "a", "b"))
	}
	p.linef("}\nreturn a == nil && b == nil\n}")
}

// equality prints how structs are compared.
func (p *printer) equality(s *Struct) {
	p.linef("\n// Equal reports whether all that is sent is equal. Floats are compared by their bits: a NaN\n" +
		"// equals itself, and -0 is not 0. A slice or a map that is nil equals an empty one.")
	p.linef("func (m *%[1]s) Equal(o *%[1]s) bool {", s.Name)
	p.conditions(s, comparison{})
	if !s.coded() {
		return
	}
	codes, version := comparison{codes: true}, ""
	if s.Versions() > 1 {
		codes.version, version = "version", ", version int"
	}
	p.linef("\n// same reports whether both are written as the same bits.\nfunc (m *%[1]s) same(o *%[1]s%[2]s) bool {", s.Name, version)
	p.conditions(s, codes)
}

func (p *printer) conditions(s *Struct, c comparison) {
	var all []string
	for _, f := range s.Fields {
		alike := c.alike(f.Type, "m."+f.Name, "o."+f.Name)
		if absent := f.absent("version"); c.codes && absent != "" {
			alike = "(" + absent + " || " + alike + ")"
		}
		all = append(all, alike)
	}
	if len(all) == 0 {
		all = []string{"true"}
	}
	p.linef("return %s\n}", strings.Join(all, " &&\n"))
}

// absent is the condition under which a field is not there; empty: never.
func (f *Field) absent(version string) string {
	var terms []string
	if f.Since > 1 {
		terms = append(terms, fmt.Sprintf("%s < %d", version, f.Since))
	}
	if f.Until > 0 {
		terms = append(terms, fmt.Sprintf("%s >= %d", version, f.Until))
	}
	return strings.Join(terms, " || ")
}
