package endpoint

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// reliables runs a test for each delivery that has credit.
func reliables(t *testing.T, f func(t *testing.T, d Delivery)) {
	for _, d := range []Delivery{ReliableUnordered, ReliableLatest, ReliableOrdered} {
		t.Run(d.String(), func(t *testing.T) { f(t, d) })
	}
}

// TestReceiverThatDoesNotDrain stops reading for a minute.
func TestReceiverThatDoesNotDrain(t *testing.T) {
	reliables(t, func(t *testing.T, d Delivery) {
		p := newPair(t, channels(), 20*time.Millisecond).open()
		p.links[0].loss = 0.05
		ch := chanOf(d)
		t.Log("# a minute without a reader: the sender fills its queue and is told, memory stays bounded")
		sent, full, most := 0, 0, 0
		for end := p.now + int64(time.Minute); p.now < end; {
			_, err := p.ends[0].Send(ch, message(sent, 4000), SendOptions{})
			switch {
			case err == nil:
				sent++
			case errors.Is(err, ErrFull):
				full++
			default:
				t.Fatal(err)
			}
			p.run(20 * time.Millisecond)
			p.ends[1].Update()
			most = max(most, p.ends[1].cfg.Buffers.Stats().InUse)
		}
		t.Logf("%d sent, %d refused, at most %d buffers at the receiver", sent, full, most)
		if d == ReliableLatest {
			if full != 0 || most > 16 {
				t.Errorf("%d refused, %d buffers", full, most)
			}
		} else if full == 0 || most*4032 > defaultWindow+4032 {
			t.Errorf("%d refused, %d buffers", full, most)
		}
		if n := p.ends[1].cfg.Pool.InUse(); n != 0 && d != ReliableLatest {
			t.Errorf("%d bytes of the pool for a game that does not read", n)
		}
		t.Log("# it reads again: everything arrives")
		var got []string
		for range 3000 {
			got = append(got, p.received(1, ch)...)
			p.run(20 * time.Millisecond)
		}
		if d == ReliableLatest {
			if len(got) == 0 || number(got[len(got)-1]) != sent-1 {
				t.Errorf("the newest value did not arrive")
			}
			return
		}
		checkDelivery(t, d, sent, got)
	})
}

func TestMessageLargerThanTheWindow(t *testing.T) {
	reliables(t, func(t *testing.T, d Delivery) {
		p := newPair(t, channels(), 20*time.Millisecond).open()
		t.Log("# a message of 1 MiB meets a window of 64 KiB: BLOCKED asks, the pool gives")
		receipt := p.send(0, chanOf(d), message(0, 1<<20))
		if !p.runUntil(30*time.Second, func() bool { return p.ends[1].cfg.Pool.InUse() > 0 }) {
			t.Fatal("the pool gave nothing")
		}
		p.run(30 * time.Second)
		if got := p.received(1, chanOf(d)); len(got) != 1 || got[0] != string(message(0, 1<<20)) {
			t.Fatalf("received %d messages", len(got))
		}
		if p.fates(0)[receipt].Kind != Delivered {
			t.Error("not Delivered")
		}
		p.ends[1].Release()
		if n := p.ends[1].cfg.Pool.InUse(); n != 0 {
			t.Errorf("%d bytes of the pool are not returned", n)
		}
	})
}

func TestPoolExhaustedThenFreed(t *testing.T) {
	cfg := channels()
	cfg.Pool = NewWindowPool(1<<20, 1)
	p := newPair(t, cfg, 20*time.Millisecond).open()
	t.Log("# somebody else has the pool: the message waits, and BLOCKED asks once a second")
	var others poolShare
	if cfg.Pool.take(&others, 1<<20, 1<<20) != 1<<20 {
		t.Fatal("pool")
	}
	asked := 0
	p.links[0].drop = func(_ int, b []byte) bool {
		asked += count(framesOf(t, b[loneHeader:]), wire.TypeBlocked)
		return false
	}
	p.send(0, chanOf(ReliableOrdered), message(0, 200_000))
	p.run(10 * time.Second)
	if got := p.received(1, chanOf(ReliableOrdered)); len(got) != 0 || asked < 9 || asked > 12 {
		t.Errorf("received %d messages, asked %d times", len(got), asked)
	}
	t.Log("# it comes back: the message arrives")
	cfg.Pool.give(&others, 1<<20)
	p.run(10 * time.Second)
	if got := p.received(1, chanOf(ReliableOrdered)); len(got) != 1 {
		t.Errorf("received %d messages", len(got))
	}
	p.links[0].drop = nil
}

