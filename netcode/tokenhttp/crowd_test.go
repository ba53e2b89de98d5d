package tokenhttp

import (
	"testing"
	"time"
)

// TestCrowd: with more players than are remembered memory stays bounded, the newest ones are counted all
// the same, nobody is kept out, and the operator hears of it.
func TestCrowd(t *testing.T) {
	said := 0
	s := newTurnstile(&Config{Interval: DefaultInterval}, func() { said++ })
	if s.most != maxPlayers {
		t.Fatalf("%d players of an age", s.most)
	}
	now := time.Unix(1_700_000_000, 0)
	s.most, s.now = 1000, func() time.Time { return now }
	given := func(player uint64, times int) (n int) {
		for range times {
			if s.pass(player) == 0 {
				n++
			}
		}
		return n
	}
	for player := range uint64(5000) {
		if n := given(player, 20); n != 5 {
			t.Fatalf("player %d of many has %d tokens at once", player, n)
		}
		if n := len(s.full) + len(s.last); n > 2000 {
			t.Fatalf("%d are remembered", n)
		}
	}
	if said != 4 {
		t.Errorf("said %d times", said)
	}
	if n := given(4500, 1); n != 0 {
		t.Error("one of the newest has another one")
	}
	said = 0
	t.Log("# as many in the time that it takes are no crowd")
	now = now.Add(time.Minute)
	for player := range uint64(5000) {
		now = now.Add(30 * time.Millisecond)
		given(player, 1)
	}
	if said != 0 {
		t.Errorf("said %d times", said)
	}
}
