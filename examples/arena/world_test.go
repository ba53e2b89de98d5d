package arena

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

func newWorld(ids ...uint16) *World {
	w := NewWorld(rand.New(rand.NewPCG(1, 2)))
	for _, id := range ids {
		w.Add(id)
	}
	return w
}

// put moves a player to a place.
func (w *World) put(id uint16, x, y int32) {
	f := w.find(id)
	f.x, f.y = x, y
}

// TestDuel: one shoots until the other falls, and comes back.
func TestDuel(t *testing.T) {
	w := newWorld(1, 2)
	w.put(1, 1000, 1000)
	w.put(2, 1600, 1000)
	w.Apply(1, Move{Fire: true})
	var hits []Hit
	for range 10 * Rate {
		hits = append(hits, w.Step()...)
		if len(hits) == fullHealth {
			break
		}
	}
	if fmt.Sprint(hits) != "[{1 2 4} {1 2 3} {1 2 2} {1 2 1} {1 2 0}]" {
		t.Fatalf("hits: %v", hits)
	}
	w.Apply(1, Move{})
	if frags, _ := w.Score(1); frags != 1 {
		t.Errorf("%d frags", frags)
	}
	if _, deaths := w.Score(2); deaths != 1 || w.find(2).health != 0 {
		t.Errorf("%d deaths, health %d", deaths, w.find(2).health)
	}
	for range respawn {
		w.Step()
	}
	if w.find(2).health != fullHealth {
		t.Error("who fell did not come back")
	}
}

// TestCheat: however a player asks, nobody walks faster than the others,
// leaves the field, or shoots all the time.
func TestCheat(t *testing.T) {
	w := newWorld(1)
	w.put(1, 100, 100)
	w.Apply(1, Move{DX: 127, DY: -128, Fire: true})
	w.Apply(99, Move{Fire: true}) // who is not there
	for range Rate {
		w.Step()
	}
	if f := w.find(1); f.x != 100+Rate*slantSpeed || f.y != 0 {
		t.Errorf("walked to %d, %d", f.x, f.y)
	}
	if n := len(w.shots); n > Rate/reload {
		t.Errorf("%d shots in a second", n)
	}
}

// TestViewIsBounded: what a player is shown fits into a packet, however many
// there are, and is what is near.
func TestViewIsBounded(t *testing.T) {
	w := newWorld()
	for id := range uint16(500) {
		w.Add(id)
		w.Apply(id, Move{Aim: uint8(id), Fire: true})
	}
	w.Step()
	var s State
	w.View(7, &s)
	if len(s.Avatars) != seenAvatars || len(s.Shots) != seenShots {
		t.Errorf("%d players and %d shots are shown", len(s.Avatars), len(s.Shots))
	}
	if s.Avatars[0].ID != 7 {
		t.Errorf("the nearest to 7 is %d", s.Avatars[0].ID)
	}
	if b := appended(t, &s); len(b) > 1100 {
		t.Errorf("%d bytes", len(b))
	}
}

// TestStepAllocs: the world moves and is shown without a new byte.
func TestStepAllocs(t *testing.T) {
	w := newWorld()
	for id := range uint16(100) {
		w.Add(id)
		w.Apply(id, Move{DX: 1, Aim: uint8(id), Fire: true})
	}
	for range 10 * Rate {
		w.Step()
	}
	var s State
	if n := testing.AllocsPerRun(10*Rate, func() { w.Step(); w.View(7, &s) }); n > 0 {
		t.Errorf("a step allocates %v times", n)
	}
}

// TestSameSeedSameMatch plays two worlds alike.
func TestSameSeedSameMatch(t *testing.T) {
	var ends [2]string
	for i := range ends {
		w := newWorld(1, 2, 3)
		bots := []*Bot{NewBot(rand.New(rand.NewPCG(3, 1))), NewBot(rand.New(rand.NewPCG(3, 2))), NewBot(rand.New(rand.NewPCG(3, 3)))}
		var s State
		for range 20 * Rate {
			for j, b := range bots {
				w.View(uint16(j+1), &s)
				w.Apply(uint16(j+1), b.Think(s))
			}
			w.Step()
		}
		w.View(1, &s)
		ends[i] = fmt.Sprintf("%+v", s)
	}
	if ends[0] != ends[1] {
		t.Errorf("one match ended as\n%s\nthe other as\n%s", ends[0], ends[1])
	}
}

// TestRest: who rests is on nobody's field, and comes back with what he had reached.
func TestRest(t *testing.T) {
	w := newWorld(1, 2, 3)
	w.find(2).frags, w.find(2).deaths = 7, 3
	w.Apply(2, Move{DX: 1, Fire: true})
	w.Rest(2)
	w.Rest(2)
	w.Apply(2, Move{DX: 1, Fire: true})
	w.Step()
	var s State
	w.View(1, &s)
	if len(s.Avatars) != 2 || len(s.Shots) != 0 {
		t.Errorf("%+v", s)
	}
	if frags, deaths := w.Score(2); frags != 7 || deaths != 3 {
		t.Errorf("%d felled, %d times fallen", frags, deaths)
	}
	w.Return(2)
	w.Return(3) // who did not rest stays where he is
	w.Step()
	w.View(1, &s)
	if frags, _ := w.Score(2); len(s.Avatars) != 3 || frags != 7 || w.find(2).move != (Move{}) {
		t.Errorf("%+v, %d felled", s, frags)
	}
	w.Rest(2)
	w.Remove(2)
	w.Return(2)
	if frags, _ := w.Score(2); w.find(2) != nil || frags != 0 {
		t.Error("who left came back")
	}
}
