package gen

import "fmt"

// deltaSize is how many bits the delta of a type takes at most.
func (t *Type) deltaSize() int {
	_, full := t.size()
	switch t.Kind {
	case StructKind:
		return t.Struct.deltaSize()
	case Array:
		return times(t.Len, 1+t.Elem.deltaSize())
	case Slice:
		return min(full+1+times(t.Max, 1+t.Elem.deltaSize()), unbounded)
	case Optional:
		return 1 + max(full, t.Elem.deltaSize())
	}
	return full
}

func (s *Struct) deltaSize() int {
	n := len(s.Fields)
	for _, f := range s.Fields {
		n = min(n+f.Type.deltaSize(), unbounded)
	}
	return n
}

// deltaMessage prints what a message can do with deltas.
func (p *printer) deltaMessage(s *Struct, newest int) {
	p.linef("\n// AppendDelta appends to dst in what m differs from base, which the reader has as well.")
	p.linef("func (m *%[1]s) AppendDelta(dst []byte, base *%[1]s) ([]byte, error) {", s.Name)
	if newest > 1 {
		p.linef("return m.AppendDeltaVersion(dst, base, SchemaVersion)\n}")
		p.linef("\n// AppendDeltaVersion is AppendDelta for a peer that knows the messages of a version.")
		p.linef("func (m *%[1]s) AppendDeltaVersion(dst []byte, base *%[1]s, version int) ([]byte, error) {", s.Name)
	}
	p.start("dst", newest)
	room := inBytes(len(s.Fields)) + 32
	if s.deltaSize() <= roomyBits {
		room = inBytes(s.deltaSize())
	}
	p.linef("w.Start(dst, %d)\nm.AppendDeltaBits(&w, base)\nreturn w.Finish()\n}", room)
	p.linef("\n// ApplyDelta makes m a copy of base, with the differences that are all of b. Both may be the\n" +
		"// same value, and must not share memory otherwise.")
	if s.views() {
		p.linef("// What is tagged as a view is a part of b if it differs, and a copy of base's otherwise.")
	}
	p.linef("func (m *%[1]s) ApplyDelta(b []byte, base *%[1]s) error {", s.Name)
	if newest > 1 {
		p.linef("return m.ApplyDeltaVersion(b, base, SchemaVersion)\n}")
		p.linef("\n// ApplyDeltaVersion is ApplyDelta of a delta of a version.")
		p.linef("func (m *%[1]s) ApplyDeltaVersion(b []byte, base *%[1]s, version int) error {", s.Name)
	}
	p.linef("if m != base {\nm.CopyFrom(base)\n}")
	p.start("b", newest)
	p.linef("r.Start(b)\nm.ReadDeltaBits(&r)\nif r.Complete() {\nreturn nil\n}\nreturn r.Finish(%q)\n}", s.Name)
}

// A deltaWriter prints what writes in what a value differs from another.
type deltaWriter struct {
	*writePrinter
	comparison
}

// appendingDelta prints what writes the delta of a struct: the bits of what differs, then what
// does.
func (p *printer) appendingDelta(s *Struct) {
	p.linef("\n// AppendDeltaBits writes in what the fields differ: first for each whether it does.")
	p.linef("func (m *%[1]s) AppendDeltaBits(w *codec.Writer, base *%[1]s) {", s.Name)
	roomy := s.deltaSize() <= roomyBits
	d := &deltaWriter{p.writer(roomy), comparison{codes: true}}
	if s.Versions() > 1 {
		d.version = "w.Version"
	}
	if roomy {
		p.linef("w.Grow(%d)", inBytes(s.deltaSize()))
	}
	var sames []string
	for _, f := range s.Fields {
		name := p.local(f.Name + "Same")
		alike := d.alike(f.Type, "m."+f.Name, "base."+f.Name)
		if absent := f.absent(d.version); absent != "" {
			alike = absent + " || " + alike
		}
		p.linef("%s := %s", name, alike)
		sames = append(sames, name)
	}
	for i, f := range s.Fields {
		bit := "codec.Bool(!" + sames[i] + ")"
		if when := f.when(d.version); when != "" {
			d.end()
			p.linef("if %s {", when)
			d.code(bit, 1, f.Name)
			d.end()
			p.linef("}")
			continue
		}
		d.code(bit, 1, f.Name)
	}
	d.end()
	for i, f := range s.Fields {
		p.linef("if !%s {", sames[i])
		d.delta(f.Type, "m."+f.Name, "base."+f.Name, s.Name+"."+f.Name)
		p.linef("}")
	}
	p.linef("}")
}

// delta prints what writes a value that differs from base.
func (d *deltaWriter) delta(t *Type, expr, base, label string) {
	switch t.Kind {
	case StructKind:
		d.linef("%s.AppendDeltaBits(w, %s)", value(expr), pointer(base))
	case Array, Slice:
		d.elements(t, expr, base, label)
	case Optional:
		d.code("codec.Bool("+expr+" != nil)", 1, label)
		d.end()
		d.linef("switch {\ncase %s == nil:\ncase %s == nil:", expr, base)
		d.field(t.Elem, "*"+expr, label)
		d.end()
		d.linef("default:")
		d.delta(t.Elem, "*"+expr, "*"+base, label)
		d.linef("}")
	default:
		d.field(t, expr, label)
		d.end()
	}
}

