package gen

import (
	"fmt"
	"math/big"
	"strings"
)

// A tsComparison prints conditions that hold if two values are alike: as [comparison] does in Go.
type tsComparison struct {
	*tsPrinter
	comparison
}

// equality prints what compares two values of a struct: equal and, where what is written may be alike
// that is not equal, same.
func (t *tsPrinter) equality(s *Struct) {
	name := tsName(s.Name)
	t.function("Whether all that is sent is equal; floats are compared by their bits.", fmt.Sprintf("equal(a: %[1]s, b: %[1]s): boolean", name))
	t.all(tsComparison{t, comparison{}}.fields(s))
	t.linef("},")
	if s.coded() {
		c, version := tsComparison{t, comparison{codes: true}}, ""
		if s.Versions() > 1 {
			c.version, version = "version", ", version: number"
		}
		t.function("Whether both are written as the same bits.", fmt.Sprintf("same(a: %[1]s, b: %[1]s%[2]s): boolean", name, version))
		t.all(c.fields(s))
		t.linef("},")
	}
	if t.omitted[s] {
		var zeros []string
		for i, f := range t.fields(s) {
			zeros = append(zeros, negated(t.notZero(s.Fields[i].Type, "m."+f)))
		}
		t.function("Whether all fields are zero.", fmt.Sprintf("isZero(m: %s): boolean", name))
		t.all(zeros)
		t.linef("},")
	}
}

// fields are the conditions that those of two structs are alike.
func (c tsComparison) fields(s *Struct) (terms []string) {
	for i, name := range c.tsPrinter.fields(s) {
		f := s.Fields[i]
		term := c.alike(f.Type, "a."+name, "b."+name)
		if absent := f.absent(c.version); c.codes && absent != "" {
			term = "(" + absent + " || " + term + ")"
		}
		terms = append(terms, term)
	}
	return terms
}

// negated is the condition that another does not hold.
func negated(condition string) string {
	for _, op := range []string{" && ", " || "} {
		if outside(condition, op) >= 0 {
			return "!(" + condition + ")"
		}
	}
	for op, not := range map[string]string{" === ": " !== ", " !== ": " === "} {
		if i := outside(condition, op); i >= 0 {
			return condition[:i] + not + condition[i+len(op):]
		}
	}
	if rest, ok := strings.CutPrefix(condition, "!"); ok {
		return rest
	}
	return "!" + condition
}

// outside is where an operator stands outside of all parentheses, below 0: nowhere.
func outside(s, op string) int {
	depth := 0
	for i := range len(s) {
		switch s[i] {
		case '(', '{', '[':
			depth++
		case ')', '}', ']':
			depth--
		}
		if depth == 0 && strings.HasPrefix(s[i:], op) {
			return i
		}
	}
	return -1
}

// all prints that all terms hold.
func (t *tsPrinter) all(terms []string) {
	switch whole := strings.Join(terms, " && "); {
	case len(terms) == 0:
		t.linef("return true;")
	case 2*t.indent+len("return ;")+len(whole) <= columns:
		t.linef("return %s;", whole)
	case 2*t.indent+2+len(whole) <= columns:
		t.linef("return (\n%s\n);", whole)
	default:
		t.linef("return (")
		for i, term := range terms {
			t.linef("%s%s", term, map[bool]string{true: " &&"}[i < len(terms)-1])
		}
		t.linef(");")
	}
}

// alike is the condition that two values are.
func (c tsComparison) alike(typ *Type, a, b string) string {
	switch typ.Kind {
	case Ranged:
		if c.codes && typ.Clamp {
			return typ.clamped(a) + " === " + typ.clamped(b)
		}
	case Duration:
		if c.codes && typ.coded() && !typ.endless() {
			return fmt.Sprintf("codec.sameDuration%s(%s, %s, %s, %s)", typ.wideSuffix(), typ.clamped(a), typ.clamped(b),
				tsInt(typ.Lo, typ.wide()), tsInt(big.NewInt(typ.Unit), typ.wide()))
		}
	case Float, Half, Quantized, Angle, Unit, Quaternion:
		return c.floats(typ, a, b)
	case Bytes, Binary, Addr:
		return fmt.Sprintf("codec.equalBytes(%s, %s)", a, b)
	case AddrPort:
		return fmt.Sprintf("codec.equalAddrPorts(%s, %s)", a, b)
	case StructKind, UnionKind, Custom:
		return c.call(typ, a, b)
	case Array, Slice:
		return fmt.Sprintf("codec.equalArrays(%s, %s%s)", a, b, behind(c.function(typ.Elem)))
	case Map:
		return fmt.Sprintf("codec.equalMaps(%s, %s%s)", a, b, behind(c.function(typ.Elem)))
	case Optional:
		return fmt.Sprintf("codec.equalOptional(%s, %s%s)", a, b, behind(c.function(typ.Elem)))
	case Default:
		alike := c.alike(typ.Elem, a, b)
		if !c.codes || !typ.Elem.coded() {
			return alike
		}
		return fmt.Sprintf("((%s) === (%s) && %s)", c.notZero(typ.Elem, a), c.notZero(typ.Elem, b), alike)
	}
	return a + " === " + b
}

