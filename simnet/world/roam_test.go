package world

import (
	"net/netip"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet"
)

// clean is a line that only takes its time.
func clean(delay time.Duration) simnet.Links {
	l := simnet.LinkConfig{Delay: delay}
	return simnet.Links{Up: l, Down: l}
}

// talk has both ends send on every channel in each tick.
func talk(t *testing.T, w *World) func() {
	return func() {
		for e := range w.Ends() {
			for _, ch := range w.cfg.Channels {
				if err := e.Send(ch.Config().ID, Message{Size: 40, Tracked: true}); err != nil {
					t.Error(err)
				}
			}
		}
	}
}

// TestRoam: a player who changes ports and networks loses nothing, and what is unreliable pauses
// for two round trips at most.
func TestRoam(t *testing.T) {
	for _, keep := range []time.Duration{0, 300 * time.Millisecond} {
		cfg := config()
		cfg.Links, cfg.JudgeGaps = clean(30*time.Millisecond), true
		w := newWorld(t, cfg)
		p := join(t, w, 1)
		first := p.Addr()
		for i := range 20 {
			if err := p.Roam(i%2 == 1, keep); err != nil {
				t.Fatal(err)
			}
			w.Run(2*time.Second, talk(t, w)) // the old address may win at first, if it still answers
			if p.Roamed() {
				t.Errorf("after two seconds it is not known how long the gap was")
			}
			if got := p.Server.Conn().RemoteAddr(); got != p.Addr() || got == first {
				t.Errorf("the server has the player at %v, who is at %v", got, p.Addr())
			}
		}
		w.Settle(10*time.Second, nil)
		w.Close()
		wantViolations(t, w)
		if r := w.Report(); r.Roams != 20 || r.RoamGap.P50 <= 0 || r.RoamGap.Max > 200 {
			t.Errorf("%d times, gaps %+v", r.Roams, r.RoamGap)
		}
	}
}

// TestLines: a player with three lines loses one after the other, and the last one is a stream.
func TestLines(t *testing.T) {
	cfg := config()
	cfg.Links, cfg.Stream = clean(20*time.Millisecond), true
	w := newWorld(t, cfg)
	p := join(t, w, 1)
	slow, err := p.OpenPath(LineConfig{Links: clean(80 * time.Millisecond), Use: tickwire.UseCopy})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.OpenPath(LineConfig{Links: clean(40 * time.Millisecond), Reliable: true, Use: tickwire.UseReserve}); err != nil {
		t.Fatal(err)
	}
	w.Run(2*time.Second, talk(t, w))
	active := 0
	for st := range p.Client.Conn().Paths() {
		if st.State == tickwire.PathActive {
			active++
		}
	}
	if active != 3 || len(p.Lines()) != 3 {
		t.Fatalf("%d paths are active of %d", active, len(p.Lines()))
	}
	p.Lines()[0].Cut()
	w.Run(15*time.Second, talk(t, w)) // longer than the timeout
	slow.Cut()
	w.Run(15*time.Second, talk(t, w))
	if !p.Spare(slow) || p.severed() || slow.Whole() {
		t.Error("the stream is not whole")
	}
	p.Lines()[0].Heal()
	w.Run(5*time.Second, talk(t, w))
	w.Settle(10*time.Second, nil)
	w.Close()
	wantViolations(t, w)
}

// TestRedials: a player whose line is gone for good looks for another one.
func TestRedials(t *testing.T) {
	cfg := config()
	cfg.Links, cfg.Redial = clean(20*time.Millisecond), true
	w := newWorld(t, cfg)
	p := join(t, w, 1)
	p.Lines()[0].Cut()
	w.Run(20*time.Second, talk(t, w))
	w.Settle(10*time.Second, nil)
	w.Close()
	wantViolations(t, w)
	if len(p.Lines()) < 2 {
		t.Error("it has opened no line")
	}
}

// TestBystanders: whoever stands beside a player's line forwards, replays and forges in vain.
func TestBystanders(t *testing.T) {
	for name, does := range map[string]simnet.BystanderConfig{
		"forwards":      {Forward: 1},
		"passes on":     {Forward: 1, Return: true},
		"some of it":    {Forward: 0.5, Return: true, Ports: 8},
		"replays":       {Replay: 1, Ports: 8},
		"from anywhere": {Replay: 0.5, Forge: 0.5, Spoof: true, Ports: 8},
		"forges":        {Forge: 1},
	} {
		cfg := config()
		cfg.Links, cfg.JudgeGaps = clean(40*time.Millisecond), true
		w := newWorld(t, cfg)
		p, other := join(t, w, 1), join(t, w, 2)
		y, err := p.Bystander(does)
		if err != nil || !p.Watched() || other.Watched() {
			t.Fatal(err)
		}
		w.Run(20*time.Second, talk(t, w))
		if got := p.Server.Conn().RemoteAddr(); got != p.Addr() {
			t.Errorf("%s: the server has the player at %v", name, got)
		}
		w.Settle(10*time.Second, nil)
		s := y.Stats()
		w.Close()
		for _, v := range w.Violations() {
			t.Errorf("%s: %v", name, v)
		}
		if r := w.Report(); r.Attacks < s.Forwarded+s.Replayed+s.Forged || r.Attacks < 500 {
			t.Errorf("%s: %d attacks, %+v", name, r.Attacks, s)
		}
	}
}

