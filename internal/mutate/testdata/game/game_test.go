package game_test

import (
	"os"
	"testing"
	"time"

	"game"
)

// TestMain of the package itself: what its tests come by is known all the same.
func TestMain(m *testing.M) { os.Exit(m.Run()) }

func TestRound(t *testing.T) {
	var p game.Player
	p.Round(4, 1)
	p.Round(9, 0)
	p.Round(-1, 0)
	if p.Score != 17 || p.Hits != 1<<4 {
		t.Errorf("score %d, hits %b", p.Score, p.Hits)
	}
	if p.Rest(2*time.Second-1) || !p.Rest(1) {
		t.Error("calm at the wrong time")
	}
}

func TestSpin(t *testing.T) {
	if got := game.Spin(3); got != 3 {
		t.Error(got)
	}
}
