package endpoint

import (
	"errors"
	"math"
	"slices"
	"testing"
	"time"
)

// kept is a configuration of ends that keep a peer who is away.
func kept(keep time.Duration) Config {
	cfg := channels()
	cfg.Timeout, cfg.KeepFor = 4*time.Second, keep
	return cfg
}

// kinds are those of the events of an end, but for what its path says.
func (p *pair) kinds(end int) (kinds []EventKind) {
	for _, ev := range p.events(end) {
		if ev.Kind != PathChanged {
			kinds = append(kinds, ev.Kind)
		}
	}
	return kinds
}

// cut cuts or mends both directions.
func (p *pair) cut(cut bool) { p.links[0].cut, p.links[1].cut = cut, cut }

// TestAway: after the timeout the ends are away, and say so once; what waits arrives when the path
// works again, which both notice within the interval of their knocking.
func TestAway(t *testing.T) {
	for _, gone := range []time.Duration{5 * time.Second, time.Minute, 50 * time.Minute} {
		p := newPair(t, kept(time.Hour), 20*time.Millisecond).open()
		p.run(time.Second)
		p.send(0, chanOf(ReliableOrdered), message(0, 5000))
		p.cut(true)
		p.run(gone)
		for end := range p.ends {
			if got := p.kinds(end); !slices.Equal(got, []EventKind{Away}) || !p.ends[end].Away() || !p.ends[end].Open() {
				t.Fatalf("end %d after %v: %v", end, gone, got)
			}
			p.send(end, chanOf(ReliableOrdered), message(1, 100))
			p.send(end, chanOf(UnreliableLatest), message(1, 100))
		}
		if n := p.ends[0].Budget(p.now, p.now+second); n != 0 {
			t.Errorf("a budget of %d bytes", n)
		}
		p.cut(false)
		back := func() bool { return !p.ends[0].Away() && !p.ends[1].Away() }
		if !p.runUntil(maxSilence+100*time.Millisecond, back) {
			t.Error("they do not notice each other")
		}
		p.run(100 * time.Millisecond)
		for end := range p.ends {
			if got := p.kinds(end); len(got) < 2 || got[0] != Back || p.ends[end].Away() {
				t.Errorf("end %d is not back: %v", end, got)
			}
			got := p.received(1-end, chanOf(ReliableOrdered))
			if len(got) != 2-end || len(p.received(1-end, chanOf(UnreliableLatest))) != 1 {
				t.Errorf("from end %d came %d messages", end, len(got))
			}
		}
		if w := p.ends[0].path(0).cc.WindowBytes(); w < initialWindow {
			t.Errorf("the silence counts as congestion: the window is %d", w)
		}
	}
}

// TestAwayAfterHold: who announced a silence is away a timeout after it, neither earlier nor later, in
// the eyes of the peer and in his own, if he looks; HOLD again and again puts it off no further than what
// was granted; and holds go on afterwards as ever.
func TestAwayAfterHold(t *testing.T) {
	for _, looks := range []bool{false, true} {
		p := newPair(t, kept(time.Hour), 20*time.Millisecond).open()
		began := p.now
		if err := p.ends[0].Hold(p.now, 30*time.Second); err != nil {
			t.Fatal(err)
		}
		p.run(100 * time.Millisecond)
		p.cut(true)
		p.send(1, chanOf(ReliableOrdered), message(0, 5000))
		if p.run(33800 * time.Millisecond); p.ends[0].Away() || p.ends[1].Away() {
			t.Fatal("away during a hold and its timeout")
		}
		for end, e := range p.ends {
			if !p.runUntil(300*time.Millisecond, e.Away) {
				t.Errorf("end %d is not away after %v", end, time.Duration(p.now-began))
			}
		}
		if err := p.ends[1].Hold(p.now, time.Second); !errors.Is(err, ErrAway) {
			t.Errorf("a hold towards who is away: %v", err)
		}
		p.run(time.Minute)
		p.cut(false)
		if looks {
			p.send(0, chanOf(ReliableOrdered), message(1, 10))
		}
		p.run(6 * time.Second)
		for end, e := range p.ends {
			if got := p.kinds(end); len(got) < 2 || !slices.Equal(got[:2], []EventKind{Away, Back}) || e.Held(p.now) != 0 || e.life.ownHold.on {
				t.Errorf("end %d: %v, held for %v", end, got, e.Held(p.now))
			}
		}
		if got := p.received(0, chanOf(ReliableOrdered)); len(got) != 1 {
			t.Errorf("%d messages came", len(got))
		}
		if err := p.ends[0].Hold(p.now, 30*time.Second); err != nil {
			t.Fatal(err)
		}
		if p.run(time.Second); p.ends[1].Held(p.now) < 28*time.Second || !p.ends[0].HoldKnown() {
			t.Errorf("the next hold: held for %v", p.ends[1].Held(p.now))
		}
	}
	t.Log("# one direction is dead, and who announces holds without an end hears nothing")
	p := newPair(t, kept(time.Hour), 20*time.Millisecond).open()
	began := p.now
	for !p.ends[1].Away() && p.now-began < int64(10*time.Minute) {
		_ = p.ends[0].Hold(p.now, 30*time.Second)
		p.run(time.Second)
	}
	if took := time.Duration(p.now - began); took < 63*time.Second || took > 66*time.Second {
		t.Errorf("away after %v of holds", took)
	}
}

