// Package game is small enough to know what its tests notice.
package game

import "time"

// Most is what a round is worth at most.
const Most = 10

const (
	calm mood = iota
	angry
)

type mood uint8

// steps has places that must be constant.
var steps = [...]int{2: 7, 0: 1}

// A Player scores.
type Player struct {
	Score  int
	Hits   uint8
	mood   mood
	Rested time.Duration
	muted  bool
}

// Round adds what a round is worth.
func (p *Player) Round(hits, misses int) {
	if p.muted || hits < 0 {
		return
	}
	p.Score += min(hits*2-misses, Most)
	p.Hits |= 1 << hits
	for range misses {
		p.mood = angry
	}
}

// Rest makes a player calm, in time.
func (p *Player) Rest(d time.Duration) bool {
	p.Rested += d
	if p.Rested >= 2*time.Second && !p.muted {
		p.mood = calm
	}
	return p.mood == calm
}

// Untested is called by nobody.
func Untested(n float64) float64 { return -n / 2 }

// Spin ends when n does.
func Spin(n int) (sum int) {
	for left := n; left > 0; {
		left--
	}
	for n != 0 {
		n--
		sum += steps[0]
		if sum > 1000 {
			break
		}
	}
	return sum
}
