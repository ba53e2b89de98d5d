package endpoint

import (
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// TestPoolFair: players ask for all that a window can be, on every channel, and send nothing. What
// lies ready for the others does.
func TestPoolFair(t *testing.T) {
	for _, cheats := range []int{1, 8, 255} {
		pool := NewWindowPool(0, 256)
		greedy := hundred(ReliableOrdered)
		greedy.Pool = pool
		for range cheats {
			s := newScript(t, greedy)
			var b []byte
			for ask := uint32(1 << 30); ask > 1<<15; ask /= 2 {
				for ch := range uint16(100) {
					b = wire.AppendBlocked(b[:0], ch+1, ask)
					s.hears(b)
				}
			}
			if n := s.e.inbox.share; n.ready > pool.fair || n.spare > pool.limit/16+1<<20+32 { // and a message
				t.Fatalf("one of %d has %+v", cheats, n)
			}
		}
		t.Logf("%d cheats: %d bytes of %d are in use", cheats, pool.InUse(), pool.limit)
		length := 1_000_000 // what fits while few cheat
		if cheats > 8 {
			length = 150_000
		}
		a, b := channels(), channels()
		b.Pool = pool
		p := newPairOf(t, a, b, 20*time.Millisecond, 1).open()
		for n, size := range []int{length, 10} {
			p.send(0, chanOf(ReliableOrdered), message(n, size))
		}
		p.run(20 * time.Second)
		if got := p.received(1, chanOf(ReliableOrdered)); len(got) != 2 {
			t.Errorf("%d cheats: %d of 2 messages arrived", cheats, len(got))
		}
	}
}

// TestPoolShares: what is taken and given back adds up, whoever does it.
func TestPoolShares(t *testing.T) {
	pool := NewWindowPool(1<<20, 4)
	if pool.fair != 1<<17 || pool.InUse() != 0 {
		t.Fatalf("%+v", pool)
	}
	var shares [4]poolShare
	for n := range uint64(10_000) {
		s := &shares[mix(n)%4]
		held := s.ready + s.spare
		if mix(n)>>8%2 == 0 {
			want := int(mix(n) >> 40 % (1 << 18))
			least := want * int(mix(n)>>16%2)
			if got := pool.take(s, least, want); got > want || got < least && got != 0 || s.ready+s.spare != held+got {
				t.Fatalf("%d for %d to %d: %+v", got, least, want, *s)
			}
		} else if held > 0 {
			pool.give(s, int(mix(n)>>40)%held+1)
		}
		sum := 0
		for i := range shares {
			sum += shares[i].ready + shares[i].spare
			if free := pool.fair - shares[i].ready; shares[i].ready > pool.fair || pool.ready < free {
				t.Fatalf("nothing lies ready: %+v, %+v", pool, shares[i])
			}
		}
		if sum != pool.InUse() || pool.ready < 0 || pool.spare < 0 {
			t.Fatalf("%d are held: %+v", sum, pool)
		}
	}
}

// TestWindowGoesBack: a window that a download has made large is given back by one that trickles.
func TestWindowGoesBack(t *testing.T) {
	cfg := channels()
	p := newPair(t, cfg, 20*time.Millisecond).open()
	ch := chanOf(ReliableOrdered)
	p.send(0, ch, message(0, 1<<20))
	p.run(20 * time.Second)
	r, pool := p.ends[1].inbox.receiver(uint16(ch)), p.ends[1].cfg.Pool
	if len(p.received(1, ch)) != 1 || pool.InUse() == 0 {
		t.Fatalf("%d bytes of the pool", pool.InUse())
	}
	for n := 0; r.window > defaultWindow && n < 3000; n++ {
		p.send(0, ch, message(n, 1000))
		p.run(100 * time.Millisecond)
		p.received(1, ch)
	}
	if r.window != defaultWindow || pool.InUse() != 0 {
		t.Errorf("a window of %d, %d bytes of the pool", r.window, pool.InUse())
	}
}

// TestPoolOtherChannels: a transfer has taken all that its connection may have, and has ended. What does not fit the
// window of another channel comes all the same, on each of them, and on several at once.
func TestPoolOtherChannels(t *testing.T) {
	for _, connections := range []int{1, 16} {
		cfg := hundred(ReliableOrdered)
		cfg.Pool = NewWindowPool(4<<20, connections)
		p := newPair(t, cfg, 20*time.Millisecond).open()
		for range 10 { // as fast as it comes
			for n := range 3 {
				p.send(0, 1, message(n, 1<<20))
			}
			for came := 0; came < 3; came += len(p.received(1, 1)) {
				p.run(20 * time.Millisecond)
			}
		}
		for ch := ChannelID(2); ch < 30; ch++ {
			for n := range 3 {
				p.send(0, ch, message(n, 400_000))
			}
			if ch%2 == 0 {
				continue
			}
			came := 0
			for range 20 {
				p.run(time.Second)
				came += len(p.received(1, ch-1)) + len(p.received(1, ch))
			}
			if came != 6 {
				t.Fatalf("%d connections: %d of 6 messages of channels %d and %d came (%+v)", connections, came, ch-1, ch, p.ends[1].inbox.share)
			}
		}
	}
}

// TestLargeAfterSilence: what a window has just got for a large message is not taken back because nothing came for long.
func TestLargeAfterSilence(t *testing.T) {
	p := newPair(t, channels(), 20*time.Millisecond).open()
	p.run(10 * time.Second)
	p.send(0, chanOf(ReliableOrdered), message(0, 400_000))
	p.run(900 * time.Millisecond)
	if got := p.received(1, chanOf(ReliableOrdered)); len(got) != 1 {
		t.Error("it waits until BLOCKED is said again, a second later")
	}
}

// TestPoolLeavesHalf: what a connection takes of what is for all is no more than it leaves to the others.
func TestPoolLeavesHalf(t *testing.T) {
	pool := NewWindowPool(1<<20, 2)
	var first, second poolShare
	for n, want := range []int{1 << 19, 1<<18 + 1<<17} {
		if got := pool.take([]*poolShare{&first, &second}[n], 1, 1<<20); got != want {
			t.Errorf("connection %d gets %d, want %d", n, got, want)
		}
	}
}
