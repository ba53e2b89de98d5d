package endpoint

// initialRTT is assumed before the first sample.
const initialRTT = 250 * millisecond

// maxRTT is the largest sample that is believed. A side that was suspended measures its own
// sleep; to believe it would hold up repair for as long, and starve the controller.
const maxRTT = 2 * second

// An rtt holds the round trip estimates of RFC 9002, section 5, in nanoseconds.
type rtt struct {
	latest, smooth, variance, min int64
	quickest                      int64 // the shortest time that an ack took, whatever its hold
	sampled                       bool
}

func newRTT() rtt { return rtt{smooth: initialRTT, variance: initialRTT / 2} }

// sample takes the time between sending a packet and the arrival of its ack, and how long the
// peer says it held the ack.
func (r *rtt) sample(elapsed, hold int64) {
	elapsed = min(max(elapsed, 1), maxRTT+hold)
	if r.quickest == 0 || elapsed < r.quickest {
		r.quickest = elapsed
	}
	if !r.sampled {
		*r = rtt{latest: elapsed, smooth: elapsed, variance: elapsed / 2, min: elapsed, quickest: r.quickest, sampled: true}
		if elapsed-hold > 0 {
			r.smooth = max(elapsed-hold, r.quickest/2)
			r.variance, r.latest, r.min = r.smooth/2, r.smooth, r.smooth
		}
		return
	}
	// The hold is measured by the peer, not promised, and so it may be a lie: no sample is below
	// half of the shortest time that an ack took. RFC 9002, 5.3 allows none below all of that, which
	// is too much where each ack is held for as long as the path takes.
	elapsed = max(elapsed-hold, r.quickest/2, 1)
	r.latest = elapsed
	r.min = min(r.min, elapsed)
	diff := max(r.smooth-elapsed, elapsed-r.smooth)
	r.variance += (diff - r.variance) / 4
	r.smooth += (elapsed - r.smooth) / 8
}

// clockSamples measures how much the one-way delay varies, in both directions, from the clocks
// in acks: RFC 3550, 6.4.1.
type clockSamples struct {
	peer       uint64 // peer's clock at the last sample, in units of the wire
	at         int64  // when that was
	any        bool
	outTransit int64 // peer's arrival time less our sending time
	inTransit  int64 // our arrival time less the peer's sending time
	outJitter  int64
	inJitter   int64
	doubt      clockDoubt
}

// sample takes a packet sent at sentAt that reached the peer at its clock peer and whose ack,
// sent hold later, arrived now. All in nanoseconds.
func (c *clockSamples) sample(sentAt, peer, hold, now int64) {
	out, in := peer-sentAt, now-(peer+hold)
	if c.any {
		c.outJitter += (abs(out-c.outTransit) - c.outJitter) / 16
		c.inJitter += (abs(in-c.inTransit) - c.inJitter) / 16
	}
	c.any, c.outTransit, c.inTransit = true, out, in
}

func abs(n int64) int64 { return max(n, -n) }

// A lossMeter is the share of packets lost lately, in parts per million: each batch of 64
// packets moves the estimate an eighth of the way.
type lossMeter struct {
	packets, lost int32
	ppm           int32
	any           bool
}

func (m *lossMeter) add(packets, lost int) {
	m.packets += int32(packets)
	m.lost += int32(lost)
	if m.packets < 64 {
		return
	}
	now := int32(int64(m.lost) * 1_000_000 / int64(m.packets))
	if m.any {
		now = m.ppm + (now-m.ppm)/8
	}
	m.ppm, m.any, m.packets, m.lost = min(max(now, 0), 1_000_000), true, 0, 0
}

// lossy reports whether a resend is lost more often than once in two hundred times; before the first
// batch, whether anything was lost.
func (m *lossMeter) lossy() bool {
	if m.any {
		return m.ppm >= 5000
	}
	return m.lost > 0
}

// share is the estimate as a fraction; before the first batch what there is of it.
func (m *lossMeter) share() float64 {
	if m.any {
		return float64(m.ppm) / 1e6
	}
	if m.packets == 0 {
		return 0
	}
	return float64(max(m.lost, 0)) / float64(m.packets)
}

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
