package world

import (
	"testing"
	"time"

	"github.com/tickwire/tickwire"
)

// absence has a player's lines be dead for so long, and then be whole for ten seconds.
func absence(t *testing.T, w *World, p *Player, dead time.Duration) {
	t.Helper()
	p.Cut(true, true)
	w.Run(dead, talk(t, w))
	p.Heal()
	w.Run(10*time.Second, talk(t, w))
}

// TestComeback: whoever is away for longer than the timeout is not over, is back, with a ticket or
// because the old keys are answered again, and misses nothing; all that is sealed on the way is read.
func TestComeback(t *testing.T) {
	cfg := config()
	cfg.Server.KeepSeats = 30 * time.Second
	w := newWorld(t, cfg)
	p := join(t, w, 7)
	const times = 6
	for i := range times {
		absence(t, w, p, time.Duration(12+2*i)*time.Second)
	}
	for _, e := range [2]*End{p.Client, p.Server} {
		if !e.Open() || e.Away() || e.Comebacks() != times {
			t.Errorf("%v: open %v, away %v, %d comebacks", e, e.Open(), e.Away(), e.Comebacks())
		}
	}
	w.Settle(10*time.Second, nil)
	w.Close()
	wantViolations(t, w)
	if r := w.Report(); r.Comebacks != 2*times || r.Resumed == 0 || r.Resumed == times {
		t.Errorf("%d comebacks, %d tickets let somebody in", r.Comebacks, r.Resumed)
	}
}

// TestNoComeback: when the time is over for which a seat is kept both ends are.
func TestNoComeback(t *testing.T) {
	cfg := config()
	cfg.Server.KeepSeats, cfg.Client.ResumeFor = 30*time.Second, 10*time.Second
	w := newWorld(t, cfg)
	p := join(t, w, 7)
	w.Run(time.Second, talk(t, w))
	absence(t, w, p, 50*time.Second)
	for _, e := range [2]*End{p.Client, p.Server} {
		if !e.Over() || e.Reason().Code != tickwire.CodeTimeout {
			t.Errorf("%v: over %v, %v", e, e.Over(), e.Reason())
		}
	}
	w.Close()
	wantViolations(t, w)
}

// TestComebackJudged: events that do not fit what happened are found.
func TestComebackJudged(t *testing.T) {
	cfg := config()
	cfg.Server.KeepSeats, cfg.Links = 30*time.Second, clean(30*time.Millisecond)
	w := newWorld(t, cfg)
	p := join(t, w, 7)
	for _, ev := range []tickwire.Event{{Kind: tickwire.Back, Kept: true}, {Kind: tickwire.Away}, {Kind: tickwire.Back}} {
		ev.Conn = p.Client.Conn()
		p.Client.handle(ev)
	}
	wantViolations(t, w, Comebacks, Comebacks, Comebacks)
}