// TestWindowOnALongPath: on a long path with losses credit for several round trips is on its way or
// waits for what was lost. A game that takes what it can gets a window that is no limit; one that
// does not read gets none of the pool.
func TestWindowOnALongPath(t *testing.T) {
	const rate = 1_200_000
	transfer := func(delay time.Duration, loss float64, read func(at int64) bool) (bytes, window int) {
		cfg := channels()
		cfg.Controller = func() Controller { return fixedRate(rate) }
		p := newPair(t, cfg, delay).open()
		p.links[0].loss, p.links[1].loss = loss, loss
		ch := chanOf(ReliableOrdered)
		for end := p.now + 20*second; p.now < end; p.run(5 * time.Millisecond) {
			for p.ends[0].Stats().QueuedBytes < 1<<20 {
				if _, err := p.ends[0].Send(ch, make([]byte, 1000), SendOptions{}); err != nil {
					t.Fatal(err)
				}
			}
			if read(p.now) {
				for _, m := range p.received(1, ch) {
					bytes += len(m)
				}
			}
		}
		return bytes, p.ends[1].inbox.receiver(uint16(ch)).window
	}
	always := func(int64) bool { return true }
	if got, window := transfer(300*time.Millisecond, 0.05, always); got < 13*rate {
		t.Errorf("%d bytes in 20 s at %d a second, with a window of %d", got, rate, window)
	}
	if got, _ := transfer(50*time.Millisecond, 0, always); got < 19*rate {
		t.Errorf("%d bytes in 20 s at %d a second without losses", got, rate)
	}
	never := func(int64) bool { return false }
	if _, window := transfer(300*time.Millisecond, 0.05, never); window != defaultWindow {
		t.Errorf("a game that does not read has a window of %d", window)
	}
}

func TestWindowGrowsWithUse(t *testing.T) {
	cfg := channels()
	cfg.Controller = func() Controller { return fixedRate(20 << 20) }
	p := newPair(t, cfg, 50*time.Millisecond).open()
	t.Log("# a game that reads at once gets a larger window, until it no longer holds the sender back")
	begin := p.now
	total := 0
	for total < 40<<20 {
		for p.ends[0].Stats().QueuedBytes < 2<<20 {
			_, _ = p.ends[0].Send(chanOf(ReliableOrdered), make([]byte, 1000), SendOptions{})
		}
		p.run(5 * time.Millisecond)
		for _, m := range p.received(1, chanOf(ReliableOrdered)) {
			total += len(m)
		}
	}
	took := time.Duration(p.now - begin)
	t.Logf("40 MiB in %v with a window of %d", took, p.ends[1].inbox.receiver(uint16(chanOf(ReliableOrdered))).window)
	if took > 5*time.Second {
		t.Errorf("40 MiB took %v at 20 MiB a second", took)
	}
}

func TestNoPool(t *testing.T) {
	cfg := channels()
	cfg.Pool = NewWindowPool(-1, 1)
	p := newPair(t, cfg, 20*time.Millisecond).open()
	t.Log("# windows that never grow: all that fits one arrives all the same")
	var got []string
	for i := range 300 {
		p.send(0, chanOf(ReliableOrdered), message(i, 8+i*200))
		p.run(30 * time.Millisecond)
		got = append(got, p.received(1, chanOf(ReliableOrdered))...)
		p.fates(0)
	}
	for range 200 {
		p.run(100 * time.Millisecond)
		got = append(got, p.received(1, chanOf(ReliableOrdered))...)
	}
	checkDelivery(t, ReliableOrdered, 300, got)
}

