package workload

import (
	"slices"
	"time"

	"github.com/tickwire/tickwire/endpoint"
	"github.com/tickwire/tickwire/simnet"
)

// A Spread is the distribution of durations: exact percentiles of all samples.
type Spread struct {
	N                  int
	P50, P95, P99, Max time.Duration
}

// NewSpread sorts the samples and takes their percentiles, by nearest rank: P95 is the smallest
// sample that 95 % do not exceed.
func NewSpread(samples []time.Duration) Spread {
	n := len(samples)
	if n == 0 {
		return Spread{}
	}
	slices.Sort(samples)
	rank := func(per100 int) time.Duration { return samples[max(0, (n*per100+99)/100-1)] }
	return Spread{N: n, P50: rank(50), P95: rank(95), P99: rank(99), Max: samples[n-1]}
}

// A Result is what a cell gave.
type Result struct {
	// Latency of the stream's messages above the one-way delay of the link; those that did not
	// arrive within 30 s of the end are not in it, but in Missing.
	Latency  Spread
	Messages int // of the stream
	Missing  int

	// Goodput is the payload of bulk messages that was received, in bits a second, after Settle.
	Goodput float64
	// Ceiling is what it could be at most, see CeilingBitsPerSecond; 0: unknown.
	Ceiling float64
	// RampUp is when the 200 ms ended in which goodput was nine tenths of the ceiling for the
	// first time; never: 0.
	RampUp time.Duration
	// Queue is how long datagrams waited in front of the bottleneck on the way up, after Settle.
	Queue Spread

	// What the sender sent, up, and what came back, with all headers.
	Up, Down Traffic
	// Payload that was received.
	Payload int
	// Link counts what happened to datagrams on the way up at the bottleneck, and behind it.
	Neck, Air simnet.LinkStats
	// Stats are those of the sender at the end.
	Stats  endpoint.Stats
	Series []Point
}

// BytesPerMessage is what a message of the stream cost on the way up.
func (r *Result) BytesPerMessage() float64 { return float64(r.Up.Bytes) / float64(max(r.Messages, 1)) }

// Share is goodput in parts of the ceiling.
func (r *Result) Share() float64 {
	if r.Ceiling == 0 {
		return 0
	}
	return r.Goodput / r.Ceiling
}

// Overhead is how many bytes went up for each that was received.
func (r *Result) Overhead() float64 { return float64(r.Up.Bytes) / float64(max(r.Payload, 1)) }

// A Point is one moment of a series.
type Point struct {
	At      time.Duration
	Goodput float64       // bits a second since the point before
	Queue   time.Duration // the longest wait since then of a datagram that went up
	Rate    int           // bytes a second that the sender believes in
}
