package endpoint

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// Scales watch what leaves an end and weigh it by channel, packet by packet, as it stands on
// the wire. Of the end itself they ask only who still has something to send.
type scales struct {
	*pair
	t       *testing.T
	end     int
	now     []int // bytes of each sender's messages in the packet that is looked at
	total   []int // and in all packets since the last reset
	buckets []int // bytes that the cap of each channel leaves, negative: debt
	filled  int64 // when they were filled last
}

// weigh begins to watch an end of a pair.
func (p *pair) weigh(t *testing.T, end int) *scales {
	n := len(p.ends[end].outbox.senders)
	s := &scales{pair: p, t: t, end: end, now: make([]int, n), total: make([]int, n), buckets: make([]int, n), filled: p.now}
	for i := range s.buckets {
		s.buckets[i] = s.most(i)
	}
	p.watch = func(from int, b []byte) {
		if from == end {
			s.packet(framesOf(t, b[loneHeader:]))
		}
	}
	return s
}

// most is what a bucket holds: what the documentation of BytesPerSecond allows at once.
func (s *scales) most(i int) int { return max(s.rate(i)/20, 1) }

func (s *scales) rate(i int) int { return s.ends[s.end].outbox.senderAt(i).cfg.BytesPerSecond }

func (s *scales) packet(frames [][]byte) {
	clear(s.now)
	for _, f := range frames {
		if ch, ok := channelOf(f); ok {
			s.now[s.ends[s.end].plan.index(ch)] += len(f)
		}
	}
	s.checkCaps()
	s.checkPriority()
	for i, n := range s.now {
		s.total[i] += n
	}
}

// channelOf is the channel whose messages a frame carries.
func channelOf(frame []byte) (ch uint16, ok bool) {
	switch kindOf(frame) {
	case wire.TypeRunLong:
		run, _ := wire.ConsumeRun(frame)
		return run.Channel, true
	case wire.TypeSkip:
		ch, _, _, _ = wire.ConsumeSkip(frame)
		return ch, true
	}
	if b := frame[0]; b >= wire.TypeFragment && b < wire.TypeRunLong {
		f, _, _ := wire.ConsumeFragment(frame)
		return f.Channel, true
	}
	return 0, false
}

// checkCaps: over no time a channel sends more than its rate gives, beside the twentieth of a
// second that it may save up and the packet that it may begin.
func (s *scales) checkCaps() {
	elapsed := s.pair.now - s.filled
	s.filled = s.pair.now
	for i, n := range s.now {
		if s.rate(i) <= 0 {
			continue
		}
		gain := int((elapsed*int64(s.rate(i)) + second - 1) / second)
		if s.buckets[i] = min(s.buckets[i]+gain, s.most(i)) - n; s.buckets[i] < -packetBytes {
			s.t.Errorf("channel %d is %d bytes above its rate of %d", s.ends[s.end].outbox.senderAt(i).id, -s.buckets[i], s.rate(i))
		}
	}
}

// checkPriority: nothing of a lower class leaves while a higher one has something that would
// have fit in its place.
func (s *scales) checkPriority() {
	e := s.ends[s.end].Endpoint
	for i := range e.outbox.senders {
		high := e.outbox.senderAt(i)
		if !high.turn.cap.ready(s.pair.now) || !high.ready() {
			continue
		}
		taken := 0
		for k, n := range s.now {
			if e.outbox.senderAt(k).cfg.Priority < high.cfg.Priority {
				taken += n
			}
		}
		if taken >= high.needs() {
			s.t.Errorf("lower classes send %d bytes, and channel %d waits with something of %d", taken, high.id, high.needs())
		}
	}
}

// needs is the least room in which something of what a sender has is sent; an upper bound.
func (s *sender) needs() int {
	const headers = 24
	m := (*outMessage)(nil)
	if _, m = s.nextResend(); m == nil {
		m = s.next()
	}
	switch {
	case m == nil || m.cut != nil || m.state == outSkipping:
		return fragmentRoom + headers
	case m.len() > packetBytes || s.cfg.Delivery == ReliableUnordered || s.cfg.Delivery == ReliableOrdered:
		return min(m.len(), cutRoom) + headers
	}
	return m.len() + headers
}

// TestShares fills channels of random classes, weights, caps and sizes, and judges what leaves:
// from each packet the classes and the caps, from each second the weights.
func TestShares(t *testing.T) {
	seeds := uint64(60)
	if raced {
		seeds = 12
	}
	for seed := range seeds {
		newRivalry(t, seed).run()
	}
}

