package report

import (
	"os"
	"path/filepath"
	"testing"
)

func TestPutInto(t *testing.T) {
	file := filepath.Join(t.TempDir(), "page.md")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("above\n<!-- it -->\nold\n<!-- /it -->\nbelow\n")
	for range 2 {
		if err := PutInto(file, "it", "new\n"); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(file)
		if want := "above\n<!-- it -->\n\nnew\n\n<!-- /it -->\nbelow\n"; err != nil || string(got) != want {
			t.Errorf("%q, %v, want %q", got, err, want)
		}
	}
	write("above\n<!-- it -->\nold\n")
	if err := PutInto(file, "it", "new\n"); err == nil {
		t.Error("a page without the second line is written to")
	}
}
