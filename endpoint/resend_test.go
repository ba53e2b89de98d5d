package endpoint

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/seq"
	"github.com/tickwire/tickwire/internal/wire"
)

// A tracer reads a channel on the wire and counts how often each byte of each message was sent.
type tracer struct {
	channel uint16
	ids     uint64 // seen
	counts  map[uint64][]int
	sizes   []int // by id
}

func (c *tracer) packet(frames [][]byte) {
	for _, f := range frames {
		if ch, ok := channelOf(f); !ok || ch != c.channel {
			continue
		}
		switch {
		case kindOf(f) == wire.TypeRunLong:
			run, _ := wire.ConsumeRun(f)
			first := seq.Nearest(c.ids, run.First, 16)
			for i := range uint64(run.Count) {
				c.add(first+i, 0, c.sizes[first+i])
			}
		case f[0] >= wire.TypeFragment:
			g, bytes, _ := wire.ConsumeFragment(f)
			id := seq.Nearest(c.ids, g.ID, 16)
			c.add(id, g.Offset, g.Offset+len(bytes))
		}
	}
}

func (c *tracer) add(id uint64, from, to int) {
	c.ids = max(c.ids, id+1)
	if c.counts[id] == nil {
		c.counts[id] = make([]int, c.sizes[id])
	}
	for i := from; i < to; i++ {
		c.counts[id][i]++
	}
}

// most is how often the byte was sent that was sent most.
func (c *tracer) most(id uint64) int {
	if len(c.counts[id]) == 0 {
		return 0
	}
	return slices.Max(c.counts[id])
}

// TestMaxAttempts sends messages of all sizes over links that lose up to half: no byte is sent
// more often than the policy allows, and whatever is given up has used up its attempts.
func TestMaxAttempts(t *testing.T) {
	for _, d := range []Delivery{ReliableUnordered, ReliableOrdered} {
		for most := 1; most <= 5; most++ {
			fates := [2]int{}
			for seed := range uint64(8) {
				rnd := rand.New(rand.NewPCG(seed, uint64(most)))
				cfg := Config{Channels: []ChannelConfig{{ID: 1, Delivery: d, Resend: ResendPolicy{MaxAttempts: most}}, {ID: 2}}}
				cfg.Controller = func() Controller { return fixedRate(200_000) }
				p := newPair(t, cfg, 15*time.Millisecond, seed).open()
				c := &tracer{channel: 1, counts: map[uint64][]int{}}
				p.links[0].loss, p.links[1].loss = float64(seed+1)*0.06, float64(seed%3)*0.1
				p.links[0].jitter = time.Duration(seed%2) * 10 * time.Millisecond
				p.watch = func(end int, b []byte) {
					if end == 0 {
						c.packet(framesOf(t, b[loneHeader:]))
					}
				}
				ids := map[Receipt]uint64{}
				for range 300 {
					if rnd.IntN(3) == 0 {
						size := 1 + int(math.Exp2(15*rnd.Float64()))
						id := uint64(len(c.sizes))
						c.sizes = append(c.sizes, size)
						ids[p.send(0, 1, make([]byte, size))] = id
					}
					if seed%2 == 0 { // else probes find out what is lost
						_, _ = p.ends[0].Send(2, []byte("tick"), SendOptions{})
					}
					p.run(20 * time.Millisecond)
					p.received(1, 1)
					for r, ev := range p.fates(0) {
						n := c.most(ids[r])
						if ev.Kind == Lost && n != most || n > most {
							t.Fatalf("%v of at most %d, message %d of %d bytes, seed %d: sent %d times, reads %v (%v)",
								d, most, ids[r], c.sizes[ids[r]], seed, n, ev.Kind, ev.Why)
						}
						fates[ev.Kind-Delivered]++
					}
				}
			}
			t.Logf("%v, at most %d: %d delivered, %d given up", d, most, fates[0], fates[1])
			if fates[0] < 100 || fates[1] < 3 {
				t.Errorf("%v, at most %d: %d delivered, %d given up", d, most, fates[0], fates[1])
			}
		}
	}
}

// TestLargeMessageOfFewAttempts loses a twentieth of what a slow path carries for eight seconds:
// bytes that were lost once are sent twice, and that is not counted together.
func TestLargeMessageOfFewAttempts(t *testing.T) {
	cfg := Config{Channels: []ChannelConfig{{ID: 1, Delivery: ReliableOrdered, Resend: ResendPolicy{MaxAttempts: 6}}}}
	cfg.Controller = func() Controller { return fixedRate(100_000) }
	p := newPair(t, cfg, 20*time.Millisecond).open()
	p.links[0].loss = 0.05
	r := p.send(0, 1, message(0, 800_000))
	p.run(20 * time.Second)
	if ev := p.fates(0)[r]; ev.Kind != Delivered || len(p.received(1, 1)) != 1 {
		t.Errorf("it reads %v (%v)", ev.Kind, ev.Why)
	}
}

