package gen

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
)

// The text of a type is its form on the wire in words, the same whatever its Go names are spelled
// like elsewhere: two ends whose texts are equal read each other. It is what digests are taken of.

// Versions is the highest schema version of which a field speaks, at least 1.
func (s *Struct) Versions() int {
	n := 1
	for _, f := range s.Fields {
		n = max(n, f.Since, f.Until, f.Type.versions())
	}
	return n
}

func (t *Type) versions() int {
	n := 1
	for _, part := range []*Type{t.Key, t.Elem} {
		if part != nil {
			n = max(n, part.versions())
		}
	}
	if t.Struct != nil {
		n = max(n, t.Struct.Versions())
	}
	if t.Union != nil {
		for _, m := range t.Union.Members {
			n = max(n, m.Versions())
		}
	}
	return n
}

// In reports whether a field is there in a schema version.
func (f *Field) In(version int) bool {
	return version >= f.Since && (f.Until == 0 || version < f.Until)
}

// Rows are the fields of a struct as they are in a schema version, each as a text.
func (s *Struct) Rows(version int) []string {
	var rows []string
	for _, f := range s.Fields {
		if f.In(version) {
			rows = append(rows, f.Name+" "+f.Type.text(version))
		}
	}
	return rows
}

// Text is a struct in a schema version.
func (s *Struct) Text(version int) string {
	return s.Name + "{" + strings.Join(s.Rows(version), "; ") + "}"
}

// Digest is FNV-1a, 64 bit, of the text.
func (s *Struct) Digest(version int) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(s.Text(version)))
	return h.Sum64()
}

// schema prints the method by which a channel learns the texts of a message.
func (p *printer) schema(s *Struct) {
	p.linef("\n// TickwireSchema is the form of the message in words, for each schema version from 1 on.")
	p.linef("func (*%s) TickwireSchema() []string {\nreturn []string{", s.Name)
	for version := 1; version <= s.Versions(); version++ {
		lines := append([]string{s.Name}, s.Rows(version)...)
		for i, line := range lines[:len(lines)-1] {
			p.linef("%q +", newline[:min(i, 1)]+line)
		}
		p.linef("%q,", newline[:min(len(lines)-1, 1)]+lines[len(lines)-1])
	}
	p.linef("}\n}")
}

// newline is between the lines of a text.
const newline = "\n"

// kindTexts are the kinds that a word tells, or a word and their bits.
var kindTexts = map[Kind]string{
	Bool: "bool", Half: "half", Addr: "addr", AddrPort: "addrport",
	Unit: "unit", Quaternion: "quat", Angle: "angle", Float: "float",
}

// text is a type in a schema version.
func (t *Type) text(version int) string {
	switch t.Kind {
	case Varint, Byte:
		return t.sign() + strconv.Itoa(t.Bits)
	case EnumKind:
		if t.Gaps() {
			return strings.Join(t.Enum.values(), "|")
		}
		return fmt.Sprintf("%v..%v", t.Lo, t.Hi)
	case Ranged:
		return fmt.Sprintf("%v..%v", t.Lo, t.Hi)
	case Quantized:
		return number64(t.From) + ".." + number64(t.To) + "/" + number64(t.Step)
	case Duration:
		if t.endless() {
			return "duration"
		}
		return fmt.Sprintf("duration %v..%v/%d", t.Lo, t.Hi, t.Unit)
	case Unit, Quaternion, Angle, Float:
		return kindTexts[t.Kind] + strconv.Itoa(t.Bits)
	case String, Bytes:
		return [...]string{String: "string", Bytes: "bytes"}[t.Kind] + "<=" + strconv.Itoa(t.Max)
	case Binary:
		return t.Go + "<=" + strconv.Itoa(t.Max)
	case Custom:
		return t.Go
	}
	if known, ok := kindTexts[t.Kind]; ok {
		return known
	}
	return t.whole(version)
}

// whole is a type that is made of others.
func (t *Type) whole(version int) string {
	switch t.Kind {
	case Array:
		return "[" + strconv.Itoa(t.Len) + "]" + t.Elem.text(version)
	case Slice:
		return "[<=" + strconv.Itoa(t.Max) + "]" + t.Elem.text(version)
	case Map:
		return "map<=" + strconv.Itoa(t.Max) + "[" + t.Key.text(version) + "]" + t.Elem.text(version)
	case Optional, Default:
		return "?" + t.Elem.text(version)
	case StructKind:
		return t.Struct.Text(version)
	}
	var members []string
	if t.Max > 0 {
		members = append(members, "nil")
	}
	for _, m := range t.Union.Members {
		members = append(members, m.Text(version))
	}
	return "(" + strings.Join(members, " | ") + ")"
}

func (t *Type) sign() string {
	if t.Signed {
		return "int"
	}
	return "uint"
}

// number64 is a float as TypeScript prints it, too: the shortest that reads back as the same.
func number64(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
