package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// A search walks through one file and notes its sites.
type search struct {
	*pack
	file *file
	fset *token.FileSet
	info *types.Info
}

// visit looks at a node, and says whether to look into it. stack is what it stands in.
func (s *search) visit(n ast.Node, stack []ast.Node) bool {
	switch n := n.(type) {
	case *ast.GenDecl:
		if n.Tok == token.CONST {
			s.fixed += constants(n)
		}
		return n.Tok == token.VAR
	case *ast.ArrayType:
		if _, counted := n.Len.(*ast.Ellipsis); n.Len != nil && !counted {
			s.fixed++
		}
		return false
	case ast.Stmt:
		s.statement(n, stack)
	case ast.Expr:
		tv := s.info.Types[n]
		if tv.Value != nil {
			s.constant(n, tv, stack)
			return false
		}
		s.expression(n, tv.Type, stack)
	}
	return true
}

// constants counts those that a declaration gives a value of their own.
func constants(d *ast.GenDecl) (n int) {
	for _, spec := range d.Specs {
		n += len(spec.(*ast.ValueSpec).Values)
	}
	return n
}

// add notes a site.
func (s *search) add(n ast.Node, stack []ast.Node, changes ...change) {
	at := s.fset.Position(n.Pos())
	lines := strings.Split(string(s.file.text), "\n")
	s.sites = append(s.sites, &site{file: s.file, node: n, line: at.Line, in: owner(stack),
		text: fold(lines[at.Line-1]), changes: changes})
}

// owner is the function, or the variable, that a stack of nodes leads into.
func owner(stack []ast.Node) string {
	for _, n := range stack {
		switch n := n.(type) {
		case *ast.ValueSpec:
			return n.Names[0].Name
		case *ast.FuncDecl:
			if n.Recv == nil {
				return n.Name.Name
			}
			return fmt.Sprintf("%s.%s", receiver(n.Recv.List[0].Type), n.Name.Name)
		}
	}
	return "?"
}

func receiver(t ast.Expr) string {
	switch t := t.(type) {
	case *ast.StarExpr:
		return "(*" + receiver(t.X) + ")"
	case *ast.IndexExpr:
		return receiver(t.X)
	case *ast.IndexListExpr:
		return receiver(t.X)
	}
	return t.(*ast.Ident).Name
}

// plain is a node's source.
func (s *search) plain(n ast.Node) string { return s.file.between(n.Pos(), n.End()) }

// expression notes an operator, or a truth value that somebody acts on.
func (s *search) expression(n ast.Expr, t types.Type, stack []ast.Node) {
	parent := stack[len(stack)-1]
	switch e := n.(type) {
	case *ast.BinaryExpr:
		s.binary(e, t, stack)
	case *ast.UnaryExpr:
		switch {
		case e.Op == token.NOT && plainBool(t):
			s.add(n, stack, s.negation("negation", n, s.plain(e.X)))
		case e.Op == token.SUB && isNumber(t):
			if name, ok := s.types.name(t); ok {
				s.add(n, stack, change{"sign", fold(s.plain(e.X)), func(number int, inner func(ast.Node) string) string {
					return fmt.Sprintf("xmNeg[%s](%d, %s)", name, number, inner(e.X))
				}})
			}
		}
	case *ast.CallExpr:
		if !s.smallest(e, t, stack) && decides(n, parent) && plainBool(t) {
			s.add(n, stack, s.negation("condition", n, "!"+s.plain(n)))
		}
	case *ast.Ident, *ast.SelectorExpr, *ast.IndexExpr, *ast.StarExpr:
		if decides(n, parent) && t != nil && plainBool(t) {
			s.add(n, stack, s.negation("condition", n, "!"+s.plain(n)))
		}
	}
}

func (s *search) negation(kind string, n ast.Node, after string) change {
	return change{kind, fold(after), func(number int, inner func(ast.Node) string) string {
		return fmt.Sprintf("(xm(%d) != (%s))", number, inner(n))
	}}
}

// decides reports whether a truth value is a whole condition or a result. Parts of a condition have
// changes where they are joined.
func decides(n ast.Expr, parent ast.Node) bool {
	switch p := parent.(type) {
	case *ast.IfStmt:
		return p.Cond == n
	case *ast.ForStmt:
		return p.Cond == n
	case *ast.CaseClause:
		return slices.Contains(p.List, n)
	case *ast.ReturnStmt:
		return true
	}
	return false
}

// smallest notes min and max.
func (s *search) smallest(call *ast.CallExpr, t types.Type, stack []ast.Node) bool {
	fun, ok := call.Fun.(*ast.Ident)
	if !ok || fun.Name != "min" && fun.Name != "max" || !s.info.Types[fun].IsBuiltin() || !isNumber(t) {
		return false
	}
	other := map[string]string{"min": "max", "max": "min"}[fun.Name]
	name, ok := s.types.name(t)
	if ok && len(call.Args) == 2 {
		after := other + s.file.between(call.Lparen, call.End())
		s.add(call, stack, change{"choice", fold(after), func(number int, inner func(ast.Node) string) string {
			return fmt.Sprintf("xm%s[%s](%d, %s, %s)", fun.Name, name, number, inner(call.Args[0]), inner(call.Args[1]))
		}})
	}
	return true
}

// isNumber reports whether values of a type can be counted with.
func isNumber(t types.Type) bool {
	basic, ok := t.Underlying().(*types.Basic)
	return ok && basic.Info()&(types.IsInteger|types.IsFloat) != 0
}

// plainBool reports whether a value can be joined with another truth value.
func plainBool(t types.Type) bool {
	basic, ok := types.Unalias(t).(*types.Basic)
	return ok && basic.Info()&types.IsBoolean != 0
}