// TestResendInput compares what a policy is told with what the test did itself.
func TestResendInput(t *testing.T) {
	for _, size := range []int{200, 20_000} {
		var told []ResendInput
		var at []int64
		var stats []Stats
		var p *pair
		cfg := Config{Channels: []ChannelConfig{{ID: 1, Delivery: ReliableUnordered, Resend: ResendPolicy{Again: func(in ResendInput) bool {
			told, at, stats = append(told, in), append(at, p.now), append(stats, p.ends[0].Stats())
			return in.Attempts < 7
		}}}, {ID: 2}}}
		cfg.Controller = func() Controller { return fixedRate(200_000) } // the others go on
		p = newPair(t, cfg, 40*time.Millisecond).open()
		p.links[1].jitter = 15 * time.Millisecond
		for range 200 { // the estimates settle, over a link that loses a tenth
			p.links[0].loss = 0.1
			_, _ = p.ends[0].Send(2, []byte("tick"), SendOptions{})
			p.run(20 * time.Millisecond)
		}
		p.links[0].loss = 0
		p.links[0].drop = func(_ int, b []byte) bool { return len(b) > 150 }
		sent := p.now
		r := p.send(0, 1, message(0, size))
		fate := Event{}
		for range 500 {
			_, _ = p.ends[0].Send(2, []byte("tick"), SendOptions{})
			p.run(20 * time.Millisecond)
			if ev, ok := p.fates(0)[r]; ok {
				fate = ev
			}
		}
		if fate.Why != GaveUp || told[len(told)-1].Attempts != 7 || size == 200 && len(told) != 7 {
			t.Errorf("%d bytes: asked %d times, %v (%v)", size, len(told), fate.Kind, fate.Why)
		}
		attempts := 0
		for i, in := range told {
			if attempts++; size > 200 { // each fragment has its own
				attempts = in.Attempts
			}
			want := ResendInput{
				Age: time.Duration(at[i] - sent), Attempts: attempts, Bytes: size,
				RTT: stats[i].RTT, RTTVar: stats[i].RTTVar, Loss: stats[i].LossOut,
			}
			if in != want {
				t.Errorf("%d bytes: told %+v, want %+v", size, in, want)
			}
			if size > 200 && i > 0 && at[i]-at[i-1] < int64(in.RTT) {
				t.Errorf("%d bytes: asked again after %v", size, time.Duration(at[i]-at[i-1]))
			}
			if in.RTT < 80*time.Millisecond || in.RTT > 100*time.Millisecond || in.RTTVar <= 0 || in.RTTVar > 20*time.Millisecond || in.Loss < 0.02 || in.Loss > 0.5 {
				t.Errorf("%d bytes: told %+v", size, in)
			}
		}
	}
}

// TestProbesAskOnce loses everything that an end sends: a probe asks the policy once for a
// fragment and sends it again, and later ones do not count it again.
func TestProbesAskOnce(t *testing.T) {
	asked := 0
	again := func(in ResendInput) bool {
		if asked++; in.Attempts != 1 {
			t.Errorf("asked %+v", in)
		}
		return true
	}
	cfg := Config{Channels: []ChannelConfig{{ID: 1, Delivery: ReliableOrdered, Resend: ResendPolicy{Again: again}}}}
	p := newPair(t, cfg, 20*time.Millisecond).open()
	p.run(time.Second)
	p.links[0].cut = true
	p.send(0, 1, make([]byte, 3000))
	p.run(8 * time.Second)
	if n := p.ends[0].Stats().FragmentsResent; asked != 1 || n != 1 {
		t.Errorf("asked %d times, %d fragments were sent again", asked, n)
	}
}