// TestFlowViolation scripts a cheat that starts more than it was allowed to.
func TestFlowViolation(t *testing.T) {
	reliables(t, func(t *testing.T, d Delivery) {
		cfg := Config{Channels: []ChannelConfig{{ID: 1, Delivery: d, WindowBytes: 2000, MaxMessageBytes: 10_000}}}
		t.Log("# messages of 968 + 32: two fit a window of 2000, the third does not")
		s := newScript(t, cfg)
		for i := range uint64(2) {
			s.hears(run(1, i, string(make([]byte, 968))))
		}
		if s.e.life.state != stateOpen {
			t.Fatal("closed too early")
		}
		if d != ReliableLatest { // there the first one's charge returned, but the limit did not move yet
			s.e.Update()
		}
		s.hears(run(1, 2, ""))
		if s.closed() != CodeFlow {
			t.Error("not FLOW")
		}
		t.Log("# one byte at an offset beyond the window is charged as all before it, and allocates nothing")
		s = newScript(t, cfg)
		s.hears(fragment(1, 0, 5000, 0, []byte("x")))
		if s.closed() != CodeFlow || s.e.cfg.Buffers.Stats().Allocated != 0 {
			t.Errorf("allocated %d", s.e.cfg.Buffers.Stats().Allocated)
		}
		t.Log("# so are the total of a first fragment, 63 messages just begun, and SKIP")
		s = newScript(t, cfg)
		s.hears(fragment(1, 0, 0, 1969, []byte("x")))
		if s.closed() != CodeFlow {
			t.Error("not FLOW")
		}
		s = newScript(t, cfg)
		for i := range uint64(61) {
			s.hears(fragment(1, i, 0, 1, []byte("x")))
		}
		if s.closed() != CodeFlow {
			t.Error("not FLOW")
		}
		s = newScript(t, cfg)
		s.hears(wire.AppendSkip(nil, 1, 0, []int{900, 900, 900}))
		if s.closed() != CodeFlow {
			t.Error("not FLOW")
		}
	})
}

// TestSenderMemoryIsBounded grants endless credit and never acknowledges the last byte of
// anything.
func TestSenderMemoryIsBounded(t *testing.T) {
	cfg := channels()
	cfg.Controller = func() Controller { return fixedRate(200 << 20) }
	s := newScript(t, cfg)
	ch := chanOf(ReliableUnordered)
	t.Log("# a peer grants gigabytes and acknowledges nothing: what is under way stays bounded")
	limit := uint32(0)
	for range 3000 {
		limit += 1 << 20
		s.hears(wire.AppendWindow(nil, uint16(ch), limit))
		_, _ = s.e.Send(ch, make([]byte, 100_000), SendOptions{})
		s.says()
		s.now += 1_000_000
	}
	snd := s.e.outbox.sender(uint16(ch))
	t.Logf("%d bytes under way, %d queued", snd.underway, snd.queued)
	if snd.underway > maxWindow || snd.queued > snd.cfg.MaxQueuedBytes || snd.underway == 0 {
		t.Errorf("%d bytes under way, %d queued", snd.underway, snd.queued)
	}
}

// TestWindowForWhatIsWanted reads one message at a time: that gives back less than half of the
// window, but enough for the next one, which comes at once.
func TestWindowForWhatIsWanted(t *testing.T) {
	reliables(t, func(t *testing.T, d Delivery) {
		cfg := Config{Channels: []ChannelConfig{{ID: 1, Delivery: d, WindowBytes: 1024}}, Pool: NewWindowPool(-1, 1)}
		p := newPair(t, cfg, 20*time.Millisecond).open()
		p.run(time.Second)
		for i := range 10 { // three fit
			p.sendWith(0, 1, message(i, 300-32), SendOptions{Keyed: d.latest(), Key: uint64(i)})
			p.flush()
		}
		p.run(500 * time.Millisecond)
		for i := range 10 {
			p.ends[1].Update()
			if m, ok := p.ends[1].Receive(1); !ok || number(string(m.Bytes())) != i {
				t.Fatalf("message %d is not there", i)
			}
			if n := p.ends[0].ChannelStats(1).QueuedMessages; n != max(7-i, 0) {
				t.Fatalf("%d wait after a round trip and a half, %d were read", n, i)
			}
			p.run(65 * time.Millisecond)
		}
	})
}

