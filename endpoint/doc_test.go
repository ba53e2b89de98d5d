package endpoint

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestMapOfFiles compares the map of the code in doc.go with the files: it names each of them, and none
// that is not there. It stands behind the package documentation, whose readers may have no files.
func TestMapOfFiles(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, rows, found := strings.Cut(string(doc), "In which file what is:\n")
	if !found {
		t.Fatal("doc.go has no map")
	}
	named := map[string]bool{"doc": true}
	for row := range strings.Lines(rows) {
		cells := regexp.MustCompile(`^//\t.{19,}?  ?([a-z_]+(, [a-z_]+)*),?$`).FindStringSubmatch(strings.TrimRight(row, "\n"))
		if cells == nil {
			if strings.TrimSpace(row) != "//" {
				t.Errorf("no row of the map: %q", row)
			}
			continue
		}
		for _, name := range strings.Split(cells[1], ", ") {
			named[name] = true
		}
	}
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ".go"); ok && !strings.HasSuffix(name, "_test") {
			if files = append(files, name); !named[name] {
				t.Errorf("the map has no %s.go", name)
			}
		}
	}
	for name := range named {
		if !slices.Contains(files, name) {
			t.Errorf("there is no %s.go", name)
		}
	}
}
