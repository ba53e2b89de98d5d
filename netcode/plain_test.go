package netcode

import (
	"net/netip"
	"testing"
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
	response := p.c.out.append(nil, kindResponse, 89, make([]byte, challengeBody))
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
					c.HandleDatagram(w.now, w.unix(), to, ev.Reply)
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
	mac := [macBytes]byte(p.c.token.private[privateTokenBytes-macBytes:])
	e := w.server.adm.find(&mac)
	if e == nil || e.state != tokenConsumed {
		t.Fatalf("%+v", e)
	}
	if e.keys != (tokenKeys{}) || e.handshake != nil || e.receive != nil || e.send != nil || e.userData != [UserDataBytes]byte{} {
		t.Error("keys or user data are still there")
	}
}
