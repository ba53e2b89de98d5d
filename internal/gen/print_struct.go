package gen

import (
	"bytes"
	"fmt"
	"strings"
)

// printStruct prints what a struct gets.
func printStruct(out *bytes.Buffer, s *Struct, newest int, taken map[string]bool) {
	p := &printer{out: out, taken: taken}
	if most := s.most(); most < unbounded {
		p.linef("\n// %[1]sMaxBytes is the size of the largest %[1]s, in bytes.\nconst %[1]sMaxBytes = %[2]d", s.Name, inBytes(most))
	}
	if s.Message {
		p.message(s, newest)
		p.schema(s)
		p.deltaMessage(s, newest)
	}
	p.appending(s)
	p.reading(s)
	p.equality(s)
	p.copying(s)
	p.appendingDelta(s)
	p.readingDelta(s)
}

// most is how many bits a struct takes at most.
func (s *Struct) most() int {
	_, most := s.size()
	return most
}

// inBytes is how many bytes so many bits fill.
func inBytes(bits int) int { return (bits + 7) / 8 }

// roomyBits is how large a struct may be that its owner makes room for, all at once.
const roomyBits = 512 * 8

// small reports whether all room of a struct is made in front of it.
func (s *Struct) small() bool { return s.most() <= roomyBits }

// message prints the methods of encoding.BinaryAppender and encoding.BinaryUnmarshaler, and those
// of older versions if there are any.
func (p *printer) message(s *Struct, newest int) {
	limit := "any number of"
	if s.most() < unbounded {
		limit = s.Name + "MaxBytes"
	}
	p.linef("\n// AppendBinary appends the message to dst: at most %s bytes. A field that is out of\n"+
		"// its range is a *codec.FieldError, and dst is returned as it was.", limit)
	p.linef("func (m *%s) AppendBinary(dst []byte) ([]byte, error) {", s.Name)
	if newest > 1 {
		p.linef("return m.AppendVersion(dst, SchemaVersion)\n}")
		p.linef("\n// AppendVersion is AppendBinary for a peer that knows the messages of a version.")
		p.linef("func (m *%s) AppendVersion(dst []byte, version int) ([]byte, error) {", s.Name)
	}
	p.start("dst", newest)
	if s.small() {
		p.linef("w.Start(dst, %d)\nm.appendFields(&w)", inBytes(s.most()))
	} else {
		least, _ := s.size()
		p.linef("w.Start(dst, %d)\nm.AppendBits(&w)", inBytes(least)+32)
	}
	p.linef("return w.Finish()\n}")
	p.linef("\n// UnmarshalBinary reads the message that is all of b, into the memory that m has.")
	if s.views() {
		p.linef("// What is tagged as a view is a part of b: it is valid as long as b is not written to.")
	}
	p.linef("func (m *%s) UnmarshalBinary(b []byte) error {", s.Name)
	if newest > 1 {
		p.linef("return m.UnmarshalVersion(b, SchemaVersion)\n}")
		p.linef("\n// UnmarshalVersion is UnmarshalBinary of a message of a version; fields that it does not have are zero.")
		p.linef("func (m *%s) UnmarshalVersion(b []byte, version int) error {", s.Name)
	}
	p.start("b", newest)
	p.linef("r.Start(b)\nm.ReadBits(&r)\nif r.Complete() {\nreturn nil\n}\nreturn r.Finish(%q)\n}", s.Name)
}

// start prints the variable that writes to dst or reads b.
func (p *printer) start(what string, newest int) {
	name, kind := "w", "Writer"
	if what == "b" {
		name, kind = "r", "Reader"
	}
	p.linef("var %s codec.%s", name, kind)
	if newest > 1 {
		p.linef("%s.Version = version", name)
	}
}

// when is the condition under which a field is there; empty: always.
func (f *Field) when(version string) string {
	var terms []string
	if f.Since > 1 {
		terms = append(terms, fmt.Sprintf("%s >= %d", version, f.Since))
	}
	if f.Until > 0 {
		terms = append(terms, fmt.Sprintf("%s < %d", version, f.Until))
	}
	return strings.Join(terms, " && ")
}

// appending prints what writes the fields of a struct.
func (p *printer) appending(s *Struct) {
	if s.small() {
		p.linef("\n// AppendBits writes the fields.\nfunc (m *%s) AppendBits(w *codec.Writer) {\nw.Grow(%d)\nm.appendFields(w)\n}", s.Name, inBytes(s.most()))
		p.linef("\n// appendFields is AppendBits where there is room.\nfunc (m *%s) appendFields(w *codec.Writer) {", s.Name)
	} else {
		p.linef("\n// AppendBits writes the fields.\nfunc (m *%s) AppendBits(w *codec.Writer) {", s.Name)
	}
	w := p.writer(s.small())
	for _, f := range s.Fields {
		if when := f.when("w.Version"); when != "" {
			w.block("if "+when+" {", f.Type, "m."+f.Name, s.Name+"."+f.Name)
			continue
		}
		w.field(f.Type, "m."+f.Name, s.Name+"."+f.Name)
	}
	w.end()
	p.linef("}")
}

// writer begins a function that writes.
func (p *printer) writer(roomy bool) *writePrinter {
	p.names, p.roomy, p.depth = make(map[string]bool), roomy, 0
	return &writePrinter{printer: p}
}

// reading prints what reads the fields of a struct.
func (p *printer) reading(s *Struct) {
	p.linef("\n// ReadBits reads the fields.\nfunc (m *%s) ReadBits(r *codec.Reader) {", s.Name)
	p.names, p.depth = make(map[string]bool), 0
	r := &readPrinter{printer: p}
	for _, f := range s.Fields {
		if when := f.when("r.Version"); when != "" {
			r.block("if "+when+" {", f.Type, "m."+f.Name, s.Name+"."+f.Name)
			r.linef("} else {\nm.%s = %s\n}", f.Name, f.Type.nothing())
			continue
		}
		r.field(f.Type, "m."+f.Name, s.Name+"."+f.Name)
	}
	r.end()
	p.linef("}")
}

// printGuard prints what does not compile any more if the structs have changed, or a constant that
// tags speak of.
func printGuard(out *bytes.Buffer, p *Package) {
	w := &printer{out: out}
	w.linef("\n// The structs and constants as they were: if this does not compile, go generate mends it.\nfunc _() {")
	for _, s := range p.Structs {
		w.linef("_ = struct {")
		for _, f := range s.Source {
			if f.Embedded {
				w.linef("%s", f.Type)
			} else {
				w.linef("%s %s", f.Name, f.Type)
			}
		}
		w.linef("}(%s{})", s.Name)
	}
	if len(p.Facts) > 0 {
		w.linef("_ = map[bool]bool{false: true, %s: true}", strings.Join(p.Facts, " &&\n"))
	}
	w.linef("}")
}
