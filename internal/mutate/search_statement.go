package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
)

// statement notes an assignment, a call or a jump that can be left out, and an assignment that can
// count the other way.
func (s *search) statement(n ast.Stmt, stack []ast.Node) {
	switch stack[len(stack)-1].(type) {
	case *ast.BlockStmt, *ast.CaseClause:
	default:
		return // within the head of another statement only some are allowed
	}
	var changes []change
	switch n := n.(type) {
	case *ast.AssignStmt:
		if n.Tok == token.DEFINE || blank(n) {
			return
		}
		if op, ok := assigning[n.Tok]; ok && isNumber(s.info.Types[n.Lhs[0]].Type) {
			changes = append(changes, s.counting(n, n.Lhs[0], n.Rhs[0], op))
		}
	case *ast.IncDecStmt:
		changes = append(changes, s.stepping(n))
	case *ast.ExprStmt:
		if call, ok := n.X.(*ast.CallExpr); !ok || panics(s.info, call) {
			return
		}
	case *ast.BranchStmt:
		if n.Tok != token.CONTINUE && n.Tok != token.BREAK {
			return
		}
	case *ast.ReturnStmt:
		if n.Results != nil {
			return
		}
	default:
		return
	}
	s.add(n, stack, append(changes, s.removal(n))...)
}

func (s *search) removal(n ast.Stmt) change {
	return change{"removal", "nothing", func(number int, inner func(ast.Node) string) string {
		return fmt.Sprintf("if !xm(%d) { %s }", number, inner(n))
	}}
}

// counting is x += y with another operator.
func (s *search) counting(n *ast.AssignStmt, x, y ast.Expr, op token.Token) change {
	instead := fmt.Sprintf("%s %s= %s", s.plain(x), arithmetic[op].other, s.plain(y))
	return change{"arithmetic", fold(instead), func(number int, inner func(ast.Node) string) string {
		return fmt.Sprintf("if xm(%d) { %s } else { %s }", number, instead, inner(n))
	}}
}

// stepping is x++ the other way.
func (s *search) stepping(n *ast.IncDecStmt) change {
	instead := s.plain(n.X) + "--"
	if n.Tok == token.DEC {
		instead = s.plain(n.X) + "++"
	}
	return change{"arithmetic", fold(instead), func(number int, inner func(ast.Node) string) string {
		return fmt.Sprintf("if xm(%d) { %s } else { %s }", number, instead, inner(n))
	}}
}

// blank reports whether an assignment keeps nothing.
func blank(n *ast.AssignStmt) bool {
	for _, left := range n.Lhs {
		if id, ok := left.(*ast.Ident); !ok || id.Name != "_" {
			return false
		}
	}
	return true
}

// panics reports whether a call is panic itself, behind which a function may end without a return.
func panics(info *types.Info, call *ast.CallExpr) bool {
	fun, ok := call.Fun.(*ast.Ident)
	return ok && fun.Name == "panic" && info.Types[fun].IsBuiltin()
}
