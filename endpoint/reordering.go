package endpoint

// A reordering is what a path has shown of packets that overtake each other. It starts with the
// tolerance of RFC 9002, 6.1, which takes three packets or an eighth of a round trip for a loss. As
// soon as a late ack has proved that wrong, numbers say nothing more: how many packets overtake one
// depends on how fast they are sent. What counts then is time alone, and more of it as far as late
// acks call for, as RACK has it (RFC 8985, 6.2). Each number of losses that stayed losses takes half
// of that back; after as many times that number, numbers count again.
type reordering struct {
	seen  bool  // packets overtake each other
	slack int64 // nanoseconds beyond an eighth of a round trip
	calm  int   // times that packets were declared lost since the last mistake
}

const (
	packetThreshold = 3  // RFC 9002, 6.1.1
	calmLosses      = 16 // RFC 8985, 6.2: as many recoveries keep what was learned
)

// tolerates reports whether a packet may still come that is so far behind the largest one which did,
// as far as numbers tell.
func (r *reordering) tolerates(behind uint64) bool { return r.seen || behind < packetThreshold }

// mistaken learns from a packet that was declared lost and acknowledged late: so much later than an
// eighth of a round trip allows.
func (r *reordering) mistaken(late, smoothRTT int64) {
	r.calm, r.seen = 0, true
	r.slack = min(max(r.slack, late), smoothRTT)
}

// declared notes that packets were declared lost.
func (r *reordering) declared() {
	if r.calm++; r.calm%calmLosses == 0 {
		r.slack /= 2
	}
	if r.calm >= calmLosses*calmLosses {
		*r = reordering{}
	}
}
