package swarm

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/tickwire/tickwire/endpoint"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/simnet/world"
)

// A Contest is two endpoints and a link that is too narrow for what one of them has to say. It
// judges how channels share the link by what leaves, packet by packet, as it stands on the wire;
// no counter of the library is believed.
type Contest struct {
	Seed     uint64
	For      time.Duration
	Rate     int // bytes a second that the controller lets go
	Link     simnet.LinkConfig
	Channels []endpoint.ChannelConfig
	Sizes    []int // of each channel's messages, at most
}

// The checkers of a Contest.
const (
	// Priorities: while a channel has something to send that fits, none of a lower class sends.
	Priorities world.Checker = "priorities"
	// Weights: over a second the shares of channels of a class that always have something to
	// send are within a twentieth of what their weights say, or within one largest message.
	Weights world.Checker = "weights"
	// Caps: no channel sends more than its rate gives, in any time.
	Caps world.Checker = "caps"
	// Filling: while a channel without a cap has something to send the path is in use.
	Filling world.Checker = "filling"
	// Counters: BytesSent of a channel is what left.
	Counters world.Checker = "counters"
	// Attempts: nothing is sent more often than its channel's policy allows, and nothing is
	// given up before.
	Attempts world.Checker = "attempts"
)

// Faults of a Contest: the endpoint is configured otherwise than the checkers are told.
const (
	NoWeights     Fault = "no weights"      // all weigh the same
	UpsideDown    Fault = "upside down"     // the lowest class goes first
	NoCaps        Fault = "no caps"         // all send what they like
	HalfAsMuch    Fault = "half as much"    // the path is used by half
	OneTryTooFew  Fault = "one try too few" // a message is given up early
	OneTryTooMany Fault = "one try too many"
)

// contestMessage is how large the smallest message is, so that ids do not run out.
const contestMessage = 60

// ContestFaults lists them with the checker that must catch each.
func ContestFaults() []Planted {
	return []Planted{
		{NoWeights, Weights}, {UpsideDown, Priorities}, {NoCaps, Caps}, {HalfAsMuch, Filling},
		{OneTryTooFew, Attempts}, {OneTryTooMany, Attempts},
	}
}

// GenerateContest makes a contest from a seed.
func GenerateContest(seed uint64) Contest {
	g := generator{rand.New(rand.NewPCG(seed, 0x636f6e74657374))}
	c := Contest{
		Seed: seed, For: 4 * time.Second, Rate: 200_000 << g.IntN(3),
		Link: simnet.LinkConfig{Delay: time.Duration(5+g.IntN(40)) * time.Millisecond, Loss: g.share(0.15)},
	}
	if g.IntN(3) == 0 {
		c.Link.Jitter, c.Link.JitterReorders = time.Duration(g.IntN(20))*time.Millisecond, true
	}
	for i := range 2 + g.IntN(7) {
		ch := endpoint.ChannelConfig{
			ID: endpoint.ChannelID(i + 1), Delivery: endpoint.Delivery(g.IntN(5)), WindowBytes: 8 << 20,
			Priority: int8(g.IntN(3)), Weight: 1 + g.IntN(20),
		}
		size := []int{contestMessage, 200, 700, 1100, 5000, 40_000}[g.IntN(6)]
		if ch.Delivery == endpoint.ReliableLatest { // large values wait for each other
			size = min(size, 1100)
		}
		if g.IntN(4) == 0 || ch.Priority == 2 && g.IntN(2) == 0 {
			ch.BytesPerSecond = c.Rate / (2 + g.IntN(30))
		}
		if ch.Delivery.Reliable() {
			ch.Resend.MaxAttempts = g.sometimes(2, 1+g.IntN(4))
		}
		c.Channels, c.Sizes = append(c.Channels, ch), append(c.Sizes, size)
	}
	return c
}

// planted is how the endpoints are configured with a fault.
func (c *Contest) planted(f Fault) []endpoint.ChannelConfig {
	channels := append([]endpoint.ChannelConfig(nil), c.Channels...)
	for i := range channels {
		ch := &channels[i]
		switch {
		case f == NoWeights:
			ch.Weight = 0
		case f == UpsideDown:
			ch.Priority = -ch.Priority
		case f == NoCaps:
			ch.BytesPerSecond = 0
		case f == OneTryTooFew && ch.Resend.MaxAttempts > 1:
			ch.Resend.MaxAttempts--
		case f == OneTryTooMany && ch.Resend.MaxAttempts > 0:
			ch.Resend.MaxAttempts++
		}
	}
	return channels
}

