package gen

import "fmt"

// deltaMessage prints what makes bytes of a delta and takes them.
func (t *tsPrinter) deltaMessage(s *Struct) {
	name := tsName(s.Name)
	t.function("In what m differs from base, which the reader has as well; as encode otherwise.",
		fmt.Sprintf("encodeDelta(m: %[1]s, base: %[1]s, w: codec.Writer = new codec.Writer()): Uint8Array", name))
	t.linef("w.start();\n%s.appendDeltaBits(w, m, base);\nreturn w.finish();\n},", name)
	t.function("Makes m a copy of base, with the differences that are all of b. Both may be the same; otherwise as decode.",
		fmt.Sprintf("applyDelta(b: Uint8Array, base: %[1]s, m: %[1]s = %[1]s.create(), r: codec.Reader = new codec.Reader()): %[1]s", name))
	t.linef("if (m !== base) %s.copy(base, m);", name)
	t.linef("r.start(b);\n%s.readDeltaBits(r, m);\nr.finish(%q);\nreturn m;\n},", name, s.Name)
}

// deltas prints what writes and reads in what a struct differs: first for each field whether it does,
// then those that do.
func (t *tsPrinter) deltas(s *Struct) {
	name, names := tsName(s.Name), t.fields(s)
	t.function("Writes in what the fields differ: first for each whether it does.", fmt.Sprintf("appendDeltaBits(w: codec.Writer, m: %[1]s, base: %[1]s): void", name))
	c := tsComparison{t, comparison{codes: true, version: "w.version"}}
	flags := make([]string, len(names))
	for i, f := range s.Fields {
		flags[i] = t.local(f.Name + "Differs")
		differs := negated(c.alike(f.Type, "m."+names[i], "base."+names[i]))
		t.linef("const %s = %sw.flag(%s);", flags[i], conjunct(f.when("w.version")), differs)
	}
	for i, f := range s.Fields {
		t.guarded(flags[i], func() { t.writeDelta(f.Type, "m."+names[i], "base."+names[i], s.Name+"."+f.Name) })
	}
	t.linef("},")
	t.function("Reads in what the fields differ from those that m has.", fmt.Sprintf("readDeltaBits(r: codec.Reader, m: %s): void", name))
	for i, f := range s.Fields {
		flags[i] = t.local(f.Name + "Differs")
		t.linef("const %s = %sr.bool();", flags[i], conjunct(f.when("r.version")))
	}
	for i, f := range s.Fields {
		t.guarded(flags[i], func() { t.readDelta(f.Type, "m."+names[i], s.Name+"."+f.Name) })
	}
	t.linef("},")
}

func conjunct(condition string) string {
	if condition == "" {
		return ""
	}
	return condition + " && "
}

// partial reports whether a delta of a type may leave out some of it.
func (t *Type) partial() bool {
	switch t.Kind {
	case StructKind, Array, Slice:
		return true
	case Optional:
		return t.Elem.partial()
	}
	return false
}

// writeDelta prints what writes a value that differs from base.
func (t *tsPrinter) writeDelta(typ *Type, expr, base, label string) {
	switch {
	case !typ.partial():
		t.write(typ, expr, label)
	case typ.Kind == StructKind:
		t.linef("%s.appendDeltaBits(w, %s, %s);", t.typeOf(typ), expr, base)
	case typ.Kind == Optional:
		t.linef("w.bool(%s !== null);\nif (%s !== null && %s !== null) {", expr, expr, base)
		t.writeDelta(typ.Elem, expr, base, label)
		t.linef("} else if (%s !== null) {", expr)
		t.write(typ.Elem, expr, label)
		t.linef("}")
	default:
		t.writeDeltas(typ, expr, base, label)
	}
}

// writeDeltas prints what writes the elements of an array or a slice.
func (t *tsPrinter) writeDeltas(typ *Type, expr, base, label string) {
	if typ.Kind == Slice {
		t.linef("w.deltaCount(%q, %s.length, %s.length, %d);", label, expr, base, typ.Max)
	} else {
		t.linef("w.exactly(%q, %s.length, %d);", label, expr, typ.Len)
	}
	i, now, was := t.index(), t.local("now"), t.local("was")
	t.linef("for (let %[1]s = 0; %[1]s < %[2]s.length; %[1]s++) {", i, expr)
	t.linef("const %s = %s[%s]!;\nconst %s = %s[%s]%s;", now, expr, i, was, base, i, map[bool]string{true: "!"}[typ.Kind == Array])
	differs := negated(tsComparison{t, comparison{codes: true, version: "w.version"}}.alike(typ.Elem, now, was))
	switch {
	case typ.Kind == Array:
		t.guarded("w.flag("+differs+")", func() { t.writeDelta(typ.Elem, now, was, label) })
	case typ.Elem.partial():
		t.linef("if (%s === undefined) {", was)
		t.write(typ.Elem, now, label)
		t.linef("} else if (w.flag(%s)) {", differs)
		t.writeDelta(typ.Elem, now, was, label)
		t.linef("}")
	default:
		t.guarded(was+" === undefined || w.flag("+differs+")", func() { t.write(typ.Elem, now, label) })
	}
	t.linef("}")
	t.free(i, now, was)
}

// readDelta prints what reads a value that differs.
func (t *tsPrinter) readDelta(typ *Type, expr, label string) {
	switch {
	case !typ.partial():
		t.read(typ, expr, expr, label)
	case typ.Kind == StructKind:
		t.linef("%s.readDeltaBits(r, %s);", t.typeOf(typ), expr)
	case typ.Kind == Optional:
		t.linef("if (!r.bool()) {\n%s = null;\n} else if (%s === null) {", expr, expr)
		t.readThere(typ, expr, expr, label)
		t.linef("} else {")
		t.readDelta(typ.Elem, expr+map[bool]string{true: "!"}[element(expr)], label)
		t.linef("}")
	default:
		t.readDeltas(typ, expr, label)
	}
}

// readDeltas prints what reads the elements of an array or a slice.
func (t *tsPrinter) readDeltas(typ *Type, expr, label string) {
	i, count, had, each := t.index(), fmt.Sprint(typ.Len), "", t.local("each")
	if typ.Kind == Slice {
		count, had = t.local(label), t.local(label+"Had")
		least, _ := typ.Elem.size()
		t.linef("const %s = %s.length;", had, expr)
		t.linef("const %s = r.deltaCount(%q, %s, %d, %d);", count, label, had, typ.Max, least)
	}
	t.linef("for (let %[1]s = 0; %[1]s < %[2]s; %[1]s++) {", i, count)
	place := expr + "[" + i + "]"
	differs := func() { t.readDelta(typ.Elem, place, label) }
	if typ.Elem.Kind == StructKind {
		differs = func() { t.readDelta(typ.Elem, place+"!", label) }
	} else if typ.Elem.inPlace() {
		differs = func() {
			t.linef("const %s = %s!;", each, place)
			t.readDelta(typ.Elem, each, label)
		}
	}
	switch {
	case typ.Kind == Array:
		t.guarded("r.bool()", differs)
	case typ.Elem.inPlace():
		t.linef("if (%s >= %s) {", i, had)
		t.readElement(typ.Elem, place, label)
		t.linef("} else if (r.bool()) {")
		differs()
		t.linef("}")
	default:
		t.guarded(fmt.Sprintf("%s >= %s || r.bool()", i, had), differs)
	}
	t.linef("}")
	if typ.Kind == Slice {
		t.linef("%s.length = %s;", expr, count)
	}
	t.free(i, each)
}
