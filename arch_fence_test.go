package tickwire_test

import (
	"bytes"
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
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The fence around the rooms without I/O: no goroutine, channel or select, no
// clock, no randomness that was not handed in, no order that differs from run
// to run, no state outside of values. It is what lets a whole conversation be
// replayed from a seed. Tests stand outside of it.

// fencedStd is what a fenced file may import, on top of its room's row.
var fencedStd = []string{"...", "!net/...", "net/netip", "!context", "!hash/maphash", "!log/...", "!os/...",
	"!runtime/...", "!sync/atomic", "!syscall/...", "!unique", "!unsafe", "!weak"}

// fencedFuncs maps what may not be mentioned to the way out.
var fencedFuncs = map[string]string{
	"time.Now": useNow, "time.Since": useNow, "time.Until": useNow, "time.Sleep": useNow, "time.After": useNow,
	"time.AfterFunc": useNow, "time.NewTimer": useNow, "time.NewTicker": useNow, "time.Tick": useNow,
	"maps.All": useOrder, "maps.Keys": useOrder, "maps.Values": useOrder, "maps.DeleteFunc": useOrder,
	"(reflect.Value).MapKeys": useOrder, "(reflect.Value).MapRange": useOrder, "(reflect.Value).Seq2": useOrder,
	"crypto/rand.Int": useRand, "crypto/rand.Prime": useRand, "crypto/rand.Read": useRand, "crypto/rand.Text": useRand,
	"(crypto/ecdh.Curve).GenerateKey": useDraw,
	"fmt.Print":                       useValue, "fmt.Printf": useValue, "fmt.Println": useValue,
}

const (
	useNow   = "take now as a parameter"
	useOrder = "keep a slice beside the map, for its order"
	useRand  = "take the source of randomness as a parameter"
	useDraw  = "draw the bytes and make the key of them: it does not read its source in the same way each time"
	useValue = "return it"
)

// fence collects the faults of one type-checked package.
type fence struct {
	fset   *token.FileSet
	info   *types.Info
	pkg    *types.Package
	faults []string
}

func (f *fence) fault(at ast.Node, format string, args ...any) {
	f.faults = append(f.faults, fmt.Sprintf("%s: %s", f.fset.Position(at.Pos()), fmt.Sprintf(format, args...)))
}

// file walks one file.
func (f *fence) file(file *ast.File) {
	for _, spec := range file.Imports {
		if p, _ := strconv.Unquote(spec.Path.Value); !strings.Contains(p, ".") && !allowed(fencedStd, p) {
			f.fault(spec, "imports %s", p)
		}
	}
	for _, decl := range file.Decls {
		f.decl(decl)
	}
}

func (f *fence) decl(decl ast.Decl) {
	fn, ok := decl.(*ast.FuncDecl)
	mayInit := ok && fn.Recv == nil && fn.Name.Name == "init" // fills tables, before anyone can look
	ast.Inspect(decl, func(n ast.Node) bool {
		f.concurrency(n)
		f.order(n)
		if id, ok := n.(*ast.Ident); ok {
			f.mention(id)
		}
		if !mayInit {
			f.state(n)
		}
		return true
	})
}

func (f *fence) concurrency(n ast.Node) {
	switch n := n.(type) {
	case *ast.GoStmt:
		f.fault(n, "starts a goroutine")
	case *ast.SelectStmt:
		f.fault(n, "selects")
	case *ast.ChanType:
		f.fault(n, "has a channel")
	case *ast.SendStmt:
		f.fault(n, "sends on a channel")
	case *ast.UnaryExpr:
		if n.Op == token.ARROW {
			f.fault(n, "receives from a channel")
		}
	}
}

// order finds loops whose order is not the program's to decide.
func (f *fence) order(n ast.Node) {
	loop, ok := n.(*ast.RangeStmt)
	if !ok {
		return
	}
	for _, typ := range terms(f.info.TypeOf(loop.X)) {
		switch typ.Underlying().(type) {
		case *types.Map:
			f.fault(loop, "ranges over a map; %s", useOrder)
		case *types.Chan:
			f.fault(loop, "ranges over a channel")
		}
	}
}

// terms are the types that a value of type t may have: t itself, or what the
// constraint of a type parameter lists.
func terms(t types.Type) (all []types.Type) {
	param, ok := t.(*types.TypeParam)
	if !ok {
		return []types.Type{t}
	}
	constraint := param.Constraint().Underlying().(*types.Interface)
	for embedded := range constraint.EmbeddedTypes() {
		union, ok := embedded.(*types.Union)
		if !ok {
			all = append(all, embedded)
			continue
		}
		for term := range union.Terms() {
			all = append(all, term.Type())
		}
	}
	return all
}

// mention looks at every name, called or not: a stored time.Now is a clock too.
func (f *fence) mention(id *ast.Ident) {
	obj := f.info.Uses[id]
	if obj == nil || obj.Pkg() == nil {
		return
	}
	if obj.Pkg().Path() == "sync" && !strings.HasPrefix(obj.Name(), "Once") { // a table made at first use is fine
		f.fault(id, "mentions sync.%s; a fenced value has one owner", obj.Name())
	}
	fn, ok := obj.(*types.Func)
	if !ok {
		return
	}
	if way, ok := fencedFuncs[fn.FullName()]; ok {
		f.fault(id, "mentions %s; %s", fn.FullName(), way)
	}
	global := fn.Signature().Recv() == nil && !strings.HasPrefix(fn.Name(), "New")
	if global && (fn.Pkg().Path() == "math/rand" || fn.Pkg().Path() == "math/rand/v2") {
		f.fault(id, "draws from the global source with %s; %s", fn.FullName(), useRand)
	}
}

// state finds changes of package variables: tables and error values are
// written once, where they are declared.
func (f *fence) state(n ast.Node) {
	switch n := n.(type) {
	case *ast.AssignStmt:
		for _, left := range n.Lhs {
			f.write(left)
		}
	case *ast.IncDecStmt:
		f.write(n.X)
	case *ast.SelectorExpr: // a method with a pointer receiver changes what it is called on
		method := f.info.Selections[n]
		if method == nil || method.Kind() != types.MethodVal {
			return
		}
		_, takesPointer := types.Unalias(method.Obj().(*types.Func).Signature().Recv().Type()).(*types.Pointer)
		_, hasPointer := f.info.TypeOf(n.X).Underlying().(*types.Pointer)
		if takesPointer && !hasPointer {
			f.write(n.X)
		}
	}
}

func (f *fence) write(x ast.Expr) {
	for {
		switch e := x.(type) {
		case *ast.IndexExpr:
			x = e.X
		case *ast.SelectorExpr:
			x = e.X
		case *ast.ParenExpr:
			x = e.X
		case *ast.StarExpr:
			x = e.X
		case *ast.Ident:
			if v, ok := f.info.Uses[e].(*types.Var); ok && v.Parent() == f.pkg.Scope() {
				f.fault(e, "changes the package variable %s", e.Name)
			}
			return
		default:
			return
		}
	}
}

// checkFence type-checks files as one package and walks those of them that
// are not open.
func checkFence(fset *token.FileSet, imports types.Importer, path string, files []*ast.File, open []string) ([]string, error) {
	f := &fence{fset: fset, info: &types.Info{
		Types:      map[ast.Expr]types.TypeAndValue{},
		Uses:       map[*ast.Ident]types.Object{},
		Selections: map[*ast.SelectorExpr]*types.Selection{},
	}}
	pkg, err := (&types.Config{Importer: imports}).Check(path, fset, files, f.info)
	if err != nil {
		return nil, err
	}
	f.pkg = pkg
	for _, file := range files {
		if !slices.Contains(open, filepath.Base(fset.Position(file.Package).Filename)) {
			f.file(file)
		}
	}
	return f.faults, nil
}

// A listing is what `go list` tells about a package.
type listing struct {
	ImportPath, Name, Dir, Export string
	Standard                      bool
	GoFiles, IgnoredGoFiles       []string
}

// list runs `go list -deps` and returns its packages, dependencies first.
func list(t *testing.T, args ...string) []listing {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-deps", "-json=ImportPath,Name,Dir,Export,Standard,GoFiles,IgnoredGoFiles"}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, stderr.Bytes())
	}
	var all []listing
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listing
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// exports imports packages from the compiler's export data.
func exports(fset *token.FileSet, packages []listing) types.Importer {
	files := map[string]string{}
	for _, p := range packages {
		files[p.ImportPath] = p.Export
	}
	return importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(files[path]) })
}

