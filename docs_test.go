package tickwire_test

import (
	"fmt"
	"go/ast"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestHouseDocNames looks up the fields and methods that the pages of docs name, such as
// `SendOptions.Group`, in this package and in endpoint.
func TestHouseDocNames(t *testing.T) {
	known, types := members(t)
	pages, err := filepath.Glob("docs/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	name := regexp.MustCompile("`([A-Z]\\w+)\\.([A-Z]\\w+)")
	found := 0
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range name.FindAllStringSubmatch(string(text), -1) {
			if !types[m[1]] {
				continue // a type of somebody else's
			}
			if found++; !known[m[1]+"."+m[2]] {
				t.Errorf("%s names %s.%s, which does not exist", page, m[1], m[2])
			}
		}
	}
	if found == 0 {
		t.Error("found no name")
	}
}

// members returns the fields and methods of the types of both packages, and the types.
func members(t *testing.T) (known, types map[string]bool) {
	t.Helper()
	known, types = map[string]bool{}, map[string]bool{}
	for _, s := range sources(t) {
		if s.test() || s.dir() != "." && s.dir() != "endpoint" {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.TypeSpec:
				types[n.Name.Name] = true
				if st, ok := n.Type.(*ast.StructType); ok {
					for _, f := range st.Fields.List {
						for _, name := range f.Names {
							known[n.Name.Name+"."+name.Name] = true
						}
					}
				}
			case *ast.FuncDecl:
				if n.Recv != nil {
					known[receiverName(n.Recv.List[0].Type)+"."+n.Name.Name] = true
				}
			}
			return true
		})
	}
	return known, types
}

// receiverName is the type of a receiver without its star and its parameters.
func receiverName(x ast.Expr) string {
	switch x := x.(type) {
	case *ast.StarExpr:
		return receiverName(x.X)
	case *ast.IndexExpr:
		return receiverName(x.X)
	case *ast.Ident:
		return x.Name
	}
	return ""
}

// TestHouseConstantsPage: what docs/constants.md explains is there.
func TestHouseConstantsPage(t *testing.T) {
	page, err := os.ReadFile("docs/constants.md")
	if err != nil {
		t.Fatal(err)
	}
	declared := map[string]bool{}
	for _, s := range sources(t) {
		if s.dir() != "endpoint" || s.test() {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				declared[id.Name] = true
			}
			return true
		})
	}
	name, found := regexp.MustCompile("`(\\w+)`"), 0
	for row := range strings.Lines(string(page)) {
		if !strings.HasPrefix(row, "| ") {
			continue
		}
		for _, m := range name.FindAllStringSubmatch(strings.Split(row, "|")[1], -1) {
			if found++; !declared[m[1]] {
				t.Errorf("docs/constants.md explains %s, which package endpoint does not have", m[1])
			}
		}
	}
	if found < 40 {
		t.Errorf("docs/constants.md explains %d constants", found)
	}
}

// TestHousePathsPage holds the table of docs/paths.md to the simulated runs that it names.
func TestHousePathsPage(t *testing.T) {
	page, err := os.ReadFile("docs/paths.md")
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "go", "test", "./endpoint", "-run", "^TestPathsTable$", "-v").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for name, played := range map[string]string{
		"not there": "20 ms", "`UseShare`": "20 ms beside a reliable 80 ms",
		"`UseCopy`": "20 ms, a reliable 80 ms copies", "`UseReserve`": "20 ms, a reliable 80 ms in reserve",
	} {
		row := regexp.MustCompile(`(?m)\| ` + played + ` \| (\d+, \d+) \| ([\d.]+)ms \| ([\d.]+)ms \| [^|]+ \| ([\d.]+)ms \| ([\d.]+)ms \| ([\d.]+ %) \|`)
		m := row.FindStringSubmatch(string(out))
		if m == nil {
			t.Fatalf("TestPathsTable has no row %q\n%s", played, out)
		}
		for i := 2; i <= 5; i++ {
			ms, err := strconv.ParseFloat(m[i], 64)
			if err != nil {
				t.Fatal(err)
			}
			m[i] = strconv.FormatFloat(math.Round(ms), 'f', 0, 64)
		}
		want := fmt.Sprintf("| %s | %s, %s ms | %s, %s ms, %s | %s |\n", name, m[2], m[3], m[4], m[5], m[6], m[1])
		if !strings.Contains(string(page), want) {
			t.Errorf("docs/paths.md does not have %s", want)
		}
	}
}
