package gen

import (
	"bytes"
	"fmt"
	"strconv"
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
	if w.bits > 0 && !w.roomy {
		w.linef("w.Grow(%d)", inBytes(w.bits))
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
	case StructKind:
		if t.Struct.small() {
			w.endWord()
			w.bits += t.Struct.most()
			w.stretchf("%s.appendFields(w)", value(expr))
			return
		}
	}
	w.end()
	w.long(t, expr, label)
}

// number is an integer of variable width, or one that is wider than a word.
func (w *writePrinter) number(t *Type, expr, label string) string {
	switch {
	case t.Kind == Float:
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
		w.linef("%s.AppendBits(w)", value(expr))
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

// largeElem is for elements of how many bits room is made one by one: fewer get it all at once.
const largeElem = 64 * 8

func (w *writePrinter) loop(expr string, t *Type, label string) {
	i, roomy := w.index(), w.roomy
	if _, most := t.Elem.size(); !roomy && most <= largeElem {
		w.roomyFor(expr, t, most)
	}
	w.depth++
	w.block(fmt.Sprintf("for %s := range %s {", i, expr), t.Elem, grouped(expr)+"["+i+"]", label)
	w.depth--
	w.roomy = roomy
}

// roomyFor makes room for all elements of an array, a slice or a map.
func (w *writePrinter) roomyFor(expr string, t *Type, bits int) {
	if t.Kind == Array {
		w.linef("w.Grow(%d)", inBytes(t.Len*bits))
	} else {
		w.linef("w.Grow(len(%s) * %d)", expr, inBytes(bits))
	}
	w.roomy = true
}

// mostKeys is for how many keys of a map there is room on the stack.
const mostKeys = 64

func (w *writePrinter) mapping(t *Type, expr, label string) {
	keys, key, roomy := w.local(label+"Keys"), w.local(label+"Key"), w.roomy
	w.linef("w.Count(%q, len(%s), %d)", label, expr, t.Max)
	_, keyMost := t.Key.size()
	if _, most := t.Elem.size(); !roomy && most+keyMost <= largeElem {
		w.roomyFor(expr, t, most+keyMost)
	}
	sorted := "Keys"
	if t.Key.Kind == Bool {
		sorted = "BoolKeys"
	}
	w.linef("var %s [%d]%s", keys, min(t.Max, mostKeys), t.Key.Go)
	w.linef("for _, %s := range codec.%s(%s[:0], %s) {", key, sorted, keys, expr)
	elem := w.local(label + "Value")
	w.linef("%s := %s[%s]", elem, grouped(expr), key)
	w.depth++
	w.field(t.Key, key, label)
	w.field(t.Elem, elem, label)
	w.end()
	w.depth--
	w.linef("}")
	w.roomy = roomy
}

func (w *writePrinter) union(t *Type, expr, label string) {
	width := widthOf(uint64(len(t.Union.Members) - 1 + t.Max))
	name := w.local(label)
	index := func(i int) {
		if width > 0 {
			w.code(strconv.Itoa(i), width)
			w.endWord()
		}
	}
	w.linef("switch %s := %s.(type) {", name, expr)
	if t.Max > 0 {
		w.linef("case nil:")
		index(0)
		w.end()
	}
	for i, member := range t.Union.Members {
		w.linef("case %s:", member.Name)
		index(i + t.Max)
		w.field(&Type{Kind: StructKind, Struct: member}, name, label)
		w.end()
	}
	w.linef("default:\nw.Fail(%q, %s, \"\", codec.ErrUnion)\n}", label, name)
}

// value is an expression without the star of a pointer, for a call of a method.
func value(expr string) string { return strings.TrimPrefix(expr, "*") }

// codeOf prints the checks of a value, and returns its code.
func (w *writePrinter) codeOf(t *Type, expr, label string) string {
	switch t.Kind {
	case Ranged, EnumKind:
		return w.ranged(t, expr, label)
	case Quantized:
		return w.quantized(t, expr, label)
	case Duration:
		return w.duration(t, expr, label)
	case Angle, Unit, Quaternion:
		return w.checked(t.code(expr), "== codec.Outside", expr, label, wantTexts[t.Kind])
	}
	return t.code(expr)
}

// wantTexts say what a value should be that has no code.
var wantTexts = map[Kind]string{Angle: "a finite angle", Unit: "a direction", Quaternion: "a rotation"}

// code is the code of a value, which may be one that there is not.
func (t *Type) code(expr string) string {
	switch t.Kind {
	case Bool:
		return "codec.Bool(bool(" + expr + "))"
	case Byte:
		return "uint64(uint8(" + expr + "))"
	case Float:
		return "uint64(math.Float32bits(float32(" + expr + ")))"
	case Half:
		return "uint64(codec.Half(float32(" + expr + ")))"
	case Ranged, EnumKind:
		return t.rangedCode(expr)
	case Quantized:
		call := fmt.Sprintf("float64(%s), %s, %s", expr, number64(t.From), number64(1/t.Step))
		if t.Clamp {
			return fmt.Sprintf("codec.Clamp(%s, %d)", call, t.codes())
		}
		return "codec.Quantize(" + call + ")"
	case Duration:
		if t.Clamp {
			expr = fmt.Sprintf("min(max(%s, %v), %v)", expr, t.Lo, t.Hi)
		}
		if t.Lo.Sign() != 0 {
			expr = fmt.Sprintf("(%s-%s)", expr, paren(t.Lo.String()))
		}
		return fmt.Sprintf("uint64(%s/%d)", expr, t.Unit)
	case Angle:
		return fmt.Sprintf("codec.Angle(float64(%s), %d)", expr, t.Bits)
	case Unit:
		return fmt.Sprintf("codec.Unit(%s, %d)", floats(expr, 3), t.Bits)
	}
	return fmt.Sprintf("codec.Quat(%s, %d)", floats(expr, 4), t.Bits)
}

func (t *Type) rangedCode(expr string) string {
	kind, lo := "uint64", paren(t.Lo.String())
	if t.Signed {
		kind = "int64"
	}
	switch {
	case t.Gaps():
		return t.Enum.codeName() + "(" + expr + ")"
	case t.Clamp:
		return fmt.Sprintf("uint64(min(max(%s(%s), %v), %v)-%s)", kind, expr, t.Lo, t.Hi, lo)
	case t.Lo.Sign() == 0:
		return "uint64(" + expr + ")"
	}
	return fmt.Sprintf("uint64(%s(%s)-%s)", kind, expr, lo)
}

// checked prints a code with its check, and returns its name.
func (w *writePrinter) checked(code, wrong, expr, label, limits string) string {
	name := w.local(label)
	w.stretchf("%[1]s := %[2]s\nif %[1]s %[3]s {\nw.Range(%[4]q, %[5]s, %[6]q)\n}", name, code, wrong, label, expr, limits)
	return name
}

func (w *writePrinter) ranged(t *Type, expr, label string) string {
	switch {
	case t.Clamp:
		return t.code(expr)
	case t.Gaps():
		return w.checked(t.code(expr), "== codec.Outside", expr, label, "a constant of "+t.Enum.Name)
	}
	return w.checked(t.code(expr), fmt.Sprintf("> %d", t.codes()), expr, label, fmt.Sprintf("%v..%v", t.Lo, t.Hi))
}

// paren is a number behind a minus.
func paren(n string) string {
	if strings.HasPrefix(n, "-") {
		return "(" + n + ")"
	}
	return n
}

func (w *writePrinter) quantized(t *Type, expr, label string) string {
	if t.Clamp {
		return t.code(expr)
	}
	return w.checked(t.code(expr), fmt.Sprintf("> %d", t.codes()), expr, label, number64(t.From)+".."+number64(t.To))
}

func (w *writePrinter) duration(t *Type, expr, label string) string {
	limits := fmt.Sprintf("%v..%v", span(t.Lo), span(t.Hi))
	if t.Clamp {
		return t.code(expr)
	}
	w.stretchf("if %[1]s < %[2]v || %[1]s > %[3]v {\nw.Range(%[4]q, %[1]s, %[5]q)\n}", expr, t.Lo, t.Hi, label, limits)
	return t.code(expr)
}

// floats are the elements of an array, as arguments.
func floats(expr string, n int) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = fmt.Sprintf("float64(%s[%d])", grouped(expr), i)
	}
	return strings.Join(parts, ", ")
}
