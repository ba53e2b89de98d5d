package netcode

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// keepAlives collects what plain clients are told: index and most clients.
func (w *world) keepAlives() map[Source][2]uint32 {
	told := map[Source][2]uint32{}
	w.onClient = func(to Source, b []byte) bool {
		for _, p := range w.clients {
			h, drop := readStandardHeader(b, clientReads)
			if p.at != to || drop != DropNone || h.kind != kindKeepAlive {
				continue
			}
			if body, ok := p.was.in.open(bytes.Clone(b), h); ok {
				told[to] = [2]uint32{binary.LittleEndian.Uint32(body), binary.LittleEndian.Uint32(body[4:])}
			}
		}
		return true
	}
	return told
}

// TestKeepAliveOfLargeServer: the reference believes in 256 clients at most, and in indexes
// below that.
func TestKeepAliveOfLargeServer(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.Plain, c.MaxClients = PlainOnly, 300 })
	told := w.keepAlives()
	for i := range uint16(300) {
		w.join(w.mint(uint64(i), plainToken), i, func(c *ClientConfig) { c.Plain = PlainOnly })
	}
	w.step(0)
	w.step(100 * ms)
	shared := map[uint32]int{}
	for source, k := range told {
		if k[0] >= k[1] || k[1] != maxPlainClients {
			t.Errorf("%v is told index %d of %d", source, k[0], k[1])
		}
		shared[k[0]]++
	}
	if len(told) != 300 || len(shared) != maxPlainClients {
		t.Errorf("%d clients were told %d indexes", len(told), len(shared))
	}
}

// TestKeepAliveWhileOthersClose: who comes while the seat of another still says goodbye has
// an index beyond the most clients, and is told one below.
func TestKeepAliveWhileOthersClose(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.Plain, c.MaxClients = PlainAllow, 1 })
	told := w.keepAlives()
	_, leaving := w.confirmed(w.mint(1, nil), 1)
	w.server.Leave(leaving)
	p := w.join(w.mint(2, plainToken), 2, func(c *ClientConfig) { c.Plain = PlainOnly })
	w.step(0)
	w.step(100 * ms)
	w.wantState(p, StateConnected)
	if seat := w.last().Seat; seat.Index() != 1 || told[p.at] != [2]uint32{0, 1} {
		t.Errorf("index %d is told as %v", seat.Index(), told[p.at])
	}
}

// TestKeepAliveOfBadServer: a client believes in no index beyond the most clients, of which
// an older server may have more than the reference.
func TestKeepAliveOfBadServer(t *testing.T) {
	for _, c := range []struct {
		index, most uint32
		good        bool
	}{{0, 1, true}, {299, 300, true}, {0, 0, false}, {4, 4, false}, {1 << 31, 4, false}} {
		w := newWorld(t, func(c *ServerConfig) { c.Plain = PlainOnly })
		w.onServer = func(_ Source, b []byte) bool { return b[0]&15 != byte(kindResponse) }
		p := w.join(w.mint(1, plainToken), 1, func(c *ClientConfig) { c.Plain = PlainOnly })
		w.step(0)
		w.wantState(p, StateResponding)
		body := binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, c.index), c.most)
		k := newPacketKey(&p.token.keys().serverToClient, testProtocol)
		p.receive(k.append(nil, kindKeepAlive, 0, body))
		if got := p.c.State() == StateConnected; got != c.good || got == (p.c.Counters().Drops[DropMalformed] > 0) {
			t.Errorf("index %d of %d: %v, dropped %v", c.index, c.most, p.c.State(), dropNames(p.c.Counters()))
		}
	}
}
