package endpoint

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// A pair is two lone endpoints joined by a small link of its own, in virtual time. Tests read
// like stories: pair.send, pair.run, pair.want….
type pair struct {
	t     testing.TB
	now   int64
	ends  [2]lone
	links [2]link // links[0] carries from ends[0] to ends[1]
	seed  uint64
	buf   []byte
	watch func(end int, b []byte) // sees every datagram that leaves an end; may be nil
	mark  ECN                     // of that datagram

	mesh   *mesh  // if there are several ways, which then carry everything in place of the links
	epoch  [2]int // how often each end has gone on under new keys; others it cannot read
	follow bool   // an end goes on when it gets the first packet of new keys

	asleep [2]bool     // nobody calls the end
	missed [2][]flight // what came meanwhile, as a socket keeps it
}

// A link delays, drops, repeats and reorders datagrams, by its seed.
type link struct {
	rnd       *rand.Rand
	delay     time.Duration
	jitter    time.Duration // each datagram by itself, so that they overtake each other
	loss, dup float64
	stalls    float64       // share of datagrams that come a round trip later, and all others behind them
	ordered   bool          // nothing overtakes anything
	behind    int64         // nothing arrives before
	rate      int           // bytes a second; 0: unlimited
	queue     time.Duration // and what may wait in front of it
	busy      int64         // until then
	cut       bool
	mtu       int                        // what is larger is lost; 0: nothing is
	drop      func(n int, b []byte) bool // n counts datagrams from 0
	flight    []flight                   // a heap
	epoch     int                        // of what is sent
	mark      ECN                        // likewise
	router    func(n int, m ECN) ECN     // what becomes of marks; nil: nothing reads or writes any
	spare     [][]byte
	sent      int
	bytes     int
}

type flight struct {
	at    int64
	seq   int
	b     []byte
	epoch int
	mark  ECN
}

func (f flight) before(g flight) bool { return f.at < g.at || f.at == g.at && f.seq < g.seq }

func (l *link) send(now int64, b []byte) {
	n := l.sent
	l.sent++
	l.bytes += len(b)
	copies := 1
	if l.rnd.Float64() < l.dup {
		copies = 2
	}
	for range copies {
		if l.cut || l.mtu > 0 && len(b) > l.mtu || l.rnd.Float64() < l.loss || l.drop != nil && l.drop(n, b) {
			continue
		}
		at := now + int64(l.delay)
		if l.rate > 0 {
			if l.busy = max(l.busy, now); l.busy-now > int64(l.queue) {
				continue
			}
			l.busy += int64(len(b)) * second / int64(l.rate)
			at = l.busy + int64(l.delay)
		}
		if l.stalls > 0 {
			if l.rnd.Float64() < l.stalls {
				at += 2 * int64(l.delay)
			}
		}
		if l.stalls > 0 || l.ordered {
			l.behind = max(l.behind, at)
			at = l.behind
		}
		if l.jitter > 0 {
			at += l.rnd.Int64N(int64(l.jitter))
		}
		f := flight{at: at, seq: n, b: l.copyOf(b), epoch: l.epoch}
		if l.router != nil {
			f.mark = l.router(n, l.mark)
		}
		l.put(f)
	}
}

func (l *link) copyOf(b []byte) []byte {
	if n := len(l.spare); n > 0 {
		free := l.spare[n-1]
		l.spare = l.spare[:n-1]
		return append(free[:0], b...)
	}
	return slices.Clone(b)
}

// put and take keep flight as a heap, the earliest datagram first.
func (l *link) put(f flight) {
	l.flight = append(l.flight, f)
	for i := len(l.flight) - 1; i > 0; {
		up := (i - 1) / 2
		if !l.flight[i].before(l.flight[up]) {
			return
		}
		l.flight[i], l.flight[up] = l.flight[up], l.flight[i]
		i = up
	}
}

func (l *link) take() flight {
	first, last := l.flight[0], len(l.flight)-1
	l.flight[0] = l.flight[last]
	l.flight = l.flight[:last]
	for i := 0; ; {
		down := 2*i + 1
		if down+1 < last && l.flight[down+1].before(l.flight[down]) {
			down++
		}
		if down >= last || !l.flight[down].before(l.flight[i]) {
			return first
		}
		l.flight[i], l.flight[down] = l.flight[down], l.flight[i]
		i = down
	}
}

func (l *link) next() int64 {
	if len(l.flight) == 0 {
		return never
	}
	return l.flight[0].at
}

