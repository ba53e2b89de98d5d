package netcode

import (
	"bytes"
	"testing"
	"time"
)

// TestSettled: each path has a source of its own, which the owner sets; packets from
// elsewhere have moved.
func TestSettled(t *testing.T) {
	w, p, seat := dataPair(t, nil)
	moved := func(path uint8, number uint64, from Source) bool {
		t.Helper()
		ev := w.toServer(from, seal(p.c.Sealer(), path, number, "up"))
		if ev.Kind != EventPacket || ev.Path != path {
			t.Fatalf("path %d: %+v", path, ev)
		}
		return ev.Moved
	}
	if moved(0, 1, p.at) || !moved(0, 2, source(9)) || !moved(3, 0, p.at) || !moved(3, 1, source(9)) {
		t.Fatal("path 0 is where the handshake was, path 3 nowhere")
	}
	w.server.Settled(seat, 3, source(9))
	if moved(0, 3, p.at) || !moved(0, 4, source(9)) || !moved(3, 2, p.at) || moved(3, 3, source(9)) {
		t.Fatal("path 3 is settled, path 0 stays")
	}
	w.server.Settled(seat, 0, source(10))
	if seat.Source() != source(10) || !moved(0, 5, p.at) || moved(0, 6, source(10)) || moved(3, 4, source(9)) {
		t.Fatal("path 0 is settled anew, path 3 stays")
	}
	w.server.Release(w.now, seat)
	if seat.source != (Source{}) || seat.others != nil {
		t.Fatal("the sources outlive the connection")
	}
}

// TestSettledTooEarly: where a seat is that is plain or not confirmed, the handshake
// alone says.
func TestSettledTooEarly(t *testing.T) {
	w := newWorld(t, nil)
	p := w.join(w.mint(7, nil), 1, nil)
	w.step(0)
	seat := w.last().Seat
	w.server.Settled(seat, 0, source(9))
	if seat.Source() != p.at {
		t.Fatal("a seat that is not confirmed was moved")
	}
	w, p, plain := plainPair(t, nil)
	w.server.Settled(plain, 0, source(9))
	p.c.Settled(0, source(9))
	if plain.Source() != p.at || p.c.Server() != SourceFrom(serverAddr) || w.server.plain[p.at] != plain {
		t.Fatal("a plain peer was moved")
	}
}

// TestMovedIsNotCharged: a player on his way pays nothing; who forges from there does, and draws lots
// then.
func TestMovedIsNotCharged(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.FailuresPerSecond, c.HandshakesPerSecond = 64, 64 })
	p, _ := w.confirmed(w.mint(7, nil), 1)
	for number := uint64(1); number < 1000; number++ {
		if ev := w.toServer(source(9), p.data(number, "up")); ev.Kind != EventPacket || !ev.Moved {
			t.Fatalf("packet %d: %v", number, ev.Drop)
		}
	}
	drops := map[Drop]int{}
	for number := uint64(1000); number < 1100; number++ {
		forged := p.data(number, "up")
		forged[len(forged)-1] ^= 1
		drops[w.toServer(source(9), forged).Drop]++
	}
	if drops[DropForged] == 0 || drops[DropSourceLimit] == 0 {
		t.Fatalf("drops %v", drops)
	}
	if ev := w.toServer(p.at, p.data(2000, "up")); ev.Kind != EventPacket {
		t.Fatalf("where the player is: %v", ev.Drop)
	}
}

// TestClientPaths: without a wire id a packet is of the path whose socket it came
// by, with one of the path that the id names; and from nowhere but that path's server.
func TestClientPaths(t *testing.T) {
	for _, id := range [][]byte{nil, {0xa8, 1}} {
		_, p, seat := dataPair(t, func(c *ClientConfig) { c.WireID = id })
		server, second := SourceFrom(serverAddr), SourceFrom(otherAddr)
		take := func(path uint8, number uint64, by uint8, from Source) ClientEvent {
			b := seal(seat.Sealer(), path, number, "down")
			return p.c.HandleDatagram(p.w.now, p.w.unix(), by, from, b)
		}
		if ev := take(2, 500, 2, server); ev.Drop != DropOtherSource {
			t.Fatalf("id %x: a path that was not opened: %+v", id, ev)
		}
		p.c.Settled(2, server)
		p.c.Settled(5, second)
		for number := range uint64(3) {
			for path, from := range map[uint8]Source{0: server, 2: server, 5: second} {
				if ev := take(path, number, path, from); ev.Kind != ClientPacket || ev.Path != path || ev.Number != number {
					t.Fatalf("id %x: path %d: %+v", id, path, ev)
				}
			}
		}
		if ev := take(5, 600, 5, server); ev.Drop != DropOtherSource {
			t.Fatalf("id %x: from another server: %+v", id, ev)
		}
		switch ev := take(2, 3, 0, server); {
		case id == nil && ev.Drop != DropForged:
			t.Fatalf("by the socket of another path: %+v", ev)
		case id != nil && (ev.Kind != ClientPacket || ev.Path != 2):
			t.Fatalf("by a socket that two paths share: %+v", ev)
		}
		if n, _ := p.c.opener.paths[2].seen.Largest(); n > 3 {
			t.Fatalf("id %x: the window stands at %d", id, n)
		}
		if ev := p.c.HandleDatagram(p.w.now, p.w.unix(), 200, second, seal(seat.Sealer(), 0, 9, "down")); ev.Kind == ClientPacket && id == nil {
			t.Fatalf("a path that cannot be: %+v", ev)
		}
	}
}

