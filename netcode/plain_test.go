package netcode

import (
	"bytes"
	"net/netip"
	"testing"
	"time"
)

// TestPlainConnectedAlready: the standard has one connection for each source and each client
// id. A request in the name of somebody who is connected is not answered, whatever token it
// shows, and changes nothing.
func TestPlainConnectedAlready(t *testing.T) {
	w, p, seat := plainPair(t, nil)
	for _, c := range []struct {
		client uint64
		port   uint16
		want   Drop
	}{{8, 1, DropSourceConnected}, {7, 2, DropClientConnected}, {7, 1, DropSourceConnected}, {8, 2, DropNone}} {
		ev := w.request(w.mint(c.client, plainToken), c.port)
		if ev.Drop != c.want || (len(ev.Reply) > 0) != (c.want == DropNone) {
			t.Errorf("client %d from port %d: %v, an answer of %d bytes", c.client, c.port, ev.Drop, len(ev.Reply))
		}
	}
	response := p.was.out.append(nil, kindResponse, 89, make([]byte, challengeBody))
	if ev := w.toServer(p.at, response); ev.Drop != DropSourceConnected {
		t.Errorf("another response: %+v", ev)
	}
	if ev := w.toServer(p.at, p.payload(90, "still here")); ev.Kind != EventPayload || ev.Seat != seat {
		t.Errorf("the player who was there: %+v", ev)
	}
}

// TestSequenceAcrossServers: the servers of a foreign token have the same keys, so a client
// that goes on to the next one goes on counting, and no sequence comes twice.
func TestSequenceAcrossServers(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.Plain = PlainOnly })
	first := w.server
	second := w.cfg
	second.Addresses = []netip.AddrPort{otherAddr}
	other, err := NewServer(w.now, w.unix(), second)
	if err != nil {
		t.Fatal(err)
	}
	token := w.mint(7, plainToken)
	token.Addresses = []netip.AddrPort{serverAddr, otherAddr}
	token.sealPrivate(&MintConfig{Key: testKey(), ClientID: 7})
	c, err := NewClient(w.now, w.unix(), token, ClientConfig{Plain: PlainOnly, Random: w.random})
	if err != nil {
		t.Fatal(err)
	}
	seen, servers := map[uint64]Source{}, map[Source]int{}
	for range 150 { // the first one is given ten seconds
		w.now += 100 * ms
		for ev := c.HandleTimeout(w.now, w.unix()); ev.Kind != ClientNone; ev = c.HandleTimeout(w.now, w.unix()) {
		}
		for b, to, ok := c.NextDatagram(nil); ok; b, to, ok = c.NextDatagram(nil) {
			if b[0] == 0 {
				s := first
				if to == SourceFrom(otherAddr) {
					s = other
				}
				if ev := s.HandleDatagram(w.now, w.unix(), source(1), b, nil); len(ev.Reply) > 0 {
					c.HandleDatagram(w.now, w.unix(), 0, to, ev.Reply)
				}
				continue // its answer is lost: neither server hears a response
			}
			h, drop := readStandardHeader(b, serverReads)
			if before, again := seen[h.sequence]; drop != DropNone || again {
				t.Fatalf("sequence %d to %v and to %v: %v", h.sequence, before, to, drop)
			}
			seen[h.sequence] = to
			servers[to]++
		}
	}
	if servers[SourceFrom(serverAddr)] < 5 || servers[SourceFrom(otherAddr)] < 5 {
		t.Errorf("responses to %v", servers)
	}
}

// TestTokenKeysForgotten: of a token that was used, its tag is left and nothing with which its
// connection could be read.
func TestTokenKeysForgotten(t *testing.T) {
	w := newWorld(t, nil)
	p, _ := w.confirmed(w.mint(7, nil), 1)
	mac := [macBytes]byte(p.token.private[privateTokenBytes-macBytes:])
	e := w.server.adm.find(&mac)
	if e == nil || e.state != tokenConsumed {
		t.Fatalf("%+v", e)
	}
	if e.usableToken != nil {
		t.Error("keys or user data are still there")
	}
}

// foreign mints a token of another backend, for two servers.
func (w *world) foreign(change func(*MintConfig)) *Token {
	token := w.mint(7, func(c *MintConfig) {
		c.Plain = true
		if change != nil {
			change(c)
		}
	})
	token.Addresses = []netip.AddrPort{otherAddr, serverAddr}
	token.sealPrivate(&MintConfig{Key: testKey(), ClientID: 7})
	return token
}

// TestExpiryAcrossServers: a token's time is that of the whole attempt, not of each server.
func TestExpiryAcrossServers(t *testing.T) {
	w := newWorld(t, nil)
	w.onServer = func(Source, []byte) bool { return false }
	p := w.join(w.foreign(func(c *MintConfig) { c.Lifetime = 3 * time.Second }), 1, nil)
	for range 29 {
		w.step(100 * ms)
	}
	w.wantState(p, StateRequesting)
	if p.c.Server() != SourceFrom(serverAddr) {
		t.Fatalf("still at %v", p.c.Server())
	}
	w.step(100 * ms)
	w.wantState(p, StateTokenExpired)
}

