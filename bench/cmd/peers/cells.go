package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/tickwire/tickwire/internal/workload"
	"github.com/tickwire/tickwire/simnet"
)

// A linkFlags are the flags that describe a link other than those of the table.
type linkFlags struct {
	RTT     time.Duration    `default:"100ms" help:"Round trip without any queue, half of it each way."`
	Jitter  time.Duration    `help:"What a datagram takes on top, at most; order is kept."`
	Loss    []float64        `placeholder:"N,…" help:"Shares of the datagrams that get lost, 0 to 1, in both directions: a cell for each. Default: those of the table."`
	Burst   float64          `help:"Mean number of datagrams lost in a row; 0: losses are independent."`
	AckLoss *float64         `placeholder:"N" help:"Loss of the direction in which only acknowledgements go, in place of --loss."`
	Rate    workload.BitRate `help:"Rate of the bottleneck, in both directions, such as 10M or 500k, in bits a second. 0: none for stream, 10M for bulk and mixed."`
	Queue   int              `help:"Datagrams that wait in front of it at most; 0: 100; negative: no bound."`
	Trace   string           `placeholder:"FILE" help:"A recorded link in the format of mahimahi, in place of --rate, for the way of the messages."`
}

// The cells of the table.
var (
	streamLosses = []float64{0, 0.01, 0.05, 0.20}
	bulkLosses   = []float64{0, 0.01, 0.05}
)

const (
	tableRate = 10_000_000
	bulkFor   = 32 * time.Second
	streamFor = time.Minute
	every     = 100 * time.Millisecond // of the points of a series
)

// cells are what is to be played for a workload.
func (f *linkFlags) cells(kind workload.Kind, last time.Duration) ([]workload.Cell, error) {
	losses := f.Loss
	if len(losses) == 0 {
		losses = bulkLosses
		if kind == workload.Stream {
			losses = streamLosses
		}
	}
	link := simnet.LinkConfig{
		Delay: f.RTT / 2, Jitter: f.Jitter, LossBurst: f.Burst, BitsPerSecond: int64(f.Rate), QueuePackets: f.Queue,
	}
	if kind != workload.Stream && f.Rate == 0 && f.Trace == "" {
		link.BitsPerSecond = tableRate
	}
	up, down := link, link
	if f.Trace != "" {
		if f.Rate != 0 {
			return nil, errors.New("--trace and --rate: want one of them")
		}
		var err error
		if up.Trace, err = readTrace(f.Trace); err != nil {
			return nil, fmt.Errorf("--trace: %w", err)
		}
	}
	var cells []workload.Cell
	for _, loss := range losses {
		up.Loss, down.Loss = loss, loss
		if f.AckLoss != nil {
			down.Loss = *f.AckLoss
		}
		c := workload.Cell{Workload: kind, Up: up, Down: down, For: last, Every: every}
		if c.For == 0 && kind == workload.Stream {
			c.For = streamFor
		} else if c.For == 0 {
			c.For = bulkFor
		}
		if err := c.Validate(); err != nil {
			return nil, err
		}
		cells = append(cells, c)
	}
	return cells, nil
}

// traceName is how lines name the recorded link.
func (f *linkFlags) traceName() string {
	if f.Trace == "" {
		return ""
	}
	return filepath.Base(f.Trace)
}

func readTrace(name string) (*simnet.Trace, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return simnet.ReadTrace(file)
}
