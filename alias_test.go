package tickwire_test

import (
	"go/ast"
	"regexp"
	"strings"
	"testing"
)

// TestHouseAliases: go doc shows of an alias neither the fields nor the methods of the type
// that it stands for. So its comment names each field; of a type that is in no public package it also
// names the methods, but for those of every error. The standard library's types everybody can look up.
func TestHouseAliases(t *testing.T) {
	types, methods := declared(t)
	found := 0
	for _, s := range sources(t) {
		if s.test() || strings.Contains(s.dir(), "internal") {
			continue
		}
		for _, a := range aliases(s) {
			path, name := s.importOf(a.room), a.name
			room := strings.TrimPrefix(path, module+"/")
			if first, _, deep := strings.Cut(path, "/"); deep && !strings.Contains(first, ".") {
				continue
			}
			if found++; types[room+"."+name] == nil {
				t.Errorf("%s: %s stands for %s.%s, which is not found", s.name, a.alias, room, name)
				continue
			}
			want := types[room+"."+name]
			if strings.HasPrefix(room, "internal") {
				want = append(want, methods[room+"."+name]...)
			}
			for _, member := range want {
				if !regexp.MustCompile(`\b` + member + `\b`).MatchString(a.doc) {
					t.Errorf("%s: the comment of %s does not name %s", s.name, a.alias, member)
				}
			}
		}
	}
	if found < 20 {
		t.Errorf("found %d aliases", found)
	}
}

// An alias is an exported type that stands for one of another package.
type alias struct{ alias, room, name, doc string }

func aliases(s source) (all []alias) {
	for _, decl := range s.file.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range gen.Specs {
			ts, ok := spec.(*ast.TypeSpec)
			if !ok || !ts.Assign.IsValid() || !ts.Name.IsExported() {
				continue
			}
			if sel, ok := ts.Type.(*ast.SelectorExpr); ok {
				room, _ := sel.X.(*ast.Ident)
				all = append(all, alias{ts.Name.Name, room.Name, sel.Sel.Name, gen.Doc.Text()})
			}
		}
	}
	return all
}

// importOf is the path by which a file imports a package of a name.
func (s source) importOf(name string) string {
	for _, spec := range s.file.Imports {
		if p := strings.Trim(spec.Path.Value, `"`); strings.HasSuffix(p, "/"+name) {
			return p
		}
	}
	return name
}

// declared has the exported fields, not nil, and methods of all types, by room and name.
func declared(t *testing.T) (fields, methods map[string][]string) {
	t.Helper()
	fields, methods = map[string][]string{}, map[string][]string{}
	for _, s := range sources(t) {
		if s.test() {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.TypeSpec:
				fields[s.dir()+"."+n.Name.Name] = exportedFields(n.Type)
			case *ast.FuncDecl:
				if n.Recv != nil && n.Name.IsExported() && n.Name.Name != "Unwrap" {
					of := s.dir() + "." + receiverName(n.Recv.List[0].Type)
					methods[of] = append(methods[of], n.Name.Name)
				}
			}
			return true
		})
	}
	return fields, methods
}

func exportedFields(x ast.Expr) []string {
	names := []string{}
	st, ok := x.(*ast.StructType)
	if !ok {
		return names
	}
	for _, f := range st.Fields.List {
		for _, name := range f.Names {
			if name.IsExported() {
				names = append(names, name.Name)
			}
		}
	}
	return names
}