// TestAwayIsQuiet: an hour away costs a small packet each five seconds.
func TestAwayIsQuiet(t *testing.T) {
	p := newPair(t, kept(2*time.Hour), 20*time.Millisecond).open()
	p.send(0, chanOf(ReliableOrdered), message(0, 50_000))
	p.cut(true)
	p.run(4100 * time.Millisecond)
	packets, bytes := p.links[0].sent, p.links[0].bytes
	for n := range 100 {
		p.send(0, chanOf(ReliableUnordered), message(n, 5000))
	}
	p.run(time.Hour)
	packets, bytes = p.links[0].sent-packets, p.links[0].bytes-bytes
	if packets < 700 || packets > 730 || bytes > 4*packets {
		t.Errorf("%d packets of %d bytes", packets, bytes)
	}
}

// TestAwayEnds: who is away too long is given up, with all that waits.
func TestAwayEnds(t *testing.T) {
	p := newPair(t, kept(30*time.Second), 20*time.Millisecond).open()
	p.cut(true)
	p.run(10 * time.Second)
	p.send(0, chanOf(ReliableOrdered), message(0, 100))
	for end, e := range p.ends {
		if kept := time.Duration(e.AwayUntil() - p.now); kept < 23*time.Second || kept > 25*time.Second {
			t.Errorf("end %d keeps the other one for %v more", end, kept)
		}
	}
	p.run(23900 * time.Millisecond)
	if got := p.kinds(0); !slices.Equal(got, []EventKind{Away}) {
		t.Fatalf("too early: %v", got)
	}
	p.run(200 * time.Millisecond)
	all := p.events(0)
	if len(all) != 2 || all[0].Why != ConnClosed || all[1] != (Event{Kind: Closed, Code: CodeTimeout, Text: "timed out", Undelivered: 1}) || !p.ends[0].Done() {
		t.Errorf("%v", all)
	}
	t.Log("# the time may change meanwhile; nobody is kept who slept through it all")
	p = newPair(t, kept(math.MaxInt64), 20*time.Millisecond).open()
	p.cut(true)
	p.run(100 * 24 * time.Hour)
	p.ends[0].SetKeepFor(0)
	p.run(time.Second)
	if got := p.kinds(0); !slices.Equal(got, []EventKind{Away, Closed}) || !p.ends[1].Away() {
		t.Errorf("%v", got)
	}
	p.ends[1].SetKeepFor(-time.Second)
	if p.run(time.Second); !p.ends[1].Done() {
		t.Error("kept for less than no time")
	}
	p = newPair(t, kept(30*time.Second), 20*time.Millisecond).open()
	p.now += int64(time.Hour)
	p.run(time.Second)
	if got := p.kinds(0); !slices.Equal(got, []EventKind{Closed}) {
		t.Errorf("after an hour: %v", got)
	}
	t.Log("# whoever looks late counts from the timeout on")
	p = newPair(t, kept(30*time.Second), 20*time.Millisecond).open()
	p.cut(true)
	began := p.now
	p.now += int64(20 * time.Second)
	p.runUntil(time.Minute, p.ends[0].Done)
	if took := time.Duration(p.now - began); took > 34*time.Second || len(p.kinds(0)) != 2 {
		t.Errorf("it took %v", took)
	}
	t.Log("# and nobody is kept who was never there")
	p = newPair(t, kept(time.Hour), 20*time.Millisecond)
	p.cut(true)
	p.run(5 * time.Second)
	if got := p.kinds(0); !slices.Equal(got, []EventKind{Closed}) {
		t.Errorf("%v", got)
	}
}

