package endpoint

import (
	"testing"

	"github.com/tickwire/tickwire/internal/wire"
)

// What follows plays frames of an authenticated peer at their worst. It counts what the endpoint
// looks at for them, and what it keeps, not the time.

// TestOrderedWork: one member of a group waits far ahead, and each id before it is resolved by a
// byte.
func TestOrderedWork(t *testing.T) {
	s, ch := newScript(t, channels()), chanOf(ReliableOrdered)
	r := s.e.inbox.receiver(uint16(ch))
	far := wire.Run{Channel: uint16(ch), HasIDs: true, First: maxAhead - 1, Count: 1, Options: wire.OptionGroup, Back: 1000}
	s.hears(append(wire.AppendRun(nil, &far), 0))
	for next := uint32(0); next < 15000; next += 1000 {
		before := r.waiting.visits
		s.hears(wire.AppendSkip(nil, uint16(ch), next, make([]int, 1000)))
		if n := r.waiting.visits - before; n > 4000 {
			t.Fatalf("%d visits for a packet of 1000 ids", n)
		}
		s.now += 20 * millisecond
		s.e.HandleTimeout(s.now)
		s.says()
	}
	if !s.e.Open() || r.seen.Base() != 15000 {
		t.Errorf("open %v, %d ids are resolved", s.e.Open(), r.seen.Base())
	}
	s.e.Update()
	if _, ok := s.e.Receive(ch); ok {
		t.Error("a message came before its turn")
	}
	s.hears(wire.AppendSkip(nil, uint16(ch), 15000, make([]int, maxAhead-1-1000-15000)))
	s.e.Update()
	if _, ok := s.e.Receive(ch); !ok {
		t.Error("the group is in turn, and its message did not come")
	}
}

// TestDroppableWork: more droppables wait for their turn than there is room for, in the order in
// which each goes before all others.
func TestDroppableWork(t *testing.T) {
	s, ch := newScript(t, channels()), chanOf(ReliableOrdered)
	r := s.e.inbox.receiver(uint16(ch))
	for id := uint64(3000); id > 0; id -= 10 {
		before := r.droppables.visits
		var packet []byte
		for i := range uint64(10) {
			h := wire.Run{Channel: uint16(ch), HasIDs: true, First: id - i, Count: 100, Options: wire.OptionDroppable}
			packet = append(wire.AppendRun(packet, &h), make([]byte, 100)...)
		}
		s.hears(packet)
		if n := r.droppables.visits - before; n > 12_000 {
			t.Fatalf("%d visits for a packet of 1000 droppables", n)
		}
	}
	if !s.e.Open() || r.droppables.len() != maxWaiting {
		t.Errorf("open %v, %d wait", s.e.Open(), r.droppables.len())
	}
}

// unmix is the inverse of mix.
func unmix(x uint64) uint64 {
	inverse := func(odd uint64) uint64 { // by Newton's method, each step of which doubles the bits
		y := odd
		for range 6 {
			y *= 2 - odd*y
		}
		return y
	}
	unshift := func(y uint64, by int) uint64 {
		x := y
		for range 64 / by {
			x = y ^ x>>by
		}
		return x
	}
	x = unshift(x, 31) * inverse(0x94d049bb133111eb)
	x = unshift(x, 27) * inverse(0xbf58476d1ce4e5b9)
	return unshift(x, 30)
}

// TestKeyWork: a peer names keys that would lie in one place of a table seeded with any number
// that it was told.
func TestKeyWork(t *testing.T) {
	if unmix(mix(12345)) != 12345 {
		t.Fatal("unmix is no inverse")
	}
	for _, d := range []Delivery{UnreliableLatest, ReliableLatest} {
		s, ch := newScript(t, channels()), chanOf(d)
		told, _ := wire.ConsumeHello(s.e.AppendHello(s.now, nil))
		table := &s.e.inbox.receiver(uint16(ch)).keys.table
		for id := uint64(0); id < 8100; id += 90 {
			h := wire.Run{Channel: uint16(ch), HasIDs: true, First: id, Count: 90, Options: wire.OptionKeyed}
			packet := wire.AppendRun(nil, &h)
			for i := range uint64(90) {
				packet = append(wire.AppendUvarint(packet, unmix((id+i+1)<<20)^told.Instance), 0)
			}
			s.hears(packet)
			s.takes(ch)
			s.now += 20 * millisecond
			s.says()
		}
		if !s.e.Open() || table.visits > 8100*20 {
			t.Errorf("%v: open %v, %d visits for 8100 keys", d, s.e.Open(), table.visits)
		}
		if told.Instance == table.seed || told.Instance == s.e.outbox.sender(uint16(ch)).keys.table.seed {
			t.Errorf("%v: HELLO tells the seed", d)
		}
	}
}

// TestAckWork: a packet has as many ACKs of a path as an honest peer has reason for, so that what
// is remembered of packets sent is not walked over hundreds of times for one that came.
func TestAckWork(t *testing.T) {
	s := newScript(t, channels())
	if _, err := s.e.Send(chanOf(Unreliable), []byte("x"), SendOptions{}); err != nil {
		t.Fatal(err)
	}
	s.says()
	last := s.e.paths.all[0].next - 1
	s.hears(ack(last, last), ack(last, last))
	s.hears(ack(last, last), ack(last, last))
	if !s.e.Open() {
		t.Fatalf("two ACKs in a packet ended the connection: %v", s.closed())
	}
	s.hears(ack(last, last), ack(last, last), ack(last, last))
	if code := s.closed(); code != CodeProtocol {
		t.Errorf("closed with %v", code)
	}
	s = newScript(t, worstChannels())
	acksAloneOnPaths(s)
	all := func(paths int) (packet []byte) {
		for p := range paths {
			packet = append(packet, ackOfAll(s.e.paths.all[p], p > 0)...)
		}
		return packet
	}
	if s.hears(all(2)); !s.e.Open() || s.e.visits() > 2*maxSentAcks {
		t.Errorf("ACKs of two paths have %d numbers looked at, open %v", s.e.visits(), s.e.Open())
	}
	before := s.e.visits()
	s.hears(all(maxPaths))
	if code := s.closed(); code != CodeProtocol || s.e.visits()-before > 2*maxSentAcks {
		t.Errorf("ACKs of %d paths: %v, %d visits", maxPaths, code, s.e.visits()-before)
	}
}

// TestBlockedWork: what the game has not taken is added up as it comes and goes, not for each
// BLOCKED.
func TestBlockedWork(t *testing.T) {
	for _, d := range []Delivery{ReliableUnordered, ReliableLatest, ReliableOrdered} {
		s, ch := newScript(t, channels()), chanOf(d)
		r := s.e.inbox.receiver(uint16(ch))
		for id := range uint64(1000) {
			s.hears(run(ch, id, "some bytes"), wire.AppendBlocked(nil, uint16(ch), 1<<20))
			if id%7 == 0 {
				s.e.Update()
			}
			if id%11 == 0 {
				s.e.Receive(ch)
			}
			untaken := 0
			for n := r.ready.Base(); n < r.ready.End(); n++ {
				untaken += charge(len(r.ready.At(n).payload))
			}
			if untaken != r.untaken || !s.e.Open() {
				t.Fatalf("%v: %d bytes are not taken, %d counted", d, untaken, r.untaken)
			}
		}
	}
}
