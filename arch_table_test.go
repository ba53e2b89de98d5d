package tickwire_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the table of rooms in CONTRIBUTING.md anew")

// TestHouseRoomsTable: CONTRIBUTING.md shows the table of rooms as it is.
func TestHouseRoomsTable(t *testing.T) {
	const page, head = "CONTRIBUTING.md", "| room | of ours | of others | of the standard library |\n"
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(b), head)
	if !ok {
		t.Fatalf("%s has no table that begins with %s", page, head)
	}
	shown, after, _ := strings.Cut(rest, "\n\n")
	want := "|---|---|---|---|\n"
	for _, r := range rooms {
		want += r.row()
	}
	switch want = strings.TrimSuffix(want, "\n"); {
	case shown == want:
	case *update:
		if err := os.WriteFile(page, []byte(before+head+want+"\n\n"+after), 0o666); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s shows another table than `rooms`: go test -run RoomsTable -update .\nwant\n%s", page, want)
	}
}

// row is the room as a row of the table.
func (r room) row() string {
	name := "`" + strings.TrimSuffix(r.path, "/...") + "`"
	if r.path == "." {
		name = "tickwire (the root)"
	}
	if r.fence {
		name += " · *fenced*"
	}
	for i, file := range r.open {
		name += [...]string{" but for", ","}[min(i, 1)] + " `" + r.path + "/" + file + "`"
	}
	std := "all"
	if r.std != nil {
		std = quoted(r.std)
	}
	return fmt.Sprintf("| %s | %s | %s | %s |\n", name, quoted(r.ours), quoted(r.libs), std)
}

// quoted writes patterns for people: what is allowed, and what of that is not.
func quoted(patterns []string) string {
	if slices.Equal(patterns, public) {
		return "all that is public"
	}
	if n := len(public); len(patterns) > n && slices.Equal(patterns[:n], public) {
		return "all that is public, " + quoted(patterns[n:])
	}
	var words []string
	without := false
	for _, p := range patterns {
		name, not := strings.CutPrefix(p, "!")
		switch word := "`" + strings.TrimSuffix(name, "/...") + "`"; {
		case name == "...":
			words = append(words, "all")
		case name == ".":
			words = append(words, "tickwire")
		case not:
			words = append(words, "not "+word)
			without = true
		case without:
			words = append(words, "but "+word)
		default:
			words = append(words, word)
		}
	}
	return strings.Join(words, ", ")
}

// TestHouseRoomsNeedTheirRows: each row is that of a folder, and allows no package by name that the code
// there does not import.
func TestHouseRoomsNeedTheirRows(t *testing.T) {
	imports := map[string]map[string]bool{} // by room
	for _, s := range sources(t) {
		r, err := roomOf(s.dir())
		if err != nil {
			t.Fatal(err)
		}
		if imports[r.path] == nil {
			imports[r.path] = map[string]bool{}
		}
		for _, spec := range s.file.Imports {
			p, _ := strconv.Unquote(spec.Path.Value)
			p = strings.TrimPrefix(p, module+"/")
			if p == module {
				p = "."
			}
			imports[r.path][p] = true
		}
	}
	for _, r := range rooms {
		used := imports[r.path]
		if used == nil {
			t.Errorf("%s: there is no such room", r.path)
		}
		for _, pattern := range slices.Concat(r.ours, r.libs) {
			if pattern == "..." || strings.HasPrefix(pattern, "!") {
				continue
			}
			if !anyMatch(used, pattern) {
				t.Errorf("%s may import %s, and does not", r.path, pattern)
			}
		}
	}
}

func anyMatch(used map[string]bool, pattern string) bool {
	for p := range used {
		if matches(pattern, p) {
			return true
		}
	}
	return false
}
