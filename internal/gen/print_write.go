package gen

import (
	"bytes"
	"fmt"
	"go/token"
	"strconv"
	"strings"
)

// A writePrinter prints what writes fields. Codes of fixed width are put together to words of some
// lanes of 64 bits; a stretch is what goes without asking for room in between.
type writePrinter struct {
	*printer
	lead    *lead      // in front of the word, in the same call
	word    [][]string // by lanes: its parts, shifted
	width   int        // of the word
	stretch bytes.Buffer
	bits    int // of the stretch, at most
}

// A lead is an integer of variable width that the word may be put behind.
type lead struct {
	t           *Type
	expr, label string
}

func (w *writePrinter) stretchf(format string, args ...any) {
	fmt.Fprintf(&w.stretch, format+"\n", args...)
}

// mostLanes is how many bits are written at once.
const mostLanes = 56 + 64 + 64

// code adds a part of so many bits to the word. What does not fit into a lane of 64 bits is in two.
func (w *writePrinter) code(expr string, n int, label string) {
	if w.width+n > w.mostWord() {
		w.endWord()
	}
	lane, at := w.width/64, w.width%64
	for len(w.word) <= (w.width+n-1)/64 {
		w.word = append(w.word, nil)
	}
	if at+n > 64 {
		if !token.IsIdentifier(expr) {
			name := w.local(label)
			w.stretchf("%s := %s", name, expr)
			expr = name
		}
		w.word[lane+1] = append(w.word[lane+1], fmt.Sprintf("%s>>%d", expr, 64-at))
	}
	if at > 0 {
		expr = fmt.Sprintf("%s<<%d", expr, at)
	}
	w.word[lane] = append(w.word[lane], expr)
	w.width += n
}

// mostWord is how many bits the word may have.
func (w *writePrinter) mostWord() int {
	if w.lead == nil {
		return mostLanes
	}
	_, most := w.lead.t.size()
	return mostHead - most
}

func (w *writePrinter) endWord() {
	switch {
	case w.width == 0 && w.lead != nil:
		_, most := w.lead.t.size()
		w.stretchf("w.Varint%d(%s)", w.lead.t.Bits, w.lead.t.number(w.lead.expr))
		w.bits += most
		w.lead = nil
	case w.width > 0:
		method := lanesName(w.width)
		if w.lead != nil {
			method = "Bits"
		}
		code, width, most := w.takeWord()
		w.stretchf("w.%s(%s, %s)", method, code, width)
		w.bits += most
	}
}

// takeWord takes the word with its lead: its lanes, and its width as an expression and at most.
func (w *writePrinter) takeWord() (code, width string, most int) {
	var lanes []string
	for _, parts := range w.word {
		lanes = append(lanes, strings.Join(parts, "|"))
	}
	code, width, most = strings.Join(lanes, ",\n"), strconv.Itoa(w.width), w.width
	if l := w.lead; l != nil {
		name, n := w.local(l.label), w.local(l.label+"Width")
		w.stretchf("%s, %s := codec.Short%d(%s)", name, n, l.t.Bits, l.t.number(l.expr))
		_, more := l.t.size()
		code, width, most = fmt.Sprintf("%s|(%s)<<(%s&63)", name, code, n), n+"+"+width, most+more
	}
	w.lead, w.word, w.width = nil, nil, 0
	return code, width, most
}

// lanesName is the method that writes or reads so many bits.
func lanesName(bits int) string {
	switch {
	case bits <= 56:
		return "Bits"
	case bits <= 64:
		return "Wide"
	case bits <= 128:
		return "Bits2"
	}
	return "Bits3"
}

// lane is how many bits a type takes in a lane; 0 if it is none that does.
func (t *Type) lane() int {
	switch t.Kind {
	case Float:
		return t.Bits
	case Ranged:
		return widthOf(t.codes())
	case Duration:
		if !t.endless() {
			return widthOf(t.codes())
		}
	}
	return t.fixed()
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
	if n := t.lane(); n > 0 {
		w.code(w.codeOf(t, expr, label), n, label)
		return
	}
	switch t.Kind {
	case Optional:
		w.code("codec.Bool("+expr+" != nil)", 1, label)
		w.block("if "+expr+" != nil {", t.Elem, "*"+expr, label)
		return
	case Default:
		w.code("codec.Bool("+expr+" != "+t.Elem.zero()+")", 1, label)
		w.block("if "+expr+" != "+t.Elem.zero()+" {", t.Elem, expr, label)
		return
	case Varint, Duration:
		w.endWord()
		w.lead = &lead{t, expr, label}
		if _, most := t.size(); most > mostHead {
			w.endWord()
		}
		return
	case StructKind:
		if t.Struct.small() {
			w.endWord()
			w.bits += t.Struct.most()
			w.stretchf("%s.appendFields(w)", value(expr))
			return
		}
	}
	if unit, counted := countedKinds[t.Kind]; counted {
		w.count(t, expr, label, unit)
		if t.Kind == String || t.Kind == Bytes {
			w.text(t, expr)
			return
		}
	}
	w.end()
	w.long(t, expr, label)
}

// countedKinds are the kinds that begin with how many there are, and of what.
var countedKinds = map[Kind]string{String: " bytes", Bytes: " bytes", Slice: "", Map: ""}

// count adds how many bytes or elements there are to the word.
func (w *writePrinter) count(t *Type, expr, label, unit string) {
	w.limit(t, expr, label, unit)
	n := widthOf(uint64(t.Max))
	if unit != "" && w.width+n > min(w.mostWord(), mostHead) {
		w.endWord()
	}
	w.code("uint64(len("+expr+"))", n, label)
}

