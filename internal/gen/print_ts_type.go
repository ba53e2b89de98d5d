package gen

import (
	"fmt"
	"math/big"
	"strings"
	"time"
	"unicode"
)

// The words that are no names of types or variables in TypeScript, or that generated code means
// something else by.
var tsReserved = func() map[string]bool {
	r := make(map[string]bool)
	for _, name := range strings.Fields(`abstract any as asserts async await bigint boolean break case catch class codec const
		constructor continue debugger declare default delete do else enum eval export extends false finally for from function get
		if implements import in infer instanceof interface is keyof let module namespace never new null number object of package
		private protected public readonly require return set static string super switch symbol this throw true try type typeof
		undefined unique unknown var void while with yield arguments field index old first n m r w a b i j k l
		Array Infinity Map Math Uint8Array globalThis schemaVersion`) {
		r[name] = true
	}
	return r
}()

// tsName is the name of a type: that of Go without its package.
func tsName(name string) string {
	name = name[strings.LastIndexAny(name, ".*")+1:]
	if tsReserved[name] {
		return name + "_"
	}
	return name
}

// tsField is the name of a field as TypeScript spells it: Health is health, HTTPPort httpPort, ID id.
func tsField(name string) string {
	runes := []rune(name)
	upper := 0
	for upper < len(runes) && unicode.IsUpper(runes[upper]) {
		upper++
	}
	if upper > 1 && upper < len(runes) && unicode.IsLower(runes[upper]) {
		upper-- // the first letter of the next word
	}
	return strings.ToLower(string(runes[:upper])) + string(runes[upper:])
}

// fields are the names of a struct's fields. Those that would be the same keep Go's spelling; type
// tells the members of a union apart.
func (t *tsPrinter) fields(s *Struct) []string {
	count := make(map[string]int)
	for _, f := range s.Fields {
		count[tsField(f.Name)]++
	}
	names := make([]string, len(s.Fields))
	for i, f := range s.Fields {
		switch name := tsField(f.Name); {
		case count[name] > 1:
			names[i] = f.Name
		case name == "type" && t.members[s]:
			names[i] = "type_"
		default:
			names[i] = name
		}
	}
	return names
}

// most is the largest integer that a number of TypeScript has with all below it.
const most = 1<<53 - 1

// wide reports whether an integer needs a bigint: its type has 64 bits, and its range more than 53.
func (t *Type) wide() bool {
	switch {
	case t.Kind == Varint || t.endless():
		return t.Bits == 64
	case t.Kind != Ranged && t.Kind != EnumKind && t.Kind != Duration:
		return false
	}
	limit := big.NewInt(most)
	return t.Lo.CmpAbs(limit) > 0 || t.Hi.CmpAbs(limit) > 0 || diff(t.Lo, t.Hi) > most
}

// wide reports whether one of the constants needs a bigint.
func (e *Enum) wide() bool {
	t := &Type{Kind: EnumKind, Lo: e.Constants[0].Value, Hi: e.Constants[len(e.Constants)-1].Value}
	return t.wide()
}

// tsInt is an integer as TypeScript has it.
func tsInt(v *big.Int, wide bool) string {
	if wide {
		return v.String() + "n"
	}
	return v.String()
}

// tsValues is the name of the list of an enum's values.
func (e *Enum) tsValues() string { return "all" + tsName(e.Name) }

// typeOf is a type as TypeScript has it.
func (t *tsPrinter) typeOf(typ *Type) string {
	switch typ.Kind {
	case Bool:
		return "boolean"
	case Ranged, Varint, Byte, Float, Quantized, Half, Angle, Duration:
		if typ.wide() {
			return "bigint"
		}
		return "number"
	case EnumKind:
		return tsName(typ.Enum.Name)
	case String:
		return "string"
	case Bytes, Binary, Addr:
		return "Uint8Array"
	case AddrPort:
		return "codec.AddrPort"
	case Unit:
		return "codec.Vector"
	case Quaternion:
		return "codec.Rotation"
	case StructKind:
		return tsName(typ.Struct.Name)
	case Custom:
		return tsName(typ.Go)
	}
	return t.typeOfWhole(typ)
}

// mostTuple is up to how many elements an array is a tuple.
const mostTuple = 4

// typeOfWhole is a type that is made of others.
func (t *tsPrinter) typeOfWhole(typ *Type) string {
	if typ.Kind == UnionKind {
		if typ.Max > 0 {
			return tsName(typ.Union.Name) + " | null"
		}
		return tsName(typ.Union.Name)
	}
	elem := t.typeOf(typ.Elem)
	switch {
	case typ.Kind == Map:
		return "Map<" + t.typeOf(typ.Key) + ", " + elem + ">"
	case typ.Kind == Optional:
		return elem + " | null"
	case typ.Kind == Default && typ.Elem.Kind == EnumKind && typ.Elem.Enum.zero() == "":
		return elem + " | 0"
	case typ.Kind == Default:
		return elem
	case typ.Kind == Array && typ.Len <= mostTuple:
		return "[" + strings.TrimSuffix(strings.Repeat(elem+", ", typ.Len), ", ") + "]"
	case strings.Contains(elem, " | "):
		elem = "(" + elem + ")"
	}
	return elem + "[]"
}

