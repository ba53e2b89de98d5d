package gen

import (
	"fmt"
	"strings"
)

// Values by chance, of a model: source that makes them, by functions that testdata/random/check.txt
// has.

// makers prints for each struct a function that makes one, and one that changes some of its fields.
func makers(p *Package) string {
	var b strings.Builder
	for _, s := range p.Structs {
		fmt.Fprintf(&b, "\nfunc make%[1]s(r *rand.Rand) (m %[1]s) {\n", s.Name)
		for _, f := range s.Fields {
			fmt.Fprintf(&b, "\tm.%s = %s\n", f.Name, maker(f.Type))
		}
		fmt.Fprintf(&b, "\treturn m\n}\n\nfunc change%[1]s(r *rand.Rand, m *%[1]s) {\n", s.Name)
		for _, f := range s.Fields {
			fmt.Fprintf(&b, "\tif r.IntN(3) == 0 {\n\t\tm.%s = %s\n\t}\n", f.Name, maker(f.Type))
			b.WriteString(changer(f.Type, "m."+f.Name))
		}
		b.WriteString("}\n")
	}
	return b.String()
}

// changer prints what changes a part of a field.
func changer(t *Type, expr string) string {
	switch t.Kind {
	case StructKind:
		return fmt.Sprintf("change%s(r, &%s)\n", t.Struct.Name, expr)
	case Slice, Array:
		return fmt.Sprintf("for i := range %[1]s {\nif r.IntN(3) == 0 {\n%[1]s[i] = %[2]s\n}\n}\n", expr, maker(t.Elem))
	case Optional:
		if t.Elem.Kind == StructKind {
			return fmt.Sprintf("if %[1]s != nil {\nchange%[2]s(r, %[1]s)\n}\n", expr, t.Elem.Struct.Name)
		}
	}
	return ""
}

// maker is an expression for a value of a type.
func maker(t *Type) string {
	switch t.Kind {
	case Bool:
		return convert(t.Go, "bool", "r.IntN(2) == 0")
	case Ranged:
		if t.Signed {
			return fmt.Sprintf("%s(above(%v, upTo(r, %d)))", t.Go, t.Lo, t.codes())
		}
		return fmt.Sprintf("%s(%v + upTo(r, %d))", t.Go, t.Lo, t.codes())
	case Varint, Byte:
		return fmt.Sprintf("%s(r.Uint64() >> r.IntN(%d))", t.Go, t.Bits)
	case EnumKind:
		return fmt.Sprintf("[]%s{%s}[r.IntN(%d)]", t.Go, strings.Join(t.Enum.values(), ", "), len(t.Enum.values()))
	case Float, Half:
		return t.Go + "(float(r))"
	case Quantized:
		return fmt.Sprintf("%s(%v + (%v - %v)*r.Float64())", t.Go, number64(t.From), number64(t.To), paren(number64(t.From)))
	case Angle:
		return t.Go + "(r.Float64()*20 - 10)"
	case Unit, Quaternion:
		var parts []string
		for _, part := range t.Parts {
			parts = append(parts, "&m"+part)
		}
		return fmt.Sprintf("func() (m %s) {\nvector(r, %s)\nreturn m\n}()", t.Go, strings.Join(parts, ", "))
	case String, Bytes:
		return fmt.Sprintf("%s(text(r, %d))", t.Go, t.Max)
	case Duration:
		if t.endless() {
			return "time.Duration(r.Uint64() >> r.IntN(64))"
		}
		return fmt.Sprintf("time.Duration(%v + int64(upTo(r, %d))*%d)", t.Lo, t.codes(), t.Unit)
	case Addr:
		return "address(r)"
	case AddrPort:
		return "netip.AddrPortFrom(address(r), uint16(r.Uint32()))"
	case Custom:
		return t.Go + "(r.IntN(1024))"
	case Binary:
		if t.Go == "netip.Prefix" {
			return "netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 0, 2, 0}), r.IntN(33))"
		}
		return "time.Unix(r.Int64N(4e9), r.Int64N(1e9)).UTC()"
	case StructKind:
		return "make" + t.Struct.Name + "(r)"
	}
	return composedMaker(t)
}

// composedMaker is maker of what is made of others.
func composedMaker(t *Type) string {
	body := ""
	switch t.Kind {
	case Array:
		body = fmt.Sprintf("for i := range m {\nm[i] = %s\n}\nreturn m", maker(t.Elem))
	case Slice:
		body = fmt.Sprintf("for range r.IntN(%d) {\nm = append(m, %s)\n}\nreturn m", t.Max+1, maker(t.Elem))
	case Map:
		body = fmt.Sprintf("m = make(%s)\nfor range r.IntN(%d) {\nm[%s] = %s\n}\nreturn m", t.Go, t.Max+1, maker(t.Key), maker(t.Elem))
	case Optional:
		body = fmt.Sprintf("if r.IntN(2) == 0 {\nreturn nil\n}\nv := %s\nreturn &v", maker(t.Elem))
	case Default:
		body = fmt.Sprintf("if r.IntN(2) == 0 {\nreturn m\n}\nreturn %s", maker(t.Elem))
	case UnionKind:
		body = fmt.Sprintf("switch r.IntN(%d) {\n", len(t.Union.Members)+t.Max)
		for i, m := range t.Union.Members {
			value := fmt.Sprintf("make%s(r)", m.Name)
			if t.Union.Pointers {
				value = fmt.Sprintf("new(%s)", value)
			}
			body += fmt.Sprintf("case %d:\nreturn %s\n", i, value)
		}
		body += "}\nreturn nil"
	}
	return fmt.Sprintf("func() (m %s) {\n%s\n}()", t.Go, body)
}