// floats compares floats, and what is made of them.
func (c tsComparison) floats(typ *Type, a, b string) string {
	numbers := typ.rounded(a) + ", " + typ.rounded(b)
	switch {
	case typ.Kind == Float:
		return fmt.Sprintf("codec.sameFloat%d(%s, %s)", typ.Bits, a, b)
	case !c.codes && (typ.Kind == Unit || typ.Kind == Quaternion):
		return fmt.Sprintf("codec.equalArrays(%s, %s, codec.sameFloat%d)", a, b, typ.Width)
	case !c.codes:
		return fmt.Sprintf("codec.sameFloat%d(%s, %s)", typ.Width, a, b)
	}
	switch typ.Kind {
	case Half:
		return fmt.Sprintf("codec.sameHalf(%s, %s)", a, b)
	case Angle:
		return fmt.Sprintf("codec.sameAngle(%s, %d)", numbers, typ.Bits)
	case Unit:
		return fmt.Sprintf("codec.sameUnit(%s, %s, %d, %d)", a, b, typ.Bits, typ.Width)
	case Quaternion:
		return fmt.Sprintf("codec.sameQuat(%s, %s, %d, %d)", a, b, typ.Bits, typ.Width)
	}
	if typ.Clamp {
		return fmt.Sprintf("codec.sameClamped(%s, %s, %s, %s)", numbers, number64(typ.From), number64(typ.To), number64(typ.Step))
	}
	return fmt.Sprintf("codec.sameQuantized(%s, %s, %s)", numbers, number64(typ.From), number64(typ.Step))
}

// call compares by a function of the type.
func (c tsComparison) call(typ *Type, a, b string) string {
	switch {
	case typ.Kind == Custom:
		version := c.version
		if version == "" {
			version = "Infinity"
		}
		return fmt.Sprintf("codec.sameBits(%s, %s, %s, %s)", c.typeOf(typ), a, b, version)
	case typ.Kind == UnionKind && typ.Max > 0:
		return fmt.Sprintf("codec.equalOptional(%s, %s, %s)", a, b, c.functionOf(typ))
	}
	if function := c.functionOf(typ); !strings.Contains(function, "=>") {
		return fmt.Sprintf("%s(%s, %s)", function, a, b)
	}
	return fmt.Sprintf("%s.same(%s, %s, %s)", c.nameOf(typ), a, b, c.version)
}

func (c tsComparison) nameOf(typ *Type) string {
	if typ.Kind == UnionKind {
		return tsName(typ.Union.Name)
	}
	return c.typeOf(typ)
}

// functionOf is what compares two values of a struct or a union, neither of which is null.
func (c tsComparison) functionOf(typ *Type) string {
	coded, versioned := false, false
	if typ.Kind == UnionKind {
		coded, versioned = typ.Union.coded(), typ.Union.versioned()
	} else {
		coded, versioned = typ.Struct.coded(), typ.Struct.coded() && typ.Struct.Versions() > 1
	}
	switch {
	case c.codes && versioned:
		return fmt.Sprintf("(x, y) => %s.same(x, y, %s)", c.nameOf(typ), c.version)
	case c.codes && coded:
		return c.nameOf(typ) + ".same"
	}
	return c.nameOf(typ) + ".equal"
}

// function is what compares elements; empty for those that === compares.
func (c tsComparison) function(elem *Type) string {
	switch elem.Kind {
	case StructKind:
		return c.functionOf(elem)
	case UnionKind:
		if elem.Max == 0 {
			return c.functionOf(elem)
		}
	case Bytes, Binary, Addr:
		return "codec.equalBytes"
	case AddrPort:
		return "codec.equalAddrPorts"
	case Float:
		return fmt.Sprint("codec.sameFloat", elem.Bits)
	}
	alike := c.alike(elem, "x", "y")
	if alike == "x === y" {
		return ""
	}
	return "(x, y) => " + alike
}

// equalUnion prints what compares two values of a union.
func (t *tsPrinter) equalUnion(u *Union) {
	t.compareUnion(u, "equal", "Whether both are of the same type, and equal.", comparison{})
	if u.coded() {
		c := comparison{codes: true}
		if u.versioned() {
			c.version = "version"
		}
		t.compareUnion(u, "same", "Whether both are written as the same bits.", c)
	}
}

func (t *tsPrinter) compareUnion(u *Union, function, doc string, c comparison) {
	version := ""
	if c.version != "" {
		version = ", version: number"
	}
	t.function(doc, fmt.Sprintf("%[2]s(a: %[1]s, b: %[1]s%[3]s): boolean", tsName(u.Name), function, version))
	t.linef("switch (a.type) {")
	for _, m := range u.Members {
		alike := tsComparison{t, c}.call(&Type{Kind: StructKind, Struct: m}, "a", "b")
		t.linef("case %q: {\nreturn b.type === %q && %s;\n}", m.Name, m.Name, alike)
	}
	t.linef("}\n},")
}