// zero is the constant whose value is 0; empty if there is none.
func (e *Enum) zero() string {
	for _, c := range e.Constants {
		if c.Value.Sign() == 0 {
			return tsName(e.Name) + "." + c.Name
		}
	}
	return ""
}

// zero is an expression that makes the zero value of a type.
func (t *tsPrinter) zero(typ *Type) string {
	switch typ.Kind {
	case Bool:
		return "false"
	case EnumKind:
		if zero := typ.Enum.zero(); zero != "" {
			return zero
		}
		return tsName(typ.Enum.Name) + "." + typ.Enum.Constants[0].Name
	case String:
		return `""`
	case Bytes, Binary, Addr:
		return "new Uint8Array(0)"
	case AddrPort:
		return "{ addr: new Uint8Array(0), port: 0 }"
	case Unit:
		return "[0, 0, 0]"
	case Quaternion:
		return "[0, 0, 0, 0]"
	case StructKind, Custom:
		return t.typeOf(typ) + ".create()"
	case Optional:
		return "null"
	case Slice:
		return "[]"
	case Map:
		return "new Map()"
	case UnionKind:
		if typ.Max > 0 {
			return "null"
		}
		return tsName(typ.Union.Name) + ".create()"
	case Default:
		if typ.Elem.Kind == EnumKind && typ.Elem.Enum.zero() == "" {
			return "0"
		}
		return t.zero(typ.Elem)
	case Array:
		if elem := t.zero(typ.Elem); typ.Len <= mostTuple {
			return "[" + strings.TrimSuffix(strings.Repeat(elem+", ", typ.Len), ", ") + "]"
		} else {
			return fmt.Sprintf("Array.from({ length: %d }, () => %s)", typ.Len, objectParens(elem))
		}
	}
	return tsInt(new(big.Int), typ.wide())
}

// objectParens is an expression as the body of an arrow.
func objectParens(expr string) string {
	if strings.HasPrefix(expr, "{") {
		return "(" + expr + ")"
	}
	return expr
}

// about says what a field may hold, beyond its type.
func (f *Field) about() string {
	var parts []string
	if f.Doc != "" {
		parts = append(parts, strings.TrimSuffix(f.Doc, "."))
	}
	if said := f.Type.about(); said != "" {
		parts = append(parts, said)
	}
	if f.Since > 1 {
		parts = append(parts, fmt.Sprintf("since version %d", f.Since))
	}
	if f.Until > 0 {
		parts = append(parts, fmt.Sprintf("until version %d", f.Until))
	}
	return strings.Join(parts, "; ")
}

func (t *Type) about() string {
	switch t.Kind {
	case Ranged:
		return fmt.Sprintf("%v..%v", t.Lo, t.Hi)
	case Varint, Byte:
		return t.sign() + fmt.Sprint(t.Bits)
	case Quantized:
		return number64(t.From) + ".." + number64(t.To) + ", in steps of " + number64(t.Step)
	case Half:
		return "a half float"
	case Float:
		return fmt.Sprint("float", t.Bits)
	case Angle:
		return fmt.Sprintf("radians, in %d bits a turn", t.Bits)
	case Unit:
		return fmt.Sprintf("a direction, in %d bits an axis", t.Bits)
	case Quaternion:
		return fmt.Sprintf("a rotation: x, y, z, w, in %d bits a part", t.Bits)
	case String, Bytes, Binary:
		return fmt.Sprintf("at most %d bytes", t.Max)
	case Addr:
		return "an address: 4 or 16 bytes, or none"
	case Duration:
		if t.endless() {
			return "nanoseconds"
		}
		return fmt.Sprintf("nanoseconds, %v..%v, in steps of %v", span(t.Lo), span(t.Hi), time.Duration(t.Unit))
	case Slice, Map:
		return t.join(fmt.Sprintf("at most %d", t.Max))
	case Array:
		if t.Len <= mostTuple {
			return strings.TrimPrefix(t.join(""), "; ")
		}
		return t.join(fmt.Sprint(t.Len))
	case Optional, Default:
		return t.Elem.about()
	}
	return ""
}

// join says what the elements are, too.
func (t *Type) join(whole string) string {
	if t.Key != nil {
		if key := t.Key.about(); key != "" {
			whole += "; keys: " + key
		}
	}
	if elem := t.Elem.about(); elem != "" {
		whole += "; each: " + elem
	}
	return whole
}
