package gen

import (
	"fmt"
	"math"
	"math/big"
	"strings"
	"time"
)

// A readPrinter prints what reads fields. As those that are written, codes of fixed width are taken
// in words; a word is printed when all that is in it is known.
type readPrinter struct {
	*printer
	lead     *lead // in front of the word, maybe in the same call
	word     []part
	width    int
	declared int // how many variables of lanes, in this block
}

// A part of a word is the code of one value.
type part struct {
	at, width int
	print     func(code string)
}

// code adds a part to the word, and what is printed with it.
func (r *readPrinter) code(n int, print func(code string)) {
	if r.width+n > mostRead {
		r.end()
	}
	r.word = append(r.word, part{r.width, n, print})
	r.width += n
}

// laneNames are the variables of lanes.
var laneNames = [...]string{"b", "b2", "b3"}

// laneRead is how many bits a load of eight bytes has for sure, if they begin within a byte;
// mostRead is how many are read at once.
const (
	laneRead = 56
	mostRead = laneRead * len(laneNames)
)

// lanesRead is how many lanes so many bits take.
func lanesRead(bits int) int { return (bits + laneRead - 1) / laneRead }

// end prints the word with its lead.
func (r *readPrinter) end() {
	lead, word, width := r.lead, r.word, r.width
	r.lead, r.word, r.width = nil, nil, 0
	if lead != nil {
		word, width = r.leading(lead, word, width)
	}
	method := [...]string{"", "Bits", "Bits2", "Bits3"}[lanesRead(width)]
	call := fmt.Sprintf("r.%s(%d)", method, width)
	switch len(word) {
	case 0:
		return
	case 1:
		if width <= laneRead {
			word[0].print(call)
			return
		}
	}
	lanes := lanesRead(width)
	assign := "="
	if r.declared < lanes {
		assign, r.declared = ":=", lanes
	}
	r.linef("%s %s %s", strings.Join(laneNames[:lanes], ", "), assign, call)
	r.parts(word, width)
}

// leading prints what reads an integer of variable width, with the first parts of the word if that
// saves a lane. It returns what is left of the word.
func (r *readPrinter) leading(l *lead, word []part, width int) ([]part, int) {
	_, most := l.t.size()
	taken, bits := 0, 0
	for taken < len(word) && most+bits+word[taken].width <= laneRead {
		bits += word[taken].width
		taken++
	}
	if lanesRead(width-bits) == lanesRead(width) {
		r.number(l.t, l.expr, l.label)
		return word, width
	}
	name, n, assign := r.local(l.label), r.local(l.label+"Width"), "="
	if r.declared == 0 {
		assign, r.declared = ":=", 1
	}
	r.linef("%s %s r.Load()\n%s, %s, ok := codec.Long%d(b)\nr.Take(%s + %d)", laneNames[0], assign, name, n, l.t.Bits, n, bits)
	r.linef("if !ok {\nr.Form(%q, uint64(%s))\nreturn\n}", l.label, name)
	r.linef("%s = %s\nb >>= %s & 63", l.expr, l.t.numberOf(name), n)
	r.parts(word[:taken], mostRead) // b has what is behind them, too
	word = word[taken:]
	for i := range word {
		word[i].at -= bits
	}
	return word, width - bits
}

// parts prints the parts of a word of so many bits.
func (r *readPrinter) parts(word []part, width int) {
	for _, p := range word {
		p.print(p.code(width))
	}
}

// code is the part of a word of so many bits. A word of one lane has zeros behind them.
func (p part) code(width int) string {
	var terms []string
	for lane := p.at / laneRead; lane*laneRead < p.at+p.width; lane++ {
		switch at := p.at - lane*laneRead; {
		case at == 0:
			terms = append(terms, laneNames[lane])
		case at > 0:
			terms = append(terms, fmt.Sprintf("%s>>%d", laneNames[lane], at))
		default:
			terms = append(terms, fmt.Sprintf("%s<<%d", laneNames[lane], -at))
		}
	}
	code := strings.Join(terms, "|")
	if len(terms) > 1 {
		code = "(" + code + ")"
	}
	if p.width == 64 || p.at+p.width == width && width <= laneRead {
		return code
	}
	return fmt.Sprintf("%s&%#x", code, uint64(1)<<p.width-1)
}

