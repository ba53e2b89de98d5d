package gen

import "fmt"

// copying prints what copies a struct.
func (t *tsPrinter) copying(s *Struct) {
	t.function("A copy that shares no memory with what it is of, in the memory of to if it is given.",
		fmt.Sprintf("copy(from: %[1]s, to: %[1]s = %[1]s.create()): %[1]s", tsName(s.Name)))
	for i, name := range t.fields(s) {
		t.linef("to.%s = %s;", name, t.copyOf(s.Fields[i].Type, "from."+name, "to."+name))
	}
	t.linef("return to;\n},")
}

// copyOf is an expression that makes a copy of a value.
func (t *tsPrinter) copyOf(typ *Type, from, to string) string {
	switch typ.Kind {
	case Bytes, Binary, Addr:
		return fmt.Sprintf("codec.copyBytes(%s, %s)", from, to)
	case AddrPort:
		return fmt.Sprintf("codec.copyAddrPort(%s, %s)", from, to)
	case Unit, Quaternion:
		return fmt.Sprintf("codec.copyArray(%s, %s)", from, to)
	case Array, Slice:
		return fmt.Sprintf("codec.copyArray(%s, %s%s)", from, to, behind(t.copier(typ.Elem)))
	case Map:
		return fmt.Sprintf("codec.copyMap(%s, %s%s)", from, to, behind(t.copier(typ.Elem)))
	case StructKind:
		return fmt.Sprintf("%s.copy(%s, %s)", t.typeOf(typ), from, to)
	case Custom:
		return fmt.Sprintf("codec.copyBits(%s, %s, %s)", t.typeOf(typ), from, to)
	case Optional:
		if t.copier(typ.Elem) == "" {
			return from
		}
		return fmt.Sprintf("codec.copyOptional(%s, %s, %s)", from, to, t.copier(typ.Elem))
	case UnionKind:
		if typ.Max > 0 {
			return fmt.Sprintf("codec.copyOptional(%s, %s, %s.copy)", from, to, tsName(typ.Union.Name))
		}
		return fmt.Sprintf("%s.copy(%s, %s)", tsName(typ.Union.Name), from, to)
	case Default:
		return t.copyOf(typ.Elem, from, to)
	}
	return from
}

// copier is what copies elements; empty if they are values.
func (t *tsPrinter) copier(elem *Type) string {
	switch elem.Kind {
	case Bytes, Binary, Addr:
		return "codec.copyBytes"
	case AddrPort:
		return "codec.copyAddrPort"
	case StructKind:
		return t.typeOf(elem) + ".copy"
	}
	if made := t.copyOf(elem, "x", "y"); made != "x" {
		return "(x, y) => " + made
	}
	return ""
}

// copyUnion prints what copies a value of a union.
func (t *tsPrinter) copyUnion(u *Union) {
	t.function("A copy that shares no memory with what it is of, in the memory of to if it is of the same type.",
		fmt.Sprintf("copy(from: %[1]s, to?: %[1]s | null): %[1]s", tsName(u.Name)))
	t.linef("switch (from.type) {")
	for _, m := range u.Members {
		t.linef("case %q: {\nconst m = to?.type === %[1]q ? to : { type: %[1]q as const, ...%[2]s.create() };", m.Name, tsName(m.Name))
		t.linef("%s.copy(from, m);\nreturn m;\n}", tsName(m.Name))
	}
	t.linef("}\n},")
}
