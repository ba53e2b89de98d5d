package picture

import (
	"bytes"
	"math"
	"strings"
	"testing"
)

// TestRows: everybody has a row, with both of its lines, and all is on the page.
func TestRows(t *testing.T) {
	p := Rows{Title: "Two of them", Note: "of ten seconds", Axis: "seconds", Panels: [2]string{"Mbit/s", "ms"}, Most: [2]float64{10, 100}}
	for _, name := range []string{"this one", "that one"} {
		r := Row{Name: name, Facts: [2]string{"90 %", "5 ms"}}
		for i := range 100 {
			at := float64(i+1) / 10
			r.Could = append(r.Could, Point{at, 8})
			r.Points[0] = append(r.Points[0], Point{at, float64(i % 13)})
			r.Points[1] = append(r.Points[1], Point{at, math.Inf(i % 2)})
		}
		p.Rows = append(p.Rows, r)
	}
	b := p.Draw()
	if !bytes.Equal(b, p.Draw()) {
		t.Error("drawn twice, the picture differs")
	}
	for _, fault := range layout(elements(t, b)) {
		t.Error(fault)
	}
	for _, want := range []string{">this one<", ">that one<", ">Mbit/s<", ">seconds<", `class="could" d="M`, `class="r1" d="M`} {
		if !strings.Contains(string(b), want) {
			t.Errorf("no %s", want)
		}
	}
	if s := string((&Rows{Rows: []Row{{}}}).Draw()); strings.Contains(s, "NaN") || strings.Contains(s, "-9223") {
		t.Errorf("nothing, drawn: %s", s)
	}
}

// TestScatter: each point has its name beside it, on no other one, however close they are.
func TestScatter(t *testing.T) {
	p := Scatter{Title: "Some", Note: "of them", X: "ms", Y: "%", Most: 100}
	panel := ScatterPanel{Name: "a link"}
	for i, name := range []string{"tickwire", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"} {
		panel.Points = append(panel.Points, NamedPoint{name, Point{100 + float64(i), 90 + float64(i%3)}})
	}
	never := NamedPoint{"never", Point{math.Inf(1), 100}}
	p.Panels = []ScatterPanel{panel, {Name: "another", Points: []NamedPoint{{"one", Point{7, 55}}, never}}, {Name: "empty"}}
	b := p.Draw()
	if !bytes.Equal(b, p.Draw()) {
		t.Error("drawn twice, the picture differs")
	}
	for _, fault := range layout(elements(t, b)) {
		t.Error(fault)
	}
	for _, want := range []string{">tickwire<", ">ninth<", ">one<", ">a link<", ">another<", ">empty<", ">100<"} {
		if !strings.Contains(string(b), want) {
			t.Errorf("no %s", want)
		}
	}
	if s := string(b); strings.Contains(s, "NaN") || strings.Contains(s, "-9223") || strings.Contains(s, ">never<") {
		t.Error("a number went wrong, or what never was is drawn")
	}
}

func TestRoundUp(t *testing.T) {
	for v, want := range map[float64]float64{0: 1, -3: 1, 0.9: 1, 11: 15, 97: 100, 530: 600} {
		if got := RoundUp(v); math.Abs(got-want) > 1e-9 {
			t.Errorf("%v is %v, want %v", v, got, want)
		}
	}
}
