package arena

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/tickwire/tickwire/simnet"
)

// input is what a player sends in a tick who aims at its number, with the moves of the ticks before.
func input(tick uint32, moves int) Input {
	in := Input{Tick: tick}
	for i := range uint32(moves) {
		in.Moves = append(in.Moves, Move{Aim: uint8(tick - i)})
	}
	return in
}

// TestScheduleKeepsTicks: whatever order inputs come in, and if three of four are lost, each move counts in its tick.
func TestScheduleKeepsTicks(t *testing.T) {
	chance := rand.New(rand.NewPCG(1, 1))
	var s schedule
	for tick := uint32(1); tick <= 1000; tick++ {
		for _, ahead := range []uint32{6, 4, 5} {
			if (tick+ahead)%4 == 0 && (ahead == 4 || chance.IntN(2) == 0) { // the last copy always comes
				s.take(input(tick+ahead, 8), tick)
			}
		}
		if m, ok := s.due(tick); tick > 4 && (!ok || m.Aim != uint8(tick)) {
			t.Fatalf("in tick %d it does %v, %v", tick, m, ok)
		}
	}
}

// TestScheduleLate: what comes late counts at once, and what is older than that never again; nonsense counts never.
func TestScheduleLate(t *testing.T) {
	var s schedule
	s.take(input(10, 2), 12)
	if s.late(11) != 0 {
		t.Error("nothing was due, and it is late")
	}
	if m, ok := s.due(12); !ok || m.Aim != 10 || s.late(12) != 2 {
		t.Errorf("the late move of tick 10 is %v, %v, late by %d", m, ok, s.late(12))
	}
	if s.take(input(9, 8), 13) {
		t.Error("tick 9 is newer than tick 10")
	}
	s.take(input(14+mostAhead, 1), 13) // too far ahead
	s.take(Input{Tick: 14}, 13)        // empty
	if m, ok := s.due(13); ok {
		t.Errorf("in tick 13 it does %v of nowhere", m)
	}
	if s.late(13) != 3 || s.late(1000) != 255 {
		t.Errorf("it goes on with tick 10, late by %d in tick 13, by %d in tick 1000", s.late(13), s.late(1000))
	}
}

// TestScheduleSilence: who is not heard of for half a second stands still, once.
func TestScheduleSilence(t *testing.T) {
	var s schedule
	s.take(Input{Tick: 1, Moves: []Move{{DX: 1, Aim: 7}}}, 1)
	var at []uint32
	for tick := uint32(1); tick < 200; tick++ {
		if m, ok := s.due(tick); ok {
			at = append(at, tick)
			if stands := m == (Move{Aim: 7}); stands != (tick > 1) {
				t.Errorf("in tick %d it does %v", tick, m)
			}
		}
	}
	if !slices.Equal(at, []uint32{1, 2 + patience}) {
		t.Errorf("it changed its mind in %d", at)
	}
}

// TestFarAway: by satellite, too, everybody walks and somebody is hit.
func TestFarAway(t *testing.T) {
	m, err := newMatch(simnet.Satellite(), 4)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.run(30*time.Second, nil); err != nil {
		t.Fatal(err)
	}
	for _, p := range m.players {
		if p.Counts.Hits == 0 {
			t.Errorf("%s hit nobody, and nobody hit it", p.name)
		}
	}
	for c := range m.srv.Conns() {
		if s := c.Value.(*seat); s.moves.used == 0 || m.game.world.Tick()-s.moves.used > mostLate {
			t.Errorf("the last move of %s is of tick %d of %d", s.name, s.moves.used, m.game.world.Tick())
		}
	}
}

// TestAnchor: everybody learns when the ticks are, and again when the server had to leave out some.
func TestAnchor(t *testing.T) {
	m, err := newMatch(simnet.LAN(), 1)
	if err != nil {
		t.Fatal(err)
	}
	off := func() time.Duration {
		a := m.game.ticks.anchor
		due := time.Duration(a.Microseconds)*time.Microsecond + time.Duration(m.game.world.Tick()-a.Tick)*time.Second/Rate
		return m.srv.Clock(m.nw.Now()) - due
	}
	if err := m.run(time.Second, nil); err != nil {
		t.Fatal(err)
	}
	first := m.game.ticks.anchor
	m.nw.Advance(time.Second / Rate / 3) // one late step
	if err := m.run(time.Second, nil); err != nil || m.game.ticks.anchor != first {
		t.Errorf("the anchor moved from %v to %v, %v", first, m.game.ticks.anchor, err)
	}
	m.nw.Advance(time.Second)
	if err := m.run(time.Second, nil); err != nil || m.game.ticks.anchor == first || off().Abs() > 2*time.Second/Rate {
		t.Errorf("a second is missing, and the anchor is off by %v, %v", off(), err)
	}
}
