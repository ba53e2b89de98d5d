package report

import (
	"bytes"
	"image/color"
	"os"
	"path/filepath"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/tickwire/tickwire/internal/workload"
)

// Plot draws the lines into a folder, as SVG: for each case a curve of latencies, and goodput and
// queue over time, as far as there are any. It returns the names of the files.
func Plot(dir string, lines []Line) ([]string, error) {
	var names []string
	all := group{lines: lines}
	for _, g := range grouped(lines) {
		for _, p := range g.pictures() {
			name := filepath.Join(dir, g.of.file()+"-"+p.name+".svg")
			if err := p.save(name, g.of.String(), all.systems()); err != nil {
				return names, err
			}
			names = append(names, name)
		}
	}
	return names, nil
}

// pictures are those that there is something for.
func (g *group) pictures() []picture {
	all := []picture{g.latency(), g.goodput(), g.queue()}
	return slices.DeleteFunc(all, func(p picture) bool { return len(p.curves) == 0 })
}

// A picture is some curves.
type picture struct {
	name   string // of the file
	x, y   string // axes
	log    bool   // x
	curves []curve
}

// A curve is what one system did.
type curve struct {
	name   string
	points plotter.XYs
}

// latency is the part of the messages that took no more than a time.
func (g *group) latency() picture {
	p := picture{name: "latency", x: "ms above the one-way delay", y: "part of the messages", log: true}
	for _, l := range g.firsts() {
		var c curve
		for i, q := range Quantiles() {
			if i < len(l.Latency) && l.Latency[i] >= 0 {
				c.points = append(c.points, plotter.XY{X: max(l.Latency[i], leastMs), Y: q})
			}
		}
		p.add(l.System, c)
	}
	return p
}

// leastMs is where the axis of latencies begins: less is not seen through a relay.
const leastMs = 0.1

func (g *group) goodput() picture {
	p := picture{name: "goodput", y: "goodput, Mbit/s"}
	return g.overTime(p, func(s *Series) []float64 { return s.Mbits })
}

func (g *group) queue() picture {
	p := picture{name: "queue", y: "wait in front of the bottleneck, ms"}
	return g.overTime(p, func(s *Series) []float64 { return s.QueueMs })
}

// overTime draws a series, unless there is nothing to see: a stream alone fills no bottleneck.
func (g *group) overTime(p picture, values func(*Series) []float64) picture {
	p.x = "seconds"
	for _, l := range g.firsts() {
		if l.Series != nil && g.of.Workload != workload.Stream.String() {
			p.add(l.System, l.Series.curve(values(l.Series)))
		}
	}
	return p
}

// firsts are the first lines of each system that have figures: a picture shows one run.
func (g *group) firsts() []Line {
	var firsts []Line
	for _, name := range g.systems() {
		for _, l := range g.linesOf(name) {
			if l.Error == "" {
				firsts = append(firsts, l)
				break
			}
		}
	}
	return firsts
}

func (s *Series) curve(values []float64) curve {
	var c curve
	for i, v := range values {
		c.points = append(c.points, plotter.XY{X: float64((i+1)*s.EveryMs) / 1000, Y: v})
	}
	return c
}

func (p *picture) add(name string, c curve) {
	if c.name = name; len(c.points) > 0 {
		p.curves = append(p.curves, c)
	}
}

// colours are those of Okabe and Ito, which colour-blind people tell apart.
var colours = []color.RGBA{
	{0, 114, 178, 255}, {0, 0, 0, 255}, {213, 94, 0, 255}, {230, 159, 0, 255},
	{0, 158, 115, 255}, {204, 121, 167, 255}, {86, 180, 233, 255}, {130, 130, 130, 255},
}

// Colour is that of the i-th of those who are compared.
func Colour(i int) color.Color { return colours[i%len(colours)] }

// Sizes of a picture.
const (
	pictureWidth  = 9 * vg.Inch
	pictureHeight = 4 * vg.Inch
	legendWidth   = 1.6 * vg.Inch
)

// save draws the picture. A system has the same colour in all pictures: that of its place in
// names.
func (p *picture) save(file, title string, names []string) error {
	d, legend := p.axes(title), plot.NewLegend()
	legend.Top, legend.TextStyle.Font.Variant = true, sans
	for _, c := range p.curves {
		line, err := plotter.NewLine(c.points)
		if err != nil {
			return err
		}
		i := slices.Index(names, c.name)
		line.Color, line.Width = Colour(i), vg.Points(1.5)
		if i >= len(colours) {
			line.Dashes = []vg.Length{vg.Points(4), vg.Points(2)}
		}
		d.Add(line)
		legend.Add(c.name, line)
	}
	sheet := vgsvg.New(pictureWidth, pictureHeight)
	whole := draw.New(sheet)
	whole.SetColor(color.White)
	whole.Fill(whole.Rectangle.Path())
	d.Draw(draw.Crop(whole, 0, -legendWidth, 0, -margin))
	legend.Draw(draw.Crop(whole, pictureWidth-legendWidth, -margin, 0, -margin))
	var b bytes.Buffer
	if _, err := sheet.WriteTo(&b); err != nil {
		return err
	}
	return os.WriteFile(file, b.Bytes(), 0o644)
}

const (
	sans   = "Sans"
	margin = 0.1 * vg.Inch
)

// axes is the picture without its curves.
func (p *picture) axes(title string) *plot.Plot {
	d := plot.New()
	for _, style := range []*text.Style{
		&d.Title.TextStyle, &d.X.Label.TextStyle, &d.Y.Label.TextStyle, &d.X.Tick.Label, &d.Y.Tick.Label,
	} {
		style.Font.Variant = sans
	}
	d.Title.Text, d.X.Label.Text, d.Y.Label.Text = title, p.x, p.y
	d.Title.Padding, d.Y.Min = margin, 0
	if p.log {
		d.X.Scale, d.X.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
	}
	d.Add(plotter.NewGrid())
	return d
}
