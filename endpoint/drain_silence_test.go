package endpoint

import (
	"math"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// A silence is what a drain may run into.
type silence struct {
	name  string
	keep  time.Duration
	begin func(p *pair) // after which the peer is not heard any more
	pings bool          // but it is, and does not hear us
}

// takes plays it, and returns how long the end that drains is there.
func (s silence) takes(t *testing.T, patience time.Duration) time.Duration {
	cfg := channels()
	cfg.KeepFor = s.keep
	p := newPair(t, cfg, 20*time.Millisecond).open()
	p.ends[1].Ping() // measures the round trip
	p.run(time.Second)
	s.begin(p)
	began := p.now
	for p.ends[0].life.live() && p.now-began < int64(patience) {
		if s.pings {
			p.ends[1].Ping()
		}
		p.run(10 * time.Millisecond)
	}
	return time.Duration(p.now - began)
}

// TestDrainTowardsSilence: who is drained with nothing under way asks a peer that answers nothing
// for a second, and no longer; one that is away is not even asked.
func TestDrainTowardsSilence(t *testing.T) {
	const second, long = time.Second, 20 * time.Second
	for _, s := range []silence{
		{name: "nothing is under way", begin: func(p *pair) {
			p.cut(true)
			p.ends[0].Drain(p.now, 300, "", long)
		}},
		{name: "it was not heard for a while", begin: func(p *pair) {
			p.cut(true)
			p.run(4 * second)
			p.ends[0].Drain(p.now, 300, "", long)
		}},
		{name: "all has arrived, and then it falls silent", begin: func(p *pair) {
			p.send(0, chanOf(ReliableOrdered), message(0, 100))
			p.ends[0].Drain(p.now, 300, "", long)
			p.runUntil(second, p.ends[0].outbox.drained)
			p.cut(true)
		}},
	} {
		if took := s.takes(t, long); took < second || took > second+200*time.Millisecond {
			t.Errorf("%s: it took %v, want a second", s.name, took)
		}
	}
	away := silence{name: "it is away", keep: time.Hour, begin: func(p *pair) {
		p.cut(true)
		p.run(15 * second)
		p.ends[0].Drain(p.now, 300, "", long)
	}}
	if took := away.takes(t, long); took != 0 {
		t.Errorf("%s: it took %v", away.name, took)
	}
}

// TestDrainOfWhatIsUnderWay: what either end is known to have under way is given all the time
// there is, however silent the peer is; so is a peer that is heard, or shall drain, too.
func TestDrainOfWhatIsUnderWay(t *testing.T) {
	const second, given = time.Second, 5 * time.Second
	for _, s := range []silence{
		{name: "our message is under way", begin: func(p *pair) {
			p.cut(true)
			p.send(0, chanOf(ReliableOrdered), message(0, 100))
			p.ends[0].Drain(p.now, 300, "", given)
		}},
		{name: "it drains, and is not through", begin: func(p *pair) {
			p.send(1, chanOf(ReliableOrdered), message(0, 100_000))
			p.ends[1].Drain(p.now, 301, "", 20*second)
			p.runUntil(second, p.ends[0].life.drain.peerDrains)
			p.cut(true)
			p.ends[0].Drain(p.now, 300, "", given)
		}},
		{name: "it shall drain, too", begin: func(p *pair) {
			p.cut(true)
			p.ends[0].DrainBoth(p.now, 300, "", given)
		}},
		{name: "we do not reach it, but it is heard", pings: true, begin: func(p *pair) {
			p.links[0].cut = true
			p.ends[0].Drain(p.now, 300, "", given)
		}},
		{name: "it is away, and a message waits", keep: time.Hour, begin: func(p *pair) {
			p.cut(true)
			p.send(0, chanOf(ReliableOrdered), message(0, 100))
			p.run(15 * second)
			p.ends[0].Drain(p.now, 300, "", given)
		}},
	} {
		if took := s.takes(t, 20*second); took != given {
			t.Errorf("%s: it took %v, want all that it was given, %v", s.name, took, given)
		}
	}
}

// TestDrainSlowPeer: an answer that takes long is waited for, and so is what a peer has under way
// that began to drain before it heard of us.
func TestDrainSlowPeer(t *testing.T) {
	p := newPair(t, channels(), 900*time.Millisecond).open()
	p.run(5 * time.Second)
	p.ends[0].Drain(p.now, 300, "", time.Minute)
	p.run(500 * time.Millisecond)
	p.send(1, chanOf(ReliableOrdered), message(0, 5000))
	p.ends[1].Drain(p.now, 301, "", time.Minute)
	p.runUntil(time.Minute, func() bool { return !p.ends[1].life.live() })
	if ev := p.last(1); ev.Undelivered != 0 || len(p.received(0, chanOf(ReliableOrdered))) != 1 {
		t.Errorf("%+v", ev)
	}
}

// TestDrainTowardsSilentHold: who was told that we are drained, and announces its own silence, is
// not asked meanwhile, nor given up.
func TestDrainTowardsSilentHold(t *testing.T) {
	s := newScript(t, channels())
	s.says()
	s.e.Drain(s.now, 300, "bye", time.Hour)
	if said := s.says(); count(said, wire.TypeDraining) != 1 {
		t.Fatalf("%x", said)
	}
	s.hears(wire.AppendHold(nil, 1, 20_000))
	if s.wait(s.now + 19*second); s.e.life.state != stateOpen {
		t.Errorf("state %d while it is silent", s.e.life.state)
	}
	if s.wait(s.now + 3*second); s.e.life.state != stateClosing {
		t.Errorf("state %d afterwards", s.e.life.state)
	}
}

// TestDrainForEver: the longest time that there is is no time in the past.
func TestDrainForEver(t *testing.T) {
	p := newPair(t, channels(), 20*time.Millisecond).open()
	p.run(time.Second)
	p.send(0, chanOf(ReliableOrdered), message(0, 5000))
	p.ends[0].Drain(p.now, 300, "", math.MaxInt64)
	p.run(5 * time.Second)
	if ev := p.last(0); ev.Undelivered != 0 || ev.Code != 300 {
		t.Errorf("%+v", ev)
	}
}

// TestDrainExpired: messages that wait for credit, and whose time is over, hold nothing up.
func TestDrainExpired(t *testing.T) {
	p := newPair(t, channels(), 20*time.Millisecond).open()
	p.run(time.Second)
	for n := range 60 { // of which the peer's game reads none
		_, err := p.ends[0].Send(chanOf(ReliableOrdered), []byte(message(n, 2000)), SendOptions{TTL: 3 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
	}
	began := p.now
	p.ends[0].Drain(p.now, 300, "", time.Minute)
	p.runUntil(time.Minute, func() bool { return !p.ends[0].life.live() })
	if took := time.Duration(p.now - began); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
}

// TestDrainBothSaidTwice: what the first of several says of the peer holds.
func TestDrainBothSaidTwice(t *testing.T) {
	for first, both := range map[bool]bool{true: true, false: false} {
		p := newPair(t, channels(), 20*time.Millisecond).open()
		p.run(time.Second)
		if first {
			p.ends[0].DrainBoth(p.now, 300, "", 5*time.Second)
		} else {
			p.ends[0].Drain(p.now, 300, "", 5*time.Second)
		}
		p.ends[0].DrainBoth(p.now, 300, "", 5*time.Second)
		if p.run(2 * time.Second); p.ends[0].life.live() != both {
			t.Errorf("begun for both: %v; it goes on after two seconds: %v", first, p.ends[0].life.live())
		}
	}
}
