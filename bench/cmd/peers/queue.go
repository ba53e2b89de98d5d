package main

import (
	"context"
	"fmt"
	"io"
	"sync"

	"github.com/tickwire/tickwire/bench/report"
	"github.com/tickwire/tickwire/internal/workload"
)

// A job is one measurement that is to be made.
type job struct {
	who  contestant
	of   report.Case
	cell workload.Cell
}

// A queue hands out jobs, and writes their lines in the order of the jobs, whichever is done first.
type queue struct {
	jobs          []job
	out, progress io.Writer

	mu      sync.Mutex
	next    int            // job to hand out
	lines   []*report.Line // of the jobs that are done
	written int
	failed  int
	err     error // of out
}

// take returns the next job; -1 if there is none.
func (q *queue) take(ctx context.Context) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.next == len(q.jobs) || ctx.Err() != nil || q.err != nil {
		return -1
	}
	j := &q.jobs[q.next]
	q.next++
	fmt.Fprintf(q.progress, "%d of %d: %s, %v\n", q.next, len(q.jobs), j.who.name, j.of)
	return q.next - 1
}

// done takes what a job gave.
func (q *queue) done(i int, l report.Line) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.lines[i] = &l; l.Error != "" {
		q.failed++
		fmt.Fprintf(q.progress, "%s: %s\n", l.System, l.Error)
	}
	for q.written < len(q.lines) && q.lines[q.written] != nil {
		q.write()
	}
}

func (q *queue) write() {
	if l := q.lines[q.written]; l != nil && q.err == nil {
		q.err = l.Write(q.out)
	}
	q.written++
}

// finish writes what was done after an interruption, and says what failed.
func (q *queue) finish() error {
	for q.written < len(q.lines) {
		q.write()
	}
	if q.err == nil && q.failed > 0 {
		return fmt.Errorf("%d of %d measurements gave nothing; their lines say why", q.failed, len(q.jobs))
	}
	return q.err
}
