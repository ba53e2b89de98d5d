package endpoint

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// runBoth lets time pass while both games take what comes.
func (p *pair) runBoth(d time.Duration, got *[2]int) {
	for until := p.now + int64(d); p.now < until; {
		p.run(10 * time.Millisecond)
		for end := range p.ends {
			got[end] += len(p.received(end, chanOf(ReliableUnordered))) + len(p.received(end, chanOf(ReliableOrdered)))
		}
	}
}

// TestDrainBothAtOnce: of two ends that drain at the same time none cuts the other short, also if
// one has far more to say, or nothing.
func TestDrainBothAtOnce(t *testing.T) {
	for seed := range uint64(40) {
		p := newPair(t, channels(), 20*time.Millisecond, seed+1)
		p.open().run(time.Second)
		p.links[0].loss, p.links[1].loss = 0.3, 0.3
		few := int(seed%2) * 20
		for n := range 20 {
			if n < few {
				p.send(0, chanOf(ReliableUnordered), message(n, 100))
			}
			p.send(1, chanOf(ReliableOrdered), message(n, 5000))
		}
		p.ends[0].Drain(p.now, 300, "here", time.Minute)
		p.ends[1].Drain(p.now, 301, "there", time.Minute)
		var got [2]int
		p.runBoth(20*time.Second, &got)
		a, b := p.last(0), p.last(1)
		if a.Undelivered+b.Undelivered != 0 || got != [2]int{20, few} {
			t.Errorf("seed %d: %+v, %+v; %v messages came", seed, a, b, got)
		}
		if a.Remote && b.Remote || a.Remote && a.Code != 301 || b.Remote && b.Code != 300 || !a.Remote && a.Code != 300 || !b.Remote && b.Code != 301 {
			t.Errorf("seed %d: the ends report %+v and %+v", seed, a, b)
		}
	}
}

// TestDrainCutsNobodyShort: two ends begin to drain at any times, over links that lose, repeat and
// reorder, and now and then go on under new keys. Whoever began before it heard that the other is
// through gets through itself.
func TestDrainCutsNobodyShort(t *testing.T) {
	both, late := 0, 0
	for seed := range uint64(400) {
		rnd := rand.New(rand.NewPCG(seed, 0x647261696e))
		p := newPair(t, channels(), time.Duration(1+rnd.IntN(60))*time.Millisecond, seed+1)
		p.open()
		p.follow = true
		for i := range p.links {
			p.links[i].loss, p.links[i].dup = float64(rnd.IntN(4))*0.1, 0.1
			p.links[i].jitter = time.Duration(rnd.IntN(2)) * 30 * time.Millisecond
		}
		var sent, got [2]int
		var kept [2]bool
		at := [2]int{rnd.IntN(30), rnd.IntN(30)}
		if rnd.IntN(4) == 0 {
			at[1] = 1000 // never
		}
		for step := range 40 {
			for end, e := range p.ends {
				switch {
				case !e.Open():
				case step >= at[end]:
					if kept[end] = e.life.drain.peer < wire.Drained; !kept[end] {
						late++
					}
					e.Drain(p.now, Code(300+end), "", 10*time.Minute)
				default:
					for range rnd.IntN(4) {
						p.send(end, chanOf(ReliableOrdered), message(sent[end], 8+rnd.IntN(4000)))
						sent[end]++
					}
				}
			}
			if rnd.IntN(20) == 0 && p.ends[0].life.live() && p.ends[1].life.live() {
				p.goOn(rnd.IntN(2), max(p.epoch[0], p.epoch[1])+1)
			}
			p.runBoth(time.Duration(rnd.IntN(50))*time.Millisecond, &got)
		}
		p.runBoth(time.Minute, &got)
		for end := range p.ends {
			if !kept[end] {
				continue
			}
			if ev := p.last(end); ev.Undelivered != 0 || got[1-end] != sent[end] {
				t.Fatalf("seed %d, end %d of %v: %d of %d came, %+v", seed, end, at, got[1-end], sent[end], ev)
			}
		}
		if kept[0] && kept[1] {
			both++
		}
	}
	if t.Logf("%d times both, %d times too late", both, late); both < 100 {
		t.Error("the ends hardly meet")
	}
}

// TestDrainBothDeadline: the time of each end ends its own drain, and with that the other's.
func TestDrainBothDeadline(t *testing.T) {
	p := newPair(t, channels(), 20*time.Millisecond).open()
	for n := range 100 {
		p.send(1, chanOf(ReliableOrdered), message(n, 5000)) // which nobody reads
	}
	began := p.now
	p.ends[0].Drain(p.now, 300, "", 2*time.Second)
	p.ends[1].Drain(p.now, 301, "", time.Minute)
	p.runUntil(time.Minute, p.ends[0].Done)
	if a, b := p.last(0), p.last(1); a.Code != 300 || a.Undelivered != 0 || !b.Remote || b.Code != 300 || b.Undelivered == 0 {
		t.Errorf("%+v, %+v", a, b)
	}
	if took := time.Duration(p.now - began); took < 2*time.Second || took > 4*time.Second {
		t.Errorf("it took %v", took)
	}
}

