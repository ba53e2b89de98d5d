package arena

import (
	"cmp"
	"math"
	"math/rand/v2"
)

// A Brain decides what a player does, given what it sees.
type Brain interface {
	Think(seen State) Move
}

// A Bot is a Brain: it walks about, now and then to whoever is nearest, turns to him, and shoots
// when that one is in reach. It knows only what came over the network.
type Bot struct {
	chance *rand.Rand
	dx, dy int8
	steps  int   // until it changes its mind
	off    uint8 // by how much the next shot misses
}

// NewBot makes a bot of a temper of its own.
func NewBot(chance *rand.Rand) *Bot { return &Bot{chance: chance} }

// Bots are no better than people: they shoot when somebody is near, think about it for some ticks, and miss.
const (
	reach = shotSpeed * shotLife / 2
	slow  = Rate / 4
	shaky = 5 // 256ths of a turn
)

// Think implements Brain.
func (b *Bot) Think(seen State) Move {
	me, ok := seen.find(seen.You)
	if !ok || me.Health == 0 {
		return Move{}
	}
	target, away := seen.nearest(me)
	if b.steps--; b.steps <= 0 {
		b.steps = Rate/4 + b.chance.IntN(Rate)
		b.dx, b.dy = int8(b.chance.IntN(3)-1), int8(b.chance.IntN(3)-1)
		if !math.IsInf(away, 1) && b.chance.IntN(3) == 0 { // it wants company
			b.dx, b.dy = int8(cmp.Compare(target.X, me.X)), int8(cmp.Compare(target.Y, me.Y))
		}
	}
	if away >= reach {
		return Move{DX: b.dx, DY: b.dy, Aim: me.Aim}
	}
	do := Move{DX: b.dx, DY: b.dy, Aim: aimAt(me, target) + b.off, Fire: b.chance.IntN(slow) == 0}
	if do.Fire {
		b.off = uint8(b.chance.IntN(2*shaky+1) - shaky)
	}
	return do
}

func (s *State) find(id uint16) (Avatar, bool) {
	for _, a := range s.Avatars {
		if a.ID == id {
			return a, true
		}
	}
	return Avatar{}, false
}

// nearest finds the nearest other player who stands; infinitely far if there is none.
func (s *State) nearest(me Avatar) (target Avatar, away float64) {
	away = math.Inf(1)
	for _, a := range s.Avatars {
		if a.ID == me.ID || a.Health == 0 {
			continue
		}
		if d := math.Hypot(float64(a.X)-float64(me.X), float64(a.Y)-float64(me.Y)); d < away {
			target, away = a, d
		}
	}
	return target, away
}

func aimAt(from, to Avatar) uint8 {
	angle := math.Atan2(float64(to.Y)-float64(from.Y), float64(to.X)-float64(from.X))
	return uint8(int(math.Round(angle*256/(2*math.Pi))) & 255)
}
