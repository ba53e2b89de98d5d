package main

import (
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// turn takes of each site the change of that turn, if there are so many.
func (p *pack) turn(n int) (mutants []*mutant) {
	for _, s := range p.sites {
		if n < len(s.changes) {
			mutants = append(mutants, &mutant{site: s, change: s.changes[n]})
		}
	}
	return mutants
}

// TestVerdicts tries each change of a small package, and knows which of them its tests let pass.
func TestVerdicts(t *testing.T) {
	kept, err := openVerdicts(filepath.Join(t.TempDir(), "verdicts"))
	if err != nil {
		t.Fatal(err)
	}
	defer kept.close()
	ends := map[string]string{}
	for turn := range 3 {
		p, err := load("testdata/game")
		if err != nil {
			t.Fatal(err)
		}
		p.patience = 500 * time.Millisecond
		p.mutants = p.turn(turn)
		if err := p.try(kept, io.Discard); err != nil {
			t.Fatal(err)
		}
		slow := slices.DeleteFunc(p.mutants, func(m *mutant) bool {
			ends[said(m)] = m.verdict.How
			return m.verdict.How != hung || strings.Contains(passed, "hung "+said(m)+"\n")
		})
		if len(slow) == 0 {
			continue
		}
		// What the machine had no time for comes to an end when it is given more.
		again, err := openVerdicts(filepath.Join(t.TempDir(), "again"))
		if err != nil {
			t.Fatal(err)
		}
		defer again.close()
		for _, m := range slow {
			m.verdict = verdict{}
		}
		p.mutants, p.patience = slow, time.Minute
		if err := p.try(again, io.Discard); err != nil {
			t.Fatal(err)
		}
		for _, m := range slow {
			ends[said(m)] = m.verdict.How
		}
	}
	want := strings.Split(strings.TrimSpace(passed), "\n")
	var got []string
	for what, how := range ends {
		if how != caught {
			got = append(got, how+" "+what)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("of %d mutants passed or hung\n%s\nwant\n%s", len(ends), strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func said(m *mutant) string { return fmt.Sprintf("%s: %s → %s", m.in, m.before(), m.after) }

const passed = `
hung Spin: left-- → left++
hung Spin: left-- → nothing
survived (*Player).Rest: p.Rested >= 2*time.Second && !p.muted → p.Rested >= 2*time.Second
survived (*Player).Round: 0 → 0 + 1
survived (*Player).Round: angry → angry + 1
survived (*Player).Round: hits < 0 → hits <= 0
survived (*Player).Round: p.muted || hits < 0 → hits < 0
survived Spin: 1000 → 1000 * 2
survived Spin: 1000 → 1000 / 2
survived Spin: left > 0 → left <= 0
survived Spin: left > 0 → left >= 0
survived Spin: sum > 1000 → sum >= 1000
survived steps: 7 → 7 + 1
survived steps: 7 → 7 - 1
unreached Spin: break → nothing
unreached Untested: -n / 2 → -n * 2
unreached Untested: -n → n
unreached Untested: 2 → 2 + 1
unreached Untested: 2 → 2 - 1
`

// TestBeside asks the tests of another package about what no test of the game comes by.
func TestBeside(t *testing.T) {
	for only, want := range map[string]string{"Half": caught, "Nothing": survived, "League": unreached} {
		kept, err := openVerdicts(filepath.Join(t.TempDir(), "verdicts"))
		if err != nil {
			t.Fatal(err)
		}
		defer kept.close()
		p, err := load("testdata/game")
		if err != nil {
			t.Fatal(err)
		}
		if err := p.ask("testdata/game/league:" + only); err != nil {
			t.Fatal(err)
		}
		p.sites = slices.DeleteFunc(p.sites, func(s *site) bool { return s.in != "Untested" })
		p.mutants = p.turn(0)
		if err := p.try(kept, io.Discard); err != nil {
			t.Fatal(err)
		}
		for _, m := range p.mutants {
			if v := m.verdict; v.How != want || (v.Beside == "testdata/game/league") != (want == caught) {
				t.Errorf("asked %s about %v: %+v", only, m, v)
			}
		}
	}
}

// TestEveryPlace puts a change at every place of the packages that are asked, each kind of change
// in its turn, and has the compiler's front end read what comes out.
func TestEveryPlace(t *testing.T) {
	for _, dir := range []string{"endpoint", "netcode"} {
		p, err := load(filepath.Join("..", "..", dir))
		if err != nil {
			t.Fatal(err)
		}
		_, exports, err := list(p.path)
		if err != nil {
			t.Fatal(err)
		}
		for turn := range 3 {
			p.mutants = p.turn(turn)
			fset := token.NewFileSet()
			var trees []*ast.File
			for name, text := range p.whole() {
				tree, err := parser.ParseFile(fset, name, text, parser.SkipObjectResolution)
				if err != nil {
					t.Fatal(err)
				}
				trees = append(trees, tree)
			}
			imports := importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
			if _, err := (&types.Config{Importer: imports}).Check(dir, fset, trees, nil); err != nil {
				t.Errorf("%s, turn %d: %v", dir, turn, err)
			}
		}
	}
}

// whole is the package with its mutants, also those of its files that have none.
func (p *pack) whole() map[string]string {
	files := p.rewrite()
	for _, f := range p.files {
		if files[f.name] == "" {
			files[f.name] = string(f.text)
		}
	}
	return files
}

// TestSample wants the same sample from the same seed, as many of each package as it is large, and
// no place twice.
func TestSample(t *testing.T) {
	draw := func(seed uint64) (names []string) {
		p := &pack{dir: "big"}
		q := &pack{dir: "small"}
		for i := range 300 {
			s := &site{in: fmt.Sprint(i), file: &file{name: "a.go", text: []byte("package a")}, node: &ast.Ident{}, changes: make([]change, 1+i%3)}
			if p.sites = append(p.sites, s); i%3 == 0 {
				q.sites = append(q.sites, s)
			}
		}
		sample([]*pack{p, q}, 100, seed)
		if len(p.mutants) != 75 || len(q.mutants) != 25 {
			t.Errorf("%d and %d mutants, want 75 and 25", len(p.mutants), len(q.mutants))
		}
		for _, m := range p.mutants {
			names = append(names, m.in)
		}
		return names
	}
	one := draw(1)
	if !slices.Equal(one, draw(1)) || slices.Equal(one, draw(2)) {
		t.Error("a seed does not say which sample")
	}
	slices.Sort(one)
	if len(slices.Compact(one)) != 75 {
		t.Error("a place was taken twice")
	}
}
