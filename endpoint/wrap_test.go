package endpoint

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/seq"
	"github.com/tickwire/tickwire/internal/wire"
)

// wind makes a pair what it were after n packets, n messages on each channel, with ids of their
// own, and n bytes of charges; what channels were served wraps after as much.
func (p *pair) wind(n uint64) {
	p.open()
	p.run(time.Second)
	for i := range p.ends {
		e := p.ends[i].Endpoint
		e.windPath(n)
		for c := range e.outbox.senders {
			e.outbox.senderAt(c).wind(n)
			e.inbox.receiverAt(c).wind(n)
		}
		e.windShares(n % 5000)
	}
}

// windShares makes what senders were served wrap after n bytes.
func (e *Endpoint) windShares(n uint64) {
	for i := range e.outbox.classes {
		e.outbox.classes[i].clock = -(n * servedUnit)
	}
	for i := range e.outbox.senders {
		e.outbox.senderAt(i).turn.served = -(n * servedUnit)
	}
}

// windPath moves the packet numbers on. Everything that was sent has been acknowledged.
func (e *Endpoint) windPath(n uint64) {
	p := e.path(0)
	p.sent.Restart(n)
	p.contents.Restart(n)
	p.next, p.largestAcked, p.unsettled = n, n-1, n
	p.received.Mark(n - 1)
	p.ranges = seq.NewRanges(maxRanges)
	p.largest, p.ackKnown, p.ackSaid = n-1, n-1, n-1
	p.eliciting, p.inFlight, p.ackAt, p.toAck = 0, 0, never, 0
}

func (s *sender) wind(n uint64) {
	s.open.Restart(n)
	s.cuts.Restart(n)
	s.queue.Restart(n)
	s.arrived = n - 1
	s.repair.counted, s.repair.bare, s.repair.covered = n, n, n
	s.started, s.limit = s.started+n, s.limit+n
	s.groups.count = n
}

func (r *receiver) wind(n uint64) {
	r.ready.Restart(n)
	r.visible = n
	r.seen = seq.NewSeen(n)
	r.next = n
	r.started, r.returned, r.limit = r.started+n, r.returned+n, r.limit+n
}

// wraps are the numbers at which something wraps: two and four bytes of ids, packet numbers and
// distances, sums of charges modulo 2^32, and what no connection reaches.
var wraps = []uint64{0, 1 << 14, 1 << 15, 1 << 16, 1<<16 + 1<<15, 1 << 31, 1 << 32, 1<<32 + 1<<16, 1 << 48, 1 << 62}

// TestWraps plays games across each of them.
func TestWraps(t *testing.T) {
	seeds := uint64(40)
	if raced {
		seeds = 4
	}
	for _, n := range wraps[1:] {
		across := 0
		for seed := range seeds {
			rnd := rand.New(rand.NewPCG(seed, n))
			g := newGame(t, 0, second)
			g.wind(n - 5)
			for i := range g.links {
				g.links[i].loss, g.links[i].dup, g.links[i].jitter = 0.15, 0.1, 20*time.Millisecond
			}
			for range 400 {
				if a := byte(rnd.IntN(256)); a&15 != 11 && a&15 != 15 { // no cuts, no closing
					g.play(a, byte(rnd.IntN(256)))
				}
			}
			if g.finish(); t.Failed() {
				t.Fatalf("at %d, seed %d", n, seed)
			}
			for end := range g.ends {
				for c := range g.ends[end].outbox.senders {
					if g.ends[end].outbox.senderAt(c).open.Base() > n {
						across++
					}
				}
				if g.ends[end].path(0).next <= n {
					t.Errorf("at %d, seed %d: the next packet is %d", n, seed, g.ends[end].path(0).next)
				}
			}
		}
		if across < int(seeds)*6 {
			t.Errorf("at %d: %d channels came across in %d games", n, across, seeds)
		}
	}
}