// block prints what reads a value inside of a block.
func (r *readPrinter) block(head string, t *Type, expr, label string) {
	r.end()
	r.linef("%s", head)
	outer := r.declared
	r.declared = 0
	r.field(t, expr, label)
	r.end()
	r.declared = outer
}

// field prints what reads a value.
func (r *readPrinter) field(t *Type, expr, label string) {
	if n := t.lane(); n > 0 {
		r.code(n, func(code string) { r.decode(t, expr, code, label) })
		return
	}
	switch t.Kind {
	case Optional:
		name := r.presence(label)
		r.linef("switch {\ncase !%[1]s:\n%[2]s = nil\ncase %[2]s == nil:\n%[2]s = new(%[3]s)\n}", name, expr, t.Elem.Go)
		r.block("if "+name+" {", t.Elem, "*"+expr, label)
		r.linef("}")
		return
	case Default:
		name := r.presence(label)
		r.block("if "+name+" {", t.Elem, expr, label)
		r.linef("} else {\n%s = %s\n}", expr, t.Elem.zero())
		return
	}
	if t.Kind == Varint && t.Bits < 64 {
		r.end()
		r.lead = &lead{t, expr, label}
		return
	}
	if _, counted := countedKinds[t.Kind]; counted && !t.View {
		r.code(widthOf(uint64(t.Max)), func(code string) { r.counted(t, expr, code, label) })
		r.end()
		return
	}
	r.end()
	r.long(t, expr, label)
}

// counted prints what reads so many bytes or elements.
func (r *readPrinter) counted(t *Type, expr, code, label string) {
	fits := func(least int) string { return fmt.Sprintf("r.Fits(%q, %s, %d, %d)", label, code, t.Max, least) }
	switch t.Kind {
	case String:
		r.linef("%s = %s", expr, convert(t.Go, "string", fmt.Sprintf("r.Text(%q, %s, %s, %d)", label, t.as("string", expr), code, t.Max)))
	case Bytes:
		r.linef("%[1]s = r.Raw(%[2]q, %[1]s, %[3]s, %[4]d)", expr, label, code, t.Max)
	case Slice:
		least, _ := t.Elem.size()
		r.linef("%[1]s = codec.Resize(%[1]s, %[2]s)", expr, fits(least))
		r.loop(expr, t, label)
	case Map:
		keyLeast, _ := t.Key.size()
		elemLeast, _ := t.Elem.size()
		r.mapping(t, expr, fits(keyLeast+elemLeast), label)
	}
}

// presence reads whether a value is there into a variable.
func (r *readPrinter) presence(label string) string {
	name := r.local(label + "There")
	r.code(1, func(code string) { r.linef("%s := %s != 0", name, code) })
	r.end()
	return name
}

// long prints a type that is no part of a word.
func (r *readPrinter) long(t *Type, expr, label string) {
	switch t.Kind {
	case Varint, Duration:
		r.number(t, expr, label)
	case String:
		r.linef("%s = %s", expr, convert(t.Go, "string", fmt.Sprintf("r.ViewString(%q, %d)", label, t.Max)))
	case Bytes:
		r.linef("%s = r.View(%q, %d)", expr, label, t.Max)
	case Addr, AddrPort:
		r.linef("%s = r.%s(%q)", expr, [...]string{Addr: "Addr", AddrPort: "AddrPort"}[t.Kind], label)
	case StructKind, Custom:
		r.linef("%s.ReadBits(r)", strings.TrimPrefix(expr, "*"))
	case Binary:
		name := r.local(label)
		r.linef("%s := r.View(%q, %d)", name, label, t.Max)
		r.linef("if err := %s.UnmarshalBinary(%s); err != nil && !r.Failed() {\nr.Fail(%q, nil, \"\", err)\n}", value(expr), name, label)
	case Array:
		r.loop(expr, t, label)
	case UnionKind:
		r.union(t, expr, label)
	}
}

