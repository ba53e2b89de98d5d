package netcode

import (
	"bytes"
	"testing"

	"github.com/tickwire/tickwire/internal/wire"
)

// What was published about other implementations of netcode 1.02, a test each.

// nonces collects the sequences of standard packets under one key of the server, and fails
// if one comes twice with other bytes.
type nonces struct {
	t    testing.TB
	keys []*packetKey // of all tokens, server to client
	seen map[uint64][]byte
	most [numKinds]uint64
}

func (n *nonces) see(_ Source, b []byte) bool {
	if b[0] < minPlainPrefix {
		return true
	}
	for _, k := range n.keys {
		h, _ := readStandardHeader(b, clientReads)
		if _, ok := k.open(bytes.Clone(b), h); !ok {
			continue
		}
		if before, again := n.seen[h.sequence]; again && !bytes.Equal(before, b) {
			n.t.Fatalf("sequence %#x sealed two packets:\n%x\n%x", h.sequence, before, b)
		}
		n.seen[h.sequence] = bytes.Clone(b)
		n.most[h.kind] = max(n.most[h.kind], h.sequence)
	}
	return true
}

// TestAdvisoryGlobalSequence: GHSA-3x95-24j9-7448, and the same in ports as GHSA-hqp3-fj6v-hrpc
// and GHSA-wgmm-f3w5-7c6q. Challenges and Denied have the key of the packets of a
// seat, whose sequences begin at zero: theirs have to begin at 2^63 each time a server starts.
func TestAdvisoryGlobalSequence(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.Plain = PlainOnly; c.MaxClients = 1; c.MaxTokenLifetime = 0 })
	w.now += second
	token := w.mint(7, plainToken)
	n := &nonces{t: t, keys: []*packetKey{newPacketKey(&token.keys().serverToClient, testProtocol)}, seen: map[uint64][]byte{}}
	w.onClient = n.see
	for range 2 { // the second time with the token that the first run has seen
		p := w.join(token, 1, func(c *ClientConfig) { c.Plain = PlainOnly })
		for range 30 {
			w.step(100 * ms)
			if ev := w.last(); ev.Kind == EventConnected && ev.Seat.Plain() {
				b, _ := w.server.AppendPayload(w.now, ev.Seat, nil, []byte("payload"))
				w.toClient(p.at, b)
			}
		}
		w.clients, w.events = nil, nil
		w.restart()
	}
	if n.most[kindChallenge] < 1<<63 || n.most[kindKeepAlive] == 0 || n.most[kindKeepAlive] > 1000 || n.most[kindPayload] == 0 {
		t.Errorf("the highest sequences of each kind are %#x", n.most)
	}
}

// TestAdvisoryTokenReuse: GHSA-v29p-3vj4-vg4f. A token that has made a session makes no
// other one after it, from wherever it is shown, however often, and however many tokens
// are shown in between; so its keys never seal from zero again.
func TestAdvisoryTokenReuse(t *testing.T) {
	for _, plain := range []bool{true, false} {
		w := newWorld(t, func(c *ServerConfig) { c.Plain = PlainAllow; c.MaxTokens = 6; c.MaxTokenLifetime = 0 })
		w.now += second
		token := w.mint(7, func(c *MintConfig) { c.Plain = plain })
		policy := func(c *ClientConfig) {
			if plain {
				c.Plain = PlainOnly
			}
		}
		p := w.join(token, 1, policy)
		w.step(0)
		w.step(100 * ms)
		w.wantState(p, StateConnected)
		seat := w.last().Seat
		if !plain {
			w.toServer(p.at, p.data(0, ""))
		}
		w.server.Disconnect(w.now, seat)
		w.server.Release(w.now, seat)
		w.clients, w.events = nil, nil
		for i := range 20 { // too many to remember
			w.request(w.mint(uint64(100+i), nil), uint16(300+i))
		}
		for _, port := range []uint16{1, 2} { // where it was, and elsewhere
			again := w.join(token, port, policy)
			for range 20 {
				w.step(100 * ms)
			}
			if again.c.State() == StateConnected || len(w.events) != 0 {
				t.Errorf("plain %v, port %d: the used token made another session: %+v", plain, port, w.events)
			}
		}
		w.restart()
		if ev := w.request(token, 1); ev.Drop != DropTooEarly {
			t.Errorf("plain %v, after a restart: %v", plain, ev.Drop)
		}
	}
}

// TestAdvisoryPendingToken: of the same advisory, a token that was shown and has made no session
// is still good for one; where it comes from is settled by who can answer the
// challenge.
func TestAdvisoryPendingToken(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.Plain = PlainAllow })
	token := w.mint(7, plainToken)
	w.request(token, 66) // a racer
	a := w.join(token, 1, func(c *ClientConfig) { c.Plain = PlainOnly })
	w.step(0)
	w.step(100 * ms)
	w.wantState(a, StateConnected)
	if seat := w.last().Seat; seat.Source() != a.at {
		t.Errorf("the seat is for %v", seat.Source())
	}
	b := w.join(token, 2, func(c *ClientConfig) { c.Plain = PlainOnly })
	for range 5 {
		w.step(100 * ms)
	}
	if b.c.State() == StateConnected {
		t.Error("two sessions of one token")
	}
}

// TestMovedAddress: a player whose address changes is still heard, since packets name their
// connection; but nobody turns the answers elsewhere by repeating what he saw.
func TestMovedAddress(t *testing.T) {
	w := newWorld(t, nil)
	p, seat := w.confirmed(w.mint(7, nil), 1)
	recorded := p.data(1, "hello")
	if ev := w.toServer(source(66), bytes.Clone(recorded)); ev.Kind != EventPacket || !ev.Moved {
		t.Fatalf("from elsewhere: %+v", ev)
	}
	if ev := w.toServer(source(67), recorded); ev.Drop != DropReplay {
		t.Fatalf("repeated: %+v", ev)
	}
	if seat.Source() != p.at {
		t.Fatalf("the seat has moved to %v", seat.Source())
	}
	gone := append([]byte{wire.PrefixGone}, make([]byte, goneBytes-1)...)
	if ev := w.toServer(source(66), gone); ev.Drop != DropWrongRole {
		t.Fatalf("GONE to a server: %+v", ev)
	}
}
