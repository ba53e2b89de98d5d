package gen

import (
	"bytes"
	"fmt"
	"strings"
)

// A writePrinter prints what writes fields. Codes of fixed width are put together to words of 56 bits at
// most; a stretch is what goes without asking for room in between.
type writePrinter struct {
	*printer
	word    []string // its parts, shifted
	width   int      // of the word
	stretch bytes.Buffer
	bits    int // of the stretch, at most
}

func (w *writePrinter) stretchf(format string, args ...any) {
	fmt.Fprintf(&w.stretch, format+"\n", args...)
}

// code adds a part of so many bits to the word.
func (w *writePrinter) code(expr string, n int) {
	if w.width+n > 56 {
		w.endWord()
	}
	if w.width > 0 {
		expr = fmt.Sprintf("%s<<%d", expr, w.width)
	}
	w.word = append(w.word, expr)
	w.width += n
}

func (w *writePrinter) endWord() {
	if w.width == 0 {
		return
	}
	w.stretchf("w.Bits(%s, %d)", strings.Join(w.word, "|"), w.width)
	w.bits += w.width
	w.word, w.width = nil, 0
}

// end prints the stretch.
func (w *writePrinter) end() {
	w.endWord()
	if w.bits > 0 {
		w.linef("w.Grow(%d)", (w.bits+7)/8+1)
	}
	w.out.Write(w.stretch.Bytes())
	w.stretch.Reset()
	w.bits = 0
}

// field prints what writes a value.
func (w *writePrinter) field(t *Type, expr, label string) {
	if n := t.fixed(); n > 0 {
		w.code(w.codeOf(t, expr, label), n)
		return
	}
	switch t.Kind {
	case Optional:
		w.code("codec.Bool("+expr+" != nil)", 1)
		w.block("if "+expr+" != nil {", t.Elem, "*"+expr, label)
		return
	case Default:
		w.code("codec.Bool("+expr+" != "+t.Elem.zero()+")", 1)
		w.block("if "+expr+" != "+t.Elem.zero()+" {", t.Elem, expr, label)
		return
	case Varint, Duration, Ranged, EnumKind, Float:
		w.endWord()
		_, most := t.size()
		w.bits += most
		w.stretchf("%s", w.number(t, expr, label))
		return
	}
	w.end()
	w.long(t, expr, label)
}

// number is an integer of variable width, or one that is wider than a word.
func (w *writePrinter) number(t *Type, expr, label string) string {
	switch {
	case t.Kind == Float:
		w.imports["math"] = true
		return fmt.Sprintf("w.Wide(math.Float64bits(float64(%s)), 64)", expr)
	case t.Kind == Varint || t.endless():
		if t.Signed {
			expr = "codec.Zigzag(int64(" + expr + "))"
		}
		return fmt.Sprintf("w.Varint%[1]d(uint%[1]d(%[2]s))", t.Bits, expr)
	}
	return fmt.Sprintf("w.Wide(%s, %d)", w.codeOf(t, expr, label), widthOf(t.codes()))
}

// block prints what writes a value inside of a block.
func (w *writePrinter) block(head string, t *Type, expr, label string) {
	w.end()
	w.linef("%s", head)
	w.field(t, expr, label)
	w.end()
	w.linef("}")
}

// long prints a type that asks for room itself.
func (w *writePrinter) long(t *Type, expr, label string) {
	switch t.Kind {
	case String:
		w.linef("w.String(%q, string(%s), %d)", label, expr, t.Max)
	case Bytes:
		w.linef("w.Bytes(%q, %s, %d)", label, expr, t.Max)
	case Addr, AddrPort:
		w.linef("w.%s(%q, %s)", [...]string{Addr: "Addr", AddrPort: "AddrPort"}[t.Kind], label, expr)
	case StructKind, Custom:
		w.linef("%s.AppendBits(w)", strings.TrimPrefix(expr, "*"))
	case Binary:
		name := w.local(label)
		w.linef("%[1]s, err := %[2]s.AppendBinary(w.Spare())\nw.Appended(%[3]q, %[1]s, err, %[4]d)", name, expr, label, t.Max)
	case Array:
		w.loop(expr, t, label)
	case Slice:
		w.linef("w.Count(%q, len(%s), %d)", label, expr, t.Max)
		w.loop(expr, t, label)
	case Map:
		w.mapping(t, expr, label)
	case UnionKind:
		w.union(t, expr, label)
	}
}

func (w *writePrinter) loop(expr string, t *Type, label string) {
	i := w.index()
	w.depth++
	w.block(fmt.Sprintf("for %s := range %s {", i, expr), t.Elem, expr+"["+i+"]", label)
	w.depth--
}

// mostKeys is for how many keys of a map there is room on the stack.
const mostKeys = 64

