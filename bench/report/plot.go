package report

import (
	"image/color"
	"path/filepath"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

// Plot draws the lines into a folder, as SVG: for each case a curve of latencies, and goodput and
// queue over time, as far as there are any. It returns the names of the files.
func Plot(dir string, lines []Line) ([]string, error) {
	var names []string
	for _, g := range grouped(lines) {
		for _, p := range []picture{g.latency(), g.goodput(), g.queue()} {
			if len(p.curves) == 0 {
				continue
			}
			name := filepath.Join(dir, g.of.file()+"-"+p.name+".svg")
			if err := p.save(name, g.of.String()); err != nil {
				return names, err
			}
			names = append(names, name)
		}
	}
	return names, nil
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
	p := picture{name: "goodput", x: "seconds", y: "goodput, Mbit/s"}
	for _, l := range g.firsts() {
		if l.Series != nil {
			p.add(l.System, l.Series.curve(l.Series.Mbits))
		}
	}
	return p
}

func (g *group) queue() picture {
	p := picture{name: "queue", x: "seconds", y: "wait in front of the bottleneck, ms"}
	for _, l := range g.firsts() {
		if l.Series != nil {
			p.add(l.System, l.Series.curve(l.Series.QueueMs))
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

// Sizes of a picture.
const (
	pictureWidth  = 8 * vg.Inch
	pictureHeight = 4 * vg.Inch
)

// save draws the picture.
func (p *picture) save(name, title string) error {
	d := plot.New()
	d.Title.Text, d.X.Label.Text, d.Y.Label.Text = title, p.x, p.y
	d.Add(plotter.NewGrid())
	d.Legend.Top = !p.log
	d.Y.Min = 0
	if p.log {
		d.X.Scale, d.X.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
	}
	for i, c := range p.curves {
		line, err := plotter.NewLine(c.points)
		if err != nil {
			return err
		}
		line.Color, line.Width = colours[i%len(colours)], vg.Points(1.5)
		if i >= len(colours) {
			line.Dashes = []vg.Length{vg.Points(4), vg.Points(2)}
		}
		d.Add(line)
		d.Legend.Add(c.name, line)
	}
	return d.Save(pictureWidth, pictureHeight, name)
}
