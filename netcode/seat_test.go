package netcode

import (
	"encoding/binary"
	"testing"
)

func TestSeatIDs(t *testing.T) {
	const clients = 100
	table := newSeatTable(9, clients)
	seen := map[uint32]bool{}
	now := int64(0)
	for range 50 {
		var taken []*Seat
		for i := range clients {
			s := table.take(now, 0)
			if s == nil {
				t.Fatalf("no seat for client %d", i)
			}
			s.state = seatOurs
			if id := s.ID(); seen[id] || id>>24 != 9 || id&pathMask != 0 || id>>3&(1<<21-1) == 0 {
				t.Fatalf("id %#x, given before: %v", id, seen[id])
			}
			seen[s.ID()] = true
			if s.Index() < 0 || s.Index() >= clients {
				t.Fatalf("index %d", s.Index())
			}
			taken = append(taken, s)
		}
		for _, s := range taken {
			b := binary.BigEndian.AppendUint32(nil, s.ID())
			b[3] |= 5
			if table.find(b) != s {
				t.Fatalf("id %x is not found on path 5", b)
			}
			table.put(s, now)
			if table.find(b) != nil {
				t.Fatalf("id %x is found after its release", b)
			}
		}
		now += slotRest
	}
}

// TestSeatRests: a slot is not given again within ten seconds, the oldest is
// given first, and the table says so when there is none.
func TestSeatRests(t *testing.T) {
	table := newSeatTable(0, 1) // 18 slots
	for i := range table.maxSlots {
		s := table.take(int64(i), 0)
		if s == nil {
			t.Fatalf("slot %d of %d was not given", i, table.maxSlots)
		}
		s.state = seatOurs
		table.put(s, int64(i))
	}
	if s := table.take(10*second-1, 0); s != nil {
		t.Fatalf("slot %d was given too early", s.slot)
	}
	for want := uint32(1); want <= 2; want++ {
		if s := table.take(10*second+1, 0); s == nil || s.slot != want {
			t.Fatalf("got %+v, want slot %d", s, want)
		}
	}
	if s := table.take(10*second+1, 0); s != nil {
		t.Fatalf("slot %d was given too early", s.slot)
	}
}

func TestSeatUnknown(t *testing.T) {
	table := newSeatTable(0, 10)
	for _, id := range [][]byte{{0, 0, 0, 0}, {0, 0, 0, 7}, {0, 255, 255, 255}, {0, 0, 0, 8}} {
		if s := table.find(id); s != nil {
			t.Fatalf("id %x is seat %+v", id, s)
		}
	}
}

func TestFIFO(t *testing.T) {
	var f fifo[int]
	next := 0
	for i := range 10_000 {
		f.push(i)
		if i%3 != 0 || f.len() > 50 {
			if got := f.pop(); got != next {
				t.Fatalf("got %d, want %d", got, next)
			}
			next++
		}
	}
	if cap(f.items) > 1000 {
		t.Fatalf("room for %d where 51 wait at most", cap(f.items))
	}
}

// TestKeepAlives: ten a second to a silent plain client, none beside payloads.
func TestKeepAlives(t *testing.T) {
	w, p, seat := plainPair(t, nil)
	count := 0
	w.onClient = func(Source, []byte) bool { count++; return true }
	for range 1000 {
		w.step(10 * ms)
	}
	if count < 98 || count > 102 {
		t.Fatalf("%d keep-alives in ten seconds", count)
	}
	count = 0
	for range 100 {
		w.step(50 * ms)
		b, err := w.server.AppendPayload(w.now, seat, nil, []byte("x"))
		if err != nil {
			t.Fatal(err)
		}
		p.receive(b)
	}
	if count != 0 {
		t.Fatalf("%d keep-alives beside payloads", count)
	}
}

// TestDeadlines: calls at the deadlines alone keep everything going.
func TestDeadlines(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.Plain = PlainAllow })
	players := []*player{
		w.join(w.mint(1, plainToken), 1, func(c *ClientConfig) { c.Plain = PlainAllow }),
		w.join(w.mint(2, plainToken), 2, func(c *ClientConfig) { c.Plain = PlainOnly }),
		w.join(w.mint(3, nil), 3, nil),
	}
	w.onServer = func(Source, []byte) bool { return w.now > 2*second } // the first second is lost
	w.exchange()
	end := w.now + 20*second
	steps := 0
	for w.now < end {
		next := w.server.Deadline()
		for _, p := range players {
			next = min(next, p.c.Deadline())
		}
		if next < w.now {
			t.Fatalf("a deadline %d ns ago", w.now-next)
		}
		w.step(min(next, end) - w.now)
		if steps++; steps > 3000 {
			t.Fatal("deadlines that bring nothing")
		}
	}
	for i, p := range players {
		if p.c.State() != StateConnected {
			t.Fatalf("player %d: %v", i, p.c.State())
		}
	}
	if len(w.events) != 5 || w.last().Why != WhyTimeout { // nobody confirmed the seats of ours in time
		t.Fatalf("events %+v", w.events)
	}
}

// TestSeatsOfOnePlayer: who comes again and again, each time with another token, in his own
// place, wears out half of the slots and no more, and others get in meanwhile. When his have rested he does again.
func TestSeatsOfOnePlayer(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.MaxClients = 16 })
	came := 0
	for i := range 100 {
		p := w.join(w.mint(666, nil), uint16(1000+i), nil)
		w.step(10 * ms)
		if p.c.State() == StateConnected {
			came++
			w.toServer(p.at, p.data(0, "x"))
		} else if r := p.last().Refusal; r.Code != CodeFull || r.RetryAfter != 10 || r.Text == "" {
			t.Fatalf("refused with %+v", r)
		}
		for _, ev := range w.events { // the owner closes what was replaced
			if ev.Replaced != nil {
				w.server.Release(w.now, ev.Replaced)
			}
		}
		w.events, w.clients = nil, nil
	}
	if most := w.server.seats.maxSlots / 2; came != most || w.drops(DropFull) == 0 {
		t.Errorf("came %d times within a second, want %d, and was told why: %v", came, most, dropNames(w.server.Counters()))
	}
	for id := range uint64(15) {
		w.confirmed(w.mint(id, nil), uint16(id))
	}
	w.clients = nil
	w.now += slotRest
	w.confirmed(w.mint(666, nil), 2000)
	if n := len(w.server.seats.held); n != 16 {
		t.Errorf("slots of %d players are counted, want 16", n)
	}
}
