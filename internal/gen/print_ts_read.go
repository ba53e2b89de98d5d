package gen

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// readField prints what reads a field, or makes it zero if it is not there in the version.
func (t *tsPrinter) readField(f *Field, expr, label string) {
	when := f.when("r.version")
	if when == "" {
		t.read(f.Type, expr, expr, label)
		return
	}
	if value := t.reader(f.Type, expr, label); value != "" {
		t.linef("%s = %s ? %s : %s;", expr, when, choice(value), t.zero(f.Type))
		return
	}
	t.linef("if (%s) {", when)
	t.read(f.Type, expr, expr, label)
	t.linef("} else {\n%s = %s;\n}", expr, t.zero(f.Type))
}

// read prints what reads a value to where expr says; old is what is there, for it may be used again.
func (t *tsPrinter) read(typ *Type, expr, old, label string) {
	if value := t.reader(typ, old, label); value != "" {
		t.linef("%s = %s;", expr, value)
		return
	}
	switch typ.Kind {
	case Optional, Default:
		t.linef("if (r.bool()) {")
		t.readThere(typ, expr, old, label)
		t.linef("} else {\n%s = %s;\n}", expr, t.zero(typ))
	case Array:
		t.readEach(typ, fmt.Sprint(typ.Len), expr, label)
	case Slice:
		least, _ := typ.Elem.size()
		count := t.local(label)
		t.linef("const %s = r.count(%q, %d, %d);", count, label, typ.Max, least)
		t.readEach(typ, count, expr, label)
		t.linef("%s.length = %s;", expr, count)
	case Map:
		t.readMap(typ, expr, label)
	case UnionKind: // which may be nil
		index := t.local(label)
		t.linef("const %s = r.bits(%d);", index, widthOf(uint64(len(typ.Union.Members))))
		t.linef("%s = %s === 0 ? null : %s.readBits(r, %q, %s - 1, %s);", expr, index, tsName(typ.Union.Name), label, index, old)
	case Unit:
		t.linef("r.unit(%q, %s, %d, %d);", label, expr, typ.Bits, typ.Width)
	case Quaternion:
		t.linef("r.quat(%q, %s, %d, %d);", label, expr, typ.Bits, typ.Width)
	case AddrPort:
		t.linef("r.addrPort(%q, %s);", label, expr)
	default:
		t.linef("%s.readBits(r, %s);", t.typeOf(typ), expr)
	}
}

// readThere prints what reads a value that may be missing, and is there.
func (t *tsPrinter) readThere(typ *Type, expr, old, label string) {
	switch {
	case !typ.Elem.inPlace() || typ.Kind == Default && !element(expr):
		t.read(typ.Elem, expr, old, label)
	case element(expr):
		each := t.local("each")
		t.linef("const %s = (%s ??= %s);", each, expr, t.zero(typ.Elem))
		t.read(typ.Elem, each, each, label)
		t.free(each)
	default:
		t.linef("%s ??= %s;", expr, t.zero(typ.Elem))
		t.read(typ.Elem, expr, old, label)
	}
}

// element reports whether an expression is an element of an array, of which the compiler cannot know that
// it is still what it was found to be a line before.
func element(expr string) bool { return strings.HasSuffix(expr, "]") }

// inPlace reports whether a value is read into what is there, and not made.
func (t *Type) inPlace() bool {
	switch t.Kind {
	case Array, Slice, Map, Unit, Quaternion, AddrPort, StructKind:
		return true
	}
	return false
}

// index is the name of the index of a loop.
func (t *tsPrinter) index() string {
	for _, name := range []string{"i", "j", "k", "l"} {
		if !t.names[name] {
			t.names[name] = true
			return name
		}
	}
	return t.local("at")
}

// readEach prints the loop that reads elements.
func (t *tsPrinter) readEach(typ *Type, count, expr, label string) {
	i := t.index()
	t.linef("for (let %[1]s = 0; %[1]s < %[2]s; %[1]s++) {", i, count)
	t.readElement(typ.Elem, expr+"["+i+"]", label)
	t.linef("}")
	t.free(i)
}

// readElement prints what reads one of an array, where there may be none yet.
func (t *tsPrinter) readElement(elem *Type, place, label string) {
	switch {
	case elem.Kind == StructKind:
		t.linef("%s.readBits(r, (%s ??= %s));", t.typeOf(elem), place, t.zero(elem))
	case elem.inPlace():
		each := t.local("each")
		t.linef("const %s = (%s ??= %s);", each, place, t.zero(elem))
		t.read(elem, each, each, label)
		t.free(each)
	default:
		t.read(elem, place, place, label)
	}
}

