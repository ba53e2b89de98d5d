package endpoint

// A reordering is what a path has shown of packets that overtake each other. It starts with
// the tolerance of RFC 9002, 6.1, which takes three packets or an eighth of a round trip for a
// loss, and grows as far as late acks prove that wrong, as RACK does (RFC 8985, 6.2); after
// a number of losses that stayed losses it shrinks again.
type reordering struct {
	more  uint64 // packets beyond packetThreshold
	slack int64  // nanoseconds beyond an eighth of a round trip
	calm  int    // times that packets were declared lost since the last mistake
}

const (
	packetThreshold = 3   // RFC 9002, 6.1.1
	maxReordering   = 512 // packets; half of what the receiver's window tells apart
	calmLosses      = 16  // RFC 8985, 6.2: as many recoveries keep what was learned
)

// gap is how many packets behind one counts as lost.
func (r *reordering) gap() uint64 { return packetThreshold + r.more }

// mistaken learns from a packet that was declared lost and acknowledged late: it came behind
// by so many packets, and so much later than was allowed.
func (r *reordering) mistaken(behind uint64, late, smoothRTT int64) {
	r.calm = 0
	r.more = min(max(r.more, behind+1-min(behind+1, packetThreshold)), maxReordering)
	r.slack = min(max(r.slack, late), smoothRTT)
}

// declared notes that packets were declared lost.
func (r *reordering) declared() {
	if r.calm++; r.calm >= calmLosses {
		r.calm, r.more, r.slack = 0, r.more/2, r.slack/2
	}
}