// number is an integer of variable width.
func (r *readPrinter) number(t *Type, expr, label string) {
	r.linef("%s = %s", expr, t.numberOf(fmt.Sprintf("r.Varint%d(%q)", t.Bits, label)))
}

// numberOf is the integer that was written as a number of variable width.
func (t *Type) numberOf(code string) string {
	of := fmt.Sprintf("uint%d", t.Bits)
	if t.Signed {
		code, of = "codec.Zagzig("+convert("uint64", of, code)+")", "int64"
	}
	return convert(t.Go, of, code)
}

// convert converts an expression from one type to another.
func convert(to, from, expr string) string {
	if to == from {
		return expr
	}
	return to + "(" + expr + ")"
}

func (r *readPrinter) loop(expr string, t *Type, label string) {
	i := r.index()
	r.depth++
	r.block(fmt.Sprintf("for %s := range %s {", i, expr), t.Elem, grouped(expr)+"["+i+"]", label)
	r.linef("}")
	r.depth--
}

func (r *readPrinter) mapping(t *Type, expr, fits, label string) {
	count, i := r.local(label+"Count"), r.index()
	key, last, value := r.local(label+"Key"), r.local(label+"Last"), r.local(label+"Value")
	r.linef("%s := %s", count, fits)
	r.linef("if %[1]s == nil {\n%[1]s = make(%[2]s, %[3]s)\n}\nclear(%[1]s)\nvar %[4]s %[5]s", expr, t.Go, count, last, t.Key.Go)
	r.linef("for %s := range %s {\nvar %s %s\nvar %s %s", i, count, key, t.Key.Go, value, t.Elem.Go)
	outer := r.declared
	r.declared = 0
	r.depth++
	r.field(t.Key, key, label)
	r.end()
	before, now := last, key
	if t.Key.Kind == Bool {
		before, now = "codec.Bool(bool("+last+"))", "codec.Bool(bool("+key+"))"
	}
	r.linef("if !codec.Ascends(r, %q, %s == 0, %s, %s) {\nreturn\n}", label, i, before, now)
	r.field(t.Elem, value, label)
	r.end()
	r.depth--
	r.declared = outer
	r.linef("%[1]s[%[2]s], %[3]s = %[4]s, %[2]s\n}", grouped(expr), key, last, value)
}

func (r *readPrinter) union(t *Type, expr, label string) {
	name := r.local(label)
	r.linef("switch r.Bits(%d) {", widthOf(uint64(len(t.Union.Members)-1+t.Max)))
	if t.Max > 0 {
		r.linef("case 0:\n%s = nil", expr)
	}
	for i, member := range t.Union.Members {
		if t.Union.Pointers {
			r.linef("case %[1]d:\n%[2]s, _ := %[4]s.(*%[3]s)\nif %[2]s == nil {\n%[2]s = new(%[3]s)\n%[4]s = %[2]s\n}\n%[2]s.ReadBits(r)",
				i+t.Max, name, member.Name, grouped(expr))
			continue
		}
		r.linef("case %[1]d:\nvar %[2]s %[3]s\n%[2]s.ReadBits(r)\n%[4]s = %[2]s", i+t.Max, name, member.Name, expr)
	}
	r.linef("default:\nr.Fail(%q, nil, \"\", codec.ErrUnion)\n}", label)
}

