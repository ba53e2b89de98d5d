package tickwire_test

import (
	"go/ast"
	"regexp"
	"strings"
	"testing"
)

var (
	bareFile = regexp.MustCompile(`(^|[ (])[a-z][a-z0-9_/]*\.(go|md)\b`)
	specLink = "[SPEC.md]: https://github.com/" // a definition in the package's comment
)

// TestHouseDocsLeadSomewhere: who reads a package's documentation has none of its files. So what is shown
// there names no file but by its whole address; SPEC.md is named where the package's own comment has its
// address.
func TestHouseDocsLeadSomewhere(t *testing.T) {
	linked, shown := map[string]bool{}, 0
	for _, s := range sources(t) {
		linked[s.dir()] = linked[s.dir()] || strings.Contains(s.file.Doc.Text(), specLink)
	}
	for _, s := range sources(t) {
		if s.test() || strings.Contains(s.dir(), "internal") || s.file.Name.Name == "main" {
			continue
		}
		for _, text := range shownComments(s.file) {
			shown++
			if name := bareFile.FindString(text); name != "" {
				t.Errorf("%s: the documentation names the file%s without its address", s.name, name)
			}
			if strings.Contains(text, "SPEC.md") && !linked[s.dir()] {
				t.Errorf("%s: the documentation names SPEC.md, and that of the package has no %s", s.name, specLink)
			}
		}
	}
	if shown < 500 {
		t.Errorf("saw %d comments", shown)
	}
}

// shownComments are those that go doc shows: of the package, of what is exported, and of its fields.
func shownComments(f *ast.File) (texts []string) {
	add := func(g *ast.CommentGroup) {
		if g != nil {
			texts = append(texts, g.Text())
		}
	}
	add(f.Doc)
	for _, decl := range f.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d.Name.IsExported() && (d.Recv == nil || ast.IsExported(receiverName(d.Recv.List[0].Type))) {
				add(d.Doc)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				if !exportedSpec(spec) {
					continue
				}
				add(d.Doc)
				ast.Inspect(spec, func(n ast.Node) bool {
					if g, ok := n.(*ast.CommentGroup); ok {
						add(g)
					}
					return true
				})
			}
		}
	}
	return texts
}

func exportedSpec(spec ast.Spec) bool {
	switch spec := spec.(type) {
	case *ast.TypeSpec:
		return spec.Name.IsExported()
	case *ast.ValueSpec:
		return spec.Names[0].IsExported()
	}
	return false
}
