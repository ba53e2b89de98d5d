package endpoint

import (
	"testing"
	"time"
)

// TestDrainTowardsSilence: who is drained asks a peer that answers nothing for a second, and no
// longer; but what either end is known to have under way is given all the time there is.
func TestDrainTowardsSilence(t *testing.T) {
	second, long := time.Second, 20*time.Second
	for name, c := range map[string]struct {
		keep        time.Duration
		begin       func(p *pair) // after which the peer is not heard any more
		least, most time.Duration
	}{
		"nothing is under way": {0, func(p *pair) {
			p.cut(true)
			p.ends[0].Drain(p.now, 300, "", long)
		}, second, second + 200*time.Millisecond},
		"it was not heard for a while": {0, func(p *pair) {
			p.cut(true)
			p.run(4 * second)
			p.ends[0].Drain(p.now, 300, "", long)
		}, second, second + 200*time.Millisecond},
		"all has arrived, and then it falls silent": {0, func(p *pair) {
			p.send(0, chanOf(ReliableOrdered), message(0, 100))
			p.ends[0].Drain(p.now, 300, "", long)
			p.runUntil(second, p.ends[0].drained)
			p.cut(true)
		}, second, second + 200*time.Millisecond},
		"our message is under way": {0, func(p *pair) {
			p.cut(true)
			p.send(0, chanOf(ReliableOrdered), message(0, 100))
			p.ends[0].Drain(p.now, 300, "", 5*second)
		}, 5 * second, 5 * second},
		"it drains, and is not through": {0, func(p *pair) {
			p.send(1, chanOf(ReliableOrdered), message(0, 100_000))
			p.ends[1].Drain(p.now, 301, "", long)
			p.runUntil(second, p.ends[0].PeerDrains)
			p.cut(true)
			p.ends[0].Drain(p.now, 300, "", 5*second)
		}, 5 * second, 5 * second},
		"it shall drain, too": {0, func(p *pair) {
			p.cut(true)
			p.ends[0].DrainBoth(p.now, 300, "", 5*second)
		}, 5 * second, 5 * second},
		"we do not reach it, but it is heard": {0, func(p *pair) {
			p.links[0].cut = true
			p.ends[0].Drain(p.now, 300, "", 5*second)
		}, 5 * second, 5 * second},
		"it is away": {time.Hour, func(p *pair) {
			p.cut(true)
			p.run(15 * second)
			p.ends[0].Drain(p.now, 300, "", long)
		}, 0, 0},
		"it is away, and a message waits": {time.Hour, func(p *pair) {
			p.cut(true)
			p.send(0, chanOf(ReliableOrdered), message(0, 100))
			p.run(15 * second)
			p.ends[0].Drain(p.now, 300, "", 5*second)
		}, 5 * second, 5 * second},
	} {
		cfg := channels()
		cfg.KeepFor = c.keep
		p := newPair(t, cfg, 20*time.Millisecond).open()
		p.ends[1].Ping() // measures the round trip
		p.run(second)
		c.begin(p)
		began := p.now
		for p.ends[0].live() && p.now-began < int64(long) {
			if name == "we do not reach it, but it is heard" {
				p.ends[1].Ping()
			}
			p.run(10 * time.Millisecond)
		}
		if took := time.Duration(p.now - began); took < c.least || took > c.most {
			t.Errorf("%s: it took %v, want %v to %v", name, took, c.least, c.most)
		}
	}
}

// TestDrainSlowPeer: an answer that takes long is waited for.
func TestDrainSlowPeer(t *testing.T) {
	p := newPair(t, channels(), 900*time.Millisecond).open()
	p.run(5 * time.Second)
	p.send(1, chanOf(ReliableOrdered), message(0, 5000))
	p.ends[1].Drain(p.now, 301, "", time.Minute)
	p.ends[0].Drain(p.now, 300, "", time.Minute)
	p.runUntil(time.Minute, func() bool { return !p.ends[0].live() })
	if ev := p.last(0); ev.Undelivered != 0 || len(p.received(0, chanOf(ReliableOrdered))) != 1 {
		t.Errorf("%+v", ev)
	}
}