// TestAwayCloses: an end that is away may be closed, and drained, and cannot hold.
func TestAwayCloses(t *testing.T) {
	p := newPair(t, kept(time.Hour), 20*time.Millisecond).open()
	p.cut(true)
	p.run(10 * time.Second)
	if err := p.ends[0].Hold(p.now, time.Second); !errors.Is(err, ErrAway) || p.ends[0].Hold(p.now, 0) != nil {
		t.Errorf("hold: %v", err)
	}
	p.cut(false)
	p.ends[0].Close(p.now, 300, "bye")
	p.run(5 * time.Second)
	if a, b := p.last(0), p.last(1); a.Code != 300 || b.Code != 300 || !b.Remote || !p.ends[0].Done() {
		t.Errorf("the ends report %v and %v", a, b)
	}
	t.Log("# a drain waits for the peer, no longer than it may")
	for _, back := range []bool{true, false} {
		p = newPair(t, kept(time.Hour), 20*time.Millisecond).open()
		p.cut(true)
		p.send(0, chanOf(ReliableOrdered), message(0, 100))
		p.run(10 * time.Second)
		p.ends[0].Drain(p.now, 300, "bye", 20*time.Second)
		p.run(10 * time.Second)
		if p.ends[0].life.state != stateAway {
			t.Fatalf("state %d", p.ends[0].life.state)
		}
		p.cut(!back)
		p.run(15 * time.Second)
		if ev := p.last(0); ev.Code != 300 || ev.Undelivered > 0 == back {
			t.Errorf("back %v: %v", back, ev)
		}
	}
}

// TestAwayOneWay: if one direction works only one end is away, and the other hears it knock.
func TestAwayOneWay(t *testing.T) {
	p := newPair(t, kept(time.Hour), 20*time.Millisecond).open()
	p.links[0].cut = true
	p.run(time.Minute)
	if p.ends[0].Away() || !p.ends[1].Away() {
		t.Errorf("away: %v and %v", p.ends[0].Away(), p.ends[1].Away())
	}
	p.cut(false)
	p.run(6 * time.Second)
	if p.ends[1].Away() {
		t.Error("still away")
	}
}

// TestAwayExpires: what is of no use any more goes also while the peer is away.
func TestAwayExpires(t *testing.T) {
	p := newPair(t, kept(time.Hour), 20*time.Millisecond).open()
	p.cut(true)
	p.run(10 * time.Second)
	r := p.sendWith(0, chanOf(ReliableOrdered), message(0, 10), SendOptions{TTL: time.Second})
	p.run(1100 * time.Millisecond)
	if ev := p.fates(0)[r]; ev.Why != Expired {
		t.Errorf("%v", ev)
	}
}

// TestAllocNothingAway: ends that are away for long remember no more for it, and lose nothing of
// what they have; to go on now and then costs a path, nothing else.
func TestAllocNothingAway(t *testing.T) {
	if raced {
		return
	}
	cfg := kept(math.MaxInt64)
	l := newLoop(t, cfg)
	for n := range 100 {
		_, _ = l.ends[0].Send(chanOf(ReliableOrdered), message(n, 2000), SendOptions{Receipt: true})
	}
	l.lossEach = 1
	away := 0
	round := func() {
		l.now += second
		l.exchange()
		if l.ends[0].Away() {
			away++
		}
	}
	allocatesNothing(t, 3000, 1000, &away, round)
	if away < 1000 {
		t.Errorf("away for %d rounds", away)
	}
}