// A rivalry is a pair with channels that always have something to send.
type rivalry struct {
	*scales
	rnd   *rand.Rand
	rate  int
	sizes []int // of the messages of each channel, at most
	sent  int
}

func newRivalry(t *testing.T, seed uint64) *rivalry {
	r := &rivalry{rnd: rand.New(rand.NewPCG(seed, 0x7368617265))}
	r.rate = 200_000 << r.rnd.IntN(3)
	cfg := Config{Controller: func() Controller { return fixedRate(r.rate) }}
	for i := range 2 + r.rnd.IntN(6) {
		ch := ChannelConfig{
			ID: ChannelID(i + 1), Delivery: Delivery(r.rnd.IntN(5)), WindowBytes: 8 << 20,
			Priority: int8(r.rnd.IntN(3)), Weight: 1 + r.rnd.IntN(20),
		}
		size := []int{20, 100, 700, 1100, 5000, 40_000}[r.rnd.IntN(6)]
		if ch.Delivery == ReliableLatest { // large ones wait for each other
			size = min(size, 1100)
		}
		if r.rnd.IntN(4) == 0 || ch.Priority == 2 && r.rnd.IntN(2) == 0 {
			ch.BytesPerSecond = r.rate / (2 + r.rnd.IntN(30))
		}
		cfg.Channels, r.sizes = append(cfg.Channels, ch), append(r.sizes, size)
	}
	p := newPair(t, cfg, 10*time.Millisecond, seed).open()
	p.run(time.Second)
	p.ends[0].windShares(seed % 4 * 20_000) // of three in four seeds they wrap on the way
	p.links[0].loss = float64(r.rnd.IntN(3)) * 0.05
	r.scales = p.weigh(t, 0)
	t.Logf("# seed %d: %d bytes a second, loss of %v", seed, r.rate, p.links[0].loss)
	return r
}

func (r *rivalry) run() {
	for range 100 { // the first queues fill
		r.step()
	}
	for range 3 {
		clear(r.total)
		for range 100 {
			r.step()
		}
		r.judge()
	}
}

func (r *rivalry) step() {
	for i, size := range r.sizes {
		ch := ChannelID(i + 1)
		opts := SendOptions{}
		for r.ends[0].ChannelStats(ch).QueuedBytes < 100_000 {
			if opts.Keyed = r.ends[0].outbox.sender(uint16(ch)).cfg.Delivery.latest(); opts.Keyed {
				opts.Key = uint64(r.sent) // each of its own, so that they wait
			}
			r.sent++
			if _, err := r.ends[0].Send(ch, make([]byte, size/2+r.rnd.IntN(size/2+1)), opts); err != nil {
				r.t.Fatal(err)
			}
		}
	}
	r.pair.run(10 * time.Millisecond)
	for i := range r.sizes {
		r.ends[1].Update()
		for _, ok := r.ends[1].Receive(ChannelID(i + 1)); ok; _, ok = r.ends[1].Receive(ChannelID(i + 1)) {
		}
	}
}

// judge compares a second with the shares that the weights give.
func (r *rivalry) judge() {
	e, all := r.ends[0].Endpoint, 0
	for i := range e.outbox.senders {
		a := e.outbox.senderAt(i)
		all += r.total[i]
		for k := 1; k < i; k++ { // 0 is the library's own
			b := e.outbox.senderAt(k)
			if a.cfg.Priority != b.cfg.Priority || a.cfg.BytesPerSecond > 0 || b.cfg.BytesPerSecond > 0 {
				continue
			}
			sum, weights := r.total[i]+r.total[k], a.cfg.Weight+b.cfg.Weight
			want := sum * a.cfg.Weight / weights
			largest := max(r.sizes[a.id-1], r.sizes[b.id-1]) + packetBytes
			if off := abs(int64(r.total[i] - want)); off > int64(max(sum/20, largest)) {
				r.t.Errorf("channels %d and %d with weights %d and %d sent %d and %d bytes",
					a.id, b.id, a.cfg.Weight, b.cfg.Weight, r.total[i], r.total[k])
			}
		}
	}
	for i := range e.outbox.senders {
		if e.outbox.senderAt(i).cfg.BytesPerSecond == 0 && i > 0 && all < r.rate*4/5 {
			r.t.Errorf("%d bytes in all at a rate of %d, and channel %d has no cap", all, r.rate, e.outbox.senderAt(i).id)
			return
		}
	}
}

