// Package report keeps what measurements gave, a line of JSON for each, and makes tables and
// pictures of such lines.
package report

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/tickwire/tickwire/internal/workload"
)

// A Line is one measurement.
type Line struct {
	System    string
	Version   string
	Notes     []string `json:",omitempty"` // what has to be known of the system
	Simulated bool     `json:",omitempty"` // in virtual time, by a model
	Case      Case
	Machine   Machine
	Date      string  // of the measurement
	Load      float64 // of the machine when it began: processes that were ready to run, or did
	Error     string  `json:",omitempty"` // why there is nothing more

	Figures []Figure `json:",omitempty"`
	Missing int      `json:",omitempty"` // messages of the stream that did not arrive
	// Latency are the quantiles of the stream's messages above the one-way delay, in ms, as
	// Quantiles says; a missing one is -1.
	Latency []float64 `json:",omitempty"`
	Series  *Series   `json:",omitempty"`
	Up      *Counts   `json:",omitempty"`
	Down    *Counts   `json:",omitempty"`
}

// A Figure is one number.
type Figure struct {
	Name  string
	Unit  string   `json:",omitempty"`
	Value *float64 // nil: never
}

// A Series is what happened over time. Point i is about the time that ends at (i+1)·EveryMs.
type Series struct {
	EveryMs int
	Mbits   []float64 // goodput, Mbit/s
	QueueMs []float64 // the longest wait in front of the bottleneck
}

// Counts are the datagrams of one direction, from the first one of the handshake on.
type Counts struct{ Sent, Lost, QueueDropped, TooLarge, Bytes uint64 }

// Quantiles are the points of a latency curve: every half per cent, and from 99 % on every tenth.
func Quantiles() []float64 {
	var q []float64
	for i := range 198 {
		q = append(q, float64(i+1)/200)
	}
	for i := range 10 {
		q = append(q, 0.991+float64(i)/1000)
	}
	return q
}

// SetResult puts what a measurement gave into the line. late are the latencies of the stream's
// messages in ascending order, the one-way delay included.
func (l *Line) SetResult(c workload.Cell, r *workload.Result, late []time.Duration) {
	for _, f := range c.Figures() {
		l.Figures = append(l.Figures, figure(f.Name, f.Unit, f.Of(r)))
	}
	l.Missing = r.Missing
	for _, q := range Quantiles() {
		if r.Messages == 0 {
			break
		}
		i, ms := int(math.Ceil(q*float64(r.Messages)))-1, -1.0
		if i < len(late) {
			ms = round(float64(late[i]-c.Up.Delay)/1e6, 2)
		}
		l.Latency = append(l.Latency, ms)
	}
	if len(r.Series) == 0 {
		return
	}
	l.Series = &Series{EveryMs: int(c.Every / time.Millisecond)}
	for _, p := range r.Series {
		l.Series.Mbits = append(l.Series.Mbits, round(p.Goodput/1e6, 3))
		l.Series.QueueMs = append(l.Series.QueueMs, round(float64(p.Queue)/1e6, 2))
	}
}

func figure(name, unit string, v float64) Figure {
	f := Figure{Name: name, Unit: unit}
	if !math.IsInf(v, 0) {
		v = round(v, 3)
		f.Value = &v
	}
	return f
}

func round(v float64, digits int) float64 {
	scale := math.Pow10(digits)
	return math.Round(v*scale) / scale
}

// Write writes a line.
func (l *Line) Write(w io.Writer) error {
	return json.NewEncoder(w).Encode(l)
}

// maxLineBytes bounds what is read as one line.
const maxLineBytes = 4 << 20

// Read reads all lines.
func Read(r io.Reader) ([]Line, error) {
	var lines []Line
	in := bufio.NewScanner(r)
	in.Buffer(nil, maxLineBytes)
	for in.Scan() {
		var l Line
		if err := json.Unmarshal(in.Bytes(), &l); err != nil {
			return nil, fmt.Errorf("line %d: %w", len(lines)+1, err)
		}
		lines = append(lines, l)
	}
	return lines, in.Err()
}
