package netcode

import (
	"net/netip"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// Tokens without a pad: whichever dialect the server understands last decides.

func TestNoPadBothOurs(t *testing.T) {
	for _, server := range []PlainPolicy{PlainRefuse, PlainAllow} {
		for _, client := range []PlainPolicy{PlainRefuse, PlainAllow} {
			for _, lostOffers := range []int{0, 3} {
				w := newWorld(t, func(c *ServerConfig) { c.Plain = server })
				w.onServer = func(_ Source, b []byte) bool {
					if b[0] == wire.PrefixHandshake && lostOffers > 0 {
						lostOffers--
						return false
					}
					return true
				}
				p := w.join(w.mint(7, plainToken), 1, func(c *ClientConfig) { c.Plain = client })
				for range 5 {
					w.step(100 * ms)
				}
				w.wantState(p, StateConnected)
				ev := w.last()
				if len(w.events) != 1 || ev.Kind != EventConnected || ev.Seat.Plain() || p.c.Plain() {
					t.Fatalf("policies %d, %d: %+v", server, client, w.events)
				}
				if ev := w.toServer(p.at, p.data(0, "x")); ev.Kind != EventPacket || !ev.First {
					t.Fatalf("event %+v", ev)
				}
				for range 50 {
					w.step(500 * ms) // nothing plain is left that could time out or talk
				}
				if n := w.server.Admission().Clients(); n != 1 || len(w.server.plain) != 0 || len(w.server.watched) != 0 {
					t.Fatalf("%d clients, %d plain, %d watched", n, len(w.server.plain), len(w.server.watched))
				}
			}
		}
	}
}

func TestNoPadPlainClient(t *testing.T) {
	w := newWorld(t, nil) // refuses plain peers
	p := w.join(w.mint(7, plainToken), 1, func(c *ClientConfig) { c.Plain = PlainOnly })
	for range 101 {
		w.step(100 * ms)
	}
	w.wantState(p, StateResponseTimedOut)
	if len(w.events) != 0 || w.drops(DropPlainRefused) == 0 {
		t.Fatalf("events %+v", w.events)
	}
}

func TestNoPadPlainServer(t *testing.T) {
	for policy, want := range map[PlainPolicy]State{PlainAllow: StateConnected, PlainRefuse: StateDenied} {
		w := newWorld(t, func(c *ServerConfig) { c.Plain = PlainOnly })
		p := w.join(w.mint(7, plainToken), 1, func(c *ClientConfig) { c.Plain = policy })
		for range 9 {
			w.step(100 * ms)
		}
		w.wantState(p, StateResponding)
		for range 3 {
			w.step(100 * ms)
		}
		w.wantState(p, want)
		if want == StateDenied && p.last().Refusal.Code != CodePlainServer {
			t.Fatalf("ended with %+v", p.last())
		}
	}
}

// TestUndecidedLeaves: a plain client that was answered and never spoke is not reported as
// connected; that it was there is.
func TestUndecidedLeaves(t *testing.T) {
	for _, timeout := range []time.Duration{time.Second, -1} {
		w := newWorld(t, func(c *ServerConfig) { c.Plain = PlainOnly })
		p := w.join(w.mint(7, func(c *MintConfig) { c.Plain = true; c.Timeout = timeout }), 1,
			func(c *ClientConfig) { c.Plain = PlainOnly })
		w.onServer = func(_ Source, b []byte) bool { return b[0]&15 != byte(kindKeepAlive) }
		w.step(0)
		w.wantState(p, StateConnected)
		w.clients = nil
		for range 11 {
			w.step(second)
		}
		if n := w.server.Admission().Clients(); n != 0 || len(w.events) != 1 || w.server.Deadline() != never {
			t.Fatalf("%d clients, events %+v", n, w.events)
		}
		ev := w.last()
		if ev.Kind != EventUnheard || ev.Seat.ClientID() != 7 || w.server.Counters().Unheard != 1 {
			t.Fatalf("event %+v, %d counted", ev, w.server.Counters().Unheard)
		}
		w.server.Release(w.now, ev.Seat)
	}
}

func TestForeignTokenOfSeveralServers(t *testing.T) {
	w := newWorld(t, nil)
	token := w.mint(7, nil)
	token.Addresses = []netip.AddrPort{otherAddr, netip.MustParseAddrPort("[2001:db8::1]:5"), serverAddr}
	token.sealPrivate(&MintConfig{Key: testKey(), ClientID: 7})
	p := w.join(token, 1, nil)
	for range 39 {
		w.step(100 * ms)
	}
	w.wantState(p, StateRequesting)
	for range 3 {
		w.step(100 * ms)
	}
	w.wantState(p, StateConnected)
	if p.c.Server() != SourceFrom(serverAddr) {
		t.Fatalf("connected to %v", p.c.Server())
	}
}

func TestClientPatience(t *testing.T) {
	w := newWorld(t, nil)
	w.onServer = func(Source, []byte) bool { return false }
	p := w.join(w.mint(7, nil), 1, func(c *ClientConfig) { c.Patience = 2 * time.Second })
	for range 19 {
		w.step(100 * ms)
	}
	w.wantState(p, StateRequesting)
	w.step(100 * ms)
	w.wantState(p, StateRequestTimedOut)
	if p.c.Deadline() != never {
		t.Fatal("a client that is done wants more time")
	}
}

// TestReliableLink: on a transport that loses nothing, a request is repeated each second.
func TestReliableLink(t *testing.T) {
	w := newWorld(t, nil)
	seen := 0
	w.onServer = func(Source, []byte) bool { seen++; return false }
	w.join(w.mint(7, nil), 1, func(c *ClientConfig) { c.Reliable = true })
	for range 50 {
		w.step(100 * ms)
	}
	if seen != 6 {
		t.Fatalf("%d requests", seen)
	}
}

// TestAssociation: a transport without addresses has sources all the same.
func TestAssociation(t *testing.T) {
	w := newWorld(t, nil)
	via := SourceOf(2, 1)
	c, err := NewClient(w.now, w.unix(), w.mint(7, nil), ClientConfig{Via: via, Random: w.random})
	if err != nil {
		t.Fatal(err)
	}
	at := SourceOf(2, 99)
	for range 2 {
		b, to, ok := c.NextDatagram(nil)
		if !ok || to != via {
			t.Fatalf("to %v, %v", to, ok)
		}
		ev := w.server.HandleDatagram(w.now, w.unix(), at, b, nil)
		c.HandleDatagram(w.now, w.unix(), 0, via, ev.Reply)
	}
	if c.State() != StateConnected {
		t.Fatal(c.State())
	}
	if at.Association() != 99 || at.Kind() != 2 || at.AddrPort().IsValid() || at == SourceOf(3, 99) {
		t.Fatalf("source %v", at)
	}
}

// TestUndecidedReplaced: the same player comes with another token while a seat
// waits to be decided; nobody is told of a seat that he never heard of.
func TestUndecidedReplaced(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.Plain = PlainAllow })
	w.onServer = func(_ Source, b []byte) bool { return b[0]&15 != byte(kindKeepAlive) }
	w.join(w.mint(7, plainToken), 1, func(c *ClientConfig) { c.Plain = PlainOnly })
	w.step(0)
	if w.server.Admission().Clients() != 1 || len(w.events) != 0 {
		t.Fatalf("events %+v", w.events)
	}
	p := w.join(w.mint(7, nil), 2, nil)
	w.step(0)
	w.wantState(p, StateConnected)
	if ev := w.last(); ev.Kind != EventConnected || ev.Replaced != nil || w.server.Admission().Clients() != 1 {
		t.Fatalf("event %+v", ev)
	}
}
