package picture

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// A Plot is panels of lines below each other, over one axis.
type Plot struct {
	Title, Note string
	Axis        string  // what X counts, as in "s"
	Mark        float64 // a value of X that is marked; 0: none
	Panels      []Panel
}

// A Panel is lines that count the same.
type Panel struct {
	Name  string  // what Y counts, with its unit
	Least float64 // where the panel begins
	Most  float64 // where it ends; 0: above all points
	Lines []Line
}

// A Line is drawn in the colour of its place among the lines of a panel. Points that are above
// the panel, or infinite, are drawn at its upper edge.
type Line struct {
	Name   string
	Points []Point
}

// A Point of a line; X does not fall from one to the next.
type Point struct{ X, Y float64 }

// Where things are in a plot.
const (
	plotLeft    = 64
	plotRight   = width - 24
	plotTop     = 98
	panelHeight = 170
	panelGap    = 44
	plotClasses = 8
)

// plotStyle has a colour and a kind of dashes for each line.
const plotStyle = `
.l0,.l1,.l2,.l3,.l4,.l5,.l6,.l7{fill:none;stroke-width:1.6;stroke-linejoin:round}
.l0{stroke:#0072b2;stroke-width:2.2}
.l1{stroke:#c4480a}
.l2{stroke:#00795c}
.l3{stroke:#8a4f7d;stroke-dasharray:6 2}
.l4{stroke:#b8860b}
.l5{stroke:#59636e;stroke-dasharray:2 2}
.l6{stroke:#2b9bd8;stroke-dasharray:8 2 2 2}
.l7{stroke:#1f2328;stroke-width:1}
@media(prefers-color-scheme:dark){
.l0{stroke:#58aee8}.l1{stroke:#f4813f}.l2{stroke:#2fb894}.l3{stroke:#d58ec4}
.l4{stroke:#e3b341}.l5{stroke:#9198a1}.l6{stroke:#8ecbf2}.l7{stroke:#e6edf3}
}
`

// Draw draws the plot as an SVG.
func (p *Plot) Draw() []byte {
	s := &sheet{extra: plotStyle}
	s.text("title", 16, 28, left, p.Title)
	s.text("dim", 16, 46, left, p.Note)
	p.names(s)
	from, to := p.span()
	for i := range p.Panels {
		p.Panels[i].draw(s, plotTop+i*(panelHeight+panelGap), from, to)
	}
	bottom := plotTop + len(p.Panels)*(panelHeight+panelGap) - panelGap
	if p.Mark > 0 && p.Mark >= from && p.Mark <= to {
		x := placeX(p.Mark, from, to)
		s.stroke("tick", x, plotTop, x, bottom)
	}
	step := niceStep((to - from) / 8)
	for x := math.Ceil(from/step) * step; x <= to+step/1000; x += step {
		s.text("small dim", placeX(x, from, to), bottom+18, middle, strconv.FormatFloat(x, 'g', 6, 64))
	}
	s.text("small dim", plotRight, bottom+36, right, p.Axis)
	s.height = bottom + 48
	return s.bytes(p.Title, p.Note)
}

// names tells which line is whose.
func (p *Plot) names(s *sheet) {
	x := 16
	for i, l := range p.Panels[0].Lines {
		s.stroke(lineClass(i), x, 62, x+22, 62)
		s.text("small", x+28, 66, left, l.Name)
		x += 28 + textWidth(l.Name) + 18
	}
}

func lineClass(i int) string { return "l" + strconv.Itoa(i%plotClasses) }

// span is where all lines are.
func (p *Plot) span() (from, to float64) {
	from, to = math.Inf(1), math.Inf(-1)
	for _, panel := range p.Panels {
		for _, l := range panel.Lines {
			if n := len(l.Points); n > 0 {
				from, to = min(from, l.Points[0].X), max(to, l.Points[n-1].X)
			}
		}
	}
	if !(from < to) {
		return 0, 1
	}
	return from, to
}

func placeX(x, from, to float64) int {
	return plotLeft + int(math.Round((x-from)/(to-from)*(plotRight-plotLeft)))
}

// draw draws a panel whose upper edge is at top.
func (p *Panel) draw(s *sheet, top int, from, to float64) {
	most := p.most()
	s.text("small dim", plotLeft, top-8, left, p.Name)
	placeY := func(y float64) int {
		return top + panelHeight - int(math.Round((min(max(y, p.Least), most)-p.Least)/(most-p.Least)*panelHeight))
	}
	step := niceStep((most - p.Least) / 4)
	for y := p.Least; y <= most+step/1000; y += step {
		s.stroke("grid", plotLeft, placeY(y), plotRight, placeY(y))
		s.text("small dim", plotLeft-8, placeY(y)+4, right, strconv.FormatFloat(y, 'g', 6, 64))
	}
	for i := len(p.Lines) - 1; i >= 0; i-- { // the first one on top
		var path strings.Builder
		for k, at := range p.Lines[i].Points {
			command := "L"
			if k == 0 {
				command = "M"
			}
			fmt.Fprintf(&path, "%s%d %d", command, placeX(at.X, from, to), placeY(at.Y))
		}
		s.path(lineClass(i), path.String())
	}
}

// most is the value at the upper edge.
func (p *Panel) most() float64 {
	if p.Most > 0 {
		return p.Most
	}
	most := p.Least
	for _, l := range p.Lines {
		for _, at := range l.Points {
			if !math.IsInf(at.Y, 1) {
				most = max(most, at.Y)
			}
		}
	}
	return p.Least + RoundUp(most-p.Least)
}

// RoundUp is the next round number.
func RoundUp(v float64) float64 {
	if !(v > 0) {
		return 1
	}
	step := niceStep(v / 4)
	return math.Ceil(v/step) * step
}

// niceStep is about as large as v: one, two or five times a power of ten.
func niceStep(v float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, n := range []float64{1, 2, 5} {
		if v <= n*power*1.0001 {
			return n * power
		}
	}
	return 10 * power
}
