package workload

import (
	"time"

	"github.com/tickwire/tickwire/endpoint"
	"github.com/tickwire/tickwire/simnet"
)

// A Result is what a cell gave.
type Result struct {
	// Latency of the stream's messages above the one-way delay of the link; Never, if one did
	// not arrive within 30 s of the end.
	Latency Spread
	// Latencies are all of them, ascending.
	Latencies []time.Duration
	Messages  int // of the stream
	Missing   int // of these did not arrive

	// BareBytes is what a message of Stream costs over the same link without losses, and without
	// anything that is sent for their sake. For Judge, which knows nothing of who sent what for
	// which reason, it is the message alone in a datagram.
	BareBytes float64

	// Goodput is the payload that was received, in bits a second, after Settle.
	Goodput float64
	// Ceiling is what it could be at most (Cell.Ceiling). 0: the link has no bottleneck.
	Ceiling float64
	// Other is the goodput of the second flow of Share and Rival, of the way back of Duplex.
	Other float64
	// RampUp is how long after Bulk began the 200 ms ended in which goodput was nine tenths of
	// the ceiling for the first time.
	RampUp time.Duration
	// Queue is how long datagrams waited in front of the bottleneck on the way up, after Settle.
	Queue Spread
	// Shortened is how long after the first of the steps the queue was shorter than 20 ms, and
	// stayed so for a second; Regained, how long after the last one nine tenths of the rate were used.
	Shortened, Regained time.Duration

	// Utilization is the part of the bottleneck's capacity that was used after Settle, by all
	// flows and with all headers.
	Utilization float64
	// SelfInflicted is the delay that the sender is to blame for (freshness.go), after Settle.
	SelfInflicted time.Duration

	// Up is what the sender sent, Down what came back, and Payload what was received of it.
	Up, Down Traffic
	Payload  int
	// Neck and Air count what happened to its datagrams at the bottleneck and behind it; the
	// bottleneck counts those of all flows.
	Neck, Air simnet.LinkStats
	// Stats are those of the sender when the last message was sent.
	Stats  endpoint.Stats
	Series []Point
}

// A Traffic is what a host has sent, with all headers.
type Traffic struct{ Datagrams, Bytes int }

// A Point is one moment of a series.
type Point struct {
	At      time.Duration
	Goodput float64       // bits a second since the point before
	Ceiling float64       // what it could have been at most; 0 without a bottleneck
	Other   float64       // that of the second flow
	Queue   time.Duration // the longest wait since then
	Rate    int           // bytes a second that the sender believes in
}

// BytesPerMessage is what a message of the stream cost on the way up.
func (r *Result) BytesPerMessage() float64 {
	return float64(r.Up.Bytes) / float64(max(r.Messages, 1))
}

// Times is BytesPerMessage in parts of BareBytes.
func (r *Result) Times() float64 { return r.BytesPerMessage() / max(r.BareBytes, 1) }

// Efficiency is goodput in parts of the ceiling.
func (r *Result) Efficiency() float64 { return r.Goodput / max(r.Ceiling, 1) }

// Part is the part of what both flows got that the first one got.
func (r *Result) Part() float64 { return r.Goodput / max(r.Goodput+r.Other, 1) }

// Overhead is how many bytes went up for each that was received.
func (r *Result) Overhead() float64 { return float64(r.Up.Bytes) / float64(max(r.Payload, 1)) }
