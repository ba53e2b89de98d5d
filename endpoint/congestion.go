package endpoint

import "time"

// A Controller decides how fast a path may send. It sees packets, never messages, and belongs
// to one path. All sizes are bytes on the wire with headers, all times nanoseconds of the
// endpoint's clock.
type Controller interface {
	// Sent tells of a packet that counts as in flight.
	Sent(now int64, bytes, inFlight int)
	// Acked tells of an acknowledgement that covered at least one new packet.
	Acked(now int64, s AckSample)
	// Lost tells of packets declared lost together.
	Lost(now int64, s LossSample)
	// Spurious tells of packets that Lost spoke of and that arrived all the same: the path
	// reorders, it does not drop.
	Spurious(now int64, s LossSample)
	// WindowBytes is how much may be in flight.
	WindowBytes() int
	// BytesPerSecond is the rate at which packets are paced, and the rate shown to the game.
	BytesPerSecond() int
}

// An AckSample is what one acknowledgement tells.
type AckSample struct {
	Bytes      int   // newly acknowledged
	InFlight   int   // still in flight afterwards
	SentAt     int64 // when the largest newly acknowledged packet was sent
	OldestAt   int64 // when the oldest of them was sent
	waited     int64 // how long the strait was to need for that one
	RTT        int64 // latest sample, 0 if this acknowledgement gave none
	SmoothRTT  int64
	MinRTT     int64
	OneWay     int64 // peer's clock at the largest's arrival less SentAt; only differences count
	HasOneWay  bool
	Delivered  int64 // bytes acknowledged since the beginning
	Passed     int64 // bytes sent since the beginning up to the packet of SentAt, and with it
	RateSample int   // bytes per second delivered while the packet was in flight; 0: no sample
	AppLimited bool  // the sender had too little to send for the sample to show the path's rate
	Congested  int   // packets marked Congestion Experienced since the last sample
}

// A LossSample tells of lost packets.
type LossSample struct {
	Bytes    int
	Packets  int
	InFlight int
	SentAt   int64 // when the newest of them was sent
	Queue    bool  // nothing is known to be lost: a queue grows inside of what carries the path
}

// judgeQueue has congestion control slow down for a queue that grows inside of what carries a
// path and repairs losses itself: nothing else ever will. A queue stands, while what waits for
// something that is sent again comes soon.
func (p *path) judgeQueue(now int64, pkt *sentPacket) {
	sent := uint32(pkt.at / millisecond)
	if p.rtt.latest <= 2*p.rtt.min+innerQueue {
		p.prompt = sent
	} else if int64(int32(sent-p.prompt))*millisecond >= max(2*p.rtt.min, standingFor) {
		p.steered = true
		p.cc.Lost(now, LossSample{Packets: 1, Bytes: int(pkt.bytes), InFlight: p.inFlight, SentAt: pkt.at, Queue: true})
	}
}

const (
	// innerQueue is how long packets may wait there, beside as long as the shortest round trip.
	innerQueue = second / 20
	// standingFor is how long all packets have to wait longer: TCP sends again within a third of a
	// second where round trips are short (RFC 6298, 2.4; Linux waits for 200 ms at least), and then a
	// second time.
	standingFor = second / 2
)

// An Estimate is what a controller thinks of its path.
type Estimate struct {
	BytesPerSecond int           // that it carries for us
	QueueDelay     time.Duration // that packets wait on their way, whoever's queue it is
}

// An Estimator is a Controller that knows more than the rate at which it paces. What it says is
// shown to the game; of other controllers the rate is.
type Estimator interface {
	Estimate() Estimate
}

func (p *path) estimate() Estimate {
	if e, ok := p.cc.(Estimator); ok {
		return e.Estimate()
	}
	return Estimate{BytesPerSecond: p.cc.BytesPerSecond()}
}

// A rateTold is the last event RateChanged.
type rateTold struct {
	rate  int
	at    int64
	event uint64 // its number in the queue, plus one
}

// rateInterval is the least time between two events of a rate: a game that sends less, or more,
// needs some ticks to see what comes of it.
const rateInterval = second / 4

// tellRate makes the event RateChanged when the rate has changed by a quarter since the last one;
// that it is higher is news only for who has more to send. An event that was not shown yet is
// brought up to date.
func (ps *paths) tellRate(now int64, limited bool) {
	t := &ps.rateTold
	if now-t.at < rateInterval || !ps.life.open() {
		return
	}
	rate := ps.bytesPerSecond()
	if 4*abs(int64(rate-t.rate)) < int64(t.rate) || limited && rate > t.rate {
		return
	}
	t.rate, t.at = rate, now
	ps.events.pushLatest(&t.event, Event{Kind: RateChanged, BytesPerSecond: rate})
}