// limit prints the check of how many there are.
func (w *writePrinter) limit(t *Type, expr, label, unit string) {
	w.stretchf("if len(%[1]s) > %[2]d {\nw.Fail(%[3]q, len(%[1]s), \"at most %[2]d%[4]s\", codec.ErrTooLong)\nreturn\n}", expr, t.Max, label, unit)
}

// text prints what writes the bytes of a string behind their number, with the word in front.
func (w *writePrinter) text(t *Type, expr string) {
	code, width, most := w.takeWord()
	if t.Kind == String {
		expr = t.as("string", expr)
	}
	name := map[Kind]string{String: "Text", Bytes: "Raw"}[t.Kind]
	if w.roomy {
		w.bits += most
		w.stretchf("w.%s(%s, %s, %s)", name, code, width, expr)
		return
	}
	w.end()
	w.linef("w.Grow(%d + len(%s))\nw.%s(%s, %s, %s)", inBytes(most), expr, name, code, width, expr)
}

// mostHead is how many bits are written in one call with the bytes of a string.
const mostHead = 56

// number is what is written of an integer of variable width.
func (t *Type) number(expr string) string {
	want := fmt.Sprintf("uint%d", t.Bits)
	switch {
	case !t.Signed:
		return t.as(want, expr)
	case t.Bits == 64:
		return "codec.Zigzag(" + t.as("int64", expr) + ")"
	}
	return want + "(codec.Zigzag(" + t.as("int64", expr) + "))"
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
	case Addr, AddrPort:
		w.linef("w.%s(%q, %s)", [...]string{Addr: "Addr", AddrPort: "AddrPort"}[t.Kind], label, expr)
	case StructKind, Custom:
		w.linef("%s.AppendBits(w)", value(expr))
	case Binary:
		name := w.local(label)
		w.linef("%[1]s, err := %[2]s.AppendBinary(w.Spare())\nw.Appended(%[3]q, %[1]s, err, %[4]d)", name, value(expr), label, t.Max)
	case Array:
		w.loop(expr, t, label)
	case Slice:
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
			w.code(strconv.Itoa(i), width, label)
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
		w.linef("case %s:", t.Union.member(member))
		if t.Union.Pointers {
			w.linef("if %s == nil {\nw.Fail(%q, nil, %q, codec.ErrUnion)\nreturn\n}", name, label, t.Union.values())
		}
		index(i + t.Max)
		w.field(&Type{Kind: StructKind, Struct: member}, name, label)
		w.end()
	}
	w.linef("default:\nw.Fail(%q, %s, %q, codec.ErrUnion)\n}", label, name, t.Union.values())
}

// values is what may be in the union, for people.
func (u *Union) values() string {
	names := make([]string, len(u.Members))
	for i, member := range u.Members {
		names[i] = u.member(member)
	}
	if u.Pointers {
		return strings.Join(names, " or ") + ", not nil"
	}
	return strings.Join(names, " or ") + ", not a pointer to one"
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
		return "codec.Bool(" + t.as("bool", expr) + ")"
	case Byte:
		return "uint64(uint8(" + expr + "))"
	case Float:
		if t.Bits == 64 {
			return "math.Float64bits(" + t.as("float64", expr) + ")"
		}
		return "uint64(math.Float32bits(" + t.as("float32", expr) + "))"
	case Half:
		return "uint64(codec.Half(" + t.as("float32", expr) + "))"
	case Ranged, EnumKind:
		return t.rangedCode(expr)
	case Quantized:
		call := fmt.Sprintf("%s, %s, %s", t.as("float64", expr), number64(t.From), number64(1/t.Step))
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
		return fmt.Sprintf("codec.Angle(%s, %d)", t.as("float64", expr), t.Bits)
	case Unit:
		return fmt.Sprintf("codec.Unit(%s, %d)", t.floats(expr), t.Bits)
	}
	return fmt.Sprintf("codec.Quat(%s, %d)", t.floats(expr), t.Bits)
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
		return fmt.Sprintf("uint64(min(max(%s, %v), %v)-%s)", t.as(kind, expr), t.Lo, t.Hi, lo)
	case t.Lo.Sign() == 0:
		return t.as("uint64", expr)
	case !t.Signed:
		return t.as("uint64", expr) + " - " + lo
	}
	return fmt.Sprintf("uint64(%s-%s)", t.as(kind, expr), lo)
}

// checked prints a code with its check, and returns its name.
func (w *writePrinter) checked(code, wrong, expr, label, limits string) string {
	name := w.local(label)
	w.stretchf("%[1]s := %[2]s\nif %[1]s %[3]s {\nw.Range(%[4]q, %[5]s, %[6]q)\nreturn\n}", name, code, wrong, label, expr, limits)
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
	w.stretchf("if %[1]s < %[2]v || %[1]s > %[3]v {\nw.Range(%[4]q, %[1]s, %[5]q)\nreturn\n}", expr, t.Lo, t.Hi, label, limits)
	return t.code(expr)
}

// as converts an expression of a type to a basic one, if it is another.
func (t *Type) as(want, expr string) string {
	if t.Go == want {
		return expr
	}
	return want + "(" + expr + ")"
}

// floats are the parts of a direction or a rotation, as arguments.
func (t *Type) floats(expr string) string {
	parts := make([]string, len(t.Parts))
	for i, part := range t.Parts {
		parts[i] = grouped(expr) + part
		if t.Width == 32 {
			parts[i] = "float64(" + parts[i] + ")"
		}
	}
	return strings.Join(parts, ", ")
}
