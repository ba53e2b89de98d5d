package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A pack is a package whose tests are asked.
type pack struct {
	dir   string // as it was named, from the root of the module
	path  string // absolute
	name  string
	files []*file
	fixed int // constants that the language wants constant, so that no mutant can be there
	sites []*site

	source  string    // hash of the files without tests
	tested  string    // hash of the files with tests
	mutants []*mutant // the sample; a mutant's number is its place here and one more
	types   aliases

	skip     *regexp.Regexp // names of its tests that are not asked, or nil
	beside   []besides
	patience time.Duration // what even the quickest tests are given before they count as hung
}

// A file is one source file of a pack.
type file struct {
	name  string // without its folder
	text  []byte
	tree  *ast.File
	start token.Pos
}

// besides is a package whose tests are asked about what survives the pack's own.
type besides struct {
	dir, path string
	only      *regexp.Regexp // which of them
}

// between is the text from one position to another.
func (f *file) between(from, to token.Pos) string { return string(f.text[from-f.start : to-f.start]) }

// A listing is what `go list` says of a package.
type listing struct {
	ImportPath, Dir, Name, Export      string
	GoFiles, TestGoFiles, XTestGoFiles []string
}

// list returns the package in a folder and, by their import paths, the compiled packages below it.
func list(dir string) (top listing, exports map[string]string, err error) {
	cmd := exec.Command("go", "list", "-deps", "-export",
		"-json=ImportPath,Dir,Name,Export,GoFiles,TestGoFiles,XTestGoFiles", ".")
	cmd.Dir = dir
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return top, nil, fmt.Errorf("%s: %w\n%s", dir, err, complaint.Bytes())
	}
	exports = map[string]string{}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var l listing
		if err := dec.Decode(&l); errors.Is(err, io.EOF) {
			return top, exports, nil
		} else if err != nil {
			return top, nil, err
		}
		top = l // dependencies come first, so the last one is what was asked for
		exports[l.ImportPath] = l.Export
	}
}

// load reads and type-checks the package in a folder, and finds its sites.
func load(dir string) (*pack, error) {
	l, exports, err := list(dir)
	if err != nil {
		return nil, err
	}
	p := &pack{dir: filepath.ToSlash(dir), path: l.Dir, name: l.Name, types: aliases{own: l.ImportPath}, patience: 5 * time.Second}
	fset := token.NewFileSet()
	var trees []*ast.File
	for _, name := range l.GoFiles {
		text, err := os.ReadFile(filepath.Join(l.Dir, name))
		if err != nil {
			return nil, err
		}
		tree, err := parser.ParseFile(fset, name, text, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		p.files = append(p.files, &file{name: name, text: text, tree: tree, start: tree.FileStart})
		trees = append(trees, tree)
	}
	if p.source, err = hash(l.Dir, l.GoFiles); err != nil {
		return nil, err
	}
	if p.tested, err = hash(l.Dir, slices.Concat(l.TestGoFiles, l.XTestGoFiles)); err != nil {
		return nil, err
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}}
	imports := importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	if _, err := (&types.Config{Importer: imports}).Check(l.ImportPath, fset, trees, info); err != nil {
		return nil, err
	}
	for _, f := range p.files {
		s := &search{pack: p, file: f, fset: fset, info: info}
		ast.PreorderStack(f.tree, nil, s.visit)
	}
	return p, nil
}

// keep drops the sites outside of a file. An empty name keeps all.
func (p *pack) keep(name string) {
	p.sites = slices.DeleteFunc(p.sites, func(s *site) bool { return name != "" && s.file.name != name })
}

// leaveOut has tests that an expression finds not asked. What survives the others may yet be caught.
func (p *pack) leaveOut(skip string) (err error) {
	if skip != "" {
		p.skip, err = regexp.Compile(skip)
		p.tested += " but " + skip
	}
	return err
}

// ask has tests beside the pack's own asked: of a package, and if an expression stands behind a
// colon only those that it finds.
func (p *pack) ask(beside string) error {
	if beside == "" {
		return nil
	}
	dir, only, _ := strings.Cut(beside, ":")
	l, _, err := list(dir)
	if err != nil {
		return err
	}
	b := besides{dir: dir, path: l.Dir}
	if b.only, err = regexp.Compile(only); err != nil {
		return err
	}
	tested, err := hash(l.Dir, slices.Concat(l.GoFiles, l.TestGoFiles, l.XTestGoFiles))
	p.beside = append(p.beside, b)
	p.tested += " beside " + only + " " + tested
	return err
}

func hash(dir string, names []string) (string, error) {
	h := sha256.New()
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "%s %d\n", name, len(text))
		h.Write(text)
	}
	return hex.EncodeToString(h.Sum(nil)[:8]), nil
}
