package endpoint

// A Repair says how much of the small messages of a channel goes out once more before anybody
// knows of a loss, so that a lost one is rebuilt without a round trip: sums of the last messages
// (SPEC.md, 6.9) ride in packets that leave anyway and have room. A sum brings back one message,
// whichever of those in it is missing; two sums bring back two.
//
// Only what is sparse is repaired: messages of at most 256 bytes, of a fixed strength 500, at
// most 8 of them in a packet, of a channel that has nothing more waiting. The peer must read
// REPAIR; one that does not gets none.
type Repair uint8

const (
	// RepairDefault is RepairAuto on the reliable deliveries and RepairOff on the others.
	RepairDefault Repair = iota
	// RepairAuto follows the losses of the path and how many come in a row: as long as there are
	// none 15 sums a second at most, after one for each message in the first 128 packets of a path;
	// then one for two messages, for each message from half a percent of loss on, and up to three
	// for each.
	RepairAuto
	// RepairOff repairs by sending again alone.
	RepairOff
	// RepairHalf is one sum for each two messages.
	RepairHalf
	// RepairOnce is one sum for each message: about as much again as the messages have.
	RepairOnce
	// RepairTwice is two sums for each message.
	RepairTwice
	// RepairThrice is three sums for each message.
	RepairThrice
)

var repairNames = [...]string{
	"RepairDefault", "RepairAuto", "RepairOff", "RepairHalf", "RepairOnce", "RepairTwice", "RepairThrice",
}

// String names the strength.
func (r Repair) String() string { return nameOf(repairNames[:], int(r)) }

// A strength is how many sums there are for each message, in halves.
type strength int

const (
	oneSum     strength = 2
	repairIdle strength = 0 // no losses: only what is free (idleRepairs)
)

// fixed is the strength that a Repair names; false if it follows the losses.
func (r Repair) fixed() (strength, bool) {
	switch r {
	case RepairHalf:
		return oneSum / 2, true
	case RepairOnce:
		return oneSum, true
	case RepairTwice:
		return 2 * oneSum, true
	case RepairThrice:
		return 3 * oneSum, true
	}
	return 0, false
}

// largest is how many bytes a message may have that is repaired.
func (r Repair) largest() int {
	if r == RepairAuto {
		return 256
	}
	return 500
}

// A lossWatch measures the losses of a path for repair: their share, and how many come in a row,
// over the last 256 to 512 packets, and how long ago the last one was. Probes of a size do not
// count, nor what was lost while somebody was silent.
type lossWatch struct {
	now, before lossCount
	last        uint64 // number of the packet that was lost last
	any         bool
	since       int32 // packets sent since
}

type lossCount struct{ sent, lost, bursts int32 }

const (
	watched    = 256
	repairMemo = 2048 // packets for which one loss is remembered: half a minute of 60 a second
	unproven   = 128  // packets of a path of which nobody knows yet what it loses
)

// sent counts a packet.
func (w *lossWatch) sent() {
	w.since++
	if w.now.sent++; w.now.sent == watched {
		w.before, w.now = w.now, lossCount{}
	}
}

// lost counts packet n as lost.
func (w *lossWatch) lost(n uint64) {
	w.now.lost++
	if !w.any || n != w.last+1 {
		w.now.bursts++
	}
	w.last, w.any, w.since = n, true, 0
}

// mistaken takes a loss back that was none.
func (w *lossWatch) mistaken() { w.now.lost-- }

// strength is how much repair the losses call for, so that of 1000 messages all but one or two
// arrive without a round trip more. What counts is the share of losses times the packets that are
// lost in a row: so many must come back at once. The steps are where the plot of docs/repair.md
// has the latency of 99 % rise above three ticks.
func (w *lossWatch) strength() strength {
	sent, lost := w.now.sent+w.before.sent, w.now.lost+w.before.lost
	bursts := max(w.now.bursts+w.before.bursts, 1)
	switch {
	case !w.any && w.since < unproven:
		return oneSum
	case !w.any || w.since > repairMemo:
		return repairIdle
	}
	switch load := 1000 * lost / max(sent, 1) * max(lost, bursts) / bursts; {
	case load < 5:
		return oneSum / 2
	case load < 80:
		return oneSum
	case load < 160:
		return oneSum * 3 / 2
	case load < 400:
		return 2 * oneSum
	}
	return 3 * oneSum
}

// inARow is how many packets are lost in a row, rounded.
func (w *lossWatch) inARow() int {
	bursts := max(w.now.bursts+w.before.bursts, 1)
	return int((max(w.now.lost+w.before.lost, 0) + bursts/2) / bursts)
}