// TestDroppableIndexWraps sends more droppables before one message than the wire can count.
func TestDroppableIndexWraps(t *testing.T) {
	p := newPair(t, channels(), 5*time.Millisecond).open()
	p.run(time.Second)
	ch := chanOf(ReliableOrdered)
	p.links[0].loss = 0.2
	s := p.ends[0].outbox.sender(uint16(ch))
	s.groups.next = wire.MaxIndex - 60
	r := rulesOf(*s.cfg)
	of := map[Receipt]*asked{}
	for i := range 400 {
		size := 20
		if i%10 == 0 {
			size = 1500
		}
		opts := SendOptions{Receipt: true, Droppable: true, Group: uint32(i / 5 % 2)}
		m := message(i, size)
		of[p.sendWith(0, ch, m, opts)] = r.sent(m, opts, p.now)
		if i%7 == 0 {
			p.run(10 * time.Millisecond)
		}
		for _, got := range p.received(1, ch) {
			if err := r.show(got); err != nil {
				t.Fatal(err)
			}
		}
	}
	p.run(5 * time.Second)
	for id, ev := range p.fates(0) {
		if err := r.told(of[id], ev, p.now, false); err != nil {
			t.Fatal(err)
		}
	}
	came := 0
	for _, m := range r.all {
		if m.shown {
			came++
		}
	}
	t.Logf("%d of %d came; %d took an id of their own", came, len(r.all), s.open.Base())
	if came < 250 || s.open.Base() != 1 {
		t.Errorf("%d of %d came; %d took an id of their own", came, len(r.all), s.open.Base())
	}
}

// TestLongGroup sends a group of more messages than its distance on the wire can say, and loses
// its first one again and again: nothing of the group waits, and what follows it waits for all.
func TestLongGroup(t *testing.T) {
	n := 40_000
	if raced {
		n = 18_000
	}
	cfg := channels()
	cfg.Controller = func() Controller { return fixedRate(20 << 20) }
	p := newPair(t, cfg, time.Millisecond).open()
	ch := chanOf(ReliableOrdered)
	p.run(time.Second)
	lost := true
	p.links[0].drop = func(_ int, b []byte) bool { return lost && len(b) > 500 && len(b) < 700 }
	p.sendWith(0, ch, message(0, 500), SendOptions{Group: math.MaxUint32})
	p.run(time.Millisecond)
	came := 0
	for i := 1; i < n; i++ {
		if _, err := p.ends[0].Send(ch, message(i, 8), SendOptions{Group: math.MaxUint32}); err != nil {
			t.Fatal(err)
		}
		if i%8 == 0 {
			p.run(200 * time.Microsecond)
			came += len(p.received(1, ch))
		}
		if i == maxOpenIDs {
			p.run(time.Second)
			if came += len(p.received(1, ch)); came < i-100 {
				t.Errorf("%d of %d came while the first one is missing", came, i)
			}
			lost = false
		}
	}
	p.sendWith(0, ch, message(n, 8), SendOptions{Group: 1}) // another group
	last := ""
	for range 500 {
		p.run(10 * time.Millisecond)
		for _, m := range p.received(1, ch) {
			came++
			last = m
		}
	}
	if came != n+1 || number(last) != n {
		t.Errorf("%d of %d came, the last is %d", came, n+1, number(last))
	}
}

// TestClockWraps lets the clock in acks run through its 24 bits, 18 minutes, in a busy minute
// and in a silence of half an hour: jitter is measured from it, and there is none.
func TestClockWraps(t *testing.T) {
	const lap = wire.ClockUnit << 24
	for _, silence := range []time.Duration{0, time.Minute, 30 * time.Minute} {
		cfg := channels()
		cfg.Timeout = time.Hour
		p := (&pair{t: t, seed: 1, now: lap - 5*second}).join(cfg, cfg, 20*time.Millisecond).open()
		for range 600 {
			_, _ = p.ends[0].Send(chanOf(Unreliable), []byte("x"), SendOptions{})
			p.run(16 * time.Millisecond)
			p.received(1, chanOf(Unreliable))
		}
		p.now += int64(silence)
		for range 600 {
			_, _ = p.ends[0].Send(chanOf(Unreliable), []byte("x"), SendOptions{})
			p.run(16 * time.Millisecond)
			p.received(1, chanOf(Unreliable))
		}
		if p.now < lap {
			t.Fatalf("the clock is at %v", time.Duration(p.now))
		}
		if st := p.ends[0].Stats(); st.JitterOut > time.Millisecond || st.JitterIn > time.Millisecond {
			t.Errorf("a silence of %v: jitter of %v out and %v in", silence, st.JitterOut, st.JitterIn)
		}
	}
}

// TestIDsGoNarrow: an id takes two bytes as long as it is less than 2^14 above what the peer has,
// however many there were before.
func TestIDsGoNarrow(t *testing.T) {
	for _, d := range []Delivery{ReliableOrdered, ReliableUnordered, UnreliableLatest} {
		for _, before := range []uint64{1, 20_000, 1 << 40} {
			s := newScript(t, channels()).e.outbox.sender(uint16(chanOf(d)))
			s.wind(before)
			for ahead, want := range map[uint64]bool{0: false, 1<<14 - 2: false, 1<<14 + 1: true} {
				if s.wide(before+ahead) != want {
					t.Errorf("%v: %d behind %d others: wide %v", d, ahead, before, !want)
				}
			}
		}
	}
}