// newPair joins two ends that are configured alike, by links of a seed, or of 1.
func newPair(t testing.TB, cfg Config, delay time.Duration, seed ...uint64) *pair {
	t.Helper()
	return newPairOf(t, cfg, cfg, delay, append(seed, 1)[0])
}

// newPairOf joins two ends that are configured differently.
func newPairOf(t testing.TB, a, b Config, delay time.Duration, seed uint64) *pair {
	t.Helper()
	return (&pair{t: t, seed: seed, now: 1_000_000_000}).join(a, b, delay)
}

func (p *pair) join(a, b Config, delay time.Duration) *pair {
	p.t.Helper()
	for i, cfg := range []Config{a, b} {
		cfg.Seed = p.seed*2 + uint64(i)
		end, err := newLone(p.now, cfg, Carrier{})
		if err != nil {
			p.t.Fatal(err)
		}
		end.cfg.DisableECN = cfg.DisableECN // links carry marks
		p.ends[i] = end
		p.links[i] = link{rnd: rand.New(rand.NewPCG(p.seed, uint64(i))), delay: delay}
	}
	p.t.Cleanup(func() { p.checkLeaks(a.Buffers != nil || b.Buffers != nil) })
	return p
}

// checkLeaks releases both ends: everything must be back in its pool then. Pools that somebody
// else uses too are not looked at.
func (p *pair) checkLeaks(shared bool) {
	p.t.Helper()
	for _, end := range p.ends {
		end.Release()
	}
	for i, end := range p.ends {
		if n := end.cfg.Buffers.Stats().InUse; n != 0 && !shared {
			p.t.Errorf("end %d keeps %d buffers after its release", i, n)
		}
		if n := end.outbox.openReceipts; n != 0 {
			p.t.Errorf("end %d: %d receipts have no fate after its release", i, n)
		}
		for c := range end.outbox.senders {
			if s := end.outbox.senderAt(c); s.underway != 0 || s.queued != 0 || s.waiting != 0 || s.resend != 0 {
				p.t.Errorf("end %d, channel %d: %d bytes under way, %d queued, %d wait, %d to resend",
					i, s.id, s.underway, s.queued, s.waiting, s.resend)
			}
			if r := end.inbox.receiverAt(c); len(r.partials) != 0 || !r.cfg.Delivery.Reliable() && r.held != 0 || r.pooled != 0 {
				p.t.Errorf("end %d, channel %d: %d partials, %d bytes held", i, r.id, len(r.partials), r.held)
			}
		}
	}
}

// flush carries what both ends want to send now into the links.
func (p *pair) flush() {
	if p.mesh != nil {
		p.mesh.now = p.now
		p.mesh.flush()
		return
	}
	for i := range p.ends {
		for !p.asleep[i] {
			var out Outgoing
			if !p.ends[i].next(p.now, p.buf[:0], &out) {
				break
			}
			p.buf, p.mark = out.Packet, out.ECN
			if p.watch != nil {
				p.watch(i, p.buf)
			}
			p.links[i].epoch, p.links[i].mark = p.epoch[i], p.mark
			p.links[i].send(p.now, p.buf)
		}
	}
}

// run lets time pass, always to the earliest thing that happens.
func (p *pair) run(d time.Duration) {
	p.runUntil(d, func() bool { return false })
}

// runUntil lets time pass until cond or for at most d, and reports cond.
func (p *pair) runUntil(d time.Duration, cond func() bool) bool {
	if p.mesh != nil {
		p.mesh.now = p.now
		defer func() { p.now = p.mesh.now }()
		return p.mesh.runUntil(d, cond)
	}
	end := p.now + int64(d)
	for steps := 0; ; steps++ {
		p.flush()
		if cond() {
			return true
		}
		next := min(p.links[0].next(), p.links[1].next(), p.deadline(0), p.deadline(1))
		if next > end {
			p.now = end
			return cond()
		}
		if steps > 50_000_000 {
			p.t.Fatalf("no end of events at %v", time.Duration(p.now))
		}
		p.now = max(p.now, next)
		for i := range p.links {
			l := &p.links[i]
			for l.next() <= p.now {
				f := l.take()
				if p.asleep[1-i] {
					p.missed[1-i] = append(p.missed[1-i], f)
					continue
				}
				p.arrive(1-i, f)
				l.spare = append(l.spare, f.b)
			}
			if !p.asleep[i] {
				p.ends[i].HandleTimeout(p.now)
			}
		}
	}
}