// TestWindowAcrossServers: the next server of a foreign token counts from zero, whatever the
// one before has sent under the same key.
func TestWindowAcrossServers(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.Plain = PlainOnly })
	p := w.join(w.foreign(nil), 1, func(c *ClientConfig) { c.Plain, c.Patience = PlainOnly, time.Second })
	for _, sequence := range []uint64{1000, 0} { // the first is of a server that says no more
		early := p.was.in.append(nil, kindPayload, sequence, []byte("x"))
		if ev := p.c.HandleDatagram(w.now, w.unix(), 0, SourceFrom(otherAddr), early); ev.Drop == DropOtherSource {
			t.Fatal("not with the first server")
		}
	}
	for range 11 {
		w.step(100 * ms)
	}
	w.wantState(p, StateConnected)
}

// TestGoodbyes: a plain peer is told ten times, under ten sequences, since nobody answers.
func TestGoodbyes(t *testing.T) {
	for _, byServer := range []bool{true, false} {
		w, p, seat := plainPair(t, nil)
		if byServer {
			w.server.Disconnect(w.now, seat)
		} else {
			p.c.Disconnect(w.now)
		}
		seen := map[uint64]bool{}
		next := func() ([]byte, Source, bool) {
			if byServer {
				return w.server.NextDatagram(nil)
			}
			return p.c.NextDatagram(nil)
		}
		for b, _, ok := next(); ok; b, _, ok = next() {
			h, drop := readStandardHeader(b, serverReads)
			if drop != DropNone || h.kind != kindDisconnect {
				t.Fatalf("by the server %v: %+v, %v", byServer, h, drop)
			}
			seen[h.sequence] = true
		}
		if len(seen) != 10 {
			t.Errorf("by the server %v: %d goodbyes", byServer, len(seen))
		}
	}
}

// TestOpenedIsForgotten: of the token, or ticket, that was opened last no key stays in the server's
// scratch, nor in the buffer that it came in.
func TestOpenedIsForgotten(t *testing.T) {
	w := newWorld(t, nil)
	token := w.mint(7, nil)
	c, err := NewClient(w.now, w.unix(), token, ClientConfig{Random: newSeeded(9)})
	if err != nil {
		t.Fatal(err)
	}
	b, _, _ := c.NextDatagram(nil)
	if ev := w.server.HandleDatagram(w.now, w.unix(), source(1), b, nil); ev.Drop != DropNone {
		t.Fatal(ev.Drop)
	}
	keys := token.keys()
	if bytes.Contains(b, keys.clientToServer[:]) || bytes.Contains(b, keys.serverToClient[:]) {
		t.Error("the keys are in the datagram's buffer")
	}
	if w.server.private().keys != (tokenKeys{}) {
		t.Error("the keys of the token are kept")
	}
	p, seat := w.confirmed(w.mint(8, nil), 2)
	w.comeBack(w.ticketFor(time.Minute, p, seat), 3, nil)
	w.step(0)
	if w.server.ticket().secret != (rawKey{}) || w.server.tickets().body != [maxTicketBytes]byte{} {
		t.Error("the secret of the ticket is kept")
	}
}

// TestPlainRefusedAtOnce: a client that refuses plain servers does not connect to one, however short a
// plain server is waited for; one that allows them does at once.
func TestPlainRefusedAtOnce(t *testing.T) {
	for _, plain := range []PlainPolicy{PlainRefuse, PlainAllow} {
		w := newWorld(t, func(c *ServerConfig) { c.Plain = PlainOnly })
		p := w.join(w.mint(7, plainToken), 1, func(c *ClientConfig) { c.Plain, c.PlainWait = plain, -1 })
		for range 10 {
			w.step(100 * ms)
		}
		if connected := p.c.State() == StateConnected; connected != (plain == PlainAllow) {
			t.Errorf("policy %d: %v", plain, p.c.State())
		}
	}
}

// TestNothingShownWithoutPlain: a server that refuses plain clients remembers nothing for them.
func TestNothingShownWithoutPlain(t *testing.T) {
	for _, plain := range []PlainPolicy{PlainRefuse, PlainAllow} {
		w := newWorld(t, func(c *ServerConfig) { c.Plain = plain })
		w.request(w.mint(7, plainToken), 1)
		if has := w.server.adm.shown.rows != nil; has != (plain == PlainAllow) {
			t.Errorf("policy %d: it remembers: %v", plain, has)
		}
	}
}

// TestTokenPlaceIsUsedAgain: the place of a token that has expired is the next one's.
func TestTokenPlaceIsUsedAgain(t *testing.T) {
	w := newWorld(t, nil)
	for n := range uint64(5) {
		w.request(w.mint(n, nil), 1)
		w.step(2 * int64(DefaultLifetime))
	}
	if n := len(w.server.adm.tokens); n != 1 {
		t.Errorf("%d places for one token at a time", n)
	}
}
