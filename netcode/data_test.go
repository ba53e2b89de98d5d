package netcode

import (
	"bytes"
	"testing"
)

// dataPair is a confirmed connection of ours.
func dataPair(t testing.TB, change func(*ClientConfig)) (*world, *player, *Seat) {
	w := newWorld(t, nil)
	p := w.join(w.mint(7, nil), 1, change)
	w.step(0)
	w.wantState(p, StateConnected)
	seat := w.last().Seat
	w.toServer(p.at, p.data(0, ""))
	return w, p, seat
}

func TestOverhead(t *testing.T) {
	_, p, seat := dataPair(t, nil)
	frames := "sixteen bytes ok"
	if n := len(p.data(1, frames)) - len(frames); n != 23 || p.c.Sealer().Overhead(2) != 23 {
		t.Fatalf("client to server %d bytes, want 23", n)
	}
	if n := len(seal(seat.Sealer(), 0, 1, frames)) - len(frames); n != 19 || seat.Sealer().Overhead(2) != 19 {
		t.Fatalf("server to client %d bytes, want 19", n)
	}
}

func TestDataReplay(t *testing.T) {
	w, p, _ := dataPair(t, nil)
	take := func(b []byte) Drop { return w.toServer(p.at, bytes.Clone(b)).Drop }
	one := p.data(1, "one")
	if d := take(one); d != DropNone {
		t.Fatal(d)
	}
	if d := take(one); d != DropReplay {
		t.Fatalf("twice: %v", d)
	}
	old, edge := p.data(2, "old"), p.data(1000, "edge")
	forged := p.data(5000, "far")
	forged[len(forged)-1] ^= 1
	if d := take(forged); d != DropForged {
		t.Fatal(d)
	}
	if d := take(edge); d != DropNone {
		t.Fatalf("the window moved for a forged packet: %v", d)
	}
	if d := take(p.data(2+dataWindow, "new")); d != DropNone {
		t.Fatal(d)
	}
	if d := take(old); d != DropReplay {
		t.Fatalf("1024 behind: %v", d)
	}
	if d := take(p.data(3, "just inside")); d != DropNone {
		t.Fatalf("1023 behind: %v", d)
	}
}

// TestDataNumbers: the number on the wire is cut, rebuilt and authenticated.
func TestDataNumbers(t *testing.T) {
	w, p, _ := dataPair(t, nil)
	number := uint64(0)
	for _, step := range []uint64{1, 16000, 16000, 30000, 3, 32000, 32767} {
		number += step
		ev := w.toServer(p.at, p.data(number, "x"))
		if ev.Kind != EventPacket || ev.Number != number {
			t.Fatalf("number %d arrived as %d: %v", number, ev.Number, ev.Drop)
		}
	}
	for n := 2; n <= 4; n++ {
		number += 1 << (8*n - 2)
		s := p.c.Sealer()
		b := s.AppendHeader(nil, 0, number, n)
		head := len(b)
		b = s.Seal(0, b, 0, head, 0, number)
		if ev := w.toServer(p.at, b); ev.Number != number || ev.Kind != EventPacket {
			t.Fatalf("number %d of %d bytes arrived as %d: %v", number, n, ev.Number, ev.Drop)
		}
	}
}

func TestDataHeaderAuthenticated(t *testing.T) {
	w, p, _ := dataPair(t, nil)
	for i := range 7 {
		b := p.data(9, "frames")
		b[i] ^= 1
		ev := w.toServer(p.at, b)
		if ev.Kind != EventNone {
			t.Fatalf("byte %d changed: %+v", i, ev)
		}
	}
	if ev := w.toServer(p.at, p.data(9, "frames")); ev.Kind != EventPacket {
		t.Fatalf("the true one: %v", ev.Drop)
	}
}

// TestDataSealed: nobody on the way finds a word of what is said, in either direction; and two
// packets with the same words have nothing in common behind their headers.
func TestDataSealed(t *testing.T) {
	_, p, seat := dataPair(t, nil)
	words := "the treasure lies under the old oak"
	for name, s := range map[string]*Sealer{"up": p.c.Sealer(), "down": seat.Sealer()} {
		one, two := seal(s, 0, 1, words), seal(s, 0, 2, words)
		head := len(one) - len(words) - macBytes
		same := 0
		for i := head; i < len(one); i++ {
			if one[i] == two[i] {
				same++
			}
			if i+4 <= len(one) && bytes.Contains([]byte(words), one[i:i+4]) {
				t.Errorf("%s: %q can be read", name, one[i:i+4])
			}
		}
		if same > 5 {
			t.Errorf("%s: two packets have %d bytes in common", name, same)
		}
	}
}

// TestPaths: numbers and replay windows are per path, and the path is part of
// the nonce.
func TestPaths(t *testing.T) {
	w, p, seat := dataPair(t, func(c *ClientConfig) { c.WireID = []byte{0xf8, 2, 3} })
	for path := range uint8(MaxPaths) {
		p.c.Settled(path, SourceFrom(serverAddr))
	}
	for path := range uint8(MaxPaths) {
		for number := range uint64(3) {
			if path == 0 && number == 0 {
				continue // confirmed the connection
			}
			ev := w.toServer(p.at, seal(p.c.Sealer(), path, number, "up"))
			if ev.Kind != EventPacket || ev.Path != path || ev.Number != number {
				t.Fatalf("path %d number %d: %+v", path, number, ev)
			}
			down := p.receive(seal(seat.Sealer(), path, number, "down"))
			if down.Kind != ClientPacket || down.Path != path || down.Number != number {
				t.Fatalf("path %d number %d: %+v", path, number, down)
			}
		}
	}
	if ev := w.toServer(p.at, seal(p.c.Sealer(), 3, 1, "up")); ev.Drop != DropReplay {
		t.Fatalf("replay on path 3: %+v", ev)
	}
	moved := seal(p.c.Sealer(), 3, 50, "up")
	moved[4] ^= 3 ^ 4
	if ev := w.toServer(p.at, moved); ev.Drop != DropForged {
		t.Fatalf("moved to another path: %+v", ev)
	}
}

