package tickwire_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The house rules that a machine can judge. CONTRIBUTING.md gives the others.

const (
	maxFileLines     = 500
	maxFunctionLines = 60
)

var (
	// leftOver are the marks of unfinished work; split, so that they do not find themselves.
	leftOver = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X|HA` + `CK)\b`)
	// upward is a relative path that starts by leaving its folder.
	upward = regexp.MustCompile(`(?:\.\./)+[A-Za-z0-9_][A-Za-z0-9_.-]*`)
	// badName are names that say nothing, or say it twice.
	badName = regexp.MustCompile(`^Get[A-Z]|Manager$|Impl$`)
)

// texts are the kinds of files that people write and read.
var texts = []string{".go", ".md", ".ts", ".mjs", ".js", ".sh", ".s", ".html", ".css", ""}

// prose finds what no text of the repository may have.
func prose(name string, text []byte, exists func(string) bool) (faults []string) {
	for i, line := range bytes.Split(text, []byte("\n")) {
		at := fmt.Sprintf("%s:%d", name, i+1)
		if mark := leftOver.Find(line); mark != nil {
			faults = append(faults, at+": leaves work behind: "+string(mark))
		}
		for _, up := range upward.FindAllString(string(line), -1) {
			target := path.Join(path.Dir(name), up)
			room, _, _ := strings.Cut(target, "/")
			if room == ".." || !exists(room) {
				faults = append(faults, at+": names something outside of the repository: "+up)
			}
		}
	}
	return faults
}

func TestHouseProse(t *testing.T) {
	walk(t, func(name string) {
		if !slices.Contains(texts, path.Ext(name)) || strings.Contains("/"+name, "/testdata/") {
			return
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, fault := range prose(name, text, exists) {
			t.Error(fault)
		}
	})
}

// namesOfOthers are methods that an interface of another module asks for.
var namesOfOthers = []string{"GetConn", "GetListenAddresses"} // of pion's UDPMux

// taste finds what is wrong with the shape of one Go file.
func taste(s source) (faults []string) {
	fault := func(what string) { faults = append(faults, s.name+": "+what) }
	if formatted, err := format.Source(s.text); err != nil || !bytes.Equal(formatted, s.text) {
		fault("is not formatted; run gofmt -w")
	}
	if s.generated() {
		return faults
	}
	if lines := bytes.Count(s.text, []byte("\n")); lines > maxFileLines {
		fault("is too long; find the noun that wants a file of its own")
	}
	if s.file.Name.Name == "util" || s.file.Name.Name == "common" {
		fault("a package is named after what it gives")
	}
	ast.Inspect(s.file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if s.long(n) {
				fault(fmt.Sprintf("%s has more than %d lines; find the stories in it", n.Name.Name, maxFunctionLines))
			}
			if badName.MatchString(n.Name.Name) && !slices.Contains(namesOfOthers, n.Name.Name) {
				fault("a better name than " + n.Name.Name)
			}
		case *ast.TypeSpec:
			if badName.MatchString(n.Name.Name) {
				fault("a better name than " + n.Name.Name)
			}
		case *ast.SelectorExpr:
			if s.test() && slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, n.Sel.Name) {
				fault("skips; a test that cannot run must fail and say what it needs")
			}
		}
		return true
	})
	return faults
}

// long reports whether a function has more lines than one may have, the comment above not counted.
func (s source) long(fn *ast.FuncDecl) bool {
	text := s.text[fn.Pos()-s.file.FileStart : fn.End()-s.file.FileStart]
	return bytes.Count(text, []byte("\n")) >= maxFunctionLines
}

func TestHouseTaste(t *testing.T) {
	for _, s := range sources(t) {
		for _, fault := range taste(s) {
			t.Error(fault)
		}
	}
}

// TestHousePackageComments wants every package to say what it is.
func TestHousePackageComments(t *testing.T) {
	said := map[string]bool{}
	for _, s := range sources(t) {
		if s.test() {
			continue
		}
		want := "Package " + s.file.Name.Name + " "
		if s.file.Name.Name == "main" {
			want = "" // a command's comment starts with what it does
		}
		said[s.dir()] = said[s.dir()] || s.file.Doc != nil && strings.HasPrefix(s.file.Doc.Text(), want)
	}
	for dir, ok := range said {
		if !ok {
			t.Errorf("%s: no package comment", dir)
		}
	}
}

// mdLink, mdFile and mdTest are what a page may point at: by links, files and tests by their names.
var (
	mdLink = regexp.MustCompile(`\]\(([^)#]+)[^)]*\)`)
	mdCode = regexp.MustCompile("(?ms)^```.*?^```$") // has brackets of its own
	mdFile = regexp.MustCompile("`([a-z][a-z0-9_/]*\\.go)`")
	mdTest = regexp.MustCompile(`(?:[a-z][a-z/]*\.)?\b(?:Test|Fuzz|Benchmark|Example)[A-Z_]\w*`)
)

// dangling finds links, and names of files and tests, in a page that lead nowhere. A name may
// say where the test is: endpoint.TestClose.
func dangling(name string, text []byte, exists, declared func(string) bool) (faults []string) {
	for _, m := range mdLink.FindAllSubmatch(mdCode.ReplaceAll(text, nil), -1) {
		if bytes.Contains(m[1], []byte(":")) {
			continue // elsewhere
		}
		if target := path.Join(path.Dir(name), string(m[1])); !exists(target) {
			faults = append(faults, name+": links to "+target+", which does not exist")
		}
	}
	for _, m := range mdFile.FindAllSubmatch(text, -1) {
		if file := string(m[1]); !exists(file) && !exists(path.Join(path.Dir(name), file)) {
			faults = append(faults, name+": names the file "+file+", which does not exist")
		}
	}
	for _, m := range mdTest.FindAllString(string(text), -1) {
		if !declared(m) {
			faults = append(faults, name+": names "+m+", which does not exist")
		}
	}
	return faults
}

// exists reports whether a path of the repository does.
func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// roomName is a folder as a page names it in front of a test.
func roomName(dir string) string {
	if dir == "." {
		return path.Base(module)
	}
	return dir
}

// TestHousePages follows the links of every page, and looks up the tests they name.
func TestHousePages(t *testing.T) {
	tests := map[string]bool{}
	for _, s := range sources(t) {
		for _, decl := range s.file.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && s.test() {
				tests[fn.Name.Name], tests[roomName(s.dir())+"."+fn.Name.Name] = true, true
			}
		}
	}
	walk(t, func(name string) {
		if path.Ext(name) != ".md" {
			return
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, fault := range dangling(name, text, exists, func(name string) bool { return tests[name] }) {
			t.Error(fault)
		}
	})
}

func TestHouseLicense(t *testing.T) {
	text, err := os.ReadFile("LICENSE")
	if err != nil || !bytes.HasPrefix(text, []byte("MIT License\n")) {
		t.Errorf("LICENSE is not the MIT licence: %v", err)
	}
}

func TestHouseRulesCanFail(t *testing.T) {
	here := func(name string) bool { return name == "ts" || name == "endpoint" }
	for _, c := range []struct {
		text  string
		wrong bool
	}{
		{"// TO" + "DO: later", true},
		{"see ../" + "other/plan.md", true},
		{"see ../../" + "plan.md", true},
		{"import '../" + "endpoint/conn.ts'", false},
		{"the dots of f(args...)", false},
	} {
		if got := len(prose("ts/file.ts", []byte(c.text), here)) > 0; got != c.wrong {
			t.Errorf("%q: fault %v, want %v", c.text, got, c.wrong)
		}
	}
	for text, wrong := range map[string]bool{
		"[a room](endpoint#life)":                  false,
		"[a room](missing)":                        true,
		"[elsewhere](https://example.com/missing)": false,
		"it is in `endpoint`":                      false,
		"it is in `endpoint/missing.go`":           true,
		"shown by TestKnown":                       false,
		"shown by TestUnknown":                     true,
		"shown by `endpoint.TestKnown`":            false,
		"shown by `netcode.TestKnown`":             true,
	} {
		known := func(name string) bool { return name == "TestKnown" || name == "endpoint.TestKnown" }
		if got := len(dangling("PAGE.md", []byte(text), here, known)) > 0; got != wrong {
			t.Errorf("%q: fault %v, want %v", text, got, wrong)
		}
	}
	long := strings.Repeat("\n// line\n", maxFileLines/2+1)
	for _, c := range []struct {
		name, text string
		wrong      bool
	}{
		{"a.go", "package p\n", false},
		{"a.go", "package  p\n", true},
		{"a.go", "package util\n", true},
		{"a.go", "package p\n" + long, true},
		{"a.go", "// Code generated by x. DO NOT EDIT.\n\npackage p\n" + long, false},
		{"a.go", "package p\n\nfunc GetName() {}\n", true},
		{"a.go", "package p\n\nfunc Getaway() {}\n", false},
		{"a.go", "package p\n\ntype PathManager struct{}\n", true},
		{"a_test.go", "package p\n\nfunc f(t interface{ Skip() }) { t.Skip() }\n", true},
		{"a_test.go", "package p\n\nfunc f() {\n" + strings.Repeat("\tf()\n", maxFunctionLines-2) + "}\n", false},
		{"a_test.go", "package p\n\nfunc f() {\n" + strings.Repeat("\tf()\n", maxFunctionLines-1) + "}\n", true},
	} {
		if faults := taste(parse(t, c.name, c.text)); (len(faults) > 0) != c.wrong {
			t.Errorf("%.60q: faults %v, want %v", c.text, faults, c.wrong)
		}
	}
}
