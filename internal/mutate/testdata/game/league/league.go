// Package league uses the game, and its tests notice what those of the game do not.
package league

import "game"

// Half is half.
func Half(n float64) float64 { return -game.Untested(n) }
