package gen

import (
	"fmt"
	"go/constant"
	"go/types"
	"math/big"
	"slices"
	"strings"
)

// named is a type with a name: its methods, or what it is made of.
func (u *use) named(t *types.Named) (*Type, bool) {
	name, shown := t.Obj(), u.show(t)
	switch {
	case hasMethod(t, "AppendBits") && hasMethod(t, "ReadBits"):
		return &Type{Kind: Custom, Go: shown, Own: ownOf(t)}, true
	case u.declared[name].obj == nil && hasBinary(t):
		return u.binary(t), true
	case u.flag(enumFlag):
		return u.enum(t), true
	}
	switch under := t.Underlying().(type) {
	case *types.Struct:
		if u.declared[name].obj == nil {
			return u.wrongf("methods AppendBits and ReadBits on it, or a struct of this package",
				"%s is a struct of another package, whose fields have no tags here", shown), true
		}
		if hasBinary(t) {
			return u.binary(t), true
		}
		if s := u.structOf(name, under, u.at); s != nil {
			return &Type{Kind: StructKind, Go: shown, Struct: s}, true
		}
		return nil, true
	case *types.Interface:
		return u.union(name, under), true
	}
	return nil, false
}

// hasMethod reports whether a type, or a pointer to it, has a method.
func hasMethod(t types.Type, name string) bool {
	m, _, _ := types.LookupFieldOrMethod(t, true, nil, name)
	_, ok := m.(*types.Func)
	return ok
}

// hasBinary reports whether a type writes and reads itself. The methods that are generated are in a
// file that is not read, so a struct of the package that has them has its own.
func hasBinary(t types.Type) bool {
	return hasMethod(t, "AppendBinary") && hasMethod(t, "UnmarshalBinary")
}

func (u *use) binary(t *types.Named) *Type {
	n, shown := u.number(maxNumber), u.show(t)
	if n == 0 {
		return u.wrongf("max=N, in bytes", "%s says how it is read and written, and not how long that may be", shown)
	}
	return &Type{Kind: Binary, Go: shown, Max: n, Own: ownOf(t)}
}

// ownOf finds what a type that writes itself can do besides.
func ownOf(t *types.Named) *Own {
	o := &Own{Comparable: types.Comparable(t), Shares: shares(t)}
	param := func(method string) types.Type {
		m, _, _ := types.LookupFieldOrMethod(t, true, nil, method)
		f, ok := m.(*types.Func)
		if !ok || f.Signature().Params().Len() != 1 {
			return nil
		}
		return f.Signature().Params().At(0).Type()
	}
	if p := param("Equal"); p != nil {
		switch {
		case types.Identical(p, t):
			o.Equal = "value"
		case types.Identical(p, types.NewPointer(t)):
			o.Equal = "pointer"
		}
	}
	p := param("CopyFrom")
	o.CopyFrom = p != nil && types.Identical(p, types.NewPointer(t))
	return o
}

// shares reports whether what is assigned to a variable of a type shares memory with it. Times and
// addresses do, and nobody changes that.
func shares(t types.Type) bool {
	if n, ok := t.(*types.Named); ok && n.Obj().Pkg() != nil && (n.Obj().Pkg().Path() == "time" || n.Obj().Pkg().Path() == "net/netip") {
		return false
	}
	switch t := t.Underlying().(type) {
	case *types.Basic:
		return false
	case *types.Array:
		return shares(t.Elem())
	case *types.Struct:
		for f := range t.Fields() {
			if shares(f.Type()) {
				return true
			}
		}
		return false
	}
	return true
}

