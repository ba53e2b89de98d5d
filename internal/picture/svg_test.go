package picture

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strconv"
	"testing"
)

// TestSVG: each picture is well-formed XML that says what it shows to those who cannot see it,
// stays on its page, and is the same bytes each time.
func TestSVG(t *testing.T) {
	for _, s := range Scenes() {
		t.Run(s.Name, func(t *testing.T) {
			b, err := s.Draw()
			if err != nil {
				t.Fatal(err)
			}
			if again, _ := s.Draw(); !bytes.Equal(b, again) {
				t.Error("drawn twice, the picture differs")
			}
			checkSVG(t, b)
		})
	}
}

// checkSVG reads the elements and where they are.
func checkSVG(t *testing.T, b []byte) {
	t.Helper()
	var names []string
	size := map[string]int{"x": 800, "y": 1000}
	d := xml.NewDecoder(bytes.NewReader(b))
	d.Strict = true
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		e, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		names = append(names, e.Name.Local)
		for _, a := range e.Attr {
			n, err := strconv.Atoi(a.Value)
			if a.Name.Local == "height" && e.Name.Local == "svg" {
				size["y"] = n
			}
			axis := a.Name.Local
			if len(axis) == 2 {
				axis = axis[:1]
			}
			if most, place := size[axis]; place && err == nil && (n < 0 || n > most) {
				t.Errorf("%s at %s=%d", e.Name.Local, a.Name.Local, n)
			}
		}
	}
	for _, want := range []string{"svg", "title", "desc", "style", "text"} {
		if !slices.Contains(names, want) {
			t.Errorf("no %s", want)
		}
	}
}

// TestEscape: what a label says is text, not markup.
func TestEscape(t *testing.T) {
	s := sheet{height: 20}
	s.text("in", 1, 2, left, `<b> & "c"`)
	b := s.bytes("a < b", "c & d")
	checkSVG(t, b)
	if bytes.Contains(b, []byte("<b>")) {
		t.Errorf("%s", b)
	}
}

// TestNames: files are called after scenes.
func TestNames(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range Scenes() {
		if s.Name == "" || s.Title == "" || s.Note == "" || seen[s.Name] {
			t.Errorf("%+v", s)
		}
		seen[s.Name] = true
	}
	if _, err := Find("nonsense"); err == nil {
		t.Error("found nonsense")
	}
}
