package ages

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCurve: states each 10 ms take 50 ms, but for one that is lost and one that comes late, behind a newer one: so 20 of 800 ages are
// 60 ms or more.
func TestCurve(t *testing.T) {
	var r record
	for i := range 100 {
		sent := float64(10 * i)
		switch i {
		case 40: // is lost
		case 60:
			r.sent, r.came = append(r.sent, sent+10, sent), append(r.came, sent+60, sent+61)
		case 61: // came before
		default:
			r.sent, r.came = append(r.sent, sent), append(r.came, sent+50)
		}
	}
	var c curve
	c.add(r, 100, 900)
	if c.total != 800 || c.states != 79 || c.longest() != 69 || c.quantile(0.5) != 55 || c.quantile(1) != 69 || c.bySeed[0] != 65 {
		t.Errorf("%d looks, %d states, %v, %v and %v ms, %v", c.total, c.states, c.quantile(0.5), c.quantile(1), c.longest(), c.bySeed)
	}
}

// TestTable: the page has the table as it is written now, in figures that this machine may not have.
func TestTable(t *testing.T) {
	page := filepath.Join(t.TempDir(), "page.md")
	text, err := os.ReadFile("../../docs/browsers.md")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(page, text, 0o666); err != nil {
		t.Fatal(err)
	}
	_, shown, _ := strings.Cut(string(text), "<!-- ages -->\n")
	shown, _, _ = strings.Cut(shown, "<!-- /ages -->")
	var c curve
	c.add(record{[]float64{0}, []float64{1}}, 1, 2)
	all := []curve{c, c, c, c}
	if err := replaceTable(page, table(all, "here")); err != nil {
		t.Fatal(err)
	}
	written, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Replace(string(written), table(all, "here"), shown, 1) != string(text) {
		t.Error("more than the table is written")
	}
	for line := range strings.Lines(table(all, "here")) {
		if name := strings.SplitN(line, "**", 2)[0]; !strings.Contains(line, "**") && !strings.HasPrefix(line, "Age") && !strings.Contains(shown, line) {
			t.Errorf("docs/browsers.md does not have %q: make browsers", name)
		}
	}
	for _, r := range rivals {
		if !strings.Contains(shown, "| "+r.title+" | ") {
			t.Errorf("docs/browsers.md has no row of %s: make browsers", r.title)
		}
	}
	if err := replaceTable(os.DevNull, ""); err == nil {
		t.Error("a page without a place for the table is taken")
	}
}