// TestCutWhileWholeIsUnderWay sends a message again in fragments, as packets have become too
// small: the loss of the packet that had it whole takes no attempt.
func TestCutWhileWholeIsUnderWay(t *testing.T) {
	cfg := Config{Channels: []ChannelConfig{{ID: 1, Delivery: ReliableOrdered, Resend: ResendPolicy{MaxAttempts: 2}}}}
	s := newScript(t, cfg)
	if _, err := s.e.Send(1, make([]byte, 1000), SendOptions{Receipt: true}); err != nil {
		t.Fatal(err)
	}
	s.says()
	first := s.nextNumber() - 1
	t.Log("# a probe has room for 600 bytes")
	for s.e.path(0).sent.End() < first+4 {
		if s.e.path(0).sent.End() > first+1 { // the probe has gone
			s.e.Ping()
		} else {
			s.now = max(s.now, s.e.Deadline())
			s.e.HandleTimeout(s.now)
		}
		s.packetIn(600)
	}
	m := s.e.outbox.sender(1).open.At(0)
	if m.cut == nil || m.cut.anyLost() {
		t.Fatalf("it is not sent in fragments: %+v", m)
	}
	t.Log("# the third packet after the first is acknowledged: the first is lost")
	s.hears(ack(first+3, first+3))
	if s.e.Stats().PacketsLost != 1 || m.state != outFlying {
		t.Fatalf("%d packets are lost, the message is in state %d", s.e.Stats().PacketsLost, m.state)
	}
	s.hears(ack(first+1, first+3))
	s.e.Update()
	s.e.NextEvent()
	if ev, _ := s.e.NextEvent(); ev.Kind != Delivered {
		t.Errorf("it reads %v (%v)", ev.Kind, ev.Why)
	}
}

// TestLateAckOfFragment acknowledges a fragment that was declared lost before it is sent again:
// then it is not.
func TestLateAckOfFragment(t *testing.T) {
	s := newScript(t, channels())
	ch := chanOf(ReliableOrdered)
	if _, err := s.e.Send(ch, make([]byte, 6000), SendOptions{}); err != nil {
		t.Fatal(err)
	}
	first := s.nextNumber()
	s.says()
	s.hears(ack(first+1, first+4))
	m := s.e.outbox.sender(uint16(ch)).open.At(0)
	if !m.cut.anyLost() {
		t.Fatal("nothing is lost")
	}
	s.hears(ack(first, first+4))
	for range 3 {
		s.now += second
		s.e.HandleTimeout(s.now)
		for _, f := range s.says() {
			if f[0] >= wire.TypeFragment && f[0] < wire.TypeRunLong {
				g, _, _ := wire.ConsumeFragment(f)
				if g.Offset == 0 {
					t.Error("the first fragment is sent again")
				}
			}
		}
	}
}

// TestManySkips: one SKIP names sixteen messages; when more are given up at once the next ones name the
// others, and the channel goes on behind them.
func TestManySkips(t *testing.T) {
	s := newScript(t, Config{Channels: []ChannelConfig{{ID: 1, Delivery: ReliableOrdered, Resend: ResendPolicy{MaxAttempts: 1}}}})
	for n := range 40 {
		if _, err := s.e.Send(1, message(n, 10), SendOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	first := s.nextNumber()
	s.says()
	for range packetThreshold {
		s.e.Ping()
		s.says()
	}
	s.now += 50 * milli
	s.hears(ack(first+1, s.nextNumber()-1))
	next := uint64(0)
	for _, f := range s.says() {
		if f[0] == wire.TypeSkip {
			_, from, n, _ := wire.ConsumeSkip(f)
			if from != uint32(next) || n > 16 {
				t.Errorf("%d from %d on are skipped, want those from %d", n, from, next)
			}
			next += uint64(n)
		}
	}
	if next != 40 {
		t.Errorf("%d of 40 are skipped", next)
	}
}

// TestRebuiltWhileItIsCut: a peer that says to have rebuilt a message of which a part was sent has it; the
// rest is not sent, and what waits behind it is.
func TestRebuiltWhileItIsCut(t *testing.T) {
	for _, d := range []Delivery{ReliableUnordered, ReliableOrdered} {
		s := newScript(t, Config{Channels: []ChannelConfig{{ID: 1, Delivery: d}}})
		for _, size := range []int{60_000, 20} {
			if _, err := s.e.Send(1, message(size, size), SendOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		s.packet()
		if n := s.e.Stats().QueuedMessages; n != 1 {
			t.Fatalf("%v: %d wait behind the large one", d, n)
		}
		s.hears(wire.AppendRebuilt(nil, 1, 0, 1))
		fragments, runs := 0, 0
		for _, f := range s.wait(s.now + second) {
			switch {
			case kindOf(f) == wire.TypeRunLong:
				runs++
			case f[0] >= wire.TypeFragment:
				fragments++
			}
		}
		if fragments != 0 || runs == 0 {
			t.Errorf("%v: %d fragments and %d runs after that", d, fragments, runs)
		}
	}
}