// TestBystanderOfRoamer: somebody who passes on half of a player's packets does not keep him from
// being found.
func TestBystanderOfRoamer(t *testing.T) {
	cfg := config()
	cfg.Links = clean(40 * time.Millisecond)
	w := newWorld(t, cfg)
	p := join(t, w, 1)
	if _, err := p.Bystander(simnet.BystanderConfig{Forward: 0.5, Replay: 0.2}); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if err := p.Roam(false, 0); err != nil {
			t.Fatal(err)
		}
		w.Run(5*time.Second, talk(t, w))
		if got := p.Server.Conn().RemoteAddr(); got != p.Addr() {
			t.Errorf("the server has the player at %v, who is at %v", got, p.Addr())
		}
	}
	w.Settle(10*time.Second, nil)
	w.Close()
	wantViolations(t, w)
}

// TestBystanderOfSilent: a player's old address answers for a while after he has moved, so that the
// path stays there, and is gone while he is silent. Then he moves to whoever passes everything on before it
// arrives, in both directions; and to himself as soon as that one leaves.
func TestBystanderOfSilent(t *testing.T) {
	cfg := config()
	cfg.Links = clean(10 * time.Millisecond)
	w := newWorld(t, cfg)
	p := join(t, w, 1)
	w.Run(time.Second, talk(t, w))
	if err := p.Roam(false, 5*time.Second); err != nil {
		t.Fatal(err)
	}
	w.Run(time.Second, talk(t, w))
	y, err := p.Bystander(simnet.BystanderConfig{Forward: 1, Return: true})
	if err != nil || !p.shadowed.moved {
		t.Fatalf("the server has the player at %v, who is at %v; %v", p.Server.Conn().RemoteAddr(), p.Addr(), err)
	}
	if err := p.Hold(8 * time.Second); err != nil {
		t.Fatal(err)
	}
	w.Run(10*time.Second, talk(t, w))
	if got := p.Server.Conn().RemoteAddr(); !y.Owns(got) {
		t.Errorf("the server has the player at %v, who looks as if he were at the bystander's", got)
	}
	y.Leave()
	w.Run(5*time.Second, talk(t, w))
	if got := p.Server.Conn().RemoteAddr(); got != p.Addr() {
		t.Errorf("the server has the player at %v, who is at %v", got, p.Addr())
	}
	w.Settle(10*time.Second, nil)
	w.Close()
	wantViolations(t, w)
}

// TestStrangers: the ledger of addresses that have not shown anything.
func TestStrangers(t *testing.T) {
	cfg := config()
	cfg.Links = clean(10 * time.Millisecond)
	w := newWorld(t, cfg)
	p := join(t, w, 1)
	l := p.Lines()[0]
	if st := w.outside.at(p.Addr()); st.state != known {
		t.Errorf("after the handshake the player is a stranger: %+v", st)
	}
	victim := netip.MustParseAddrPort("192.0.2.1:1")
	w.heard(nil, victim, 100)
	w.told(nil, victim, 300)
	wantViolations(t, w)
	w.told(nil, victim, 100)
	w.told(nil, victim, 1000) // it is said once
	wantViolations(t, w, Amplified)

	l.addr = netip.MustParseAddrPort("10.1.0.0:9")
	l.known()
	w.heard(nil, l.addr, 100)
	w.told(nil, l.addr, 100)
	w.told(l, serverAddr, 10) // the player has not read anything there
	w.heard(nil, l.addr, 10)
	if st := w.outside.at(l.addr); st.state != addressed {
		t.Errorf("state %d, want addressed", st.state)
	}
	w.heard(l, serverAddr, 100)
	w.told(l, serverAddr, 10)
	w.heard(nil, l.addr, 10)
	if st := w.outside.at(l.addr); st.state != known {
		t.Errorf("state %d, want known", st.state)
	}
}

// TestRoamToSlow: from a cable to a satellite and back. What was measured on the one says nothing
// about the other.
func TestRoamToSlow(t *testing.T) {
	cfg := config()
	cfg.Links = clean(0)
	w := newWorld(t, cfg)
	p := join(t, w, 1)
	w.Run(2*time.Second, talk(t, w))
	for _, delay := range []time.Duration{300 * time.Millisecond, 0, 40 * time.Millisecond} {
		if err := p.Roam(true, 0); err != nil {
			t.Fatal(err)
		}
		if err := p.SetLinks(clean(delay)); err != nil {
			t.Fatal(err)
		}
		w.Run(4*time.Second, talk(t, w))
		if got := p.Server.Conn().RemoteAddr(); got != p.Addr() {
			t.Errorf("with a delay of %v the server has the player at %v, who is at %v", delay, got, p.Addr())
		}
	}
	w.Settle(10*time.Second, nil)
	w.Close()
	wantViolations(t, w)
}
