package gen

import "fmt"

// views reports whether something in a type is a part of the message that it was read from.
func (t *Type) views() bool {
	switch t.Kind {
	case String, Bytes:
		return t.View
	case StructKind:
		return t.Struct.views()
	case UnionKind:
		return t.Union.views()
	}
	return t.Elem != nil && t.Elem.views()
}

func (s *Struct) views() bool {
	for _, f := range s.Fields {
		if f.Type.views() {
			return true
		}
	}
	return false
}

func (u *Union) views() bool {
	for _, m := range u.Members {
		if m.views() {
			return true
		}
	}
	return false
}

// plain reports whether = copies a union: what an interface holds is not written to, unless it is a
// pointer, so it may be shared.
func (u *Union) plain() bool { return !u.Pointers && !u.views() }

// plain reports whether = copies a type as CopyFrom does.
func (t *Type) plain() bool {
	switch t.Kind {
	case String:
		return !t.View
	case Bytes, Slice, Map, Optional:
		return false
	case Array, Default:
		return t.Elem.plain()
	case StructKind:
		return t.Struct.plain()
	case UnionKind:
		return t.Union.plain()
	case Custom, Binary:
		return !t.Own.Shares && !t.Own.CopyFrom
	}
	return true
}

func (s *Struct) plain() bool {
	for _, f := range s.Fields {
		if !f.Type.plain() {
			return false
		}
	}
	return !s.LeftOut
}

// copying prints how a struct is copied.
func (p *printer) copying(s *Struct) {
	p.linef("\n// CopyFrom makes all that is sent a copy of o's, in the memory that m has. They share none but\n" +
		"// what is in interfaces, and strings.")
	p.linef("func (m *%[1]s) CopyFrom(o *%[1]s) {", s.Name)
	p.names, p.depth = make(map[string]bool), 0
	if s.plain() {
		p.linef("*m = *o\n}")
		return
	}
	for _, f := range s.Fields {
		p.copy(f.Type, "m."+f.Name, "o."+f.Name)
	}
	p.linef("}")
}

// copy prints how a value is copied.
func (p *printer) copy(t *Type, to, from string) {
	if t.plain() {
		p.linef("%s = %s", to, from)
		return
	}
	switch t.Kind {
	case String:
		p.linef("%s = %s(strings.Clone(string(%s)))", to, t.Go, from)
	case Bytes:
		if t.View {
			p.linef("%s = bytes.Clone(%s)", to, from)
		} else {
			p.linef("%[1]s = append(%[2]s[:0], %[3]s...)", to, grouped(to), from)
		}
	case Slice:
		if t.Elem.plain() {
			p.linef("%[1]s = append(%[2]s[:0], %[3]s...)", to, grouped(to), from)
			return
		}
		p.linef("%[1]s = codec.Resize(%[1]s, len(%[2]s))", to, from)
		p.copyAll(t, to, from)
	case Array:
		p.copyAll(t, to, from)
	case Map:
		p.copyMap(t, to, from)
	case Optional:
		p.linef("switch {\ncase %[1]s == nil:\n%[2]s = nil\ncase %[2]s == nil:\n%[2]s = new(%[3]s)\n}\nif %[1]s != nil {", from, to, t.Elem.Go)
		p.copy(t.Elem, "*"+to, "*"+from)
		p.linef("}")
	case Default:
		p.copy(t.Elem, to, from)
	case StructKind:
		p.linef("%s.CopyFrom(%s)", value(to), pointer(from))
	case UnionKind:
		if t.Union.Pointers {
			p.linef("%[1]s = copy%[2]s(%[1]s, %[3]s)", to, t.Union.Name, from)
		} else {
			p.linef("%s = copy%s(%s)", to, t.Union.Name, from)
		}
	case Custom, Binary:
		switch {
		case t.Own.CopyFrom:
			p.linef("%s.CopyFrom(%s)", value(to), pointer(from))
		case t.Kind == Custom:
			p.linef("codec.CopyBits(%s, %s)", pointer(to), pointer(from))
		default:
			p.linef("codec.CopyBinary(%s, %s)", pointer(to), pointer(from))
		}
	}
}

func (p *printer) copyAll(t *Type, to, from string) {
	i := p.index()
	p.depth++
	p.linef("for %s := range %s {", i, from)
	p.copy(t.Elem, fmt.Sprintf("%s[%s]", grouped(to), i), fmt.Sprintf("%s[%s]", grouped(from), i))
	p.linef("}")
	p.depth--
}

func (p *printer) copyMap(t *Type, to, from string) {
	p.linef("if %[1]s == nil && len(%[2]s) > 0 {\n%[1]s = make(%[3]s, len(%[2]s))\n}\nclear(%[1]s)", to, from, t.Go)
	if t.Elem.plain() {
		p.linef("maps.Copy(%s, %s)", to, from)
		return
	}
	key, old, elem := p.local("key"), p.local("old"), p.local("elem")
	p.linef("for %s, %s := range %s {\nvar %s %s", key, old, from, elem, t.Elem.Go)
	p.copy(t.Elem, elem, old)
	p.linef("%s[%s] = %s\n}", grouped(to), key, elem)
}

// copyUnion prints how a union is copied that has views in it, or pointers.
func (p *printer) copyUnion(u *Union) {
	if u.Pointers {
		p.linef("\n// copy%[1]s is a copy, in the memory of to if that is of the same type.\nfunc copy%[1]s(to, from %[1]s) %[1]s {\nswitch from := from.(type) {", u.Name)
		for _, m := range u.Members {
			p.linef("case *%[1]s:\nto, _ := to.(*%[1]s)\nswitch {\ncase from == nil:\nreturn from\ncase to == nil:\nto = new(%[1]s)\n}\nto.CopyFrom(from)\nreturn to", m.Name)
		}
	} else {
		p.linef("\n// copy%[1]s is a copy that shares no views.\nfunc copy%[1]s(from %[1]s) %[1]s {\nswitch from := from.(type) {", u.Name)
		for _, m := range u.Members {
			p.linef("case %[1]s:\nvar to %[1]s\nto.CopyFrom(&from)\nreturn to", m.Name)
		}
	}
	p.linef("}\nreturn from\n}")
}
