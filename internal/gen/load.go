package gen

import (
	"errors"
	"fmt"
	"go/ast"
	"go/build"
	"go/constant"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// FileName is what the generated Go of a package is written to.
const FileName = "tickwire_gen.go"

// The marks, which stand alone in a line of a type's comment.
const (
	messageMark = "//tickwire:message"
	unionMark   = "//tickwire:union"
)

// A source is a package as it was parsed: its files but for tests and what is generated, and what
// the compiler knows of their types. Where it calls code that is not generated yet, nothing is
// known, which is no mistake here.
type source struct {
	fset     *token.FileSet
	files    []*ast.File
	types    *types.Package
	info     *types.Info
	dir      string
	mistakes Mistakes
	imports  []Import
	facts    map[string]bool // of constants, as conditions
	comments map[token.Pos]string
}

// load reads the package in a folder.
func load(dir string) (*source, error) {
	s := &source{fset: token.NewFileSet(), dir: dir, facts: make(map[string]bool)}
	names, err := goFiles(dir)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		f, err := parser.ParseFile(s.fset, filepath.Join(dir, name), nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		s.files = append(s.files, f)
	}
	if len(s.files) == 0 {
		return nil, fmt.Errorf("%s: there is no Go file: want the folder of a package", dir)
	}
	s.comments = commentsOf(s.files)
	s.info = &types.Info{Defs: make(map[*ast.Ident]types.Object), Types: make(map[ast.Expr]types.TypeAndValue)}
	cfg := types.Config{
		Importer: lenient{importer.ForCompiler(s.fset, "source", nil), make(map[string]*types.Package)},
		Error:    func(error) {}, // what matters is asked for by name, and told there
	}
	for _, own := range generatedImports {
		s.imported(path.Base(own), own)
	}
	s.types, _ = cfg.Check(s.files[0].Name.Name, s.fset, s.files, s.info)
	return s, nil
}

// goFiles lists the files of the package that this system builds, in order.
func goFiles(dir string) ([]string, error) {
	all, err := os.ReadDir(dir)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s: there is no such folder: want that of a Go package", dir)
		}
		return nil, err
	}
	var names []string
	for _, e := range all {
		n := e.Name()
		if e.IsDir() || !strings.HasSuffix(n, ".go") || strings.HasSuffix(n, "_test.go") || n == FileName {
			continue
		}
		if ok, err := build.Default.MatchFile(dir, n); err != nil || !ok {
			continue
		}
		names = append(names, n)
	}
	slices.Sort(names)
	return names, nil
}

// A lenient importer has an empty package for what cannot be read, such as one that needs to be
// downloaded: its types are unknown, and those who use them in a message are told.
type lenient struct {
	types.Importer
	missing map[string]*types.Package
}

// Import implements types.Importer.
func (l lenient) Import(path string) (*types.Package, error) {
	p, err := l.Importer.Import(path)
	if err == nil {
		return p, nil
	}
	if l.missing[path] == nil {
		l.missing[path] = types.NewPackage(path, path[strings.LastIndexByte(path, '/')+1:])
		l.missing[path].MarkComplete()
	}
	return l.missing[path], nil
}

// A declared is a type of the package, with its comment.
type declared struct {
	spec *ast.TypeSpec
	doc  *ast.CommentGroup
	obj  *types.TypeName
}

// declarations lists the types of the package in the order of the source.
func (s *source) declarations() []declared {
	var all []declared
	for _, f := range s.files {
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.TYPE {
				continue
			}
			for _, spec := range g.Specs {
				t := spec.(*ast.TypeSpec)
				obj, ok := s.info.Defs[t.Name].(*types.TypeName)
				if !ok {
					continue
				}
				doc := t.Doc
				if doc == nil && !g.Lparen.IsValid() {
					doc = g.Doc
				}
				all = append(all, declared{t, doc, obj})
			}
		}
	}
	return all
}

// mark finds a mark in a comment, and what is behind it.
func mark(doc *ast.CommentGroup, name string) (rest string, ok bool) {
	if doc == nil {
		return "", false
	}
	for _, c := range doc.List {
		after, found := strings.CutPrefix(c.Text, name)
		if found && (after == "" || after[0] == ' ') {
			return strings.TrimSpace(after), true
		}
	}
	return "", false
}

// show prints a type as the source has it. Two packages of the same name get different ones.
func (s *source) show(t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string {
		if p == s.types {
			return ""
		}
		return s.imported(p.Name(), p.Path())
	})
}

// imported is the name of a package in what is generated.
func (s *source) imported(name, from string) string {
	taken := func(name string) bool {
		return slices.ContainsFunc(s.imports, func(i Import) bool { return i.Name == name })
	}
	for _, known := range s.imports {
		if known.Path == from {
			return known.Name
		}
	}
	for first, n := name, 2; taken(name); n++ {
		name = first + strconv.Itoa(n)
	}
	s.imports = append(s.imports, Import{name, from})
	return name
}

func (s *source) mistake(at token.Pos, what, why, want string) {
	s.mistakes = append(s.mistakes, &Mistake{s.fset.Position(at), what, why, want})
}

// constant finds the value of an integer or a float constant of the package.
func (s *source) constant(name string) (string, bool) {
	if !token.IsIdentifier(name) {
		return "", false
	}
	c, ok := s.types.Scope().Lookup(name).(*types.Const)
	if !ok {
		return "", false
	}
	value := c.Val().ExactString()
	if c.Val().Kind() == constant.Float {
		f, _ := constant.Float64Val(c.Val())
		value = number64(f)
	}
	s.facts[name+" == "+value] = true
	return value, true
}
