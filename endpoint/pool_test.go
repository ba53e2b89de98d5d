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
			if n := s.e.inbox.share; n.ready > pool.fair || n.spare > pool.limit/16 {
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