// TestLostCreditFrames loses a WINDOW and a BLOCKED: each is said again at once.
func TestLostCreditFrames(t *testing.T) {
	for _, kind := range []byte{wire.TypeWindow, wire.TypeBlocked} {
		s := newScript(t, Config{Channels: []ChannelConfig{{ID: 1, Delivery: ReliableOrdered, WindowBytes: 2000}}})
		if kind == wire.TypeWindow {
			s.hears(run(1, 0, string(make([]byte, 1000))))
			s.takes(1)
		} else {
			for range 3 {
				_, _ = s.e.Send(1, make([]byte, 900), SendOptions{})
			}
		}
		if count(s.says(), kind) != 1 {
			t.Fatalf("frame %d is not said", kind)
		}
		first := s.nextNumber()
		for range 3 {
			s.e.Ping()
			s.says()
		}
		s.hears(ack(first, first+2))
		if n := count(s.says(), kind); n != 1 {
			t.Errorf("frame %d is said %d times after it was lost", kind, n)
		}
	}
}

// A slowReader is a pair whose second end reads when it likes, and a judge of what both hold.
type slowReader struct {
	*pair
	t     *testing.T
	sent  int
	read  int
	bytes int // read
}

// step lets a millisecond pass and judges: the sender has started no more than it was allowed,
// the receiver holds no more than it allows, and neither more memory than that takes.
func (r *slowReader) step() {
	r.t.Helper()
	r.run(time.Millisecond)
	for end := range r.ends {
		checkBounds(r.t, r.ends[end].Endpoint)
	}
	s, rcv := r.ends[0].outbox.sender(1), r.ends[1].inbox.receiver(1)
	if s.started > s.limit || s.limit > rcv.limit || rcv.limit > rcv.returned+uint64(rcv.window) || rcv.returned > rcv.started || rcv.started > s.started {
		r.t.Fatalf("started %d of %d; the receiver saw %d of %d, gave back %d, its window is %d",
			s.started, s.limit, rcv.started, rcv.limit, rcv.returned, rcv.window)
	}
	if s.queued > s.cfg.MaxQueuedBytes || s.underway > max(maxWindow, s.cfg.MaxQueuedBytes) || rcv.window > max(rcv.cfg.WindowBytes+rcv.pooled, maxWindow) {
		r.t.Fatalf("%d bytes wait, %d are under way, the window is %d with %d of the pool", s.queued, s.underway, rcv.window, rcv.pooled)
	}
	// Buffers are powers of two, at least 64 bytes for a charge of 33.
	for end, most := range []int{2 * (s.queued + s.underway), 2 * rcv.window} {
		if n := r.ends[end].cfg.Buffers.Stats().BytesInUse; n > most {
			r.t.Fatalf("end %d has %d bytes in use, %d are allowed", end, n, most)
		}
	}
}

// take reads so many messages at most.
func (r *slowReader) take(n int) (took int) {
	r.ends[1].Update()
	for ; took < n; took++ {
		m, ok := r.ends[1].Receive(1)
		if !ok {
			return took
		}
		r.bytes += m.Len()
		r.read++
	}
	return took
}

// fill sends until the queue is full.
func (r *slowReader) fill(rnd *rand.Rand) {
	for {
		n := rnd.IntN(1 << rnd.IntN(16))
		if _, err := r.ends[0].Send(1, make([]byte, n), SendOptions{}); err != nil {
			return
		}
		r.sent++
	}
}