// TestGoneOnAnyPath: the hint may come by each path, and ends nothing by itself.
func TestGoneOnAnyPath(t *testing.T) {
	_, p, _ := dataPair(t, nil)
	b := seal(p.c.Sealer(), 4, 0, "up")
	gone := appendGone(nil, b)
	if ev := p.c.HandleDatagram(p.w.now, p.w.unix(), 4, SourceFrom(otherAddr), bytes.Clone(gone)); ev.Drop != DropOtherSource {
		t.Fatalf("%+v", ev)
	}
	p.c.Settled(4, SourceFrom(otherAddr))
	if ev := p.c.HandleDatagram(p.w.now, p.w.unix(), 4, SourceFrom(otherAddr), gone); ev.Kind != ClientGone {
		t.Fatalf("%+v", ev)
	}
}

// TestKeyChangeOfAnyPath: an ack of a packet of this epoch will do, of whichever path.
func TestKeyChangeOfAnyPath(t *testing.T) {
	d := newDirection(t, padOf(MintConfig{}), 2)
	sealAt(d.now, &d.out, 0, 700, "frames")
	sealAt(d.now, &d.out, 6, 40, "frames")
	const probe = time.Millisecond
	for path, acked := range map[uint8]uint64{0: 699, 1: 5000, 6: 39} {
		if d.out.ChangeKeys(d.now, path, acked, probe) {
			t.Fatalf("for number %d of path %d", acked, path)
		}
	}
	if !d.out.ChangeKeys(d.now, 6, 40, probe) {
		t.Fatal("not for path 6")
	}
	if d.out.ChangeKeys(d.now+60*second, 6, 40, probe) {
		t.Fatal("for an ack of the epoch before")
	}
	d.want(sealAt(d.now, &d.out, 6, 41, "frames"), DropNone, "path 6 begins the next epoch")
	if d.now += pathsEpoch - 1; d.out.ChangeKeys(d.now, 6, 41, probe) {
		t.Fatal("a path that was idle would be taken for one of the epoch before")
	}
	if d.now++; !d.out.ChangeKeys(d.now, 6, 41, probe) {
		t.Fatal("path 0, which is idle, holds the keys up")
	}
	d.want(sealAt(d.now, &d.out, 0, 701, "frames"), DropNone, "path 0 wakes up two epochs later")
	d.want(sealAt(d.now, &d.out, 6, 42, "frames"), DropNone, "path 6 follows")
}

// FuzzClientPathDatagram: whatever comes by whichever socket, nothing is taken but
// what the server sealed for that path, once.
func FuzzClientPathDatagram(f *testing.F) {
	_, p, seat := dataPair(f, func(c *ClientConfig) { c.WireID = []byte{0xf8, 2} })
	for path := range uint8(MaxPaths / 2) {
		p.c.Settled(path, SourceFrom(serverAddr))
		f.Add(path, seal(seat.Sealer(), path, 1, "frames"))
		f.Add(path, seal(seat.Sealer(), path+MaxPaths/2, 1, "frames"))
	}
	for _, at := range []int{0, 1, 2, 3, 20} { // the prefix with its epoch, the id and its path, the number, the tag
		b := seal(seat.Sealer(), 1, 2, "frames")
		b[min(at, len(b)-1)] ^= 0x20 >> at
		f.Add(uint8(1), b)
	}
	f.Add(uint8(1), seal(seat.Sealer(), 1, 3, "frames")[:12])
	f.Add(uint8(1), seal(seat.Sealer(), 1, 1<<40, "frames"))
	f.Add(uint8(200), seal(seat.Sealer(), 2, 4, "frames"))
	f.Add(uint8(3), []byte{0x09, 0xfb})
	f.Add(uint8(3), []byte{})
	f.Fuzz(func(t *testing.T, path uint8, b []byte) {
		whole := bytes.Clone(b)
		ev := p.c.HandleDatagram(p.w.now, 0, path, SourceFrom(serverAddr), b)
		if ev.Kind != ClientPacket {
			return
		}
		if ev.Path >= MaxPaths/2 || string(ev.Frames) != "frames" {
			t.Fatalf("taken: %+v", ev)
		}
		if ev = p.c.HandleDatagram(p.w.now, 0, path, SourceFrom(serverAddr), whole); ev.Kind == ClientPacket {
			t.Fatalf("taken twice: %+v", ev)
		}
	})
}
