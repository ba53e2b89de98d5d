package picture

import (
	"math"
	"strconv"
)

// A Scatter is panels of points with names: what each reached, upwards, against what that cost,
// to the right, on a scale on which each step is a factor.
type Scatter struct {
	Title, Note string
	X, Y        string  // what they count, with units
	Most        float64 // that Y can be; 0: there is no such
	Panels      []ScatterPanel
}

// A ScatterPanel is some points. Those whose numbers are not positive, or infinite, are left out.
type ScatterPanel struct {
	Name   string
	Points []NamedPoint
}

// A NamedPoint is one of those that are compared. The first one of a panel stands out.
type NamedPoint struct {
	Name string
	Point
}

func (p NamedPoint) shown() bool { return p.X > 0 && p.Y > 0 && !math.IsInf(p.X, 1) }

// Where things are in a Scatter.
const (
	scatterLeft   = 48
	scatterWide   = 320
	scatterPitchX = 384
	scatterTop    = 96
	scatterHeight = 220
	scatterPitchY = scatterHeight + 74
)

// scatterStyle has a colour for each place in a panel, for the point and its name.
const scatterStyle = `
.c0{fill:#0072b2}.c1{fill:#c4480a}.c2{fill:#00795c}.c3{fill:#8a4f7d}.c4{fill:#8a6508}.c5{fill:#59636e}.c6{fill:#b3246b}.c7{fill:#1f2328}
.first{font-weight:600}
@media(prefers-color-scheme:dark){
.c0{fill:#58aee8}.c1{fill:#f4813f}.c2{fill:#2fb894}.c3{fill:#d58ec4}.c4{fill:#e3b341}.c5{fill:#9198a1}.c6{fill:#ff8fc0}.c7{fill:#e6edf3}
}
`

// Draw draws the panels, two in a row, as an SVG.
func (p *Scatter) Draw() []byte {
	s := &sheet{extra: scatterStyle}
	s.text("title", 16, 28, left, p.Title)
	s.text("small dim", 16, 46, left, p.Note)
	for i := range p.Panels {
		p.draw(s, &p.Panels[i], scatterLeft+i%2*scatterPitchX, scatterTop+i/2*scatterPitchY)
	}
	s.height = scatterTop + (len(p.Panels)+1)/2*scatterPitchY - 20
	return s.bytes(p.Title, p.Note)
}

// draw draws a panel with its axes.
func (p *Scatter) draw(s *sheet, panel *ScatterPanel, x, top int) {
	s.text("", x, top-24, left, panel.Name)
	s.text("small dim", x, top-8, left, p.Y)
	least, most := panel.decades()
	low, high := panel.heights(p.most())
	place := func(at Point) (int, int) {
		across, up := math.Log(at.X/least)/math.Log(most/least), (at.Y-low)/(high-low)
		return x + int(math.Round(across*scatterWide)), top + scatterHeight - int(math.Round(up*scatterHeight))
	}
	for y := low; y <= high && y <= p.most(); y += niceStep((high - low) / 6) {
		_, at := place(Point{least, y})
		s.stroke("grid", x, at, x+scatterWide, at)
		s.text("small dim", x-6, at+4, right, strconv.FormatFloat(y, 'g', 6, 64))
	}
	for v, end := least, x; v <= most*1.001; v = nextMark(v) {
		at, _ := place(Point{v, low})
		s.stroke("grid", at, top, at, top+scatterHeight)
		if mark := strconv.FormatFloat(v, 'f', -1, 64); at == x || at-textWidth(mark)/2 > end+4 {
			s.text("small dim", at, top+scatterHeight+15, middle, mark)
			end = at + textWidth(mark)/2
		}
	}
	s.text("small dim", x+scatterWide, top+scatterHeight+30, right, p.X)
	panel.spots(s, place, patch{x, top, x + scatterWide, top + scatterHeight})
}

// most is what Y cannot be above.
func (p *Scatter) most() float64 {
	if p.Most > 0 {
		return p.Most
	}
	return math.Inf(1)
}

// heights are numbers around all points, with some room for names.
func (panel *ScatterPanel) heights(most float64) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, at := range panel.Points {
		if at.shown() {
			low, high = min(low, at.Y), max(high, at.Y)
		}
	}
	if low >= high {
		low, high = 0, max(1, min(most, 100))
	}
	step := niceStep((high - low) / 3)
	low = max(0, math.Floor(low/step)-1) * step
	return low, high + (high-low)/8
}

// decades are the marks around all points.
func (panel *ScatterPanel) decades() (least, most float64) {
	least, most = math.Inf(1), 0
	for _, at := range panel.Points {
		if at.shown() {
			least, most = min(least, at.X), max(most, at.X)
		}
	}
	if most == 0 {
		return 1, 10
	}
	mark := math.Pow(10, math.Floor(math.Log10(least)))
	for nextMark(mark) <= least {
		mark = nextMark(mark)
	}
	least = mark
	for mark < most {
		mark = nextMark(mark)
	}
	if mark == least {
		mark = nextMark(mark)
	}
	return least, mark
}

// nextMark is 2 after 1, 5 after 2, and 10 after 5.
func nextMark(v float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(v*1.001)))
	switch lead := math.Round(v / power); {
	case lead < 2:
		return 2 * power
	case lead < 5:
		return 5 * power
	}
	return 10 * power
}

// A patch is where something is drawn already.
type patch struct{ x, y, end, below int }

func (b patch) meets(o patch) bool {
	return b.x < o.end && o.x < b.end && b.y < o.below && o.y < b.below
}

// spots draws the points, and beside each its name where there is room.
func (panel *ScatterPanel) spots(s *sheet, place func(Point) (int, int), within patch) {
	var taken []patch
	for _, at := range panel.Points {
		if at.shown() {
			x, y := place(at.Point)
			taken = append(taken, patch{x - 5, y - 5, x + 5, y + 5})
		}
	}
	drawn := 0
	for i, at := range panel.Points {
		if !at.shown() {
			continue
		}
		class := "c" + strconv.Itoa(i%plotClasses)
		text := class + " small"
		if i == 0 {
			text = class + " first"
		}
		b := taken[drawn]
		drawn++
		s.rect(class, b.x, b.y, 10, 10, 5)
		where := room(b, textWidth(at.Name)+4, taken, within)
		taken = append(taken, where)
		s.text(text, where.x, where.below-3, left, at.Name)
	}
}

// room finds a place for a text of some width near a point: beside it, or further and further
// below and above.
func room(spot patch, wide int, taken []patch, within patch) patch {
	var b patch
	for away := 0; away < scatterHeight; away += 4 {
		for _, dy := range []int{-away, away} {
			for i, x := range []int{spot.end + 3, spot.x - 3 - wide, spot.x + 5 - wide/2} {
				b = patch{x, spot.y - 2 + dy, x + wide, spot.y + 12 + dy}
				free := i < 2 || away > 12
				free = free && b.x >= within.x && b.end <= within.end && b.y >= within.y && b.below <= within.below
				for _, t := range taken {
					free = free && !b.meets(t)
				}
				if free {
					return b
				}
			}
		}
	}
	return b
}
