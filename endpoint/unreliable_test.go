package endpoint

import (
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

func TestUnreliableBudget(t *testing.T) {
	for _, d := range []Delivery{Unreliable, UnreliableLatest} {
		p := newPair(t, channels(), 5*time.Millisecond).open()
		t.Logf("# %v: a game that reads nothing for ten seconds keeps the newest 256 KiB; the rest is counted", d)
		n := 0
		for range 1000 {
			p.send(0, chanOf(d), message(n, 1000))
			n++
			p.run(10 * time.Millisecond)
			p.fates(0)
			if held := p.ends[1].cfg.Buffers.Stats().InUse * 1032; held > defaultUnreliable+1032 {
				t.Fatalf("%d bytes held", held)
			}
		}
		got := p.received(1, chanOf(d))
		if len(got) != defaultUnreliable/1032 || number(got[len(got)-1]) != n-1 {
			t.Errorf("%d messages are left, the last is %d", len(got), number(got[len(got)-1]))
		}
		if st := p.ends[1].Stats(); int(st.MessagesOverflowed) != n-len(got) {
			t.Errorf("%d counted, want %d", st.MessagesOverflowed, n-len(got))
		}
	}
}

func TestUnfinishedUnreliableExpires(t *testing.T) {
	for _, d := range []Delivery{Unreliable, UnreliableLatest} {
		ch := chanOf(d)
		t.Logf("# %v: a message that stays unfinished is dropped after a second", d)
		s := newScript(t, channels())
		s.hears(fragment(ch, 0, 0, 3000, make([]byte, 1000)))
		s.wait(s.now + partialLife - 1)
		if n := len(s.e.inbox.receiver(uint16(ch)).partials); n != 1 {
			t.Fatalf("%d unfinished", n)
		}
		s.wait(s.now + 1)
		if n := len(s.e.inbox.receiver(uint16(ch)).partials); n != 0 || s.e.Stats().MessagesExpired != 1 {
			t.Errorf("%d unfinished, %d expired", n, s.e.Stats().MessagesExpired)
		}
		t.Log("# or when the ids have moved 1024 past it")
		s.hears(fragment(ch, 100, 0, 3000, make([]byte, 1000)))
		s.hears(fragment(ch, 100+partialSpan-1, 0, 3000, make([]byte, 1000)))
		if n := len(s.e.inbox.receiver(uint16(ch)).partials); n != 2 {
			t.Fatalf("%d unfinished", n)
		}
		s.hears(fragment(ch, 100+partialSpan, 0, 3000, make([]byte, 1000)))
		if n := len(s.e.inbox.receiver(uint16(ch)).partials); n != 2 || s.e.Stats().MessagesExpired != 2 {
			t.Errorf("%d unfinished, %d expired", n, s.e.Stats().MessagesExpired)
		}
		t.Log("# a peer that begins thousands of them costs no more than the budget and a table")
		for i := range uint64(5000) {
			s.hears(fragment(ch, 2000+i, 0, 60_000, make([]byte, 1000)))
			r := s.e.inbox.receiver(uint16(ch))
			if len(r.partials) > maxPartials || r.held > r.cfg.WindowBytes {
				t.Fatalf("%d unfinished, %d bytes", len(r.partials), r.held)
			}
		}
	}
}

// TestUnfinishedUnreliableIsBounded: of messages of which pieces are missing 64 are kept; one more, and the
// oldest is given up.
func TestUnfinishedUnreliableIsBounded(t *testing.T) {
	for _, d := range []Delivery{Unreliable, UnreliableLatest} {
		s := newScript(t, channels())
		for id := range uint64(65) {
			if id == 64 && s.e.Stats().MessagesExpired != 0 {
				t.Errorf("%v: one of 64 is given up", d)
			}
			s.hears(fragment(chanOf(d), id, 0, 20, make([]byte, 10)))
		}
		if n := s.e.Stats().MessagesExpired; n != 1 {
			t.Errorf("%v: %d of 65 are given up", d, n)
		}
		for _, id := range []uint64{1, 0} { // a piece of one that was given up begins it anew
			s.hears(fragment(chanOf(d), id, 10, 0, make([]byte, 10)))
			if got := s.e.ChannelStats(chanOf(d)).MessagesReceived; got != 1 {
				t.Errorf("%v: %d came with the end of message %d", d, got, id)
			}
		}
	}
}

// TestPiecesDoNotMix leaves a message unfinished while as many others go by as two bytes count:
// one with the same number on the wire gets none of its pieces.
func TestPiecesDoNotMix(t *testing.T) {
	for _, d := range []Delivery{Unreliable, UnreliableLatest} {
		ch := chanOf(d)
		s := newScript(t, channels())
		old, young := make([]byte, 3000), message(1, 3000)
		s.hears(fragment(ch, 0, 0, 3000, old[:1500]))
		for id := uint64(1 << 14); id < 1<<16; id += 1 << 14 {
			s.hears(fragment(ch, id, 1000, 0, []byte("one of those in between")))
		}
		s.hears(fragment(ch, 1<<16, 1500, 0, young[1500:]))
		s.wantTaken(ch)
		s.hears(fragment(ch, 1<<16, 0, 3000, young[:1500]))
		s.wantTaken(ch, string(young))
	}
}

// TestFragmentsOverlap cuts a message differently each time.
func TestFragmentsOverlap(t *testing.T) {
	eachDelivery(t, func(t *testing.T, d Delivery) {
		s := newScript(t, channels())
		want := message(1, 3000)
		t.Log("# pieces from the end to the beginning, overlapping; the bytes that came first stay")
		lie := make([]byte, 500)
		s.hears(fragment(chanOf(d), 0, 2900, 0, want[2900:]))
		s.hears(fragment(chanOf(d), 0, 1000, 0, want[1000:1700]))
		s.hears(fragment(chanOf(d), 0, 1200, 0, lie))
		s.hears(fragment(chanOf(d), 0, 1500, 0, want[1500:2950]))
		s.hears(fragment(chanOf(d), 0, 0, 3000, want[:1100]))
		s.e.Update()
		m, ok := s.e.Receive(chanOf(d))
		if !ok || string(m.Bytes()) != string(want) {
			t.Fatalf("received %d bytes", m.Len())
		}
		t.Log("# the same once more is a duplicate, and nothing is left over")
		s.hears(fragment(chanOf(d), 0, 0, 3000, want[:1500]))
		s.hears(fragment(chanOf(d), 0, 1500, 0, want[1500:]))
		s.e.Update()
		if _, ok := s.e.Receive(chanOf(d)); ok {
			t.Error("received twice")
		}
		if n := s.e.cfg.Buffers.Stats().InUse; n != 0 {
			t.Errorf("%d buffers in use", n)
		}
	})
}

// eachUnreliable opens a pair for each delivery whose messages need STORED.
func eachUnreliable(t *testing.T, f func(t *testing.T, p *pair, ch ChannelID)) {
	for _, d := range []Delivery{Unreliable, UnreliableLatest} {
		t.Run(d.String(), func(t *testing.T) {
			p := newPair(t, channels(), 20*time.Millisecond).open()
			p.run(time.Second)
			f(t, p, chanOf(d))
		})
	}
}

// storedIn counts STORED in a datagram.
func storedIn(t *testing.T, b []byte) int { return count(framesOf(t, b[loneHeader:]), wire.TypeStored) }

// wantNotKnown wants a receipt to read that it is not known whether the message arrived.
func (p *pair) wantNotKnown(r Receipt) {
	p.t.Helper()
	if ev := p.fates(0)[r]; ev.Kind != Lost || ev.Why != NotKnown {
		p.t.Errorf("the receipt reads %v (%v)", ev.Kind, ev.Why)
	}
}

// TestStored looks at receipts of unreliable messages of several packets: STORED confirms the
// whole message, and nobody asks for it without a receipt.
func TestStored(t *testing.T) {
	eachUnreliable(t, func(t *testing.T, p *pair, ch ChannelID) {
		stored := 0
		p.links[1].drop = func(_ int, b []byte) bool {
			stored += storedIn(t, b)
			return false
		}
		a := p.send(0, ch, message(0, 5000))
		p.run(time.Second)
		if ev := p.fates(0)[a]; ev.Kind != Delivered || stored != 1 {
			t.Errorf("a reads %v, %d STORED", ev.Kind, stored)
		}
		_, _ = p.ends[0].Send(ch, message(1, 5000), SendOptions{})
		p.run(time.Second)
		if stored != 1 || p.ends[0].Stats().OpenReceipts != 0 {
			t.Errorf("%d STORED", stored)
		}
	})
}

// TestStoredIsLost: STORED is lost once and sent again; and if it never comes the receipt reads
// not known after a second, though every fragment is acknowledged: that all of them arrived does
// not mean that they arrived together.
func TestStoredIsLost(t *testing.T) {
	eachUnreliable(t, func(t *testing.T, p *pair, ch ChannelID) {
		lost := false
		p.links[1].drop = func(_ int, b []byte) bool {
			hit := !lost && storedIn(t, b) > 0
			lost = lost || hit
			return hit
		}
		r := p.send(0, ch, message(2, 5000))
		p.run(time.Second)
		if ev := p.fates(0)[r]; ev.Kind != Delivered || !lost {
			t.Errorf("it reads %v", ev.Kind)
		}
		p.links[1].drop = func(_ int, b []byte) bool { return storedIn(t, b) > 0 }
		r = p.send(0, ch, message(3, 3000))
		for i := range 300 { // others keep the acknowledgements coming
			_, _ = p.ends[0].Send(chanOf(ReliableOrdered), message(i, 10), SendOptions{})
			p.run(20 * time.Millisecond)
		}
		p.wantNotKnown(r)
	})
}

// TestUnreliableFragmentLost: the rest is not sent any more, and the receipt reads not known.
func TestUnreliableFragmentLost(t *testing.T) {
	eachUnreliable(t, func(t *testing.T, p *pair, ch ChannelID) {
		nth := p.links[0].sent + 1
		p.links[0].drop = func(n int, _ []byte) bool { return n == nth }
		r := p.send(0, ch, message(4, 60_000))
		bytes := p.links[0].bytes
		p.run(3 * time.Second)
		p.wantNotKnown(r)
		if n := p.links[0].bytes - bytes; n > 40_000 {
			t.Errorf("%d bytes sent of a lost message", n)
		}
	})
}
