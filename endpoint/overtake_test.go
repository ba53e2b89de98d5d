package endpoint

import (
	"testing"
	"time"
)

// TestOvertake: a transfer that begins fills the window of the path, and nothing is acknowledged for
// a round trip; a message of a higher priority goes all the same, one of the same does not. The
// window is passed by half of it at most.
func TestOvertake(t *testing.T) {
	for _, c := range []struct {
		priority int8
		late     bool
	}{{1, false}, {0, true}} {
		cfg := Config{Channels: []ChannelConfig{
			{ID: 1, Delivery: ReliableOrdered, Priority: c.priority},
			{ID: 2, Delivery: ReliableUnordered, MaxQueuedBytes: 4 << 20, WindowBytes: 4 << 20},
		}}
		p := newPair(t, cfg, 200*time.Millisecond).open()
		p.run(2 * time.Second)
		for range 256 {
			p.send(0, 2, make([]byte, 4000))
		}
		p.run(100 * time.Millisecond)
		path := p.ends[0].path(0)
		if !path.filled() {
			t.Fatalf("%d bytes in flight, the window is %d", path.inFlight, path.cc.WindowBytes())
		}
		sent := p.now
		p.send(0, 1, message(7, 100))
		took := time.Duration(p.arrival(7) - sent)
		t.Logf("# priority %d: it took %v", c.priority, took)
		if late := took > 230*time.Millisecond; late != c.late {
			t.Errorf("priority %d: it took %v", c.priority, took)
		}
	}
}

// TestOvertakingIsBounded: who has more than little to say above the lowest priority has the window and
// half of it in flight at most, and that only as far as the rest is of the lowest; afterwards nothing
// is left of it.
func TestOvertakingIsBounded(t *testing.T) {
	cfg := Config{
		Channels: []ChannelConfig{
			{ID: 1, Delivery: ReliableUnordered, Priority: 1, MaxQueuedBytes: 4 << 20, WindowBytes: 4 << 20},
			{ID: 2, Delivery: ReliableUnordered, MaxQueuedBytes: 4 << 20, WindowBytes: 4 << 20},
		},
		Controller: func() Controller { return narrow{fixedRate(10 << 20), 20 * packetBytes} },
	}
	p := newPair(t, cfg, 50*time.Millisecond).open()
	path := p.ends[0].path(0)
	fill := func(ch ChannelID) {
		for range 64 {
			p.send(0, ch, make([]byte, 4000))
		}
		for range 20 {
			p.run(time.Millisecond)
			if path.inFlight > 31*packetBytes || path.lowest < 0 || path.lowest > path.inFlight {
				t.Fatalf("%d bytes in flight, %d of the lowest priority", path.inFlight, path.lowest)
			}
		}
	}
	t.Log("# bulk fills the window, then more important bulk overtakes it by half")
	if fill(2); path.inFlight < 20*packetBytes || path.lowest < 19*packetBytes {
		t.Errorf("%d bytes in flight, %d of the lowest priority", path.inFlight, path.lowest)
	}
	if fill(1); path.inFlight < 29*packetBytes {
		t.Errorf("%d bytes in flight", path.inFlight)
	}
	p.run(200 * time.Millisecond)
	t.Log("# as long as that goes on nothing else is in flight, and the window holds")
	if path.lowest > 0 || path.inFlight > 21*packetBytes {
		t.Errorf("%d bytes in flight, %d of the lowest priority", path.inFlight, path.lowest)
	}
	p.run(5 * time.Second)
	p.received(1, 1)
	p.received(1, 2)
	if path.inFlight != 0 || path.lowest != 0 {
		t.Errorf("%d bytes in flight, %d of the lowest priority, when all is there", path.inFlight, path.lowest)
	}
}