// TestHouseFence checks each room that the table marks as fenced.
func TestHouseFence(t *testing.T) {
	fenced := map[string]room{}
	args := []string{"-e", "-export"}
	for _, s := range sources(t) {
		r, err := roomOf(s.dir())
		if err != nil || !r.fence || s.test() {
			continue
		}
		if p := module + "/" + s.dir(); fenced[p].path == "" {
			fenced[p] = r
			args = append(args, "./"+s.dir())
		}
	}
	if len(fenced) == 0 {
		t.Fatal("found no fenced room")
	}
	packages := list(t, args...)
	for _, p := range packages {
		r, ok := fenced[p.ImportPath]
		if !ok {
			continue
		}
		for _, name := range p.IgnoredGoFiles {
			if !slices.Contains(r.open, name) && !strings.HasSuffix(name, "_test.go") {
				t.Errorf("%s/%s: has a build constraint; a fenced room is the same on every system", r.path, name)
			}
		}
		fset := token.NewFileSet()
		var files []*ast.File
		for _, name := range p.GoFiles {
			file, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, file)
		}
		faults, err := checkFence(fset, exports(fset, packages), p.ImportPath, files, r.open)
		if err != nil {
			t.Error(err)
		}
		for _, fault := range faults {
			t.Error(fault)
		}
	}
}