func (w *writePrinter) mapping(t *Type, expr, label string) {
	keys, key := w.local(label+"Keys"), w.local(label+"Key")
	w.linef("w.Count(%q, len(%s), %d)", label, expr, t.Max)
	w.linef("var %s [%d]%s", keys, min(t.Max, mostKeys), t.Key.Go)
	w.linef("for _, %s := range codec.Keys(%s[:0], %s) {", key, keys, expr)
	value := w.local(label + "Value")
	w.linef("%s := %s[%s]", value, expr, key)
	w.field(t.Key, key, label)
	w.field(t.Elem, value, label)
	w.end()
	w.linef("}")
}

func (w *writePrinter) union(t *Type, expr, label string) {
	width := widthOf(uint64(len(t.Union.Members) - 1 + t.Max))
	name := w.local(label)
	w.linef("switch %s := %s.(type) {", name, expr)
	if t.Max > 0 {
		w.linef("case nil:\nw.Grow(1)\nw.Bits(0, %d)", width)
	}
	for i, member := range t.Union.Members {
		w.linef("case %s:\nw.Grow(1)\nw.Bits(%d, %d)\n%s.AppendBits(w)", member.Name, i+t.Max, width, name)
	}
	w.linef("default:\nw.Fail(%q, %s, \"\", codec.ErrUnion)\n}", label, name)
}

// codeOf prints the checks of a value, and returns its code.
func (w *writePrinter) codeOf(t *Type, expr, label string) string {
	switch t.Kind {
	case Bool:
		return "codec.Bool(bool(" + expr + "))"
	case Byte:
		return "uint64(uint8(" + expr + "))"
	case Float:
		w.imports["math"] = true
		return "uint64(math.Float32bits(float32(" + expr + ")))"
	case Half:
		return "uint64(codec.Half(float32(" + expr + ")))"
	case Ranged, EnumKind:
		return w.ranged(t, expr, label)
	case Quantized:
		return w.quantized(t, expr, label)
	case Duration:
		return w.duration(t, expr, label)
	case Angle:
		return w.checked(fmt.Sprintf("codec.Angle(float64(%s), %d)", expr, t.Bits), "== codec.Outside", expr, label, "a finite angle")
	case Unit:
		return w.checked(fmt.Sprintf("codec.Unit(%s, %d)", floats(expr, 3), t.Bits), "== codec.Outside", expr, label, "a direction")
	}
	return w.checked(fmt.Sprintf("codec.Quat(%s, %d)", floats(expr, 4), t.Bits), "== codec.Outside", expr, label, "a rotation")
}

// checked prints a code with its check, and returns its name.
func (w *writePrinter) checked(code, wrong, expr, label, limits string) string {
	name := w.local(label)
	w.stretchf("%[1]s := %[2]s\nif %[1]s %[3]s {\nw.Range(%[4]q, %[5]s, %[6]q)\n}", name, code, wrong, label, expr, limits)
	return name
}

func (w *writePrinter) ranged(t *Type, expr, label string) string {
	limits := fmt.Sprintf("%v..%v", t.Lo, t.Hi)
	kind := "uint64"
	if t.Signed {
		kind = "int64"
	}
	if t.Clamp {
		return fmt.Sprintf("uint64(min(max(%s(%s), %v), %v)-%s)", kind, expr, t.Lo, t.Hi, paren(t.Lo.String()))
	}
	code := fmt.Sprintf("uint64(%s(%s)-%s)", kind, expr, paren(t.Lo.String()))
	if t.Lo.Sign() == 0 {
		code = "uint64(" + expr + ")"
	}
	return w.checked(code, fmt.Sprintf("> %d", t.codes()), expr, label, limits)
}

// paren is a number behind a minus.
func paren(n string) string {
	if strings.HasPrefix(n, "-") {
		return "(" + n + ")"
	}
	return n
}

func (w *writePrinter) quantized(t *Type, expr, label string) string {
	lo, perOne := number64(t.From), number64(1/t.Step)
	if t.Clamp {
		return fmt.Sprintf("codec.Clamp(float64(%s), %s, %s, %d)", expr, lo, perOne, t.codes())
	}
	return w.checked(fmt.Sprintf("codec.Quantize(float64(%s), %s, %s)", expr, lo, perOne), fmt.Sprintf("> %d", t.codes()),
		expr, label, lo+".."+number64(t.To))
}

func (w *writePrinter) duration(t *Type, expr, label string) string {
	lo, limits := paren(t.Lo.String()), fmt.Sprintf("%v..%v", span(t.Lo), span(t.Hi))
	if t.Clamp {
		return fmt.Sprintf("uint64((min(max(%s, %v), %v)-%s)/%d)", expr, t.Lo, t.Hi, lo, t.Unit)
	}
	w.stretchf("if %[1]s < %[2]v || %[1]s > %[3]v {\nw.Range(%[4]q, %[1]s, %[5]q)\n}", expr, t.Lo, t.Hi, label, limits)
	if t.Lo.Sign() == 0 {
		return fmt.Sprintf("uint64(%s/%d)", expr, t.Unit)
	}
	return fmt.Sprintf("uint64((%s-%s)/%d)", expr, lo, t.Unit)
}

// floats are the elements of an array, as arguments.
func floats(expr string, n int) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = fmt.Sprintf("float64(%s[%d])", expr, i)
	}
	return strings.Join(parts, ", ")
}
