package main

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
)

// comparisons gives for each comparison the ones next to it: its edge moved, and its opposite.
var comparisons = map[token.Token][]token.Token{
	token.LSS: {token.LEQ, token.GEQ},
	token.LEQ: {token.LSS, token.GTR},
	token.GTR: {token.GEQ, token.LEQ},
	token.GEQ: {token.GTR, token.LSS},
	token.EQL: {token.NEQ},
	token.NEQ: {token.EQL},
}

// arithmetic gives for each operator another one, and the function that does either.
var arithmetic = map[token.Token]struct {
	other token.Token
	name  string
}{
	token.ADD:     {token.SUB, "xmAdd"},
	token.SUB:     {token.ADD, "xmSub"},
	token.MUL:     {token.QUO, "xmMul"},
	token.QUO:     {token.MUL, "xmQuo"},
	token.REM:     {token.MUL, "xmRem"},
	token.AND:     {token.OR, "xmAnd"},
	token.OR:      {token.AND, "xmOr"},
	token.XOR:     {token.OR, "xmXor"},
	token.AND_NOT: {token.AND, "xmAndNot"},
	token.SHL:     {token.SHR, "xmShl"},
	token.SHR:     {token.SHL, "xmShr"},
}

// assigning is the operator of an assignment such as +=.
var assigning = map[token.Token]token.Token{
	token.ADD_ASSIGN: token.ADD, token.SUB_ASSIGN: token.SUB, token.MUL_ASSIGN: token.MUL,
	token.QUO_ASSIGN: token.QUO, token.REM_ASSIGN: token.REM, token.AND_ASSIGN: token.AND,
	token.OR_ASSIGN: token.OR, token.XOR_ASSIGN: token.XOR, token.AND_NOT_ASSIGN: token.AND_NOT,
	token.SHL_ASSIGN: token.SHL, token.SHR_ASSIGN: token.SHR,
}

// binary notes an operator between two values.
func (s *search) binary(e *ast.BinaryExpr, t types.Type, stack []ast.Node) {
	switch {
	case e.Op == token.LAND || e.Op == token.LOR:
		if plainBool(t) {
			s.add(e, stack, s.joint(e)...)
		}
	case comparisons[e.Op] != nil:
		if plainBool(t) {
			s.add(e, stack, s.comparison(e)...)
		}
	case isNumber(t):
		op, name := arithmetic[e.Op], ""
		var ok bool
		if name, ok = s.types.name(t); !ok {
			return
		}
		s.add(e, stack, change{"arithmetic", s.with(e, op.other), func(number int, inner func(ast.Node) string) string {
			return fmt.Sprintf("%s[%s](%d, %s, %s)", op.name, name, number, inner(e.X), inner(e.Y))
		}})
	}
}

// with is an expression with another operator.
func (s *search) with(e *ast.BinaryExpr, op token.Token) string {
	return fold(s.plain(e.X) + " " + op.String() + " " + s.plain(e.Y))
}

// comparison changes what holds. One mutant at a time is chosen, so its own code needs no other.
func (s *search) comparison(e *ast.BinaryExpr) (all []change) {
	for _, op := range comparisons[e.Op] {
		kind := "opposite"
		if op == token.LEQ && e.Op == token.LSS || op == token.LSS && e.Op == token.LEQ ||
			op == token.GEQ && e.Op == token.GTR || op == token.GTR && e.Op == token.GEQ {
			kind = "edge"
		}
		all = append(all, change{kind, s.with(e, op), func(number int, inner func(ast.Node) string) string {
			return fmt.Sprintf("(xm(%d) && ((%s) %s (%s)) || !xm(%[1]d) && (%[5]s %[6]s %[7]s))",
				number, s.plain(e.X), op, s.plain(e.Y), inner(e.X), e.Op, inner(e.Y))
		}})
	}
	return all
}

// joint changes how two conditions are joined, or leaves one of them out.
func (s *search) joint(e *ast.BinaryExpr) []change {
	other, not, and := token.LOR, "", "||" // of && a part is left out by being true
	if e.Op == token.LOR {
		other, not, and = token.LAND, "!", "&&" // and of || by being false
	}
	return []change{
		{"joint", s.with(e, other), func(number int, inner func(ast.Node) string) string {
			return fmt.Sprintf("(xm(%d) && ((%s) %s (%s)) || !xm(%[1]d) && (%[5]s %[6]s %[7]s))",
				number, s.plain(e.X), other, s.plain(e.Y), inner(e.X), e.Op, inner(e.Y))
		}},
		{"part", fold(s.plain(e.Y)), func(number int, inner func(ast.Node) string) string {
			return fmt.Sprintf("((%sxm(%d) %s (%s)) %s (%s))", not, number, and, inner(e.X), e.Op, inner(e.Y))
		}},
		{"part", fold(s.plain(e.X)), func(number int, inner func(ast.Node) string) string {
			return fmt.Sprintf("((%s) %s (%sxm(%d) %s (%s)))", inner(e.X), e.Op, not, number, and, inner(e.Y))
		}},
	}
}

// manyFrom is the size from which a constant is doubled and halved; one more or less is nothing to
// a duration in nanoseconds.
const manyFrom = 1000

// constant notes a value that is known when the code is compiled, at a place where it need not be.
func (s *search) constant(n ast.Expr, tv types.TypeAndValue, stack []ast.Node) {
	if s.mustBeConstant(n, stack) {
		s.fixed++
		return
	}
	if tv.Value.Kind() == constant.Bool && plainBool(tv.Type) {
		s.add(n, stack, s.negation("truth", n, fmt.Sprint(!constant.BoolVal(tv.Value))))
		return
	}
	if tv.Value.Kind() != constant.Int && tv.Value.Kind() != constant.Float || !isNumber(tv.Type) {
		return
	}
	name, ok := s.types.name(types.Default(tv.Type))
	if !ok {
		return
	}
	more, less := "+ 1", "- 1"
	if v, exact := constant.Float64Val(tv.Value); exact && (v >= manyFrom || v <= -manyFrom) || !exact {
		more, less = "* 2", "/ 2"
	}
	for _, c := range []struct{ name, does string }{{"xmMore", more}, {"xmLess", less}} {
		code := change{"constant", fold(s.plain(n)) + " " + c.does, func(number int, _ func(ast.Node) string) string {
			return fmt.Sprintf("%s[%s](%d, %s)", c.name, name, number, s.plain(n))
		}}
		if c.name == "xmMore" {
			s.add(n, stack, code)
		} else {
			last := s.sites[len(s.sites)-1]
			last.changes = append(last.changes, code)
		}
	}
}

// mustBeConstant reports whether the language wants a constant: the index of an element of a
// literal. A capacity is left alone too, since it changes nothing that a test should ask for.
func (s *search) mustBeConstant(n ast.Expr, stack []ast.Node) bool {
	switch p := stack[len(stack)-1].(type) {
	case *ast.KeyValueExpr:
		_, isMap := s.info.Types[stack[len(stack)-2].(ast.Expr)].Type.Underlying().(*types.Map)
		return p.Key == n && !isMap
	case *ast.CallExpr:
		fun, ok := p.Fun.(*ast.Ident)
		return ok && fun.Name == "make" && len(p.Args) == 3 && p.Args[2] == n
	}
	return false
}
