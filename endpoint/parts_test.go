package endpoint

import (
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A partRow is a row of the table of parts in doc.go.
type partRow struct {
	asks  []string
	types []string
}

// partRows reads the table: "part asks these: its types", and types on the lines behind it.
func partRows(text string) map[string]*partRow {
	_, table, _ := strings.Cut(text, "asks, and its types:\n//\n")
	table, _, _ = strings.Cut(table, "//\n")
	rows, row := map[string]*partRow{}, (*partRow)(nil)
	for line := range strings.Lines(table) {
		line = strings.TrimSpace(strings.TrimPrefix(line, "//\t"))
		if m := regexp.MustCompile(`^(\w+) asks ([\w, ]+): (.*)$`).FindStringSubmatch(line); m != nil {
			row, line = &partRow{asks: strings.Split(m[2], ", ")}, m[3]
			rows[m[1]] = row
		}
		if row != nil {
			row.types = append(row.types, strings.FieldsFunc(line, func(r rune) bool { return r == ',' || r == ' ' })...)
		}
	}
	return rows
}

// A fence finds what one part of the package does to another that the table does not let it.
type fence struct {
	rows   map[string]*partRow
	partOf map[string]string // of a type
	info   types.Info
	fset   *token.FileSet
	pkg    *types.Package
	asked  map[string]bool // "part part": some code does
	faults []string
}

// newFence makes the fence of a table.
func newFence(rows map[string]*partRow) *fence {
	f := &fence{rows: rows, partOf: map[string]string{}, asked: map[string]bool{}, fset: token.NewFileSet()}
	f.info.Selections = map[*ast.SelectorExpr]*types.Selection{}
	for part, row := range rows {
		for _, name := range row.types {
			f.partOf[name] = part
		}
	}
	return f
}

// check looks at all of a package, given as files by their names.
func (f *fence) check(sources map[string]string) error {
	var files []*ast.File
	for name, text := range sources {
		file, err := parser.ParseFile(f.fset, name, text, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		files = append(files, file)
	}
	var err error
	conf := types.Config{Importer: importer.ForCompiler(f.fset, "source", nil)}
	if f.pkg, err = conf.Check("endpoint", f.fset, files, &f.info); err != nil {
		return err
	}
	for _, file := range files {
		for _, decl := range file.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv != nil {
				f.method(fn)
			}
		}
	}
	slices.Sort(f.faults)
	return nil
}

// method looks at what a method of a part uses.
func (f *fence) method(fn *ast.FuncDecl) {
	recv, _, _ := strings.Cut(strings.TrimPrefix(types.ExprString(fn.Recv.List[0].Type), "*"), "[")
	from := f.partOf[recv]
	if from == "" {
		return
	}
	ast.Inspect(fn, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok && f.info.Selections[sel] != nil {
			f.selection(from, sel, f.info.Selections[sel])
		}
		return true
	})
}

func (f *fence) selection(from string, at *ast.SelectorExpr, sel *types.Selection) {
	recv := sel.Recv()
	if p, ok := recv.(*types.Pointer); ok {
		recv = p.Elem()
	}
	named, ok := recv.(*types.Named)
	if !ok || named.Obj().Pkg() != f.pkg {
		return
	}
	to := f.partOf[named.Obj().Name()]
	if slices.Contains([]string{"", "anybody", "packet", from}, to) {
		return
	}
	fault := ""
	switch f.asked[from+" "+to] = true; {
	case !slices.Contains(f.rows[from].asks, to):
		fault = "may not ask"
	case from != "whole" && sel.Kind() == types.FieldVal:
		fault = "looks at a field of"
	default:
		return
	}
	f.faults = append(f.faults, fmt.Sprintf("%s: %s %s %s: %s.%s",
		f.fset.Position(at.Pos()), from, fault, to, named.Obj().Name(), at.Sel.Name))
}

// sourceOf reads the package as the tests find it.
func sourceOf(t *testing.T) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	sources := map[string]string{}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		text, err := os.ReadFile(e.Name())
		if err != nil {
			t.Fatal(err)
		}
		sources[e.Name()] = string(text)
	}
	return sources
}

// TestParts holds the parts of an endpoint to the table in doc.go: a part looks at no field of another
// one, and calls methods only of those that it may ask. Whatever the table lets it is needed, and each
// type has its row, but for what the whole world may use.
func TestParts(t *testing.T) {
	sources := sourceOf(t)
	rows := partRows(sources["doc.go"])
	if len(rows) == 0 {
		t.Fatal("doc.go has no table of parts")
	}
	f := newFence(rows)
	if err := f.check(sources); err != nil {
		t.Fatal(err)
	}
	for _, fault := range f.faults {
		t.Error(fault)
	}
	for _, name := range f.pkg.Scope().Names() {
		if _, ok := f.pkg.Scope().Lookup(name).(*types.TypeName); ok && !token.IsExported(name) && f.partOf[name] == "" {
			t.Errorf("no row of the table has the type %s", name)
		}
	}
	for name := range f.partOf {
		if f.pkg.Scope().Lookup(name) == nil {
			t.Errorf("the table has a type that is not there: %s", name)
		}
	}
	for part, row := range rows {
		for _, other := range row.asks {
			if other != "nobody" && !f.asked[part+" "+other] {
				t.Errorf("%s asks %s by the table, and by no code", part, other)
			}
		}
	}
}

// TestPartsCanFail proves that the table is held.
func TestPartsCanFail(t *testing.T) {
	rows := partRows("Whom a part asks, and its types:\n//\n" +
		"//\tupper asks lower: a,\n//\t\tb\n//\tlower asks nobody: c\n//\n//\tnext asks upper: d\n")
	if len(rows) != 2 || !slices.Equal(rows["upper"].types, []string{"a", "b"}) {
		t.Fatalf("read %v", rows)
	}
	f := newFence(rows)
	err := f.check(map[string]string{"x.go": `package endpoint
		type a struct { own int; c *c }
		type b struct { a *a }
		type c struct { field int; a *a }
		func (x *a) may() { x.own++; x.c.method() }
		func (x *b) beside() { x.a.own = x.a.c.method() }
		func (x *a) looks() { x.c.field++ }
		func (x c) method() int { return x.field }
		func (x c) asks() { x.a.may() }
		func free(x *c, y *a) int { return x.field + y.own }`})
	want := []string{
		"x.go:7:25: upper looks at a field of lower: c.field",
		"x.go:9:23: lower may not ask upper: a.may",
	}
	if err != nil || !slices.Equal(f.faults, want) {
		t.Errorf("found %q, %v; want %q", f.faults, err, want)
	}
}
