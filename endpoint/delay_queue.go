package endpoint

// A queueMeter estimates how long packets wait on their way to the peer, from what the peer's
// clock showed when they arrived. The clocks of the two ends differ by something that nobody
// knows and that drifts; what it shows beyond its lowest value lately is waiting. How late the
// acknowledgement comes changes nothing about it.
type queueMeter struct {
	base     windowedMin // of the one-way delays: nothing waited
	standing windowedMin // of those of half a round trip: peaks left out, as in Copa, 2.2
	held     bool        // others fill the queue, so base is not to be seen
	wait     int64       // of the latest packet
	swing    int64       // by how much the standing queue changes in a round trip
	before   int64       // what stood a round trip ago
	rough    int64       // by how much the wait both rises and falls in a round trip
	low      int64       // the least wait of this one
	high     int64       // the longest
	peak     int64       // the longest of the last rounds
	rounds   int64       // so far
	rise     int64       // the most by which it rose in this one
	fall     int64       // the most by which it fell
}

const (
	// baseSpan is how long a one-way delay counts as the lowest. Clocks that drift by 200 ppm
	// are 2 ms apart after it, and a route that is longer for good is known by then. Copa and
	// BBR take 10 s likewise.
	baseSpan = 10 * second
	// heldSpan is how long it does while others fill the queue, which never drains then.
	heldSpan = 6 * baseSpan
	// leastStanding is the shortest time that says what stands: of systems that serve their
	// sockets a thousand times a second a few turns.
	leastStanding = 4 * millisecond
	// leastSwing and mostSwing bound by how much an irregular link may lengthen the queue, in
	// between half a round trip without it does.
	leastSwing = 20 * millisecond
	mostSwing  = 60 * millisecond
)

// sample takes the one-way delay of a packet, of which only differences count.
func (m *queueMeter) sample(now, oneWay, span int64) {
	if m.held {
		m.base.add(now, oneWay, heldSpan)
	} else {
		m.base.add(now, oneWay, baseSpan)
	}
	m.standing.add(now, oneWay, max(span, leastStanding))
	m.wait = oneWay - m.base.least()
	m.low, m.high = min(m.low, m.wait), max(m.high, m.wait)
	m.rise, m.fall = max(m.rise, m.wait-m.low), max(m.fall, m.high-m.wait)
}

// queue is how long packets wait.
func (m *queueMeter) queue() int64 { return max(0, m.standing.least()-m.base.least()) }

// endRound notes how much the queue has changed in a round trip: on a link whose capacity
// changes as quickly, a queue shorter than that runs dry again and again. What changed once, as
// when the rate of a link falls, hardly counts: a round tells of several times as much as is usual
// at most. A queue of ours rises and drains over several round trips; a wait that does both in one
// is jitter, which is learned quickly at first, since else a start ends in it.
func (m *queueMeter) endRound() {
	q := m.queue()
	m.swing += (min(abs(q-m.before), 4*m.swing+leastStanding) - m.swing) / 16
	m.before = q
	m.peak = max(m.high, m.peak-m.peak/64) // half of it is forgotten after 44
	m.rounds++
	m.rough += (min(m.rise, m.fall, 2*m.rough+2*leastStanding) - m.rough) / min(3+m.rounds, 16)
	m.low, m.high, m.rise, m.fall = m.wait, m.wait, 0, 0
}

// margin is how long a queue bridges what the link does by itself, before the news of it comes
// around a pipe of that length. Where packets are delayed one by one and stay in order, as by
// Wi-Fi, the least wait is seldom seen, and as much as it rises and falls is no queue of anybody's.
func (m *queueMeter) margin(pipe int64) int64 {
	return min(max(m.swing, m.rough), min(max(pipe/2, leastSwing), mostSwing))
}

// A windowedMin is the least of what was added in a span of time, up to a quarter of it more or
// less. It keeps the least of each quarter.
type windowedMin struct {
	quarters [4]int64 // the one that runs first
	began    int64    // that one
	any      bool
}

func (w *windowedMin) add(now, v, span int64) {
	if !w.any {
		*w = windowedMin{[4]int64{v, v, v, v}, now, true}
		return
	}
	for passed := min((now-w.began)/max(span/4, 1), 4); passed > 0; passed-- {
		w.quarters = [4]int64{v, w.quarters[0], w.quarters[1], w.quarters[2]}
		w.began = now
	}
	w.quarters[0] = min(w.quarters[0], v)
}

func (w *windowedMin) least() int64 {
	q := &w.quarters
	return min(min(q[0], q[1]), min(q[2], q[3]))
}
