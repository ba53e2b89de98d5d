package world

import (
	"testing"
	"time"

	"github.com/tickwire/tickwire"
)

// keeping is the configuration of a world whose server keeps seats.
func keeping(change func(*Config)) Config {
	cfg := config()
	cfg.Server.KeepSeats = 30 * time.Second
	if change != nil {
		change(&cfg)
	}
	return cfg
}

// wantAnew: a player's both sides are there, and have begun so many times.
func wantAnew(t *testing.T, p *Player, lives int) {
	t.Helper()
	for _, e := range [2]*End{p.Client, p.Server} {
		if !e.Open() || e.Away() || e.life != lives {
			t.Errorf("%v: open %v (%v), away %v, life %d, want %d", e, e.Open(), e.Reason(), e.Away(), e.life, lives)
		}
	}
}

func closed(t *testing.T, w *World) {
	t.Helper()
	w.Settle(30*time.Second, nil)
	w.Close()
	wantViolations(t, w)
}

// TestServerStartsAgain: players of a server that crashed are back when it runs again, with nothing of
// what was under way, and nothing of that comes later.
func TestServerStartsAgain(t *testing.T) {
	// With this seed no ticket is lost for as long as a server lives.
	w := newWorld(t, keeping(func(cfg *Config) { cfg.Seed = 1 }))
	p, q := join(t, w, 1), join(t, w, 2)
	for range 3 {
		w.Run(5*time.Second, talk(t, w))
		w.CrashServer()
		w.Run(2*time.Second, talk(t, w))
		if err := w.StartServer(); err != nil {
			t.Fatal(err)
		}
	}
	w.Run(20*time.Second, talk(t, w))
	wantAnew(t, p, 3)
	wantAnew(t, q, 3)
	closed(t, w)
	if r := w.Report(); r.Resumed != 6 {
		t.Errorf("%d tickets let somebody in", r.Resumed)
	}
}

// TestPlayerStartsAgain: a player whose process crashed has his seat again, by the ticket that it
// had stored.
func TestPlayerStartsAgain(t *testing.T) {
	w := newWorld(t, keeping(nil))
	p := join(t, w, 1)
	for range 3 {
		w.Run(5*time.Second, talk(t, w))
		conn := p.Server.Conn()
		p.Crash()
		w.Run(15*time.Second, talk(t, w))
		next, err := w.Resume(p)
		if err != nil {
			t.Fatal(err)
		}
		w.Run(5*time.Second, talk(t, w))
		if p = next; p.Server.Conn() != conn {
			t.Error("another Conn")
		}
		wantAnew(t, p, 0)
	}
	closed(t, w)
}

// TestMessagesLost: a game that does not want the messages of before a comeback does not get them.
func TestMessagesLost(t *testing.T) {
	w := newWorld(t, keeping(func(cfg *Config) { cfg.Server.Resume = tickwire.LoseMessages }))
	p := join(t, w, 1)
	for i := range 4 {
		absence(t, w, p, time.Duration(13+3*i)*time.Second)
	}
	if !p.Client.Open() || !p.Server.Open() || p.lives < 2 || p.coming != nil {
		t.Errorf("%v, %v, begun %d times", p.Client.Reason(), p.Server.Reason(), p.lives)
	}
	closed(t, w)
}

// TestSeatNotKept: who was gone for longer than his seat is kept comes in again by his ticket.
func TestSeatNotKept(t *testing.T) {
	w := newWorld(t, keeping(func(cfg *Config) { cfg.Server.KeepSeats = 5 * time.Second }))
	p := join(t, w, 1)
	w.Run(time.Second, talk(t, w))
	absence(t, w, p, 40*time.Second)
	wantAnew(t, p, 1)
	closed(t, w)
}
