package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/tickwire/tickwire/bench/report"
	"github.com/tickwire/tickwire/bench/trial"
	"github.com/tickwire/tickwire/internal/workload"
	"github.com/tickwire/tickwire/simnet"
)

// A runCmd is `peers run`.
type runCmd struct {
	Systems  string        `placeholder:"A,B" help:"Who takes part: tickwire, udp, quic, quic-datagrams, kcp, pion, enet, tcp-model. Default: all."`
	Workload []string      `default:"stream,bulk,mixed" help:"stream: 60 messages a second of 100 bytes; bulk: a transfer that never ends; mixed: both over one connection."`
	Link     linkFlags     `embed:""`
	For      time.Duration `help:"How long messages are sent. 0: 60s for stream, 32s for bulk and mixed."`
	Seed     uint64        `default:"7" help:"Seed of the link, the same for all systems."`
	Runs     int           `default:"1" help:"How often each cell is played, each time with the next seed."`
	Parallel int           `default:"1" help:"How many measurements at a time; each keeps about a core busy."`
	Out      string        `default:"-" help:"File that lines are added to; -: standard output."`
}

// maxParallel bounds the processes: each measurement has two.
const maxParallel = 32

// Validate is called by kong.
func (c *runCmd) Validate() error {
	var errs []error
	if c.Runs < 1 || c.Runs > 1000 {
		errs = append(errs, fmt.Errorf("--runs is %d: want 1 to 1000", c.Runs))
	}
	if c.Parallel < 1 || c.Parallel > maxParallel {
		errs = append(errs, fmt.Errorf("--parallel is %d: want 1 to %d", c.Parallel, maxParallel))
	}
	if c.For < 0 || c.For > time.Hour {
		errs = append(errs, fmt.Errorf("--for is %v: want up to an hour", c.For))
	}
	return errors.Join(errs...)
}

// Run is called by kong.
func (c *runCmd) Run(ctx context.Context) error {
	out := io.Writer(os.Stdout)
	if c.Out != "-" {
		f, err := os.OpenFile(c.Out, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		if err != nil {
			return fmt.Errorf("--out: %w", err)
		}
		defer f.Close()
		out = f
	}
	return c.run(ctx, out, os.Stderr)
}

func (c *runCmd) run(ctx context.Context, out, progress io.Writer) error {
	dir, remove, err := tempDir()
	if err != nil {
		return err
	}
	defer remove()
	jobs, err := c.jobs(dir)
	if err != nil {
		return err
	}
	q := queue{jobs: jobs, lines: make([]*report.Line, len(jobs)), out: out, progress: progress}
	var workers sync.WaitGroup
	for range c.Parallel {
		workers.Go(func() {
			for i := q.take(ctx); i >= 0; i = q.take(ctx) {
				if l := c.measure(ctx, jobs[i]); ctx.Err() == nil { // else it was cut short
					q.done(i, l)
				}
			}
		})
	}
	workers.Wait()
	return errors.Join(q.finish(), ctx.Err())
}

// jobs are all measurements.
func (c *runCmd) jobs(dir string) ([]job, error) {
	all, err := contestants(listed(c.Systems), dir)
	if err != nil {
		return nil, err
	}
	var jobs []job
	for _, name := range c.Workload {
		kind, err := workload.ParseKind(name)
		if err != nil || kind > workload.Mixed {
			return nil, fmt.Errorf("--workload is %s: want stream, bulk or mixed", name)
		}
		cells, err := c.Link.cells(kind, c.For)
		if err != nil {
			return nil, err
		}
		for _, cell := range cells {
			for run := range c.Runs {
				cell.Seed = c.Seed + uint64(run)
				for _, who := range all {
					if who.plays(kind) {
						jobs = append(jobs, job{who, report.NewCase(cell, c.Link.traceName()), cell})
					}
				}
			}
		}
	}
	if len(jobs) == 0 {
		return nil, errors.New("--systems and --workload: none of these systems plays any of these workloads")
	}
	return jobs, nil
}

// measure makes one measurement.
func (c *runCmd) measure(ctx context.Context, j job) report.Line {
	l := report.Line{
		System: j.who.name, Version: j.who.version, Notes: j.who.notes(), Simulated: j.who.model,
		Case: j.of, Machine: report.ThisMachine(), Date: time.Now().UTC().Format(time.DateOnly),
		Load: report.Load(),
	}
	if j.who.model {
		j.cell.TCP = true
		r, err := j.cell.Run()
		if err != nil {
			l.Error = err.Error()
			return l
		}
		l.SetResult(j.cell, &r, nil)
		return l
	}
	runtime.GC() // not while it is measured
	f, err := trial.Trial{System: j.who.system, Cell: j.cell}.Run(ctx)
	if err != nil {
		l.Error = err.Error()
		return l
	}
	l.Version = cmp.Or(l.Version, f.Version)
	l.SetResult(j.cell, &f.Result, f.Late())
	l.Up, l.Down = counts(f.Up), counts(f.Down)
	return l
}

func counts(s simnet.LinkStats) *report.Counts {
	return &report.Counts{Sent: s.Sent, Lost: s.Lost, QueueDropped: s.QueueDropped, TooLarge: s.TooLarge, Bytes: s.SentBytes}
}