// enum is a named integer with its constants.
func (u *use) enum(t *types.Named) *Type {
	basic, ok := t.Underlying().(*types.Basic)
	if !ok || basic.Info()&types.IsInteger == 0 {
		return u.wrongf("a named integer type with constants", "a %s is no enum", u.show(t))
	}
	e := u.enums[t.Obj()]
	if e == nil {
		if e = u.constantsOf(t); len(e.Constants) == 0 {
			return u.wrongf("constants of the type, in its package", "%s has no constants", u.show(t))
		}
		u.enums[t.Obj()] = e
	}
	if len(e.Distinct()) == 1 {
		return u.wrongf("two at least, or the field left out", "%s has one constant, so there is nothing to send", u.show(t))
	}
	u.constantsTaken(t, e)
	first, last := e.Constants[0].Value, e.Constants[len(e.Constants)-1].Value
	return &Type{Kind: EnumKind, Go: u.show(t), Enum: e, Lo: first, Hi: last, Signed: basic.Info()&types.IsUnsigned == 0}
}

// constantsTaken notes which constants the range of an enum was made of.
func (u *use) constantsTaken(t *types.Named, e *Enum) {
	of := ""
	if p := t.Obj().Pkg(); p != u.types {
		of = u.imported(p.Name(), p.Path()) + "."
	}
	for _, c := range e.Constants {
		u.facts[fmt.Sprintf("%s%s == %v", of, c.Name, c.Value)] = true
	}
}

// constantsOf lists the constants of a type by value.
func (u *use) constantsOf(t *types.Named) *Enum {
	e := &Enum{Name: t.Obj().Name(), Doc: u.comments[t.Obj().Pos()]}
	scope := t.Obj().Pkg().Scope()
	for _, name := range scope.Names() {
		c, ok := scope.Lookup(name).(*types.Const)
		if !ok || !types.Identical(c.Type(), t) || name == "_" {
			continue
		}
		if v, ok := new(big.Int).SetString(constant.ToInt(c.Val()).ExactString(), 10); ok {
			e.Constants = append(e.Constants, Constant{name, v})
		}
	}
	slices.SortFunc(e.Constants, func(a, b Constant) int { return a.Value.Cmp(b.Value) })
	return e
}

// union is an interface whose types its comment lists.
func (u *use) union(name *types.TypeName, t *types.Interface) *Type {
	if known := u.unions[name]; known != nil {
		return &Type{Kind: UnionKind, Go: name.Name(), Union: known}
	}
	if name.Pkg() != u.types {
		return u.wrongf("an interface of this package, with a line "+unionMark+" A B C in its comment",
			"%s is an interface of another package, and nothing says what can be in it", name.Name())
	}
	d := u.declared[name]
	list, ok := mark(d.doc, unionMark)
	if !ok {
		return u.wrongf("a line "+unionMark+" A B C in the comment of "+name.Name()+", with its types",
			"%s is an interface, and nothing says what can be in it", name.Name())
	}
	r := &Union{Name: name.Name(), Doc: u.comments[name.Pos()], Pointers: strings.HasPrefix(strings.TrimSpace(list), "*")}
	u.unions[name] = r
	for _, member := range strings.Fields(list) {
		member, pointer := strings.CutPrefix(member, "*")
		if pointer != r.Pointers {
			return u.wrongf("pointers, or none", "the union %s names structs and pointers to structs", r.Name)
		}
		obj, ok := u.types.Scope().Lookup(member).(*types.TypeName)
		if !ok {
			return u.wrongf("types of this package", "the union %s names %s, which is none", r.Name, member)
		}
		under, ok := obj.Type().Underlying().(*types.Struct)
		if !ok {
			return u.wrongf("structs", "%s of the union %s is no struct", member, r.Name)
		}
		if pointer && !types.Implements(types.NewPointer(obj.Type()), t) {
			return u.wrongf("its methods", "*%s does not implement %s", member, r.Name)
		}
		if !pointer && !types.Implements(obj.Type(), t) {
			return u.wrongf("its methods, with value receivers, or "+unionMark+" *"+member, "%s does not implement %s", member, r.Name)
		}
		s := u.structOf(obj, under, u.at)
		if s == nil {
			return nil
		}
		r.Members = append(r.Members, s)
	}
	if len(r.Members) == 0 {
		return u.wrongf("one type at least behind "+unionMark, "the union %s is empty", r.Name)
	}
	return &Type{Kind: UnionKind, Go: name.Name(), Union: r}
}
