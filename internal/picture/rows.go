package picture

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// A Rows is a picture of several who did the same, a row for each, so that they are compared
// side by side and not through each other: on the left what each reached over time, in front of
// what could be reached, on the right what that cost. All rows have the same axes.
type Rows struct {
	Title, Note string
	Axis        string    // what X counts, as in "seconds"
	Panels      [2]string // what Y counts, with its unit: left and right
	Most        [2]float64
	Rows        []Row
}

// A Row is what one of them did. Points above Most are drawn at the upper edge.
type Row struct {
	Name   string
	Facts  [2]string // a figure for each panel
	Could  []Point   // what could be reached; its area is drawn
	Points [2][]Point
}

// Where things are in Rows.
const (
	rowsTop    = 92
	rowHeight  = 56
	rowPitch   = rowHeight + 30
	rowsLeft   = 44
	rowsMiddle = 424
	rowsWide   = 350
)

const rowsStyle = `
.r0{fill:none;stroke:#0072b2;stroke-width:1.5;stroke-linejoin:round}
.r1{fill:none;stroke:#c4480a;stroke-width:1.5;stroke-linejoin:round}
.could{fill:#d1d9e0}
.name{font-weight:600}
@media(prefers-color-scheme:dark){
.r0{stroke:#58aee8}.r1{stroke:#f4813f}.could{fill:#2a313c}
}
`

// Draw draws the rows as an SVG.
func (p *Rows) Draw() []byte {
	s := &sheet{extra: rowsStyle}
	s.text("title", 16, 28, left, p.Title)
	s.text("small dim", 16, 46, left, p.Note)
	from, to := p.span()
	for side, x := range [2]int{rowsLeft, rowsMiddle} {
		s.text("small", x, 70, left, p.Panels[side])
		for i := range p.Rows {
			p.draw(s, side, i, x, rowsTop+18+i*rowPitch, from, to)
		}
		bottom := rowsTop + 18 + len(p.Rows)*rowPitch - (rowPitch - rowHeight)
		step := niceStep((to - from) / 6)
		for v := math.Ceil(from/step) * step; v <= to+step/1000; v += step {
			s.text("small dim", rowsX(x, v, from, to), bottom+16, middle, strconv.FormatFloat(v, 'g', 6, 64))
		}
		s.text("small dim", x+rowsWide, bottom+32, right, p.Axis)
		s.height = bottom + 44
	}
	return s.bytes(p.Title, p.Note)
}

// span is where all points are.
func (p *Rows) span() (from, to float64) {
	to = 1
	for _, r := range p.Rows {
		for _, points := range [][]Point{r.Could, r.Points[0], r.Points[1]} {
			if n := len(points); n > 0 {
				to = max(to, points[n-1].X)
			}
		}
	}
	return 0, to
}

func rowsX(left int, x, from, to float64) int {
	return left + int(math.Round((x-from)/(to-from)*rowsWide))
}

// draw draws one side of a row.
func (p *Rows) draw(s *sheet, side, row, x, top int, from, to float64) {
	r, most := &p.Rows[row], p.Most[side]
	if !(most > 0) {
		most = 1
	}
	if side == 0 {
		s.text("name", x, top-8, left, r.Name)
	}
	s.text("small", x+rowsWide, top-8, right, r.Facts[side])
	place := func(at Point) (int, int) {
		return rowsX(x, at.X, from, to), top + rowHeight - int(math.Round(min(max(at.Y, 0), most)/most*rowHeight))
	}
	if side == 0 && len(r.Could) > 0 {
		end, _ := place(r.Could[len(r.Could)-1])
		s.path("could", fmt.Sprintf("M%d %d%s L%d %dZ", x, top+rowHeight, trace(r.Could, "L", place), end, top+rowHeight))
	}
	for _, y := range []float64{0, most} {
		_, at := place(Point{Y: y})
		s.stroke("grid", x, at, x+rowsWide, at)
		s.text("small dim", x-6, at+4, right, strconv.FormatFloat(y, 'g', 6, 64))
	}
	s.path("r"+strconv.Itoa(side), trace(r.Points[side], "M", place))
}

// trace is a path through points, which begins with a command.
func trace(points []Point, begin string, place func(Point) (x, y int)) string {
	var b strings.Builder
	for _, at := range points {
		x, y := place(at)
		fmt.Fprintf(&b, "%s%d %d", begin, x, y)
		begin = "L"
	}
	return b.String()
}