func TestWireID(t *testing.T) {
	for n := range 5 {
		id := []byte{0x50, 1, 2, 3}[:n]
		_, p, seat := dataPair(t, func(c *ClientConfig) { c.WireID = id })
		b := seal(seat.Sealer(), 0, 0, "x")
		if !bytes.Equal(b[1:1+n], id) || len(b) != 20+n {
			t.Fatalf("packet %x", b)
		}
		if n > 0 {
			other := bytes.Clone(b)
			other[n] ^= 0x40
			if ev := p.receive(other); ev.Drop != DropUnknownID {
				t.Fatalf("another id: %+v", ev)
			}
		}
		if ev := p.receive(b); ev.Kind != ClientPacket {
			t.Fatalf("id of %d bytes: %+v", n, ev)
		}
	}
	if _, err := NewClient(0, 0, newWorld(t, nil).mint(1, nil), ClientConfig{WireID: []byte{1}}); err == nil {
		t.Fatal("an id that overlaps the path was taken")
	}
}

func TestReservedPackets(t *testing.T) {
	w, p, _ := dataPair(t, nil)
	for b, want := range map[string]Drop{
		"":                                    DropEmpty,
		"\x01":                                DropSequenceBytes,
		"\x04unsealed data":                   DropReserved,
		"\x05eighteig":                        DropWrongRole,
		"\x06unsealed data":                   DropReserved,
		"\x07":                                DropTooShort,
		"\x07\x02accept":                      DropWrongRole,
		"\x07\x04resume":                      DropResumeSize,
		"\x07\x05retry":                       DropWrongRole,
		"\x07\x06":                            DropReserved,
		"\x08":                                DropTooShort,
		"\x09\x01" + string(make([]byte, 30)): DropOtherShard,
		"\x10":                                DropTooShort,
		"\x17" + string(make([]byte, 30)):     DropUnknownType,
		"\x94" + string(make([]byte, 30)):     DropSequenceBytes,
	} {
		if ev := w.server.HandleDatagram(w.now, w.unix(), p.at, []byte(b), nil); ev.Drop != want || len(ev.Reply) != 0 {
			t.Errorf("%q: %v, want %v", b, ev.Drop, want)
		}
	}
}

// TestNothingAllocates pins the steady state of both directions, in each suite.
func TestNothingAllocates(t *testing.T) {
	for _, want := range protections {
		t.Run(nameOf(want), func(t *testing.T) { nothingAllocates(t, want) })
	}
}

func nothingAllocates(t *testing.T, want MintConfig) {
	w, p, seat := protectedPair(t, want, nil)
	buf, reply := make([]byte, 0, 1500), make([]byte, 0, 1500)
	frames := make([]byte, 1000)
	number := uint64(0)
	packet := func(s *Sealer) []byte {
		b := s.AppendHeader(buf[:0], 0, number, 2)
		head := len(b)
		return s.Seal(0, append(b, frames...), 0, head, 0, number)
	}
	server := SourceFrom(serverAddr)
	allocs := testing.AllocsPerRun(1000, func() {
		number++
		if ev := w.server.HandleDatagram(w.now, 0, p.at, packet(p.c.Sealer()), reply); ev.Kind != EventPacket {
			t.Fatal(ev.Drop)
		}
		if ev := p.c.HandleDatagram(w.now, 0, 0, server, packet(seat.Sealer())); ev.Kind != ClientPacket {
			t.Fatal(ev.Drop)
		}
	})
	if allocs != 0 {
		t.Fatalf("%v allocations for a packet each way", allocs)
	}
}

func TestNothingAllocatesPlain(t *testing.T) {
	w, p, seat := plainPair(t, nil)
	buf, reply := make([]byte, 0, 1500), make([]byte, 0, 1500)
	payload := make([]byte, 1000)
	server := SourceFrom(serverAddr)
	allocs := testing.AllocsPerRun(1000, func() {
		up, _ := p.c.AppendPayload(w.now, buf, payload)
		if ev := w.server.HandleDatagram(w.now, 0, p.at, up, reply); ev.Kind != EventPayload {
			t.Fatal(ev.Drop)
		}
		down, _ := w.server.AppendPayload(w.now, seat, buf, payload)
		if ev := p.c.HandleDatagram(w.now, 0, 0, server, down); ev.Kind != ClientPayload {
			t.Fatal(ev.Drop)
		}
	})
	if allocs != 0 {
		t.Fatalf("%v allocations for a payload each way", allocs)
	}
}

// TestGarbageAllocatesNothing: what is dropped before any key is tried costs
// no memory.
func TestGarbageAllocatesNothing(t *testing.T) {
	w, p, _ := dataPair(t, nil)
	long := make([]byte, requestBytes)
	short := make([]byte, 400)
	reply := make([]byte, 0, 1500)
	allocs := testing.AllocsPerRun(100, func() {
		for prefix := range 256 {
			short[0] = byte(prefix)
			w.server.HandleDatagram(w.now, 0, source(77), short, reply)
			p.c.HandleDatagram(w.now, 0, 0, source(77), short)
		}
		w.server.HandleDatagram(w.now, 0, source(77), long, reply)
	})
	if allocs != 0 {
		t.Fatalf("%v allocations for 513 garbage datagrams", allocs)
	}
	if n := w.server.Counters().Decryptions; n != 1 {
		t.Fatalf("%d tokens were opened", n)
	}
}
