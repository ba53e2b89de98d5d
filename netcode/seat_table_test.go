package netcode

import (
	"encoding/binary"
	"testing"
)

// TestFindEverySeat: of a large table each seat is found by its id, on each path and
// in any generation, and no other one is.
func TestFindEverySeat(t *testing.T) {
	table := newSeatTable(9, 20000)
	var seats []*Seat
	for range 60000 {
		s := table.take(0, 0)
		s.state = seatOurs
		seats = append(seats, s)
	}
	for i := range uint64(2000) {
		s := seats[i*i%uint64(len(seats))]
		b := binary.BigEndian.AppendUint32(nil, s.ID())
		b[3] |= byte(i & pathMask)
		if table.find(b) != s {
			t.Fatalf("slot %d: id %x is another's", s.slot, b)
		}
		for bit := range 21 { // those of generation and slot
			other := binary.BigEndian.AppendUint32(nil, s.ID()^8<<bit)
			if table.find(other) == s {
				t.Fatalf("slot %d is found by id %x, its own is %x", s.slot, other, s.ID())
			}
		}
	}
}

// TestSeatIndexes: among those who are there no index comes twice, none is as large as the most that
// were there at once, and one that was given back is given again.
func TestSeatIndexes(t *testing.T) {
	table := newSeatTable(0, 8)
	now, here, most := int64(0), map[int]*Seat{}, 0
	r := newSeeded(4)
	for range 2000 {
		now += slotRest
		if len(here) < 8 && r.Uint64()%2 == 0 {
			s := table.take(now, 0)
			if s == nil || here[s.Index()] != nil {
				t.Fatalf("got %v among %d", s, len(here))
			}
			s.state = seatOurs
			here[s.Index()], most = s, max(most, len(here)+1)
			if s.Index() >= most {
				t.Fatalf("index %d, and %d were there at most", s.Index(), most)
			}
			continue
		}
		for i := range 8 {
			if s := here[(i+int(r.Uint64()%8))%8]; s != nil {
				delete(here, s.Index())
				table.put(s, now)
				break
			}
		}
	}
	if most != 8 {
		t.Fatalf("%d were there at once", most)
	}
}

// TestSeatsHeldByComeAndGo: a slot that is given to somebody else, or once more to him, is no more held by who had it.
func TestSeatsHeldByComeAndGo(t *testing.T) {
	table, now := newSeatTable(0, 1), int64(0)
	for i := range uint64(60) { // through all slots, several times
		s := table.takeFor(7+i%2, now, 0, true)
		if s == nil {
			t.Fatalf("none for the %d.", i)
		}
		table.put(s, now)
		if now += slotRest; table.held[7] > table.maxSlots || table.held[7]+table.held[8] > len(table.seats) {
			t.Fatalf("after %d of them, of %d slots %v are held", i+1, len(table.seats), table.held)
		}
	}
}

// TestSeatsHeld: somebody who comes again and again may hold ten slots in any case, and more only while
// half of all are there to take.
func TestSeatsHeld(t *testing.T) {
	for _, others := range []int{5, 14, 17, 20} {
		table := newSeatTable(0, 10) // 46 slots
		for i := range others {
			table.takeFor(uint64(100+i), 0, 0, false)
		}
		n := 0
		for table.takeFor(7, 0, 0, false) != nil {
			n++
		}
		if want := max(maxHeld, 46/2-others); n != want {
			t.Errorf("beside %d others he holds %d, want %d", others, n, want)
		}
		if table.takeFor(7, 0, 0, true) == nil {
			t.Error("one for whom a seat is kept waits for what he holds")
		}
		if table.takeFor(8, 0, 0, false) == nil {
			t.Error("there is none for another")
		}
		for _, s := range table.seats {
			table.put(s, second)
		}
		if table.takeFor(7, 2*second, 0, false) != nil {
			t.Error("what rests is not held")
		}
		for i := range 30 { // and now there is less than half
			table.takeFor(uint64(200+i), second+slotRest, 0, false)
		}
		for n := range maxHeld {
			if table.takeFor(7, second+slotRest, 0, false) == nil {
				t.Errorf("after the rest he holds %d", n)
			}
		}
	}
}
