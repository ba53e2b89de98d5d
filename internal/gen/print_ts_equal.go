package gen

import (
	"fmt"
	"strings"
)

// equal prints whether two values of a struct are the same, and for those that are left out if they
// are zero, whether they are.
func (t *tsPrinter) equal(s *Struct) {
	name, names := tsName(s.Name), t.fields(s)
	var terms, zeros []string
	for i, f := range s.Fields {
		terms = append(terms, t.same(f.Type, "a."+names[i], "b."+names[i]))
		zeros = append(zeros, "!("+t.notZero(f.Type, "m."+names[i])+")")
	}
	t.function("Whether all fields are the same.", fmt.Sprintf("equal(a: %[1]s, b: %[1]s): boolean", name))
	t.all(terms)
	t.linef("},")
	if t.omitted[s] {
		t.function("Whether all fields are zero.", fmt.Sprintf("isZero(m: %s): boolean", name))
		t.all(zeros)
		t.linef("},")
	}
}

// all prints that all terms hold.
func (t *tsPrinter) all(terms []string) {
	switch whole := strings.Join(terms, " && "); {
	case len(terms) == 0:
		t.linef("return true;")
	case 2*t.indent+len("return ;")+len(whole) <= columns:
		t.linef("return %s;", whole)
	default:
		t.linef("return (")
		for i, term := range terms {
			t.linef("%s%s", term, map[bool]string{true: " &&"}[i < len(terms)-1])
		}
		t.linef(");")
	}
}

// same is whether two values are the same.
func (t *tsPrinter) same(typ *Type, a, b string) string {
	switch typ.Kind {
	case Bytes, Binary, Addr:
		return fmt.Sprintf("codec.equalBytes(%s, %s)", a, b)
	case AddrPort:
		return fmt.Sprintf("codec.equalAddrPorts(%s, %s)", a, b)
	case Unit, Quaternion:
		return fmt.Sprintf("codec.equalArrays(%s, %s)", a, b)
	case Array, Slice:
		return fmt.Sprintf("codec.equalArrays(%s, %s%s)", a, b, t.comparer(typ.Elem))
	case Map:
		return fmt.Sprintf("codec.equalMaps(%s, %s%s)", a, b, t.comparer(typ.Elem))
	case StructKind, Custom:
		return fmt.Sprintf("%s.equal(%s, %s)", t.typeOf(typ), a, b)
	case UnionKind:
		if typ.Max == 0 {
			return fmt.Sprintf("%s.equal(%s, %s)", tsName(typ.Union.Name), a, b)
		}
		return fmt.Sprintf("codec.equalOptional(%s, %s, %s.equal)", a, b, tsName(typ.Union.Name))
	case Optional:
		return fmt.Sprintf("codec.equalOptional(%s, %s%s)", a, b, t.comparer(typ.Elem))
	case Default:
		return t.same(typ.Elem, a, b)
	}
	return a + " === " + b
}

// comparer is the argument that compares elements; empty for those that === compares.
func (t *tsPrinter) comparer(elem *Type) string {
	switch elem.Kind {
	case StructKind, Custom:
		return ", " + t.typeOf(elem) + ".equal"
	case Bytes, Binary, Addr:
		return ", codec.equalBytes"
	case AddrPort:
		return ", codec.equalAddrPorts"
	}
	same := t.same(elem, "x", "y")
	if same == "x === y" {
		return ""
	}
	return ", (x, y) => " + same
}

// equalUnion prints whether two values of a union are the same.
func (t *tsPrinter) equalUnion(u *Union) {
	name := tsName(u.Name)
	t.function("Whether both are of the same type, and all fields the same.", fmt.Sprintf("equal(a: %[1]s, b: %[1]s): boolean", name))
	t.linef("switch (a.type) {")
	for _, m := range u.Members {
		t.linef("case %q: {\nreturn b.type === %q && %s.equal(a, b);\n}", m.Name, m.Name, tsName(m.Name))
	}
	t.linef("}\n},")
}
