package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/tickwire/tickwire/internal/picture"
	"github.com/tickwire/tickwire/internal/workload"
	"github.com/tickwire/tickwire/simnet"
)

// A benchTracesCmd is `tickwire bench traces`: how much of a link whose rate changes each
// controller uses, and what delay it is to blame for, as Sprout's paper compares them.
type benchTracesCmd struct {
	Files      []string      `arg:"" optional:"" help:"Recorded links in the format of mahimahi. Without any: what package simnet makes of a phone in a moving car, down and up."`
	RTT        time.Duration `default:"40ms" help:"Round trip without any queue, half of it each way."`
	Loss       float64       `placeholder:"N" help:"Share of the datagrams that get lost, 0 to 1, in both directions."`
	Queue      []int         `default:"100,-1" sep:"," placeholder:"N,…" help:"Datagrams that wait in front of the bottleneck at most; negative: no bound. A table for each."`
	For        time.Duration `default:"60s" help:"How long each run is, in virtual time."`
	Seed       uint64        `default:"1" help:"Seed of the first run."`
	Seeds      int           `default:"3" help:"How many runs of each, of which the table has the median."`
	Controller []string      `default:"default,bbr,copa,cubic,ledbat,sprout-ewma,tcp" sep:"," placeholder:"NAME,…" help:"Congestion controllers: ${controllers}."`
	Plot       string        `placeholder:"FILE" help:"Draw utilization against self-inflicted delay, as SVG."`
}

// Validate is called by kong after parsing.
func (c *benchTracesCmd) Validate() error {
	var errs []error
	if c.Seeds < 1 {
		errs = append(errs, fmt.Errorf("--seeds is %d: want at least 1", c.Seeds))
	}
	if c.RTT < 0 {
		errs = append(errs, fmt.Errorf("--rtt is %v: want a time such as 40ms", c.RTT))
	}
	if slices.Contains(c.Queue, 0) {
		errs = append(errs, errors.New("--queue is 0: want some datagrams, or -1 for as many as come"))
	}
	return errors.Join(errs...)
}

// Run is called by kong.
func (c *benchTracesCmd) Run(ctx context.Context) error { return c.run(ctx, os.Stdout, os.Stderr) }

func (c *benchTracesCmd) run(ctx context.Context, out, progress io.Writer) error {
	roads, err := c.roads()
	if err != nil {
		return err
	}
	scatter := picture.Scatter{
		Title: "Links whose rate changes: how much of it is used, and the delay for it",
		Note:  fmt.Sprintf("bulk of %v, round trip %v, loss %.3g %%; medians of %d seeds. Higher is better, and further left", c.For, c.RTT, 100*c.Loss, c.Seeds),
		X:     "self-inflicted delay, ms", Y: "utilization, %", Most: 100,
	}
	for _, queue := range c.Queue {
		for _, r := range roads {
			marks, err := c.play(ctx, r, queue, progress)
			if err != nil {
				return err
			}
			name := fmt.Sprintf("%s, %.1f Mbit/s on average, %s", r.name, float64(r.trace.BitsPerSecond())/1e6, queueName(queue))
			fmt.Fprintf(out, "%s\n%s\n\n", name, tracesTable(marks))
			scatter.Panels = append(scatter.Panels, marksPanel(name, marks))
		}
	}
	if c.Plot == "" {
		return nil
	}
	if err := os.WriteFile(c.Plot, scatter.Draw(), 0o644); err != nil {
		return fmt.Errorf("--plot: %w", err)
	}
	return nil
}

func queueName(n int) string {
	if n < 0 {
		return "an endless queue"
	}
	return fmt.Sprintf("a queue of %d", n)
}

// A road is a link whose rate changes.
type road struct {
	name  string
	trace *simnet.Trace
}

// roads are the links to play over.
func (c *benchTracesCmd) roads() (roads []road, err error) {
	for _, name := range c.Files {
		t, err := readTrace(name)
		if err != nil {
			return nil, mistaken(err)
		}
		roads = append(roads, road{filepath.Base(name), t})
	}
	if len(roads) == 0 {
		links := simnet.LTE4GDriving()
		roads = []road{{"4g-driving down", links.Down.Trace}, {"4g-driving up", links.Up.Trace}}
	}
	return roads, nil
}

// A tracesMark is what a controller made of a link: medians.
type tracesMark struct {
	name          string
	utilization   float64 // %
	selfInflicted float64 // ms
	queue         float64 // ms, 95th percentile
}

// play has all controllers play over a link.
func (c *benchTracesCmd) play(ctx context.Context, r road, queue int, progress io.Writer) ([]tracesMark, error) {
	var marks []tracesMark
	for _, name := range c.Controller {
		link := simnet.LinkConfig{Delay: c.RTT / 2, Loss: c.Loss, QueuePackets: queue}
		cell := workload.Cell{Workload: workload.Bulk, Up: link, Down: link, For: c.For, TCP: name == tcpController}
		cell.Up.Trace = r.trace
		cell.Down.QueuePackets = 0
		var err error
		if cell.Controller, err = namedController(name); err != nil {
			return nil, err
		}
		if err = flagErrors(cell.Validate(), benchFlags); err != nil {
			return nil, mistaken(err)
		}
		results, err := playSeeds(ctx, cell, c.Seed, c.Seeds, progress)
		if err != nil {
			return nil, err
		}
		median := func(f workload.Figure) float64 { return workload.Summarize(f, results).Median }
		marks = append(marks, tracesMark{name, median(workload.Utilization), median(workload.SelfInflicted), median(workload.QueueP95)})
	}
	return marks, nil
}

// beats reports whether a mark is at least as good in both, and better in one: it dominates.
func (m tracesMark) beats(o tracesMark) bool {
	return m.utilization >= o.utilization && m.selfInflicted <= o.selfInflicted &&
		(m.utilization > o.utilization || m.selfInflicted < o.selfInflicted)
}

func tracesTable(marks []tracesMark) string {
	header := table.Row{"", "utilization\n%", "self-inflicted\nms", "queue p95\nms", "better in both"}
	var rows []table.Row
	for _, m := range marks {
		var better []string
		for _, o := range marks {
			if o.beats(m) {
				better = append(better, o.name)
			}
		}
		rows = append(rows, table.Row{m.name, workload.Utilization.Format(m.utilization),
			workload.SelfInflicted.Format(m.selfInflicted), workload.QueueP95.Format(m.queue), strings.Join(better, ", ")})
	}
	return plainTable(header, rows)
}

func marksPanel(name string, marks []tracesMark) picture.ScatterPanel {
	p := picture.ScatterPanel{Name: name}
	for _, m := range marks {
		p.Points = append(p.Points, picture.NamedPoint{Name: pictureName(m.name), Point: picture.Point{X: m.selfInflicted, Y: m.utilization}})
	}
	return p
}

// pictureName is how pictures call a controller.
func pictureName(controller string) string {
	if controller == "default" {
		return "tickwire"
	}
	return controller
}