// arrive hands an end a datagram, if it has the keys for it.
func (p *pair) arrive(end int, f flight) {
	if f.epoch > p.epoch[end] && p.follow {
		p.goOn(end, f.epoch)
	}
	if f.epoch == p.epoch[end] {
		p.ends[end].handle(p.now, f.b, f.mark)
	}
}

// goOn has an end go on under the keys of an epoch, if it can.
func (p *pair) goOn(end, epoch int) {
	if m := p.mesh; m != nil {
		m.now = p.now
		m.goOn(end, epoch)
		p.epoch = m.epoch
	} else if p.ends[end].Continue(p.now, PathConfig{}) == nil {
		p.epoch[end] = epoch
	}
}

func (p *pair) deadline(end int) int64 {
	if p.asleep[end] {
		return never
	}
	return p.ends[end].Deadline()
}

// sleep has nobody call an end for a while; then it reads what came.
func (p *pair) sleep(end int, d time.Duration) {
	p.flush()
	p.asleep[end] = true
	if m := p.mesh; m != nil {
		m.asleep[end] = true
		p.run(d)
		m.wake(end)
	} else {
		p.run(d)
	}
	p.asleep[end] = false
	for _, f := range p.missed[end] {
		p.arrive(end, f)
	}
	p.missed[end] = nil
	p.ends[end].HandleTimeout(p.now)
}

func (p *pair) open() *pair {
	p.t.Helper()
	if !p.runUntil(10*time.Second, func() bool { return p.ends[0].Open() && p.ends[1].Open() }) {
		p.t.Fatal("the ends did not meet")
	}
	p.events(0)
	p.events(1)
	return p
}

func (p *pair) send(end int, ch ChannelID, payload []byte) Receipt {
	p.t.Helper()
	r, err := p.ends[end].Send(ch, payload, SendOptions{Receipt: true})
	if err != nil {
		p.t.Fatal(err)
	}
	return r
}

// received takes all messages of a channel.
func (p *pair) received(end int, ch ChannelID) (all []string) {
	p.ends[end].Update()
	for {
		m, ok := p.ends[end].Receive(ch)
		if !ok {
			return all
		}
		all = append(all, string(m.Bytes()))
	}
}

// events takes all events but those of paths and rates: the only one may well be silent for a while.
func (p *pair) events(end int) (all []Event) {
	p.ends[end].Update()
	for {
		ev, ok := p.ends[end].NextEvent()
		if !ok {
			return all
		}
		if ev.Kind != PathChanged && ev.Kind != RateChanged {
			all = append(all, ev)
		}
	}
}

// fates maps receipts to what became of them, and fails if one has two fates.
func (p *pair) fates(end int) map[Receipt]Event {
	p.t.Helper()
	fates := map[Receipt]Event{}
	for _, ev := range p.events(end) {
		if ev.Kind != Delivered && ev.Kind != Lost {
			continue
		}
		if was, twice := fates[ev.Receipt]; twice {
			p.t.Fatalf("receipt %d: %v, then %v", ev.Receipt, was, ev)
		}
		fates[ev.Receipt] = ev
	}
	return fates
}

// channels is a configuration with one channel of each delivery, named by it: 1 to 5.
func channels() Config {
	cfg := Config{}
	for d := Unreliable; d <= ReliableOrdered; d++ {
		cfg.Channels = append(cfg.Channels, ChannelConfig{ID: chanOf(d), Delivery: d, Name: d.String()})
	}
	return cfg
}

// unrepaired switches repair off, so that what is lost is sent again.
func unrepaired(cfg Config) Config {
	for i := range cfg.Channels {
		cfg.Channels[i].Repair = RepairOff
	}
	return cfg
}

func chanOf(d Delivery) ChannelID { return ChannelID(d) + 1 }

var deliveries = []Delivery{Unreliable, UnreliableLatest, ReliableUnordered, ReliableLatest, ReliableOrdered}

// eachDelivery runs a test for each delivery.
func eachDelivery(t *testing.T, f func(t *testing.T, d Delivery)) {
	for _, d := range deliveries {
		t.Run(d.String(), func(t *testing.T) { f(t, d) })
	}
}

func message(n, size int) []byte {
	b := make([]byte, size)
	copy(b, fmt.Sprintf("%08d", n))
	for i := 8; i < size; i++ {
		b[i] = byte(n*31 + i*7)
	}
	return b
}