// readMap prints the loop that reads the entries of a map.
func (t *tsPrinter) readMap(typ *Type, expr, label string) {
	keyLeast, _ := typ.Key.size()
	elemLeast, _ := typ.Elem.size()
	count, i, key, value := t.local(label), t.index(), t.local("key"), t.local("value")
	before, at := t.local("before"), t.local("at")
	defer t.free(i, key, value, before, at)
	t.linef("const %s = r.count(%q, %d, %d);\n%s.clear();", count, label, typ.Max, keyLeast+elemLeast, expr)
	if typ.Key.Kind == String {
		t.linef("for (let %[1]s = 0, %[2]s = -1; %[1]s < %[3]s; %[1]s++) {", i, before, count)
		t.linef("const %s = r.at;\nconst %s = %s;", at, key, t.reader(typ.Key, "", label))
		t.linef("r.ascendsText(%q, %s, %s, %d);\n%s = %s;", label, before, at, typ.Key.Max, before, at)
	} else {
		kind := map[bool]string{true: ": " + t.typeOf(typ.Key)}[typ.Key.Kind == EnumKind]
		t.linef("for (let %[1]s = 0, %[2]s%[5]s = %[4]s; %[1]s < %[3]s; %[1]s++) {", i, before, count, t.zero(typ.Key), kind)
		t.linef("const %s = %s;", key, t.reader(typ.Key, "", label))
		t.linef("r.ascends(%q, %s === 0, %s, %s);\n%s = %s;", label, i, before, key, before, key)
	}
	if made := t.reader(typ.Elem, "", label); made != "" {
		t.linef("const %s = %s;", value, made)
	} else if typ.Elem.inPlace() {
		t.linef("const %s%s = %s;", value, t.annotation(typ.Elem), t.zero(typ.Elem))
		t.read(typ.Elem, value, value, label)
	} else {
		t.linef("let %s: %s = %s;", value, t.typeOf(typ.Elem), t.zero(typ.Elem))
		t.read(typ.Elem, value, value, label)
	}
	t.linef("%s.set(%s, %s);\n}", expr, key, value)
}

// annotation is the type of a variable whose first value does not tell it.
func (t *tsPrinter) annotation(typ *Type) string {
	if typ.Kind == StructKind || typ.Kind == Custom {
		return ""
	}
	return ": " + t.typeOf(typ)
}

// reader is the expression that reads a value; empty if it takes statements. Old is what may be used
// again; empty: nothing.
func (t *tsPrinter) reader(typ *Type, old, label string) string {
	switch typ.Kind {
	case Bool:
		return "r.bool()"
	case Ranged, EnumKind:
		return t.readRanged(typ, label)
	case Varint:
		name := "varint"
		if typ.Signed {
			name = "zigzag"
		}
		return fmt.Sprintf("r.%s%d(%q)", name, typ.Bits, label)
	case Byte:
		return "r." + typ.sign() + "8()"
	case Float:
		return fmt.Sprintf("r.float%d()", typ.Bits)
	case Half:
		return "r.half()"
	case Quantized:
		return typ.rounded(fmt.Sprintf("r.quantized(%q, %s, %s, %s)", label, number64(typ.From), number64(typ.To), number64(typ.Step)))
	case Angle:
		return typ.rounded(fmt.Sprintf("r.angle(%d)", typ.Bits))
	case Duration:
		if typ.endless() {
			return fmt.Sprintf("r.zigzag64(%q)", label)
		}
		return fmt.Sprintf("r.duration%s(%q, %s, %s)", typ.wideSuffix(), label, typ.limits(), tsInt(big.NewInt(typ.Unit), typ.wide()))
	case String, Bytes, Binary:
		name := map[bool]string{true: "string", false: "bytes"}[typ.Kind == String]
		return fmt.Sprintf("r.%s(%q, %d%s)", name, label, typ.Max, behind(old))
	case Custom:
		return fmt.Sprintf("%s.readBits(r%s)", t.typeOf(typ), behind(old))
	case Addr:
		return fmt.Sprintf("r.addr(%q%s)", label, behind(old))
	case UnionKind:
		if typ.Max == 0 {
			n := widthOf(uint64(len(typ.Union.Members) - 1))
			return fmt.Sprintf("%s.readBits(r, %q, r.bits(%d)%s)", tsName(typ.Union.Name), label, n, behind(old))
		}
	case Optional, Default:
		if old != "" && typ.Kind == Optional && typ.Elem.reads() {
			old += " ?? undefined"
		}
		if made := t.reader(typ.Elem, old, label); made != "" {
			return fmt.Sprintf("r.bool() ? %s : %s", choice(made), t.zero(typ))
		}
	}
	return ""
}

// reads reports whether what reads a value is told what there was.
func (t *Type) reads() bool {
	return slices.Contains([]Kind{String, Bytes, Binary, Addr, Custom}, t.Kind)
}

// choice puts an expression that chooses into parentheses.
func choice(expr string) string {
	if outside(expr, " ? ") >= 0 {
		return "(" + expr + ")"
	}
	return expr
}

// behind is one more argument, if there is one.
func behind(arg string) string {
	if arg == "" {
		return ""
	}
	return ", " + arg
}

func (t *tsPrinter) readRanged(typ *Type, label string) string {
	if typ.Gaps() {
		return fmt.Sprintf("r.oneOf(%q, %s)", label, typ.Enum.tsValues())
	}
	made := fmt.Sprintf("r.ranged%s(%q, %s)", typ.wideSuffix(), label, typ.limits())
	if typ.Kind == EnumKind {
		return made + " as " + tsName(typ.Enum.Name)
	}
	return made
}