// Play plays the contest and reports.
func (c *Contest) Play(f Fault) (ContestReport, error) {
	ends, err := c.ends(f)
	if err != nil {
		return ContestReport{}, err
	}
	p := &contest{Contest: c, ends: ends, random: rand.New(rand.NewPCG(c.Seed, 0x706c6179))}
	for i := range p.links {
		if p.links[i], err = simnet.NewLink(0, c.Link, c.Seed*2+uint64(i)); err != nil {
			return ContestReport{}, err
		}
	}
	p.scales = newScales(c)
	for at := int64(0); at < int64(c.For); at += contestStep {
		if at%int64(time.Second) == 0 {
			p.scales.judge(at)
		}
		if err := p.fill(); err != nil {
			return ContestReport{}, err
		}
		p.run(at, at+contestStep)
		p.drain(at + contestStep)
	}
	p.scales.checkCounters(int64(c.For), p.ends[0])
	return p.scales.report(), nil
}

const contestStep = int64(10 * time.Millisecond)

func (c *Contest) ends(f Fault) (ends [2]*endpoint.Endpoint, err error) {
	rate := steady(c.Rate)
	if f == HalfAsMuch {
		rate /= 2
	}
	for i := range ends {
		ends[i], err = endpoint.New(0, endpoint.Config{
			Channels: c.planted(f), Seed: c.Seed*2 + uint64(i), Handshake: true, Trusted: true,
			Controller: func() endpoint.Controller { return rate },
		})
		if err != nil {
			return ends, err
		}
	}
	for i := range ends {
		if err := ends[i].HandleHello(0, ends[1-i].AppendHello(0, nil)); err != nil {
			return ends, err
		}
	}
	return ends, nil
}

// A contest is one in progress. The first end sends.
type contest struct {
	*Contest
	ends   [2]*endpoint.Endpoint
	links  [2]*simnet.Link
	random *rand.Rand
	scales *scales
	keys   uint64
	buf    []byte
}

// fill gives every channel something to send.
func (p *contest) fill() error {
	for i, ch := range p.Channels {
		opts := endpoint.SendOptions{Receipt: ch.Resend.MaxAttempts > 0}
		if ch.Delivery == endpoint.UnreliableLatest || ch.Delivery == endpoint.ReliableLatest {
			opts.Keyed = true // each of its own, so that they wait
		}
		for p.ends[0].ChannelStats(ch.ID).QueuedBytes < 100_000 {
			p.keys++
			opts.Key = p.keys
			size := contestMessage + p.random.IntN(p.Sizes[i]-contestMessage+1)
			r, err := p.ends[0].Send(ch.ID, make([]byte, size), opts)
			if err != nil {
				return fmt.Errorf("swarm: a contest sends %d bytes: %w", size, err)
			}
			p.scales.sent(i, size, r)
		}
	}
	return nil
}

// run lets packets leave, arrive and get lost.
func (p *contest) run(now, until int64) {
	for now < until {
		for i, e := range p.ends {
			for b, ok := p.links[1-i].Receive(now); ok; b, ok = p.links[1-i].Receive(now) {
				e.HandlePacket(now, incoming(b))
			}
			if e.Deadline() <= now {
				e.HandleTimeout(now)
			}
		}
		next := until
		for i, e := range p.ends {
			p.pump(now, i)
			next = min(next, max(e.Deadline(), now+1000))
			if at, ok := p.links[i].Next(); ok {
				next = min(next, max(at, now+1))
			}
		}
		now = next
	}
}

func (p *contest) pump(now int64, from int) {
	e := p.ends[from]
	for {
		var out endpoint.Outgoing
		ok := e.NextPacket(now, &out, func(h endpoint.Header) ([]byte, endpoint.Envelope) {
			return appendNumber(p.buf[:0], h.Number), endpoint.Envelope{Tail: contestTail}
		})
		if !ok {
			return
		}
		if p.buf = out.Packet; from == 0 {
			p.scales.packet(now, out.Packet[numberBytes:], e)
		}
		p.links[from].Send(now, out.Packet)
	}
}

const (
	contestRoom = 1170 // for frames
	contestTail = 1200 - numberBytes - contestRoom
)

// drain has both games read everything.
func (p *contest) drain(now int64) {
	for i, e := range p.ends {
		e.Update()
		for _, ch := range p.Channels {
			for _, ok := e.Receive(ch.ID); ok; _, ok = e.Receive(ch.ID) {
			}
		}
		for ev, ok := e.NextEvent(); ok; ev, ok = e.NextEvent() {
			if i == 0 && ev.Receipt > 0 {
				p.scales.resolved(now, ev)
			}
		}
	}
}

// steady is a controller that lets bytes a second go, whatever happens.
type steady int

func (r steady) Sent(int64, int, int)                {}
func (r steady) Acked(int64, endpoint.AckSample)     {}
func (r steady) Lost(int64, endpoint.LossSample)     {}
func (r steady) Spurious(int64, endpoint.LossSample) {}
func (r steady) WindowBytes() int                    { return int(r) }
func (r steady) BytesPerSecond() int                 { return int(r) }
