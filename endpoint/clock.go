package endpoint

import (
	"iter"

	"github.com/tickwire/tickwire/internal/wire"
)

// A ClockSample is one exchange of clocks, what NTP calls T1 to T4 (RFC 5905, 8), in nanoseconds:
// Sent and Received by the endpoint's clock, Arrived and Answered by the peer's. The peer's times
// are in units of 64 µs, and what it held the answer for in units of 128 (SPEC.md, 6.1).
type ClockSample struct {
	Sent     int64 // a packet left
	Arrived  int64 // and came to the peer
	Answered int64 // whose acknowledgement left then
	Received int64 // and came back
}

// wireClock is a time in units of the wire, rounded down on both sides of zero.
func wireClock(at int64) int64 {
	if at < 0 {
		at -= wire.ClockUnit - 1
	}
	return at / wire.ClockUnit
}

// Exchanges holds the newest samples that nobody took. Who never asks for any pays for none.
type exchanges struct {
	ring *[exchangesKept]ClockSample
	n    uint64 // how many there were
	took uint64
}

const exchangesKept = 16

func (x *exchanges) add(s ClockSample) {
	if x.ring != nil {
		x.ring[x.n%exchangesKept] = s
		x.n++
	}
}

// ClockSamples yields the exchanges of clocks since the last call, the oldest first, sixteen at
// most; at least ten a second come while there is something to acknowledge. They are kept from the
// first call on. If one of the two clocks stands still for more than eight minutes while the
// connection stays, the peer's times are off by a multiple of 18 minutes from then on: the wire
// tells their low bits.
func (e *Endpoint) ClockSamples() iter.Seq[ClockSample] { return e.paths.exchanges.take }

func (x *exchanges) take(yield func(ClockSample) bool) {
	if x.ring == nil {
		x.ring = new([exchangesKept]ClockSample)
	}
	for x.took = max(x.took, x.n-min(x.n, exchangesKept)); x.took < x.n; {
		s := x.ring[x.took%exchangesKept]
		x.took++
		if !yield(s) {
			return
		}
	}
}
