package netcode

import (
	"testing"

	"github.com/tickwire/tickwire/internal/wire"
)

// TestSharedAdmission: two shards know the same players and tokens, never
// repeat a sequence, and tell their ids apart.
func TestSharedAdmission(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.MaxClients = 2; c.Plain = PlainAllow })
	a := w.server
	w.cfg.Admission, w.cfg.Shard = a.Admission(), 1
	w.restart()
	b := w.server
	sequences := map[uint64]bool{}
	w.onClient = func(_ Source, p []byte) bool {
		if h, drop := readStandardHeader(p, 1<<kindChallenge); drop == DropNone {
			if sequences[h.sequence] {
				t.Fatalf("sequence %#x twice", h.sequence)
			}
			sequences[h.sequence] = true
		}
		return true
	}

	w.server = a
	first := w.mint(1, nil)
	pa, seatA := w.confirmed(first, 1)
	w.server = b
	if ev := w.request(first, 2); ev.Drop != DropUsed {
		t.Fatalf("a token of the other shard: %v", ev.Drop)
	}
	_, seatB := w.confirmed(w.mint(2, nil), 2)
	if seatA.ID()>>24 != 0 || seatB.ID()>>24 != 1 {
		t.Fatalf("ids %#x, %#x", seatA.ID(), seatB.ID())
	}
	if ev := w.toServer(pa.at, pa.data(1, "")); ev.Drop != DropOtherShard {
		t.Fatalf("a packet of the other shard: %v", ev.Drop)
	}
	if ev := w.request(w.mint(3, nil), 3); ev.Drop != DropFull {
		t.Fatalf("two of two are in, a third one: %v", ev.Drop)
	}

	p := w.join(w.mint(1, nil), 4, nil) // the first player, at the other shard
	w.step(0)
	w.wantState(p, StateConnected)
	if ev := w.last(); ev.Replaced != seatA {
		t.Fatalf("event %+v", ev)
	}
	a.Release(w.now, seatA)
	if n := b.Admission().Clients(); n != 2 {
		t.Fatalf("%d clients", n)
	}
}

// TestSharedUndecided: a seat that waits at another shard gives way.
func TestSharedUndecided(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.Plain = PlainAllow })
	a := w.server
	w.cfg.Admission, w.cfg.Shard = a.Admission(), 1
	w.onServer = func(_ Source, b []byte) bool { return b[0]&15 != byte(kindKeepAlive) || b[0] == wire.PrefixRequest }
	w.join(w.mint(7, plainToken), 1, func(c *ClientConfig) { c.Plain = PlainOnly })
	w.step(0)
	w.restart()
	p := w.join(w.mint(7, nil), 2, nil)
	w.step(0)
	w.wantState(p, StateConnected)
	if ev := w.last(); ev.Replaced != nil || len(a.plain) != 0 || len(a.watched) != 0 || w.server.Admission().Clients() != 1 {
		t.Fatalf("event %+v", ev)
	}
}

// TestReplicas: two processes that are shown one token, which is a mistake of whoever runs them, do
// not seal with the same numbers: from a challenge of each nothing is learnt.
func TestReplicas(t *testing.T) {
	first := newWorld(t, nil)
	second := newWorld(t, func(c *ServerConfig) { c.Random = newSeeded(77) })
	token := first.mint(7, nil)
	seen := map[uint64]bool{}
	for range 100 {
		for _, w := range []*world{first, second} {
			h, drop := readStandardHeader(w.request(token, 1).Reply, clientReads)
			if drop != DropNone || seen[h.sequence] {
				t.Fatalf("sequence %#x, %v", h.sequence, drop)
			}
			seen[h.sequence] = true
		}
		first.now += 100 * ms
		second.now += 100 * ms
	}
}
