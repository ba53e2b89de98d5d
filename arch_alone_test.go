package tickwire_test

import (
	"go/ast"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// starters are methods and functions that have something run beside who calls them.
var starters = []string{"Go", "Parallel", "RunParallel", "AfterFunc"}

// beside finds what a file starts that runs beside it.
func beside(s source) (faults []string) {
	ast.Inspect(s.file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			faults = append(faults, s.name+": starts a goroutine")
		case *ast.SelectorExpr:
			if slices.Contains(starters, n.Sel.Name) {
				faults = append(faults, s.name+": mentions "+n.Sel.Name)
			}
		}
		return true
	})
	return faults
}

// TestHouseAlone: rooms whose tests the Makefile runs without the race detector are fenced altogether, and their tests
// start nothing that would run beside them.
func TestHouseAlone(t *testing.T) {
	text, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^ALONE +:= (.+)$`).FindSubmatch(text)
	if m == nil {
		t.Fatal("Makefile does not say which rooms are alone")
	}
	for _, dir := range strings.Fields(string(m[1])) {
		dir = strings.TrimPrefix(dir, "./")
		if r, err := roomOf(dir); err != nil || !r.fence || len(r.open) > 0 {
			t.Errorf("%s: is not fenced altogether: %v", dir, err)
		}
		files := 0
		for _, s := range sources(t) {
			if s.dir() != dir {
				continue
			}
			files++
			for _, fault := range beside(s) {
				t.Error(fault)
			}
		}
		if files == 0 {
			t.Errorf("%s: has no files", dir)
		}
	}
}

// TestHouseAloneCanFail proves that each hole is closed.
func TestHouseAloneCanFail(t *testing.T) {
	for _, text := range []string{"go f()", "t.Parallel()", "var g sync.WaitGroup; g.Go(f)", "b.RunParallel(f)", "time.AfterFunc(d, f)"} {
		if len(beside(parse(t, "p_test.go", "package p\nfunc f() { "+text+" }"))) == 0 {
			t.Errorf("%s is let through", text)
		}
	}
	if len(beside(parse(t, "p_test.go", "package p\nfunc f() { f() }"))) > 0 {
		t.Error("a call is not")
	}
}
