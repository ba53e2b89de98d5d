package workload

import "github.com/tickwire/tickwire/endpoint"

// A copa is Copa: Arun and Balakrishnan, "Copa: Practical Delay-Based Congestion Control for the
// Internet", NSDI 2018. It aims at a rate of 1/(δ dq) packets a second, where dq is the queueing
// delay, the shortest round trip of the last half one less that of the last ten seconds, and moves
// its window towards that by v/δ packets in a round trip; v, the velocity, doubles as long as the
// direction stays, and is bounded so that the window doubles in a round trip at most. δ is 1/2. A
// velocity that was reached in the other direction is given up at once, as in the version that
// Facebook uses (mvfst); with the paper's, once in a round trip, the window swings for seconds after
// slow start.
//
// If the queue has not been nearly empty for five round trips, somebody else fills it: then 1/δ
// grows by one in each of them, and is halved by a loss (section 4). In the paper each packet is
// acknowledged, here every second one, which has waited for the one before it: so a queue of two
// packets counts as nearly empty, too, as long as it is no more than a tenth of the shortest round
// trip. Where a round trip holds two or three packets it takes its own queue for somebody else's all
// the same, as Copa is known to do ("Copa+", INFOCOM 2022).
type copa struct {
	window   int64 // thousandths of a packet
	slow     bool  // slow start
	velocity int64
	up       bool
	same     int   // rounds in one direction
	before   int64 // the window a round ago
	round    round
	rtt      int64

	shortest lowest
	standing lowest
	longest  [4]int64 // round trip of each of the last rounds
	rounds   int
	emptied  int   // the round in which the queue was nearly empty last
	inverse  int64 // of δ
	recovery int64
}

const copaDefault = 2 // 1/δ

func newCopa() *copa {
	return &copa{window: initialWindow / packet * 1000, slow: true, velocity: 1, rtt: second / 10,
		shortest: lowest{span: 10 * second}, inverse: copaDefault, recovery: -1}
}

// Sent implements endpoint.Controller.
func (c *copa) Sent(now int64, bytes, inFlight int) {}

// Acked implements endpoint.Controller.
func (c *copa) Acked(now int64, s endpoint.AckSample) {
	c.rtt = max(s.SmoothRTT, 1)
	if s.RTT > 0 {
		c.shortest.add(now, s.RTT)
		c.standing.span = c.rtt / 2
		c.standing.add(now, s.RTT)
		r := &c.longest[c.rounds%len(c.longest)]
		*r = max(*r, s.RTT)
	}
	if c.standing.value() == 0 {
		return
	}
	queue := c.standing.value() - c.shortest.value()
	spread := max(c.longest[0], c.longest[1], c.longest[2], c.longest[3]) - c.shortest.value()
	if queue*10 <= spread || queue <= min(2000*c.standing.value()/c.window, c.shortest.value()/10) {
		c.emptied = c.rounds
	}
	if c.round.over(now, s.SentAt) {
		c.turn()
	}
	if s.AppLimited {
		return
	}
	c.move(int64(s.Bytes)*1000/packet, queue)
}

// move moves the window by what was acknowledged, in thousandths of a packet.
func (c *copa) move(acked, queue int64) {
	// window / standing <= inverse / queue: below the rate that is aimed at.
	below := c.window*queue <= 1000*c.inverse*c.standing.value()
	if c.slow {
		if below {
			c.window += acked
			return
		}
		c.slow, c.emptied = false, c.rounds // what slow start has queued is nobody else's
	}
	if below != c.up && c.velocity > 1 { // it was meant for the other direction
		c.up, c.same, c.velocity = below, 0, 1
	}
	step := min(c.velocity*c.inverse*acked*1000/c.window, acked)
	if below {
		c.window += step
	} else {
		c.window = max(c.window-step, 2000)
	}
}

// turn is called once in a round trip.
func (c *copa) turn() {
	c.rounds++
	c.longest[c.rounds%len(c.longest)] = 0
	if up := c.window > c.before; up != c.up || c.slow {
		c.up, c.same, c.velocity = up, 0, 1
	} else if c.same++; c.same >= 3 {
		c.velocity = min(2*c.velocity, 1<<10)
	}
	c.before = c.window
	if c.rounds-c.emptied <= 5 {
		c.inverse = copaDefault
	} else {
		c.inverse++
	}
}

// Lost implements endpoint.Controller.
func (c *copa) Lost(now int64, s endpoint.LossSample) {
	if s.SentAt > c.recovery {
		c.recovery = now
		c.inverse = max(c.inverse/2, copaDefault)
	}
}

// Spurious implements endpoint.Controller.
func (c *copa) Spurious(now int64, s endpoint.LossSample) {}

// WindowBytes implements endpoint.Controller.
func (c *copa) WindowBytes() int { return int(c.window * packet / 1000) }

// BytesPerSecond implements endpoint.Controller: twice the window in a round trip, so that what
// is sent is spread and the window decides.
func (c *copa) BytesPerSecond() int {
	rtt := c.standing.value()
	if rtt == 0 {
		rtt = c.rtt
	}
	return 2 * perSecond(c.WindowBytes(), rtt)
}
