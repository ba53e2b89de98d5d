package gen

import (
	"go/token"
	"go/types"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// A builder makes the model of a package from its source.
type builder struct {
	*source
	pkg      *Package
	declared map[*types.TypeName]declared
	structs  map[*types.TypeName]*Struct // nil: under way, so it contains itself
	unions   map[*types.TypeName]*Union
	enums    map[*types.TypeName]*Enum
}

// Load reads the package in a folder and makes the model of its messages. The error is a Mistakes
// if the package is one that no code can be generated for.
func Load(dir string) (*Package, error) {
	s, err := load(dir)
	if err != nil {
		return nil, err
	}
	b := &builder{
		source: s, pkg: &Package{Name: s.types.Name()},
		declared: make(map[*types.TypeName]declared), structs: make(map[*types.TypeName]*Struct),
		unions: make(map[*types.TypeName]*Union), enums: make(map[*types.TypeName]*Enum),
	}
	all := s.declarations()
	for _, d := range all {
		b.declared[d.obj] = d
	}
	for _, d := range all {
		if _, ok := mark(d.doc, messageMark); !ok {
			continue
		}
		if m := b.message(d); m != nil {
			m.Message = true
		}
	}
	if err := s.mistakes.err(); err != nil {
		return nil, err
	}
	b.pkg.Imports = s.imports
	b.pkg.Facts = slices.Sorted(maps.Keys(s.facts))
	return b.pkg, nil
}

// message builds a type that is marked.
func (b *builder) message(d declared) *Struct {
	t, ok := d.obj.Type().Underlying().(*types.Struct)
	switch {
	case !ok:
		b.mistake(d.spec.Pos(), d.obj.Name(), "it is marked as a message, and is no struct", "a struct, with this as a field say")
		return nil
	case d.spec.TypeParams != nil:
		b.mistake(d.spec.Pos(), d.obj.Name(), "it has type parameters", "a struct without: one for each type of message")
		return nil
	}
	return b.structOf(d.obj, t, d.spec.Pos())
}

// structOf builds a struct once; nil if it is one that contains itself.
func (b *builder) structOf(name *types.TypeName, t *types.Struct, use token.Pos) *Struct {
	if s, known := b.structs[name]; known {
		if s == nil {
			b.mistake(use, name.Name(), "it contains itself", "a limited depth: ids in place of pointers, say")
		}
		return s
	}
	b.structs[name] = nil
	s := &Struct{Name: name.Name(), Doc: b.comments[name.Pos()]}
	for i := range t.NumFields() {
		v := t.Field(i)
		s.Source = append(s.Source, SourceField{v.Name(), b.show(v.Type()), v.Embedded()})
		if f := b.field(s, v, t.Tag(i)); f != nil {
			s.Fields = append(s.Fields, f)
		}
	}
	s.LeftOut = len(s.Fields) < len(s.Source)
	b.names(s, name, use)
	b.structs[name] = s
	b.pkg.Structs = append(b.pkg.Structs, s)
	return s
}

// generatedMethods are those that each struct gets.
var generatedMethods = []string{"AppendBinary", "AppendVersion", "UnmarshalBinary", "UnmarshalVersion", "AppendBits", "ReadBits",
	"Equal", "CopyFrom", "AppendDelta", "AppendDeltaVersion", "ApplyDelta", "ApplyDeltaVersion",
	"appendFields", "AppendDeltaBits", "ReadDeltaBits", "same"}

// names tells of what has the name of a method that the struct gets.
func (b *builder) names(s *Struct, name *types.TypeName, use token.Pos) {
	for _, method := range generatedMethods {
		if has, _, _ := types.LookupFieldOrMethod(name.Type(), true, b.types, method); has != nil {
			b.mistake(use, s.Name, "it has a "+method+", as one is called that is generated", "another name")
		}
	}
}

// field builds a field; nil if it is left out, or wrong.
func (b *builder) field(s *Struct, v *types.Var, tagText string) *Field {
	what := s.Name + "." + v.Name()
	said, has := reflect.StructTag(tagText).Lookup("tw")
	if !has && strings.Contains(tagText, "tw:") {
		b.mistake(v.Pos(), what, "its tag "+strconv.Quote(tagText)+" is not read by Go", "`tw:\"...\"` in back quotes")
		return nil
	}
	t, fault := parseTag(said, b.constant)
	switch {
	case fault != nil:
		b.mistake(v.Pos(), what, fault.why, fault.want)
		return nil
	case t.leave:
		return nil
	case !v.Exported():
		b.mistake(v.Pos(), what, "it is not exported, so it would be lost on the way in silence", `an exported name, or tw:"-"`)
		return nil
	case t.until != 0 && t.until <= t.since:
		b.mistake(v.Pos(), what, "until is not above since", "the first version that does not have it any more")
		return nil
	}
	f := &Field{Name: v.Name(), Doc: b.comments[v.Pos()], Since: t.since, Until: t.until}
	if f.Type = b.typeOf(what, v.Type(), t, v.Pos()); f.Type == nil {
		return nil
	}
	return f
}
