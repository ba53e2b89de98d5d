package endpoint

import (
	"testing"
	"time"
)

// TestTailIsNotSentAgain: the last piece of a large message waits behind the others in front of a slow
// line. Once such a message has shown how slow that is its ack is not taken for overdue, nor are those
// of small messages behind it, though many of them were acknowledged sooner since.
func TestTailIsNotSentAgain(t *testing.T) {
	for _, rate := range []int{31_250, 125_000, 250_000} {
		p := slowLine(t, rate)
		p.largeAmongSmall(10)
		first := p.ends[0].Stats()
		p.largeAmongSmall(100)
		st := p.ends[0].Stats()
		t.Logf("# %d bytes a second: %d sent again, then %d", rate, first.PacketsHasty, st.PacketsHasty-first.PacketsHasty)
		if st.PacketsHasty != first.PacketsHasty || st.PacketsLost != 0 || first.PacketsHasty > 5 {
			t.Errorf("%d bytes a second: %d packets were sent again in vain, then %d", rate, first.PacketsHasty, st.PacketsHasty-first.PacketsHasty)
		}
	}
}

// slowLine is a pair 50 ms apart over a line of so many bytes a second.
func slowLine(t *testing.T, rate int) *pair {
	t.Helper()
	cfg := Config{Channels: []ChannelConfig{{ID: 1, Delivery: ReliableOrdered}, {ID: 2, Delivery: ReliableOrdered}}}
	p := newPair(t, cfg, 50*time.Millisecond).open()
	for i := range p.links {
		p.links[i].rate, p.links[i].queue = rate, time.Second
	}
	p.run(time.Second)
	return p
}

// largeAmongSmall sends a small message sixty times a second, and each three seconds a large one.
func (p *pair) largeAmongSmall(seconds int) {
	for n := range 60 * seconds {
		if n%180 == 90 {
			p.send(0, 2, make([]byte, 4000))
		}
		p.send(0, 1, make([]byte, 20))
		p.run(time.Second / 60)
		p.received(1, 1)
		p.received(1, 2)
		p.events(0)
	}
}

// TestLostTailIsSentAgain: one that is lost goes again no later than what is before it calls for.
func TestLostTailIsSentAgain(t *testing.T) {
	p := slowLine(t, 125_000)
	p.largeAmongSmall(10)
	p.run(time.Second)
	p.received(1, 1)
	p.send(0, 2, make([]byte, 4000))
	p.loses(3, 4)
	sent := p.now
	for p.run(time.Millisecond); len(p.received(1, 2)) == 0 && p.now < sent+second; p.run(time.Millisecond) {
	}
	t.Logf("# it took %v", time.Duration(p.now-sent))
	if took := time.Duration(p.now - sent); took > 220*time.Millisecond || took < 160*time.Millisecond {
		t.Errorf("it took %v", took)
	}
}

// TestStrait: what came farther apart than it left tells the rate, the fastest of it; what did not, or is
// little, tells nothing.
func TestStrait(t *testing.T) {
	var s strait
	at := func(sent, arrived, passed int64) straitMark { return straitMark{sent * milli, arrived * milli, passed} }
	s.acked(at(0, 100, 1000))
	s.acked(at(10, 110, 3000))
	s.acked(at(10, 120, 3500))
	if n := s.send(200*milli, 1000, second); n != 0 {
		t.Errorf("%v without any train", time.Duration(n))
	}
	s.acked(at(1000, 1100, 10_000))
	s.acked(at(1000, 1120, 12_000))
	s.acked(at(1000, 1140, 15_000))
	t.Log("# 5000 bytes in 40 ms: 125 in each")
	if n := s.send(2000*milli, 2500, second); n != 20*milli {
		t.Errorf("%v for 2500 bytes", time.Duration(n))
	}
	if n := s.send(2010*milli, 1250, second); n != 20*milli {
		t.Errorf("%v for 1250 bytes 10 ms later", time.Duration(n))
	}
	if n := s.send(2010*milli, 1<<20, 50*milli); n != 50*milli {
		t.Errorf("%v, at most 50 ms", time.Duration(n))
	}
	t.Log("# a train that looks slower changes nothing, until there were many")
	for i := range int64(3 * straitTrains) {
		s.acked(at(3000+100*i, 3100+100*i, 20_000+5000*i))
		s.acked(at(3000+100*i, 3180+100*i, 24_000+5000*i))
		if n := (&strait{now: s.now, before: s.before}).send(0, 1000, second); i < straitTrains && n != 8*milli || n > 20*milli {
			t.Errorf("%v for 1000 bytes after %d more trains", time.Duration(n), i+1)
		}
	}
	if n := (&strait{now: s.now, before: s.before}).send(0, 1000, second); n != 20*milli {
		t.Errorf("%v for 1000 bytes of a strait that became slower", time.Duration(n))
	}
}
