package endpoint

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// A pair is two lone endpoints joined by a small link of its own, in virtual
// time. Tests read like stories: pair.send, pair.run, pair.want….
type pair struct {
	t     testing.TB
	now   int64
	ends  [2]Lone
	links [2]link // links[0] carries from ends[0] to ends[1]
	seed  uint64
	buf   []byte
}

// A link delays, drops, repeats and reorders datagrams, by its seed.
type link struct {
	rnd       *rand.Rand
	delay     time.Duration
	jitter    time.Duration // each datagram by itself, so that they overtake each other
	loss, dup float64
	cut       bool
	drop      func(n int, b []byte) bool // n counts datagrams from 0
	flight    []flight
	sent      int
	bytes     int
}

type flight struct {
	at  int64
	seq int
	b   []byte
}

func (l *link) send(now int64, b []byte) {
	n := l.sent
	l.sent++
	l.bytes += len(b)
	copies := 1
	if l.rnd.Float64() < l.dup {
		copies = 2
	}
	for range copies {
		if l.cut || l.rnd.Float64() < l.loss || l.drop != nil && l.drop(n, b) {
			continue
		}
		at := now + int64(l.delay)
		if l.jitter > 0 {
			at += l.rnd.Int64N(int64(l.jitter))
		}
		l.flight = append(l.flight, flight{at, n, slices.Clone(b)})
	}
	slices.SortStableFunc(l.flight, func(a, b flight) int {
		if a.at != b.at {
			return int(max(-1, min(1, a.at-b.at)))
		}
		return a.seq - b.seq
	})
}

func (l *link) next() int64 {
	if len(l.flight) == 0 {
		return never
	}
	return l.flight[0].at
}

func newPair(t testing.TB, cfg Config, delay time.Duration) *pair {
	return newPairSeed(t, cfg, delay, 1)
}

func newPairSeed(t testing.TB, cfg Config, delay time.Duration, seed uint64) *pair {
	t.Helper()
	p := &pair{t: t, seed: seed, now: 1_000_000_000}
	for i := range p.ends {
		cfg.Seed = seed*2 + uint64(i)
		end, err := NewLone(p.now, cfg)
		if err != nil {
			t.Fatal(err)
		}
		p.ends[i] = end
		p.links[i] = link{rnd: rand.New(rand.NewPCG(seed, uint64(i))), delay: delay}
	}
	return p
}

// flush carries what both ends want to send now into the links.
func (p *pair) flush() {
	for i := range p.ends {
		for {
			p.buf = p.ends[i].AppendDatagram(p.now, p.buf[:0])
			if len(p.buf) == 0 {
				break
			}
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
	end := p.now + int64(d)
	for steps := 0; ; steps++ {
		p.flush()
		if cond() {
			return true
		}
		next := min(p.links[0].next(), p.links[1].next(), p.ends[0].Deadline(), p.ends[1].Deadline())
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
				p.ends[1-i].HandleDatagram(p.now, l.flight[0].b)
				l.flight = slices.Delete(l.flight, 0, 1)
			}
			p.ends[i].HandleTimeout(p.now)
		}
	}
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

func (p *pair) events(end int) (all []Event) {
	p.ends[end].Update()
	for {
		ev, ok := p.ends[end].NextEvent()
		if !ok {
			return all
		}
		all = append(all, ev)
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
