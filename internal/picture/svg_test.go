package picture

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
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
			places := elements(t, b)
			for _, fault := range layout(places) {
				t.Error(fault)
			}
			for _, want := range []string{"svg", "title", "desc", "style", "text"} {
				if !slices.ContainsFunc(places, func(p place) bool { return p.name == want }) {
					t.Errorf("no %s", want)
				}
			}
		})
	}
}

// A place is an element of a picture, and about the room that it takes.
type place struct {
	name, anchor, text string
	x, y, end, below   int
}

// write gives a text its room: letters of 11 or 12 pixels are about 6 wide.
func (p *place) write(text string) {
	p.text = text
	w := 6 * len([]rune(text))
	switch anchor(p.anchor) {
	case middle:
		p.x -= w / 2
	case right:
		p.x -= w
	}
	p.y, p.below, p.end = p.y-8, p.y, p.x+w
}

func (p place) overlaps(q place) bool {
	return p.x < q.end && q.x < p.end && p.y < q.below && q.y < p.below
}

// layout finds what is not on the page, and text on another one.
func layout(places []place) (faults []string) {
	page := places[0]
	for i, p := range places {
		if p.x < 0 || p.y < 0 || p.end > page.end || p.below > page.below {
			faults = append(faults, fmt.Sprintf("%+v is not on the page", p))
		}
		for _, q := range places[:i] {
			if p.name == "text" && q.name == "text" && p.overlaps(q) {
				faults = append(faults, fmt.Sprintf("%q and %q are on each other: %+v %+v", p.text, q.text, p, q))
			}
		}
	}
	return faults
}

func TestLayoutCanFail(t *testing.T) {
	for _, c := range []struct {
		x, y   int
		anchor anchor
		wrong  bool
	}{
		{100, 50, left, true}, {125, 55, left, true}, {140, 50, left, false}, {140, 50, middle, true}, {100, 70, left, false},
		{790, 20, left, true}, {20, 20, right, true}, {20, 120, left, true},
	} {
		s := sheet{height: 100}
		s.text("in", 100, 50, left, "abcde")
		s.text("in", c.x, c.y, c.anchor, "fghij")
		if faults := layout(elements(t, s.bytes("", ""))); (len(faults) > 0) != c.wrong {
			t.Errorf("%+v: %v", c, faults)
		}
	}
}

// elements reads a picture; it must be well-formed.
func elements(t *testing.T, b []byte) (all []place) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(b))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			all = append(all, placeOf(token))
		case xml.CharData:
			if n := len(all) - 1; n >= 0 && all[n].name == "text" && all[n].text == "" {
				all[n].write(string(token))
			}
		}
	}
}

func placeOf(e xml.StartElement) place {
	attr := map[string]string{}
	for _, a := range e.Attr {
		attr[a.Name.Local] = a.Value
	}
	number := func(names ...string) int {
		for _, name := range names {
			if n, err := strconv.Atoi(attr[name]); err == nil {
				return n
			}
		}
		return 0
	}
	p := place{name: e.Name.Local, anchor: attr["text-anchor"], x: number("x", "x1"), y: number("y", "y1")}
	p.end, p.below = max(p.x+number("width"), number("x2")), max(p.y+number("height"), number("y2"))
	return p
}

// TestSeedsSwarm: a picture also holds what other losses make of its script.
func TestSeedsSwarm(t *testing.T) {
	for _, s := range Scenes() {
		for s.Seed = 1; s.Seed <= 20; s.Seed++ {
			b, err := s.Draw()
			if err != nil {
				t.Fatal(err)
			}
			for _, fault := range layout(elements(t, b)) {
				t.Errorf("%s, seed %d: %s", s.Name, s.Seed, fault)
			}
		}
	}
}

// TestEscape: what a label says is text, not markup.
func TestEscape(t *testing.T) {
	s := sheet{height: 20}
	s.text("in", 1, 2, left, `<b> & "c"`)
	b := s.bytes("a < b", "c & d")
	elements(t, b)
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
