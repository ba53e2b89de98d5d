package endpoint

import (
	"math/rand/v2"
	"slices"
)

// A line is a narrow place with a queue, and controllers alone that send through it: no endpoint,
// no messages. It goes in steps of a tenth of a millisecond.
type line struct {
	now   int64
	rate  int64 // bytes a second
	queue int   // packets that fit; 0: any number
	delay int64 // one way
	loss  float64
	rnd   *rand.Rand
	busy  int64   // until then
	leave []int64 // when the packets in the queue are through
	waits []int64 // in nanoseconds, of the packets that got in, since watch
	watch int64
	flows []*lineFlow
	drops int
}

// A lineFlow is one sender and its receiver.
type lineFlow struct {
	cc     Controller
	begin  int64
	wants  func(now int64) bool // it has something to send; nil: always
	clock  func(at int64) int64 // what the peer's clock shows; nil: the time
	hold   func(at int64) int64 // by how much an ack comes later; nil: not at all
	ackGap int                  // packets for each ack; 0: 2
	lies   func(s *AckSample)

	tokens      float64
	sent        []linePacket
	acked       int // packets of sent that are settled
	inFlight    int
	passed, got int64
	arrivals    []int // of packets that are on their way, in order
	acks        []lineAck
	pending     []int
	smooth, min int64
	delivered   int64 // bytes that arrived since watch
	latestAck   int64
}

type linePacket struct {
	at, arrives int64
	passed      int64
	lost        bool
	settled     bool
	limited     bool
}

type lineAck struct {
	at      int64
	packets []int
}

const (
	lineStep  = millisecond / 10
	lineBytes = 1228
)

func newLine(rate int64, queue int, delay int64, flows ...*lineFlow) *line {
	return &line{rate: rate, queue: queue, delay: delay, flows: flows, rnd: rand.New(rand.NewPCG(1, 2))}
}

func (l *line) run(until int64) {
	for ; l.now < until; l.now += lineStep {
		for len(l.leave) > 0 && l.leave[0] <= l.now {
			l.leave = l.leave[1:]
		}
		for _, f := range l.flows {
			if l.now >= f.begin {
				f.receive(l)
				f.send(l)
			}
		}
	}
}

// send lets go what window and pacing allow, two packets at a time.
func (f *lineFlow) send(l *line) {
	f.tokens = min(f.tokens+float64(f.cc.BytesPerSecond())*lineStep/second, 2*lineBytes)
	if len(f.sent) == 0 {
		f.tokens = initialWindow
	}
	for f.tokens > 0 && f.inFlight < f.cc.WindowBytes() {
		if f.wants != nil && !f.wants(l.now) {
			if n := len(f.sent); n > 0 {
				f.sent[n-1].limited = true
			}
			return
		}
		f.tokens -= lineBytes
		f.passed += lineBytes
		f.inFlight += lineBytes
		p := linePacket{at: l.now, passed: f.passed}
		if l.queue > 0 && len(l.leave) >= l.queue {
			l.drops++
			p.lost = true
		} else {
			if l.now >= l.watch {
				l.waits = append(l.waits, max(0, l.busy-l.now))
			}
			l.busy = max(l.busy, l.now) + lineBytes*second/l.rate
			l.leave = append(l.leave, l.busy)
			p.arrives = l.busy + l.delay
			p.lost = l.rnd.Float64() < l.loss
		}
		f.sent = append(f.sent, p)
		if !p.lost {
			f.arrivals = append(f.arrivals, len(f.sent)-1)
		}
		f.cc.Sent(l.now, lineBytes, f.inFlight)
	}
}

// receive takes what has arrived at the peer, and the acks that have arrived here.
func (f *lineFlow) receive(l *line) {
	for len(f.arrivals) > 0 && f.sent[f.arrivals[0]].arrives <= l.now {
		i := f.arrivals[0]
		f.arrivals = f.arrivals[1:]
		f.pending = append(f.pending, i)
		if l.now >= l.watch {
			f.delivered += lineBytes
		}
		if len(f.pending) >= max(f.ackGap, 2) {
			f.answer(l, l.now)
		}
	}
	if n := len(f.pending); n > 0 && l.now-f.sent[f.pending[0]].arrives >= 20*millisecond {
		f.answer(l, l.now)
	}
	for len(f.acks) > 0 && f.acks[0].at <= l.now {
		a := f.acks[0]
		f.acks = f.acks[1:]
		f.take(l.now, a.packets)
	}
}

func (f *lineFlow) answer(l *line, now int64) {
	at := now + l.delay
	if f.hold != nil {
		at += f.hold(now)
	}
	f.latestAck = max(f.latestAck, at)
	f.acks = append(f.acks, lineAck{f.latestAck, slices.Clone(f.pending)})
	f.pending = f.pending[:0]
}

// take tells the controller of an ack, and of what is three packets behind it.
func (f *lineFlow) take(now int64, packets []int) {
	newest := &f.sent[packets[len(packets)-1]]
	rtt := now - newest.at
	if f.smooth == 0 {
		f.smooth, f.min = rtt, rtt
	}
	f.smooth += (rtt - f.smooth) / 8
	f.min = min(f.min, rtt)
	s := AckSample{SentAt: newest.at, RTT: rtt, SmoothRTT: f.smooth, MinRTT: f.min, Passed: newest.passed, HasOneWay: true}
	for _, i := range packets {
		s.AppLimited = s.AppLimited || f.sent[i].limited
		f.sent[i].settled = true
		s.Bytes += lineBytes
	}
	f.inFlight -= s.Bytes
	f.got += int64(s.Bytes)
	s.Delivered, s.InFlight = f.got, f.inFlight
	shown := newest.arrives
	if f.clock != nil {
		shown = f.clock(shown)
	}
	s.OneWay = shown/64_000*64_000 - newest.at
	var lost LossSample
	for i := f.acked; i < packets[len(packets)-1]-2; i++ {
		if p := &f.sent[i]; !p.settled {
			p.settled = true
			lost.Packets++
			lost.Bytes += lineBytes
			lost.SentAt = p.at
		}
		f.acked = i + 1
	}
	if lost.Packets > 0 {
		f.inFlight -= lost.Bytes
		lost.InFlight = f.inFlight
		f.cc.Lost(now, lost)
	}
	if f.lies != nil {
		f.lies(&s)
	}
	f.cc.Acked(now, s)
}

// measure lets the line run from one time to another, and says what share of its rate each flow
// got, and how long nearly all packets waited at most.
func (l *line) measure(from, to int64) (shares []float64, p99 int64) {
	l.watch, l.waits = from, nil
	for _, f := range l.flows {
		f.delivered = 0
	}
	l.run(to)
	for _, f := range l.flows {
		shares = append(shares, float64(f.delivered)/(float64(l.rate)*float64(to-from)/second))
	}
	slices.Sort(l.waits)
	if len(l.waits) > 0 {
		p99 = l.waits[len(l.waits)*99/100]
	}
	return shares, p99
}
