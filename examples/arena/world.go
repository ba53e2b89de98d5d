package arena

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// The rules, in units of the field and in steps of a 60th of a second.
const (
	FieldSize  = 4096 // a square; x and y are below
	fieldEnd   = FieldSize - 1
	walkSpeed  = 14
	slantSpeed = 10 // of each axis, on the slant
	shotSpeed  = 60
	shotLife   = Rate     // steps until a shot that hit nothing is gone
	reload     = Rate / 4 // steps between two shots
	hitRadius  = 60
	fullHealth = 5
	respawn    = 2 * Rate // steps until one who fell comes back
	maxShots   = 2048     // on the field at once
)

// How much of the world one player is shown at most: the nearest. A State
// stays below one packet, however many play.
const (
	seenAvatars = 64
	seenShots   = 64
)

// A World is the game without any network: who is where, and what a step
// changes. The same inputs and the same source of chance give the same match.
type World struct {
	tick    uint32
	chance  *rand.Rand
	players []*fighter // in the order in which they came
	absent  []*fighter // who rests
	shots   []bullet
	hits    []Hit // of the last step
	near    []*fighter
	close   []bullet
}

// A fighter is a player as the rules see one: alive, or waiting to come back.
type fighter struct {
	id            uint16
	x, y          int32
	move          Move
	health        uint8
	until         uint32 // the tick at which it may shoot, or comes back
	frags, deaths uint16
}

type bullet struct {
	by   uint16
	x, y int32
	aim  uint8
	left int
}

// NewWorld makes an empty field.
func NewWorld(chance *rand.Rand) *World { return &World{chance: chance} }

// Add puts a player on the field. An id that is there already starts anew.
func (w *World) Add(id uint16) {
	w.Remove(id)
	w.enter(&fighter{id: id})
}

func (w *World) enter(f *fighter) {
	w.place(f)
	w.players = append(w.players, f)
}

// Remove takes a player off the field, for good.
func (w *World) Remove(id uint16) {
	out := func(f *fighter) bool { return f.id == id }
	w.players, w.absent = slices.DeleteFunc(w.players, out), slices.DeleteFunc(w.absent, out)
}

// Rest takes a player off the field until Return. What it has reached is kept.
func (w *World) Rest(id uint16) {
	if f := w.find(id); f != nil {
		w.Remove(id)
		f.move = Move{}
		w.absent = append(w.absent, f)
	}
}

// Return puts a player back on the field who rests.
func (w *World) Return(id uint16) {
	if f := find(w.absent, id); f != nil {
		w.Remove(id)
		w.enter(f)
	}
}

// Apply says what a player wants to do from now on. Nothing in it is trusted.
func (w *World) Apply(id uint16, m Move) {
	if f := w.find(id); f != nil {
		m.DX, m.DY = max(-1, min(m.DX, 1)), max(-1, min(m.DY, 1))
		f.move = m
	}
}

// Step lets a 60th of a second pass and returns the hits in it, valid until the next.
func (w *World) Step() []Hit {
	w.tick++
	w.hits = w.hits[:0]
	for _, f := range w.players {
		if f.health == 0 {
			if w.tick >= f.until {
				w.place(f)
			}
			continue
		}
		f.x, f.y = walk(f.x, f.y, f.move)
		w.shoot(f)
	}
	w.flyShots()
	return w.hits
}

// walk is where a move leads in a step. The page has the same rule (page/walk.ts), and tests compare them.
func walk(x, y int32, m Move) (int32, int32) {
	speed := int32(walkSpeed)
	if m.DX != 0 && m.DY != 0 {
		speed = slantSpeed
	}
	return inField(x + int32(m.DX)*speed), inField(y + int32(m.DY)*speed)
}

func inField(v int32) int32 { return max(0, min(v, fieldEnd)) }

func (w *World) shoot(f *fighter) {
	if f.move.Fire && w.tick >= f.until && len(w.shots) < maxShots {
		f.until = w.tick + reload
		w.shots = append(w.shots, bullet{f.id, f.x, f.y, f.move.Aim, shotLife})
	}
}

// flyShots moves the shots, and keeps those that go on.
func (w *World) flyShots() {
	kept := w.shots[:0]
	for _, b := range w.shots {
		dx, dy := direction(b.aim)
		b.x, b.y, b.left = b.x+dx, b.y+dy, b.left-1
		if b.left > 0 && b.x == inField(b.x) && b.y == inField(b.y) && !w.strike(b) {
			kept = append(kept, b)
		}
	}
	w.shots = kept
}

// strike reports whether a shot hits somebody, and hurts whom it hits.
func (w *World) strike(b bullet) bool {
	for _, f := range w.players {
		if f.id == b.by || f.health == 0 || distance2(f.x-b.x, f.y-b.y) > hitRadius*hitRadius {
			continue
		}
		f.health--
		w.hits = append(w.hits, Hit{b.by, f.id, f.health})
		if f.health == 0 {
			f.deaths++
			f.until = w.tick + respawn
			if by := w.find(b.by); by != nil {
				by.frags++
			}
		}
		return true
	}
	return false
}

func distance2(dx, dy int32) int64 { return int64(dx)*int64(dx) + int64(dy)*int64(dy) }

// direction is where a shot goes in a step.
func direction(aim uint8) (dx, dy int32) {
	sin, cos := math.Sincos(float64(aim) * 2 * math.Pi / 256)
	return int32(math.Round(cos * shotSpeed)), int32(math.Round(sin * shotSpeed))
}

// Tick is the number of the last step.
func (w *World) Tick() uint32 { return w.tick }

// View is what a player can see: itself and the nearest others. The slices
// of s are used again.
func (w *World) View(id uint16, s *State) {
	s.Tick, s.You = w.tick, id
	s.Avatars, s.Shots = s.Avatars[:0], s.Shots[:0]
	var x, y int32
	if me := w.find(id); me != nil {
		x, y = me.x, me.y
	}
	players, shots := w.players, w.shots
	if len(players) > seenAvatars {
		w.near = append(w.near[:0], players...)
		slices.SortStableFunc(w.near, func(a, b *fighter) int {
			return cmp.Compare(distance2(a.x-x, a.y-y), distance2(b.x-x, b.y-y))
		})
		players = w.near[:seenAvatars]
	}
	if len(shots) > seenShots {
		w.close = append(w.close[:0], shots...)
		slices.SortStableFunc(w.close, func(a, b bullet) int {
			return cmp.Compare(distance2(a.x-x, a.y-y), distance2(b.x-x, b.y-y))
		})
		shots = w.close[:seenShots]
	}
	for _, f := range players {
		s.Avatars = append(s.Avatars, Avatar{f.id, uint16(f.x), uint16(f.y), f.move.Aim, f.health})
	}
	for _, b := range shots {
		s.Shots = append(s.Shots, Shot{b.by, uint16(b.x), uint16(b.y), b.aim})
	}
}

// Score is what a player has reached.
func (w *World) Score(id uint16) (frags, deaths uint16) {
	f := cmp.Or(w.find(id), find(w.absent, id))
	if f == nil {
		return 0, 0
	}
	return f.frags, f.deaths
}

func (w *World) place(f *fighter) {
	f.x, f.y = w.chance.Int32N(FieldSize), w.chance.Int32N(FieldSize)
	f.health, f.until = fullHealth, w.tick
}

func (w *World) find(id uint16) *fighter { return find(w.players, id) }

func find(in []*fighter, id uint16) *fighter {
	for _, f := range in {
		if f.id == id {
			return f
		}
	}
	return nil
}
