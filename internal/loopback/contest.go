package loopback

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/tickwire/tickwire/netcode"
)

// A Trial is what a contestant is asked to do in one round.
type Trial struct {
	// Time is how long it does it, after it has warmed up.
	Time time.Duration
	// Most bounds the messages, the first ones that warm up not counted. 0: no bound.
	Most int
	// Offloads lets the system cut datagrams out of larger pieces, where it can.
	Offloads bool
	// Suite is how the packets are sealed. 0: ChaCha20-Poly1305.
	Suite netcode.Suite
}

// sealing names the suite.
func (t Trial) sealing() string { return cmp.Or(t.Suite, netcode.SuiteChaCha20Poly1305).String() }

// warm reports whether as much has gone as it takes until buffers and windows have grown.
func (t Trial) warm(messages int, began time.Time) bool {
	return messages >= warmUp && (time.Since(began) >= t.Time/2 || t.Most > 0 && messages >= t.Most)
}

// over reports whether the trial has lasted long enough.
func (t Trial) over(messages int, began time.Time) bool {
	return t.Most > 0 && messages >= t.Most || time.Since(began) >= t.Time
}

// A Runner sets two ends up in this process, measures them, and takes them down.
type Runner func(ctx context.Context, t Trial) (Sample, error)

// A Contestant is a way to get messages from one end to the other.
type Contestant struct {
	Name string
	Run  Runner
}

// Bare is the name of the contestant that ratios are taken to: UDP sockets without anything above.
const Bare = "bare UDP"

// The library's two faces: a Server and a Client that one loop steps, and a Hub and a Session.
const (
	Stepped = "Server and Client"
	Shared  = "Hub and Session"
)

// A Bench is a kind of measurement in which the contestants take turns.
type Bench struct {
	Name        string
	What        string // for the heading
	Contestants []Contestant
	columns     []column
	floors      func(r *Report) []Floor
}

// A column is one figure of a sample.
type column struct {
	name, unit string
	of         func(s *Sample) float64
	ratio      bool // it is also shown as a multiple of the first contestant's
}

// Play runs all contestants in turn, as many rounds, and takes the median of each figure. Ratios
// are of one round, and then their median is taken, so that a machine that slows down
// meanwhile slows down both.
func (b *Bench) Play(ctx context.Context, t Trial, rounds int) (*Report, error) {
	all := make([][]Sample, len(b.Contestants))
	for range rounds {
		for i, c := range b.Contestants {
			s, err := c.Run(ctx, t)
			if err != nil {
				return nil, fmt.Errorf("%s: %s: %w", b.Name, c.Name, err)
			}
			if err := ctx.Err(); err != nil {
				return nil, context.Cause(ctx)
			}
			all[i] = append(all[i], s)
		}
	}
	r := &Report{Bench: b.Name, What: b.What, Rounds: rounds, Seconds: t.Time.Seconds(), Suite: t.sealing()}
	for i, c := range b.Contestants {
		r.Rows = append(r.Rows, b.row(c.Name, all[0], all[i]))
	}
	r.Floors = b.floors(r)
	return r, nil
}

// row sums the samples of a contestant up.
func (b *Bench) row(name string, first, samples []Sample) Row {
	row := Row{Name: name}
	for _, c := range b.columns {
		values, ratios := make([]float64, len(samples)), make([]float64, len(samples))
		for i := range samples {
			values[i] = c.of(&samples[i])
			ratios[i] = over(values[i], c.of(&first[i]))
		}
		row.Figures = append(row.Figures, Figure{c.name, c.unit, median(values)})
		if c.ratio {
			row.Figures = append(row.Figures, Figure{c.name + " " + timesBare, "x", median(ratios)})
		}
	}
	return row
}

// timesBare ends the name of a figure that is a multiple of the first contestant's.
const timesBare = "× bare"

func over(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}
