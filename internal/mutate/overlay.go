package main

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// aid is what the changed files call: Go, under another name so that it is no part of this program.
//
//go:embed aid.go.txt
var aid string

// aliases are the names under which changed files know types: a file need not import the package
// of every value in it.
type aliases struct {
	own   string // import path of the package itself
	types []*types.TypeName
}

// name is how a changed file calls a type, if it can be called anything.
func (a *aliases) name(t types.Type) (string, bool) {
	if basic, ok := t.(*types.Basic); ok {
		return basic.Name(), basic.Info()&types.IsUntyped == 0
	}
	var obj *types.TypeName
	switch t := t.(type) {
	case *types.Named:
		if t.TypeArgs().Len() > 0 {
			return "", false
		}
		obj = t.Obj()
	case *types.Alias:
		obj = t.Obj()
	default:
		return "", false
	}
	own := obj.Pkg().Path() == a.own
	if obj.Parent() != obj.Pkg().Scope() || !own && !obj.Exported() {
		return "", false
	}
	i := slices.Index(a.types, obj)
	if i < 0 {
		i, a.types = len(a.types), append(a.types, obj)
	}
	return fmt.Sprintf("xmType%d", i), true
}

// code declares the aliases.
func (a *aliases) code() string {
	var imports, decls strings.Builder
	for i, obj := range a.types {
		from := ""
		if obj.Pkg().Path() != a.own {
			from = fmt.Sprintf("xmPackage%d.", i)
			fmt.Fprintf(&imports, "import xmPackage%d %q\n", i, obj.Pkg().Path())
		}
		fmt.Fprintf(&decls, "type xmType%d = %s%s\n", i, from, obj.Name())
	}
	return imports.String() + decls.String()
}

// A rewriting is the text of one file with its mutants.
type rewriting struct {
	file    *file
	mutants []*mutant // outer ones first
	numbers map[*mutant]int
}

// text is the source from one position to another, with the mutants between them but for one.
func (r *rewriting) text(from, to token.Pos, but *mutant) string {
	var b strings.Builder
	at := from
	for _, m := range r.mutants {
		if m == but || m.node.Pos() < at || m.node.End() > to {
			continue
		}
		b.WriteString(r.file.between(at, m.node.Pos()))
		b.WriteString(m.write(r.numbers[m], func(n ast.Node) string { return r.text(n.Pos(), n.End(), m) }))
		at = m.node.End()
	}
	b.WriteString(r.file.between(at, to))
	return b.String()
}

// rewrite returns the files that have mutants, by their names, and the one that helps them.
func (p *pack) rewrite() map[string]string {
	numbers, of := map[*mutant]int{}, map[*file][]*mutant{}
	for i, m := range p.mutants {
		numbers[m] = i + 1
		of[m.file] = append(of[m.file], m)
	}
	out := map[string]string{}
	for f, mutants := range of {
		slices.SortStableFunc(mutants, func(a, b *mutant) int {
			return cmp.Or(cmp.Compare(a.node.Pos(), b.node.Pos()), cmp.Compare(b.node.End(), a.node.End()))
		})
		r := &rewriting{file: f, mutants: mutants, numbers: numbers}
		out[f.name] = r.text(f.tree.FileStart, f.tree.FileEnd, nil)
	}
	head, body, _ := strings.Cut(aid, "// The types.\n")
	head = strings.Replace(head, "package aid", "package "+p.name, 1)
	out["xm_aid.go"] = head + p.types.code() + body + fmt.Sprintf("\nvar xmSeen [%d]bool\n", len(p.mutants)+1)
	return out
}

// A suite is the test program of one package, with the mutants of the pack in it.
type suite struct {
	dir     string // as it was named; empty for the pack's own
	path    string // where its tests run
	program string
	skip    *regexp.Regexp // tests that are not asked, or nil
	only    *regexp.Regexp // those that are, or nil
}

// build compiles the tests of the pack, and those of the packages beside, with all mutants in them.
func (p *pack) build(dir string) (suites []*suite, err error) {
	replace := map[string]string{}
	put := func(name, text string) {
		there := filepath.Join(dir, fmt.Sprint(len(replace), ".go"))
		replace[name] = there
		err = errors.Join(err, os.WriteFile(there, []byte(text), 0o644))
	}
	for name, text := range p.rewrite() {
		put(filepath.Join(p.path, name), text)
	}
	suites = []*suite{{path: p.path, skip: p.skip}}
	for _, b := range p.beside {
		suites = append(suites, &suite{dir: b.dir, path: b.path, only: b.only})
	}
	overlay, err2 := json.Marshal(map[string]any{"Replace": replace})
	listed := filepath.Join(dir, "overlay.json")
	if err := errors.Join(err, err2, os.WriteFile(listed, overlay, 0o644)); err != nil {
		return nil, err
	}
	for i, s := range suites {
		s.program = filepath.Join(dir, fmt.Sprint(i, ".test"))
		cmd := exec.Command("go", "test", "-c", "-vet=off", "-overlay", listed, "-o", s.program, ".")
		cmd.Dir = s.path
		if text, err := cmd.CombinedOutput(); err != nil {
			return nil, errors.Join(fmt.Errorf("with mutants in it %s does not build: %w", s.path, err), errors.New(string(text)))
		}
	}
	return suites, nil
}