// TestCreditStepByStep has games that read nothing, one message now and then, by fits, and all
// at once, over links with and without loss, with windows small and large, and judges each
// millisecond. A sender that may not start anything is silent but for asking once a second, and
// goes on as soon as the game reads.
func TestCreditStepByStep(t *testing.T) {
	seeds := uint64(12)
	if raced {
		seeds = 3
	}
	for _, d := range []Delivery{ReliableUnordered, ReliableOrdered} {
		for seed := range seeds {
			rnd := rand.New(rand.NewPCG(seed, 0x637265646974))
			cfg := Config{Channels: []ChannelConfig{{ID: 1, Delivery: d, MaxMessageBytes: 1 << 16,
				MaxQueuedBytes: 1<<16 + 32 + rnd.IntN(1<<20), WindowBytes: 1024 << rnd.IntN(9)}}}
			cfg.Pool = NewWindowPool([]int{0, 1 << 18}[seed%2], 1)
			cfg.Controller = func() Controller { return fixedRate(4 << 20) }
			p := newPair(t, cfg, 10*time.Millisecond, seed).open()
			p.links[0].loss, p.links[1].loss = float64(seed%3)*0.05, float64(seed%3)*0.05
			p.links[1].jitter = time.Duration(seed%2) * 30 * time.Millisecond // old limits come late
			p.run(time.Second)
			r := &slowReader{pair: p, t: t}
			r.never(rnd)
			for range 20 {
				r.byFits(rnd)
			}
			r.atOnce(rnd)
			t.Logf("# %v, seed %d: %d messages read, %d bytes", d, seed, r.read, r.bytes)
		}
	}
}

// never reads nothing for five seconds: when the window is full nothing is sent but BLOCKED.
func (r *slowReader) never(rnd *rand.Rand) {
	for range 2000 {
		r.fill(rnd)
		r.step()
	}
	sent := r.links[0].sent
	for range 3000 {
		r.step()
	}
	if n := r.links[0].sent - sent; n > 12 {
		r.t.Errorf("%d packets in three seconds to a game that does not read", n)
	}
}

// byFits reads a little, then nothing for a while.
func (r *slowReader) byFits(rnd *rand.Rand) {
	for range 1 + rnd.IntN(30) {
		r.fill(rnd)
		r.take(rnd.IntN(20))
		r.step()
	}
	for range rnd.IntN(200) {
		r.step()
	}
}

// atOnce reads all that comes: after a round trip and a half, or what a lost packet takes,
// something comes again and again until everything was read.
func (r *slowReader) atOnce(rnd *rand.Rand) {
	r.fill(rnd)
	idle, stall := 0, 60
	if r.links[0].loss > 0 {
		stall = 1500
	}
	for r.read < r.sent {
		if r.take(math.MaxInt) > 0 {
			idle = 0
		} else if idle++; idle > stall {
			r.t.Fatalf("nothing came for %d ms, %d of %d were read", idle, r.read, r.sent)
		}
		r.step()
	}
}

// TestWantedToTheByte: a blocked sender hears as soon as exactly what it waits for fits, not a byte later:
// it may have nothing else to say, and the game nothing else to read.
func TestWantedToTheByte(t *testing.T) {
	reliables(t, func(t *testing.T, d Delivery) {
		for _, beyond := range []uint32{0, 1} {
			s := newScript(t, Config{Channels: []ChannelConfig{{ID: 1, Delivery: d, WindowBytes: 4000}}, Pool: NewWindowPool(-1, 1)})
			s.hears(run(1, 0, string(make([]byte, 968))))
			s.hears(wire.AppendBlocked(nil, 1, 5000+beyond))
			s.says()
			s.takes(1) // a thousand with what each costs
			if n := count(s.says(), wire.TypeWindow); n != int(1-beyond) {
				t.Errorf("5000 are given, %d wanted: WINDOW %d times", 5000+beyond, n)
			}
		}
	})
}

// TestBlockedFitsItsPacket: whatever room a packet has, what says that credit lacks keeps to it.
func TestBlockedFitsItsPacket(t *testing.T) {
	for room := 1; room < 30; room++ {
		cfg := Config{}
		for id := range ChannelID(3) {
			cfg.Channels = append(cfg.Channels, ChannelConfig{ID: 300 + id, Delivery: ReliableOrdered, WindowBytes: 1024})
		}
		s := newScript(t, cfg)
		for id := range ChannelID(3) {
			if _, err := s.e.Send(300+id, make([]byte, 2000), SendOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		for range 20 {
			if n := len(s.packetIn(room)); n > room {
				t.Fatalf("a packet of %d bytes where %d have room", n, room)
			}
		}
	}
}