// TestDrainingIsSaid: each state once, again when it is lost, and with every ACK until it is
// known; and nothing but that.
func TestDrainingIsSaid(t *testing.T) {
	cfg := channels()
	cfg.MaxPaths = -1
	s := newScript(t, cfg)
	s.says()
	receipt, _ := s.e.Send(chanOf(ReliableOrdered), []byte("x"), SendOptions{Receipt: true})
	s.e.Drain(s.now, 300, "bye", time.Hour)
	said := s.says()
	if count(said, wire.TypeDraining) != 1 || said[0][0] != wire.TypeDraining || said[0][1] != wire.Draining || receipt == 0 {
		t.Fatalf("%x", said)
	}
	t.Log("# an answer that is no answer to that carries it once more")
	s.hears([]byte{wire.TypePing})
	s.hears([]byte{wire.TypePing})
	said = s.says()
	if count(said, wire.TypeAck) != 1 || count(said, wire.TypeDraining) != 1 {
		t.Errorf("%x", said)
	}
	t.Log("# when the message is known to be there the second state follows, repeated until it is known")
	s.hears(ack(0, 1))
	said = s.says()
	if count(said, wire.TypeDraining) != 1 || said[len(said)-1][1] != wire.Drained {
		t.Errorf("%x", said)
	}
	if said = s.wait(s.now + second/2); count(said, wire.TypeDraining) < 2 || s.e.life.state != stateOpen {
		t.Errorf("state %d, %x", s.e.life.state, said)
	}
	last := s.e.path(0).sent.End() - 1
	t.Log("# what is known is said no more, while the peer that drains itself is waited for")
	s.hears(append(ack(2, last), wire.TypeDraining, wire.Draining))
	if said = s.says(); count(said, wire.TypeDraining) != 0 || count(said, wire.TypeAck) == 0 || s.e.life.state != stateOpen {
		t.Errorf("state %d, %x", s.e.life.state, said)
	}
	s.hears(wire.AppendDraining(nil, wire.Drained))
	if said = s.says(); count(said, wire.TypeClose) != 1 {
		t.Errorf("%x", said)
	}
	if code := s.closed(); code != 300 {
		t.Errorf("%v", code)
	}
}

func (d *drain) peerDrains() bool { return d.peer > 0 }

// TestPeerDrains: an end is told that its peer drains, and what is malformed ends the connection.
func TestPeerDrains(t *testing.T) {
	s := newScript(t, channels())
	s.says()
	s.hears(wire.AppendDraining(nil, wire.Draining))
	if !s.e.life.drain.peerDrains() || !s.e.Open() {
		t.Error("not noticed")
	}
	s.hears(wire.AppendDraining(nil, wire.Drained))
	s.hears(wire.AppendDraining(nil, wire.Draining)) // a late one
	t.Log("# towards a peer that is drained a drain needs no round trip")
	s.e.Drain(s.now, 300, "", time.Hour)
	if s.e.life.state != stateClosing {
		t.Errorf("state %d", s.e.life.state)
	}
	s = newScript(t, channels())
	s.hears([]byte{wire.TypeDraining, 3})
	if code := s.closed(); code != CodeProtocol {
		t.Errorf("%v", code)
	}
}

// TestLossEndsDrain: a drain is over as soon as time declares lost what was last under way, in the same call.
func TestLossEndsDrain(t *testing.T) {
	s := newScript(t, channels())
	s.says()
	if _, err := s.e.Send(chanOf(Unreliable), []byte("x"), SendOptions{Receipt: true}); err != nil {
		t.Fatal(err)
	}
	s.says()
	s.hears(wire.AppendDraining(nil, wire.Drained))
	s.e.Drain(s.now, 300, "", time.Hour)
	s.now += milli
	s.e.Ping()
	s.says()
	last := s.nextNumber() - 1
	s.now += 20 * milli
	s.hears(ack(last, last))
	at := s.e.path(0).loss.lossAt
	if at == never || s.e.life.state != stateOpen {
		t.Fatalf("state %d, lost at %d", s.e.life.state, at)
	}
	if s.e.HandleTimeout(at); s.e.life.state != stateClosing {
		t.Errorf("state %d", s.e.life.state)
	}
}

// TestDrainTowardsHold: a peer on hold is not disturbed; the drain waits for it.
func TestDrainTowardsHold(t *testing.T) {
	p := newPair(t, channels(), 20*time.Millisecond).open()
	if err := p.ends[1].Hold(p.now, 5*time.Second); err != nil {
		t.Fatal(err)
	}
	p.run(100 * time.Millisecond)
	p.send(0, chanOf(ReliableOrdered), []byte("x"))
	p.ends[0].Drain(p.now, 300, "", time.Minute)
	p.run(4 * time.Second)
	if p.ends[1].life.drain.peerDrains() || p.ends[0].life.state != stateOpen {
		t.Error("the hold is disturbed")
	}
	p.run(2 * time.Second)
	if ev := p.last(0); ev.Code != 300 || ev.Undelivered != 0 || len(p.received(1, chanOf(ReliableOrdered))) != 1 {
		t.Errorf("%+v", ev)
	}
}

// TestDrainBothWaits: an end that drains for both waits for its peer, and what that sends until it
// drains, too, arrives; one that never does is waited for until the time is over.
func TestDrainBothWaits(t *testing.T) {
	for _, follows := range []bool{true, false} {
		p := newPair(t, channels(), 20*time.Millisecond, 1)
		p.open().run(time.Second)
		p.ends[0].DrainBoth(p.now, 300, "both", 10*time.Second)
		var got [2]int
		for n := range 50 {
			p.send(1, chanOf(ReliableOrdered), message(n, 100))
			p.runBoth(100*time.Millisecond, &got)
		}
		if got[0] != 50 || p.ends[0].Done() || !p.ends[1].life.drain.peerDrains() {
			t.Fatalf("%d of 50 messages came to the end that drains, over: %v", got[0], p.ends[0].Done())
		}
		began := p.now
		if follows {
			p.ends[1].Drain(p.now, 301, "", time.Minute)
		}
		for p.now-began < int64(20*time.Second) && p.ends[0].life.live() {
			p.run(10 * time.Millisecond)
		}
		if took := time.Duration(p.now - began); follows != (took < time.Second) || took > 6*time.Second {
			t.Errorf("the peer follows: %v, over after %v", follows, took)
		}
	}
}
