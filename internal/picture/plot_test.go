package picture

import (
	"bytes"
	"math"
	"strings"
	"testing"
)

// TestPlot: a plot is a page on which everything is, with a name for each line and each panel.
func TestPlot(t *testing.T) {
	p := Plot{Title: "Two lines", Note: "one of them rises & falls", Axis: "seconds"}
	wave := func(high float64) (points []Point) {
		for i := range 200 {
			points = append(points, Point{float64(i) / 10, high * (1 + math.Sin(float64(i)/20))})
		}
		return points
	}
	broken := wave(3)
	broken[50].Y = math.Inf(1)
	p.Panels = []Panel{
		{Name: "Mbit/s", Lines: []Line{{"the first", wave(5)}, {"the second", broken}}},
		{Name: "ms", Most: 2, Lines: []Line{{"the first", wave(100)}, {"the second", nil}}},
		{Name: "nothing", Lines: []Line{{"the first", []Point{{0, 0}, {20, 0}}}}},
	}
	b := p.Draw()
	if !bytes.Equal(b, p.Draw()) {
		t.Error("drawn twice, the plot differs")
	}
	for _, fault := range layout(elements(t, b)) {
		t.Error(fault)
	}
	for _, want := range []string{"the first", "the second", "Mbit/s", "nothing", "seconds", "falls", ".l7", `class="l1"`, ">20<", ">10<"} {
		if !strings.Contains(string(b), want) {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(string(b), "NaN") || strings.Contains(string(b), "-9223") {
		t.Error("a number went wrong")
	}
	none := Plot{Panels: []Panel{{}}}
	if b := none.Draw(); strings.Contains(string(b), "NaN") {
		t.Errorf("a plot of nothing: %s", b)
	}
}

func TestNiceStep(t *testing.T) {
	for v, want := range map[float64]float64{0.9: 1, 1: 1, 1.2: 2, 3: 5, 5: 5, 7: 10, 0.03: 0.05, 240: 500} {
		if got := niceStep(v); math.Abs(got-want) > want/1000 {
			t.Errorf("a step of about %v is %v, want %v", v, got, want)
		}
	}
}
