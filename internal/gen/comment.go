package gen

import (
	"go/ast"
	"go/token"
	"strings"
)

// commentsOf are the comments of the types of a package and of the fields of its structs, by where their
// names stand: a paragraph each, without the lines that are for tools.
func commentsOf(files []*ast.File) map[token.Pos]string {
	comments := make(map[token.Pos]string)
	note := func(name *ast.Ident, groups ...*ast.CommentGroup) {
		for _, g := range groups {
			first, _, _ := strings.Cut(strings.TrimSpace(g.Text()), "\n\n")
			if text := strings.Join(strings.Fields(first), " "); text != "" {
				comments[name.Pos()] = text
				return
			}
		}
	}
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GenDecl:
				if len(n.Specs) == 1 {
					if t, ok := n.Specs[0].(*ast.TypeSpec); ok {
						note(t.Name, n.Doc)
					}
				}
			case *ast.TypeSpec:
				note(n.Name, n.Doc)
			case *ast.Field:
				for _, name := range n.Names {
					note(name, n.Doc, n.Comment)
				}
			}
			return true
		})
	}
	return comments
}
