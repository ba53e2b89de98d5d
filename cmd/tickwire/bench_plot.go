package main

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/tickwire/tickwire/internal/picture"
	"github.com/tickwire/tickwire/internal/workload"
)

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
func (c *benchLinkCmd) writePlot(cells []workload.Cell, results [][]workload.Result) error {
	if c.Plot == "" {
		return nil
	}
	plot := picture.Plot{Title: c.title(cells[0]), Note: "drawn by tickwire bench link"}
	if cells[0].Workload == workload.Stream {
		plot.Axis = "ms above the one-way delay"
		plot.Panels = []picture.Panel{{Name: "% of the messages that are later than that", Most: 25}}
		for i, r := range results {
			line := picture.Line{Name: c.Controller[i], Points: later(r)}
			plot.Panels[0].Lines = append(plot.Panels[0].Lines, line)
		}
	} else {
		plot.Title += fmt.Sprintf("; seed %d", c.Seed)
		plot.Axis = "seconds"
		plot.Panels = []picture.Panel{{Name: "goodput, Mbit/s"}, {Name: "longest wait at the bottleneck, ms"}}
		for i, cell := range cells {
			goodput, queue, err := c.overTime(cell)
			if err != nil {
				return err
			}
			plot.Panels[0].Lines = append(plot.Panels[0].Lines, picture.Line{Name: c.Controller[i], Points: goodput})
			plot.Panels[1].Lines = append(plot.Panels[1].Lines, picture.Line{Name: c.Controller[i], Points: queue})
		}
	}
	for i := range plot.Panels {
		plot.Panels[i].Most = cmp.Or(plot.Panels[i].Most, upperEdge(plot.Panels[i].Lines))
	}
	if err := os.WriteFile(c.Plot, plot.Draw(), 0o644); err != nil {
		return fmt.Errorf("--plot: %w", err)
	}
	return nil
}

// upperEdge lets one point of a hundred be above the panel: what waited for a lost message arrives
// with it at once, and is more than any link takes.
func upperEdge(lines []picture.Line) float64 {
	var all []float64
	for _, l := range lines {
		for _, p := range l.Points {
			all = append(all, p.Y)
		}
	}
	slices.Sort(all)
	return all[len(all)*99/100] * 1.1
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

// overTime plays the first seed once more, for its series.
func (c *benchLinkCmd) overTime(cell workload.Cell) (goodput, queue []picture.Point, err error) {
	cell.Seed, cell.Every = c.Seed, max(seriesEvery, cell.Length()/plotPoints).Round(seriesEvery)
	r, err := cell.Run()
	for _, p := range r.Series {
		goodput = append(goodput, picture.Point{X: p.At.Seconds(), Y: p.Goodput / 1e6})
		queue = append(queue, picture.Point{X: p.At.Seconds(), Y: milliseconds(p.Queue)})
	}
	return goodput, queue, err
}
