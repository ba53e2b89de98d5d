package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/tickwire/tickwire/internal/picture"
	"github.com/tickwire/tickwire/internal/workload"
)

//go:generate go run . bench link --profile 4g-driving --workload bulk --for 1m --seeds 1 --controller default,bbr,copa,ledbat,sprout-ewma,tcp --plot ../../docs/pictures/link-driving.svg
//go:generate go run . bench link --rtt 40ms --rate 10M --workload step --seeds 1 --controller default,bbr,copa,ledbat,sprout-ewma,tcp --plot ../../docs/pictures/link-step.svg
//go:generate go run . bench traces --plot ../../docs/pictures/link-traces.svg

// seriesEvery is the distance of the lines that --csv writes.
const seriesEvery = 100 * time.Millisecond

// writeCSV plays the first seed once more and writes what happened over time.
func (c *benchLinkCmd) writeCSV(cell workload.Cell) error {
	if c.CSV == "" {
		return nil
	}
	cell.Seed, cell.Every = c.Seed, seriesEvery
	r, err := cell.Run()
	if err != nil {
		return err
	}
	var b bytes.Buffer
	b.WriteString("seconds,goodput_bits_per_second,other_bits_per_second,queue_ms,estimate_bytes_per_second\n")
	for _, p := range r.Series {
		fmt.Fprintf(&b, "%.1f,%.0f,%.0f,%.3f,%d\n", p.At.Seconds(), p.Goodput, p.Other, milliseconds(p.Queue), p.Rate)
	}
	if err := os.WriteFile(c.CSV, b.Bytes(), 0o644); err != nil {
		return fmt.Errorf("--csv: %w", err)
	}
	return nil
}

// writePlot draws what the controllers gave.
func (c *benchLinkCmd) writePlot(cells []workload.Cell, results [][]workload.Result) (err error) {
	if c.Plot == "" {
		return nil
	}
	var svg []byte
	if cells[0].Workload == workload.Stream {
		svg = c.drawLatencies(cells, results)
	} else if svg, err = c.drawOverTime(cells); err != nil {
		return err
	}
	if err := os.WriteFile(c.Plot, svg, 0o644); err != nil {
		return fmt.Errorf("--plot: %w", err)
	}
	return nil
}

// drawLatencies draws how many messages of a stream are later than what.
func (c *benchLinkCmd) drawLatencies(cells []workload.Cell, results [][]workload.Result) []byte {
	plot := picture.Plot{Title: c.title(cells[0]), Note: "drawn by tickwire bench link", Axis: "ms above the one-way delay"}
	plot.Panels = []picture.Panel{{Name: "% of the messages that are later than that", Most: 25}}
	for i, r := range results {
		line := picture.Line{Name: pictureName(c.Controller[i]), Points: later(r)}
		plot.Panels[0].Lines = append(plot.Panels[0].Lines, line)
	}
	return plot.Draw()
}

// drawOverTime draws what each controller made of the first seed.
func (c *benchLinkCmd) drawOverTime(cells []workload.Cell) ([]byte, error) {
	rows := picture.Rows{
		Title: c.pictureTitle(cells[0]), Note: c.title(cells[0]) + fmt.Sprintf(", seed %d", c.Seed), Axis: "seconds",
		Panels: [2]string{"goodput, Mbit/s; grey: what the link carries", "longest wait at the bottleneck, ms"},
	}
	var high [2][]float64
	for i, cell := range cells {
		cell.Seed, cell.Every = c.Seed, max(seriesEvery, cell.Length()/plotPoints).Round(seriesEvery)
		r, err := cell.Run()
		if err != nil {
			return nil, err
		}
		row := picture.Row{Name: pictureName(c.Controller[i])}
		row.Facts[0] = fmt.Sprintf("%.0f %% of the link used", 100*r.Utilization)
		row.Facts[1] = fmt.Sprintf("half below %.0f, longest %.0f ms", milliseconds(r.Queue.P50), milliseconds(r.Queue.Max))
		for _, p := range r.Series {
			at := p.At.Seconds()
			row.Could = append(row.Could, picture.Point{X: at, Y: p.Ceiling / 1e6})
			row.Points[0] = append(row.Points[0], picture.Point{X: at, Y: p.Goodput / 1e6})
			row.Points[1] = append(row.Points[1], picture.Point{X: at, Y: milliseconds(p.Queue)})
			high[0] = append(high[0], p.Ceiling/1e6)
			high[1] = append(high[1], milliseconds(p.Queue))
		}
		rows.Rows = append(rows.Rows, row)
	}
	rows.Most = [2]float64{upperEdge(high[0]), upperEdge(high[1])}
	return rows.Draw(), nil
}

// pictureTitle is short enough for a picture.
func (c *benchLinkCmd) pictureTitle(cell workload.Cell) string {
	switch {
	case cell.Workload == workload.Step:
		return "A link whose rate falls to a fifth, and rises again"
	case c.Profile != "" && cell.Up.Trace != nil:
		return "A link whose rate changes: " + c.Profile
	case c.Profile != "":
		return "The link " + c.Profile
	case cell.Up.Trace != nil:
		return "A link whose rate changes: " + filepath.Base(c.Trace)
	}
	return "A link of " + bitRate(cell.Up.BitsPerSecond)
}

// upperEdge lets five points of a hundred be above the panel: what waited for a lost message arrives
// with it at once, and is more than any link takes.
func upperEdge(all []float64) float64 {
	slices.Sort(all)
	if len(all) == 0 {
		return 1
	}
	return picture.RoundUp(all[(len(all)-1)*95/100])
}

// later is which part of the messages of all seeds is later than how many milliseconds.
func later(results []workload.Result) []picture.Point {
	var all []time.Duration
	for _, r := range results {
		all = append(all, r.Latencies...)
	}
	slices.Sort(all)
	points := []picture.Point{{X: 0, Y: 100}}
	for i, d := range all {
		if d != workload.Never && (i+1 == len(all) || all[i+1] != d) {
			at, left := milliseconds(d), float64(len(all)-1-i)*100/float64(len(all))
			points = append(points, picture.Point{X: at, Y: points[len(points)-1].Y}, picture.Point{X: at, Y: left})
		}
	}
	return points
}

// plotPoints is about how many points a line has.
const plotPoints = 300