// decode prints what makes a value of its code.
func (r *readPrinter) decode(t *Type, expr, code, label string) {
	switch t.Kind {
	case Bool:
		r.linef("%s = %s != 0", expr, code)
	case Byte:
		r.linef("%s = %s(%s)", expr, t.Go, code)
	case Float:
		of := fmt.Sprintf("float%d", t.Bits)
		call := fmt.Sprintf("math.Float%dfrombits(%s)", t.Bits, convert(fmt.Sprintf("uint%d", t.Bits), "uint64", code))
		r.linef("%s = %s", expr, convert(t.Go, of, call))
	case Half:
		r.linef("%s = %s", expr, convert(t.Go, "float32", "codec.FromHalf(uint16("+code+"))"))
	case Angle:
		r.linef("%s = %s", expr, convert(t.Go, "float64", fmt.Sprintf("codec.FromAngle(%s, %d)", code, t.Bits)))
	case Unit:
		r.linef("{\nx, y, z, ok := codec.FromUnit(%s, %d)\nif !ok {\nr.Range(%q, nil, \"a direction\")\nreturn\n}", code, t.Bits, label)
		r.linef("%s = %s\n}", expr, t.composed("x", "y", "z"))
	case Quaternion:
		r.linef("{\nx, y, z, w, ok := codec.FromQuat(%s, %d)\nif !ok {\nr.Range(%q, nil, \"a rotation\")\nreturn\n}", code, t.Bits, label)
		r.linef("%s = %s\n}", expr, t.composed("x", "y", "z", "w"))
	default:
		r.ranged(t, expr, code, label)
	}
}

// composed is a direction or a rotation of its parts.
func (t *Type) composed(parts ...string) string {
	for i, part := range parts {
		if t.Width == 32 {
			part = "float32(" + part + ")"
		}
		if name, ok := strings.CutPrefix(t.Parts[i], "."); ok {
			part = name + ": " + part
		}
		parts[i] = part
	}
	return t.Go + "{" + strings.Join(parts, ", ") + "}"
}

// ranged prints a code that may be above the last one, and what becomes of it.
func (r *readPrinter) ranged(t *Type, expr, code, label string) {
	last := t.codes()
	if last&(last+1) != 0 || t.Kind == Quantized {
		name := r.local(label)
		r.linef("%s := %s", name, code)
		if last&(last+1) != 0 {
			r.linef("if %[1]s > %[2]d {\nr.Range(%[3]q, %[1]s, \"a code of 0..%[2]d\")\nreturn\n}", name, last, label)
		}
		code = name
	}
	switch {
	case t.Gaps():
		r.linef("%s = %s(%s)", expr, t.Enum.valueName(), code)
	case t.Kind == Quantized:
		r.linef("%s = %s", expr, convert(t.Go, "float64",
			fmt.Sprintf("codec.Dequantize(%s, %s, %s)", code, number64(t.From), number64(t.Step))))
	case t.Kind == Duration:
		if t.Lo.Sign() == 0 {
			r.linef("%s = time.Duration(%s) * %d", expr, code, t.Unit)
		} else {
			r.linef("%s = %s + time.Duration(%s)*%d", expr, t.Lo, code, t.Unit)
		}
	case t.Lo.Sign() == 0:
		r.linef("%s = %s", expr, convert(t.Go, "uint64", code))
	case t.Signed:
		sum := fmt.Sprintf("int64(%s) %s", code, plus(t.Lo))
		r.linef("%s = %s", expr, convert(t.Go, "int64", sum))
	default:
		r.linef("%s = %s", expr, convert(t.Go, "uint64", code+" + "+t.Lo.String()))
	}
}

// plus adds a number that may be negative.
func plus(n *big.Int) string {
	if n.Sign() < 0 && n.Cmp(big.NewInt(math.MinInt64)) != 0 { // whose negative is none
		return "- " + new(big.Int).Neg(n).String()
	}
	return "+ " + paren(n.String())
}

// zero is the zero value of a type, to be compared with.
func (t *Type) zero() string {
	switch t.Kind {
	case Bool:
		return "false"
	case String:
		return `""`
	case Varint, Ranged, Byte, EnumKind, Float, Quantized, Half, Angle, Duration:
		return "0"
	case Custom, Binary:
		return "*new(" + t.Go + ")"
	}
	return "(" + t.Go + "{})"
}

// nothing is the zero value of a type, to be assigned.
func (t *Type) nothing() string {
	switch t.Kind {
	case Slice, Map, Bytes, Optional, UnionKind:
		return "nil"
	case Array, Unit, Quaternion, StructKind, Addr, AddrPort:
		return t.Go + "{}"
	case Default:
		return t.Elem.nothing()
	}
	return t.zero()
}

// span is a duration as people write it.
func span(n *big.Int) time.Duration { return time.Duration(n.Int64()) }