// TestHouseFenceCanFail proves that each hole is closed, and that the gates are open.
func TestHouseFenceCanFail(t *testing.T) {
	packages := list(t, "-export", "time", "maps", "math/rand/v2", "crypto/ecdh", "crypto/rand", "fmt", "io", "sync", "sync/atomic", "hash/maphash", "net", "os")
	for _, c := range []struct{ name, source, want string }{
		{"goroutine", `func f() { go f() }`, "goroutine"},
		{"channel", `type t struct { c chan int }`, "has a channel"},
		{"send", `func f[C ~chan int](c C) { c <- 1 }`, "sends"},
		{"receive", `func f[C ~chan int](c C) { <-c }`, "receives"},
		{"select", `func f() { select {} }`, "selects"},
		{"range over a channel", `func f[C ~chan int](c C) { for range c {} }`, "over a channel"},
		{"range over a map", `func f(m map[int]int) { for range m {} }`, "over a map"},
		{"range over a named map", `type m map[int]int; func f(x m) { for range x {} }`, "over a map"},
		{"range over any map", `func f[M ~map[K]V, K comparable, V any](m M) { for range m {} }`, "over a map"},
		{"range through maps", `import "maps"; func f(m map[int]int) { for range maps.Keys(m) {} }`, "maps.Keys"},
		{"clock", `import "time"; func f() time.Time { return time.Now() }`, "time.Now"},
		{"renamed clock", `import t "time"; func f(x t.Time) t.Duration { return t.Since(x) }`, "time.Since"},
		{"stored clock", `import "time"; func f() func() time.Time { return time.Now }`, "time.Now"},
		{"timer", `import "time"; func f() { time.AfterFunc(1, f) }`, "time.AfterFunc"},
		{"global randomness", `import "math/rand/v2"; func f() int { return rand.IntN(6) }`, "global source"},
		{"system randomness", `import "crypto/rand"; func f(b []byte) { rand.Read(b) }`, "crypto/rand.Read"},
		{"printing", `import "fmt"; func f() { fmt.Println() }`, "fmt.Println"},
		{"lock", `import "sync"; type t struct { mu sync.Mutex }`, "sync.Mutex"},
		{"atomic", `import "sync/atomic"; type t struct { n atomic.Int64 }`, "imports sync/atomic"},
		{"maphash", `import "hash/maphash"; var s maphash.Seed`, "imports hash/maphash"},
		{"network", `import "net"; type t struct { c net.Conn }`, "imports net"},
		{"files", `import "os"; type t struct { f *os.File }`, "imports os"},
		{"global counter", `var n int; func f() { n++ }`, "variable n"},
		{"global field", `var s struct{ n [2]int }; func f() { s.n[1] = 2 }`, "variable s"},
		{"global receiver", `type c int; func (x *c) inc() {}; var n c; func f() { n.inc() }`, "variable n"},

		{"injected randomness", `import "math/rand/v2"; func f(r *rand.Rand) *rand.Rand { r.IntN(6); return rand.New(rand.NewPCG(1, 2)) }`, ""},
		{"a key drawn anyhow", `import ("crypto/ecdh"; "io"); func f(r io.Reader) { ecdh.X25519().GenerateKey(r) }`, "GenerateKey"},
		{"a key of drawn bytes", `import "crypto/ecdh"; func f(b []byte) { ecdh.X25519().NewPrivateKey(b) }`, ""},
		{"default randomness", `import ("crypto/rand"; "io"); func f() io.Reader { return rand.Reader }`, ""},
		{"duration", `import "time"; const d = 3 * time.Second; func f(a, b time.Time) time.Duration { return a.Sub(b) }`, ""},
		{"map", `func f(m map[int]int) int { delete(m, 1); clear(m); return m[2] }`, ""},
		{"slice", `func f(s []int) { for i := range s { s[i]++ } }`, ""},
		{"table", `var squares = [...]int{0, 1, 4}; func f(i int) int { return squares[i] }`, ""},
		{"table made by init", `var t [256]byte; func init() { for i := range t { t[i] = byte(i) } }`, ""},
		{"table made at first use", `import "sync"; var t = sync.OnceValue(func() []int { return []int{1} }); func f() int { return t()[0] }`, ""},
		{"shadowed variable", `var n int; func f() int { n := 1; n++; return n }`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			fset := token.NewFileSet()
			file, err := parser.ParseFile(fset, "snippet.go", "package p; "+c.source, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			faults, err := checkFence(fset, exports(fset, packages), "p", []*ast.File{file}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if all := strings.Join(faults, "; "); c.want == "" && all != "" || !strings.Contains(all, c.want) {
				t.Errorf("faults %q, want %q", all, c.want)
			}
		})
	}
}