// TestWaitingClaimsNothing holds a channel up for ten seconds, by its cap or by a receiver that
// reads nothing, while another one sends alone. Then the path slows down to what the first may
// send: the two share it, and the second does not pay for what the first could not have.
func TestWaitingClaimsNothing(t *testing.T) {
	for name, limit := range map[string]int{"cap": 20_000, "credit": 0} {
		rate := fixedRate(400_000)
		cfg := Config{Channels: []ChannelConfig{
			{ID: 1, Delivery: ReliableUnordered, BytesPerSecond: limit},
			{ID: 2, Delivery: ReliableUnordered, WindowBytes: 8 << 20},
		}, Controller: func() Controller { return &rate }}
		p := newPair(t, cfg, 5*time.Millisecond).open()
		p.run(time.Second)
		s := p.weigh(t, 0)
		step := func(channels ...ChannelID) {
			for ch := ChannelID(1); ch <= 2; ch++ {
				for p.ends[0].ChannelStats(ch).QueuedBytes < 50_000 {
					p.send(0, ch, make([]byte, 500))
				}
			}
			p.run(10 * time.Millisecond)
			for _, ch := range channels {
				p.received(1, ch)
			}
			p.fates(0)
		}
		for range 1000 {
			step(map[string][]ChannelID{"cap": {1, 2}, "credit": {2}}[name]...)
		}
		rate = 20_000
		clear(s.total)
		for range 400 {
			step(1, 2)
		}
		t.Logf("# %s: %v bytes in four seconds", name, s.total)
		if s.total[2] < 30_000 || s.total[1] < 20_000 {
			t.Errorf("%s: %d and %d bytes", name, s.total[1], s.total[2])
		}
	}
}

// A narrow controller lets a number of bytes be in flight.
type narrow struct {
	fixedRate
	window int
}

func (n narrow) WindowBytes() int { return n.window }

// TestProbesKeepClassesAndCaps cuts a line with messages of a lower class and of a capped channel
// on the way. Probes go out, whatever the window says, but they are the higher class's, and what
// is capped stays so.
func TestProbesKeepClassesAndCaps(t *testing.T) {
	cfg := Config{Timeout: time.Hour, Channels: []ChannelConfig{
		{ID: 1, Delivery: Unreliable, Priority: 1},
		{ID: 2, Delivery: ReliableOrdered},
		{ID: 3, Delivery: ReliableOrdered, Priority: 1, BytesPerSecond: 200},
	}, Controller: func() Controller { return narrow{100_000, 4 * packetBytes} }}
	p := newPair(t, cfg, 20*time.Millisecond).open()
	p.run(time.Second)
	s := p.weigh(t, 0)
	p.links[0].cut = true
	p.send(0, 2, make([]byte, 1000))
	p.send(0, 3, make([]byte, 1000))
	p.flush()
	for range 100 {
		p.send(0, 1, make([]byte, 500))
	}
	sent := p.links[0].sent
	p.run(20 * time.Second)
	t.Logf("# %d packets, %v bytes", p.links[0].sent-sent, s.total)
	if p.links[0].sent-sent < 10 || s.total[1] < 5000 || s.total[2] > 1010 || s.total[3] > 6000 {
		t.Errorf("%d packets, %v bytes", p.links[0].sent-sent, s.total)
	}
}

// TestFullPackets sends messages of a higher class that fill a packet to the last byte, so that
// an ack takes the room that they need, beside a bulk in both directions, so that there is
// always something to acknowledge: they go before the bulk all the same.
func TestFullPackets(t *testing.T) {
	for _, d := range []Delivery{Unreliable, UnreliableLatest, ReliableLatest} {
		cfg := Config{Channels: []ChannelConfig{{ID: 1, Delivery: d, Priority: 1}, {ID: 2, Delivery: ReliableUnordered}}}
		cfg.Controller = func() Controller { return fixedRate(60_000) }
		p := newPair(t, cfg, 5*time.Millisecond).open()
		p.run(time.Second)
		for size := 1170; size < 1200; size++ {
			for end := range p.ends {
				for p.ends[end].ChannelStats(2).QueuedBytes < 20_000 {
					p.send(end, 2, make([]byte, 400))
				}
			}
			p.run(25 * time.Millisecond)
			p.send(0, 1, make([]byte, size))
			came := p.runUntil(150*time.Millisecond, func() bool {
				p.received(0, 2)
				p.received(1, 2)
				return len(p.received(1, 1)) == 1
			})
			if p.fates(0); !came {
				t.Fatalf("%v: a message of %d bytes does not come", d, size)
			}
			p.fates(1)
		}
	}
}
