package endpoint

// A clockDoubt finds out when the clock of the peer cannot be believed: it is set, or it runs slower than
// ours, by which all would seem to come through faster, and less and less to wait. Nothing takes
// less than no time to the peer, nor longer than there and back. So the offset of the clocks lies between
// what each one-way delay shows and that less its round trip; a one-way delay below what another one
// says that the offset is at least is a lie, or news of another clock.
type clockDoubt struct {
	offset windowedMin // at least so much less than nothing: round trips less one-way delays
	until  int64       // the clock tells nothing before
}

const (
	// clockSlack is by how much clocks that drift by 500 ppm are apart after baseSpan.
	clockSlack = 5 * millisecond
	// clockDoubted is how long a clock is not believed then: a peer who wakes up has another one
	// once, one who lies all the time.
	clockDoubted = 5 * second
)

// believes takes a one-way delay, of which only differences count, and its round trip, and reports
// whether it means anything.
func (d *clockDoubt) believes(now, oneWay, roundTrip int64) bool {
	if d.offset.any && oneWay < -d.offset.least()-clockSlack {
		d.offset, d.until = windowedMin{}, now+clockDoubted
	}
	d.offset.add(now, roundTrip-oneWay, baseSpan)
	return now >= d.until
}
