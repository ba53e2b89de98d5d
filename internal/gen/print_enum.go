package gen

import (
	"bytes"
	"strings"
)

// Gaps reports whether a type is an enum whose constants leave values out: its code is the index of
// a constant.
func (t *Type) Gaps() bool {
	return t.Kind == EnumKind && diff(t.Lo, t.Hi) != uint64(len(t.Enum.Distinct())-1)
}

// Distinct are the constants of an enum, one of each value, in ascending order.
func (e *Enum) Distinct() []Constant {
	var all []Constant
	for _, c := range e.Constants {
		if len(all) == 0 || all[len(all)-1].Value.Cmp(c.Value) != 0 {
			all = append(all, c)
		}
	}
	return all
}

// values are the values of the constants.
func (e *Enum) values() []string {
	var all []string
	for _, c := range e.Distinct() {
		all = append(all, c.Value.String())
	}
	return all
}

func (e *Enum) codeName() string  { return "codeOf" + e.Name }
func (e *Enum) valueName() string { return lower(e.Name) + "OfCode" }

// printEnums prints how the constants of enums with gaps are found.
func printEnums(out *bytes.Buffer, p *Package) {
	w, done := &printer{out: out}, make(map[string]bool)
	p.eachType(func(t *Type) {
		if !t.Gaps() || done[t.Go] {
			return
		}
		done[t.Go] = true
		w.linef("\n// %[1]s is the index of a constant of %[2]s, by value.\nfunc %[1]s(v %[2]s) uint64 {\nswitch v {", t.Enum.codeName(), t.Go)
		for i, v := range t.Enum.values() {
			w.linef("case %s:\nreturn %d", v, i)
		}
		w.linef("}\nreturn codec.Outside\n}")
		w.linef("\n// %[1]s is the constant of an index.\nfunc %[1]s(code uint64) %[2]s {", t.Enum.valueName(), t.Go)
		w.linef("return [...]%s{%s}[min(code, %d)]\n}", t.Go, strings.Join(t.Enum.values(), ", "), t.codes())
	})
}

// eachType calls f for all types of the package's fields, and what they are made of.
func (p *Package) eachType(f func(*Type)) {
	var walk func(*Type)
	walk = func(t *Type) {
		if t == nil {
			return
		}
		f(t)
		walk(t.Key)
		walk(t.Elem)
	}
	for _, s := range p.Structs {
		for _, field := range s.Fields {
			walk(field.Type)
		}
	}
}
