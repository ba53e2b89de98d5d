package gen

import (
	"fmt"
	"math/big"
)

// writeField prints what writes a field, if it is there in the version.
func (t *tsPrinter) writeField(f *Field, expr, label string) {
	if when := f.when("w.version"); when != "" {
		t.guarded(when, func() { t.write(f.Type, expr, label) })
		return
	}
	t.write(f.Type, expr, label)
}

// write prints what writes a value.
func (t *tsPrinter) write(typ *Type, expr, label string) {
	switch typ.Kind {
	case Optional:
		t.linef("w.bool(%s !== null);", expr)
		t.guarded(expr+" !== null", func() { t.write(typ.Elem, expr, label) })
	case Default:
		there := t.notZero(typ.Elem, expr)
		t.linef("w.bool(%s);", there)
		t.guarded(there, func() { t.write(typ.Elem, expr, label) })
	case Array:
		t.linef("w.exactly(%q, %s.length, %d);", label, expr, typ.Len)
		t.writeEach(typ, expr, label)
	case Slice:
		t.linef("w.count(%q, %s.length, %d);", label, expr, typ.Max)
		t.writeEach(typ, expr, label)
	case Map:
		key, value := t.local("key"), t.local("value")
		t.linef("for (const %s of w.keys(%q, %s, %d)) {", key, label, expr, typ.Max)
		t.linef("const %s = %s.get(%s)!;", value, expr, key)
		t.write(typ.Key, key, label)
		t.write(typ.Elem, value, label)
		t.linef("}")
		t.free(key, value)
	case UnionKind:
		n := widthOf(uint64(len(typ.Union.Members) - 1 + typ.Max))
		write := fmt.Sprintf("%s.appendBits(w, %q, %s, %d, %d);", tsName(typ.Union.Name), label, expr, typ.Max, n)
		if typ.Max == 0 {
			t.linef("%s", write)
			return
		}
		t.linef("if (%s === null) {\nw.bits(0, %d);\n} else {\n%s\n}", expr, n, write)
	default:
		t.linef("%s;", t.writer(typ, expr, label))
	}
}

func (t *tsPrinter) writeEach(typ *Type, expr, label string) {
	each := t.local("each")
	t.linef("for (const %s of %s) {", each, expr)
	t.write(typ.Elem, each, label)
	t.linef("}")
	t.free(each)
}

// writer is the call that writes a value.
func (t *tsPrinter) writer(typ *Type, expr, label string) string {
	switch typ.Kind {
	case Bool:
		return "w.bool(" + expr + ")"
	case Ranged, EnumKind:
		return t.writeRanged(typ, expr, label)
	case Duration:
		if typ.endless() {
			return fmt.Sprintf("w.zigzag64(%q, %s)", label, expr)
		}
		return t.writeDuration(typ, expr, label)
	case Varint:
		name := "varint"
		if typ.Signed {
			name = "zigzag"
		}
		return fmt.Sprintf("w.%s%d(%q, %s)", name, typ.Bits, label, expr)
	case Byte:
		return fmt.Sprintf("w.%s8(%q, %s)", typ.sign(), label, expr)
	case Float:
		return fmt.Sprintf("w.float%d(%s)", typ.Bits, expr)
	case Half:
		return "w.half(" + expr + ")"
	case Quantized:
		limits := fmt.Sprintf("%s, %s, %s", number64(typ.From), number64(typ.To), number64(typ.Step))
		if typ.Clamp {
			return fmt.Sprintf("w.quantizedClamped(%s, %s)", typ.rounded(expr), limits)
		}
		return fmt.Sprintf("w.quantized(%q, %s, %s)", label, typ.rounded(expr), limits)
	case Angle:
		return fmt.Sprintf("w.angle(%q, %s, %d)", label, typ.rounded(expr), typ.Bits)
	case Unit:
		return fmt.Sprintf("w.unit(%q, %s, %d, %d)", label, expr, typ.Bits, typ.Width)
	case Quaternion:
		return fmt.Sprintf("w.quat(%q, %s, %d, %d)", label, expr, typ.Bits, typ.Width)
	case String:
		return fmt.Sprintf("w.string(%q, %s, %d)", label, expr, typ.Max)
	case Bytes, Binary:
		return fmt.Sprintf("w.bytes(%q, %s, %d)", label, expr, typ.Max)
	case Addr:
		return fmt.Sprintf("w.addr(%q, %s)", label, expr)
	case AddrPort:
		return fmt.Sprintf("w.addrPort(%q, %s)", label, expr)
	}
	return fmt.Sprintf("%s.appendBits(w, %s)", t.typeOf(typ), expr)
}

// limits are the ends of a range.
func (t *Type) limits() string {
	return tsInt(t.Lo, t.wide()) + ", " + tsInt(t.Hi, t.wide())
}

// clamped is an integer brought into its range, if its tag wants that.
func (t *Type) clamped(expr string) string {
	if t.Clamp {
		return fmt.Sprintf("codec.nearest(%s, %s)", expr, t.limits())
	}
	return expr
}

// rounded is a double rounded to a float, if that is what the field is in Go.
func (t *Type) rounded(expr string) string {
	if t.Width == 32 {
		return "Math.fround(" + expr + ")"
	}
	return expr
}

// wideSuffix is of methods that take a bigint.
func (t *Type) wideSuffix() string {
	if t.wide() {
		return "Wide"
	}
	return ""
}

func (t *tsPrinter) writeRanged(typ *Type, expr, label string) string {
	if typ.Gaps() {
		return fmt.Sprintf("w.oneOf(%q, %s, %s)", label, expr, typ.Enum.tsValues())
	}
	return fmt.Sprintf("w.ranged%s(%q, %s, %s)", typ.wideSuffix(), label, typ.clamped(expr), typ.limits())
}

func (t *tsPrinter) writeDuration(typ *Type, expr, label string) string {
	return fmt.Sprintf("w.duration%s(%q, %s, %s, %s)", typ.wideSuffix(), label, typ.clamped(expr), typ.limits(),
		tsInt(big.NewInt(typ.Unit), typ.wide()))
}

// notZero is whether a value is not that which Go begins with.
func (t *tsPrinter) notZero(typ *Type, expr string) string {
	switch typ.Kind {
	case Bool:
		return expr
	case String:
		return expr + ` !== ""`
	case Addr:
		return expr + ".length !== 0"
	case AddrPort:
		return fmt.Sprintf("(%[1]s.addr.length !== 0 || %[1]s.port !== 0)", expr)
	case Unit, Quaternion:
		return expr + ".some((v) => v !== 0)"
	case Array:
		return expr + ".some((v) => " + t.notZero(typ.Elem, "v") + ")"
	case StructKind:
		return "!" + t.typeOf(typ) + ".isZero(" + expr + ")"
	case Optional:
		return expr + " !== null"
	case UnionKind:
		if typ.Max > 0 {
			return expr + " !== null"
		}
		return "true"
	case Default:
		return t.notZero(typ.Elem, expr)
	case Custom:
		return fmt.Sprintf("!codec.sameBits(%[1]s, %[2]s, %[1]s.create(), Infinity)", t.typeOf(typ), expr)
	case EnumKind:
		if zero := typ.Enum.zero(); zero != "" {
			return expr + " !== " + zero
		}
	}
	return expr + " !== " + tsInt(new(big.Int), typ.wide())
}
