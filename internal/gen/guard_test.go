package gen

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"strings"
	"testing"
)

// guarded is a package that is changed after its code was generated.
const guarded = `package game

const Most = 5

type Kind uint8

const (
	Red Kind = iota
	Blue
)

//tickwire:message
type Bag struct {
	Kind  Kind   ` + "`tw:\"enum\"`" + `
	Items []Item ` + "`tw:\"max=Most\"`" + `
}

type Item struct {
	Count int
	note  string ` + "`tw:\"-\"`" + `
}
`

// A checker knows the packages that were imported before.
type checker struct {
	fset     *token.FileSet
	importer types.Importer
}

// wrong tells what is wrong with the files of a package.
func (c checker) wrong(t *testing.T, sources ...string) []string {
	t.Helper()
	var files []*ast.File
	for _, s := range sources {
		f, err := parser.ParseFile(c.fset, "", s, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	var wrong []string
	cfg := types.Config{Importer: c.importer, Error: func(err error) { wrong = append(wrong, err.Error()) }}
	_, _ = cfg.Check("game", c.fset, files, nil)
	return wrong
}

// TestGuard: generated code does not compile with structs or constants that are not those it was
// made of.
func TestGuard(t *testing.T) {
	p, _ := newProgram(t, guarded)
	code := p.read(t, FileName)
	fset := token.NewFileSet()
	c := checker{fset, importer.ForCompiler(fset, "source", nil)}
	if wrong := c.wrong(t, guarded, code); len(wrong) > 0 {
		t.Fatalf("it does not compile as it is: %v", wrong)
	}
	for name, change := range map[string][2]string{
		"a field more":         {"type Item struct {", "type Item struct {\n\tWear float32"},
		"a field less":         {"	Count int\n", ""},
		"another type":         {"Count int", "Count int32"},
		"another order":        {"	Count int\n	note  string", "	note  string\n	Count int"},
		"a field not sent":     {"note  string", "note  []byte"},
		"another name":         {"Count int", "Number int"},
		"a constant of a tag":  {"Most = 5", "Most = 6"},
		"a constant less":      {"	Blue\n", ""},
		"a constant elsewhere": {"= iota", "= iota + 1"},
	} {
		stale := strings.Replace(guarded, change[0], change[1], 1)
		if stale == guarded {
			t.Fatalf("%s: nothing is changed", name)
		}
		if len(c.wrong(t, stale, code)) == 0 {
			t.Errorf("%s: it compiles", name)
		}
	}
}