// elements prints what writes those of an array or a slice.
func (d *deltaWriter) elements(t *Type, expr, base, label string) {
	if t.Kind == Slice {
		d.limit(t, expr, label, "")
		d.end()
		d.linef("w.DeltaCount(len(%s), len(%s), %d)", expr, base, t.Max)
	}
	i, roomy := d.index(), d.roomy
	if _, most := t.Elem.size(); !roomy && max(most, t.Elem.deltaSize()) < largeElem {
		d.roomyFor(expr, t, 1+max(most, t.Elem.deltaSize()))
	}
	d.depth++
	d.linef("for %s := range %s {", i, expr)
	elem, old := grouped(expr)+"["+i+"]", grouped(base)+"["+i+"]"
	if t.Kind == Slice {
		d.linef("if %s >= len(%s) {", i, base)
		d.field(t.Elem, elem, label)
		d.end()
		d.linef("continue\n}")
	}
	same := d.local(label + "Same")
	d.linef("%s := %s", same, d.alike(t.Elem, elem, old))
	d.code("codec.Bool(!"+same+")", 1, label)
	d.end()
	d.linef("if !%s {", same)
	d.delta(t.Elem, elem, old, label)
	d.linef("}\n}")
	d.depth--
	d.roomy = roomy
}

// A deltaReader prints what reads differences into a value that is what they were taken from.
type deltaReader struct{ *readPrinter }

// readingDelta prints what reads the delta of a struct.
func (p *printer) readingDelta(s *Struct) {
	p.linef("\n// ReadDeltaBits reads in what the fields differ from those that m has.\nfunc (m *%s) ReadDeltaBits(r *codec.Reader) {", s.Name)
	p.names, p.depth = make(map[string]bool), 0
	d := deltaReader{&readPrinter{printer: p}}
	differ := d.bits(s)
	for i, f := range s.Fields {
		p.linef("if %s {", differ[i])
		d.delta(f.Type, "m."+f.Name, s.Name+"."+f.Name)
		d.ended()
		p.linef("}")
	}
	p.linef("}")
}

// bits prints what reads which fields differ, and returns the conditions for that.
func (d deltaReader) bits(s *Struct) []string {
	var differ []string
	var run []int // of fields, in a word
	flush := func() {
		if len(run) == 0 {
			return
		}
		word := d.local("differ")
		d.linef("%s := r.Bits(%d)", word, len(run))
		for at := range run {
			differ = append(differ, fmt.Sprintf("%s&%#x != 0", word, uint64(1)<<at))
		}
		run = nil
	}
	for i, f := range s.Fields {
		if when := f.when("r.Version"); when != "" {
			flush()
			name := d.local(f.Name + "Differs")
			d.linef("%s := %s && r.Bool()", name, when)
			differ = append(differ, name)
			continue
		}
		if run = append(run, i); len(run) == 56 {
			flush()
		}
	}
	flush()
	return differ
}

// ended prints the word, at the end of a block.
func (d deltaReader) ended() {
	d.end()
	d.declared = 0
}

// delta prints what reads a value that differs.
func (d deltaReader) delta(t *Type, expr, label string) {
	switch t.Kind {
	case StructKind:
		d.linef("%s.ReadDeltaBits(r)", value(expr))
	case Array, Slice:
		d.elements(t, expr, label)
	case Optional:
		d.linef("switch there := r.Bool(); {\ncase !there:\n%[1]s = nil\ncase %[1]s == nil:\n%[1]s = new(%[2]s)", expr, t.Elem.Go)
		d.field(t.Elem, "*"+expr, label)
		d.ended()
		d.linef("default:")
		d.delta(t.Elem, "*"+expr, label)
		d.ended()
		d.linef("}")
	default:
		d.field(t, expr, label)
	}
}

// elements prints what reads those of an array or a slice.
func (d deltaReader) elements(t *Type, expr, label string) {
	i, had := d.index(), ""
	if t.Kind == Slice {
		had = d.local(label + "Had")
		least, _ := t.Elem.size()
		d.linef("%s := len(%s)", had, expr)
		d.linef("%[1]s = codec.Resize(%[1]s, r.DeltaCount(%[2]q, %[3]s, %[4]d, %[5]d))", expr, label, had, t.Max, least)
	}
	d.depth++
	d.linef("for %s := range %s {", i, expr)
	elem := grouped(expr) + "[" + i + "]"
	if t.Kind == Slice {
		d.linef("if %s >= %s {", i, had)
		d.field(t.Elem, elem, label)
		d.ended()
		d.linef("continue\n}")
	}
	d.linef("if r.Bool() {")
	d.delta(t.Elem, elem, label)
	d.ended()
	d.linef("}\n}")
	d.depth--
}
