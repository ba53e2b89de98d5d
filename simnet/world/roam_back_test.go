package world

import (
	"testing"
	"time"

	"github.com/tickwire/tickwire"
)

// twoLines lets somebody in over two lines.
func twoLines(t *testing.T) (w *World, p *Player, other *Line) {
	t.Helper()
	cfg := config()
	cfg.Links, cfg.JudgeGaps = clean(20*time.Millisecond), true
	w = newWorld(t, cfg)
	p = join(t, w, 1)
	other, err := p.OpenPath(LineConfig{Links: clean(30 * time.Millisecond)})
	if err != nil {
		t.Fatal(err)
	}
	w.Run(2*time.Second, talk(t, w))
	return w, p, other
}

// TestRoamBeforeFound: the line that a player has left moves while its path has failed, and once more
// when he is asked where he is: nobody knew where he was. Two round trips are promised only to who leaves
// a place where he was found, and it is little more.
func TestRoamBeforeFound(t *testing.T) {
	w, p, other := twoLines(t)
	if !other.followed() || !p.lines[0].followed() {
		t.Fatal("the lines carry, and are not followed")
	}
	other.Cut()
	w.Run(3500*time.Millisecond, talk(t, w))
	if err := other.Roam(false, 0); err != nil {
		t.Fatal(err)
	}
	other.Heal()
	w.Run(2*time.Second, talk(t, w))
	p.lines[0].Cut()
	for range 300 {
		if w.Step(talk(t, w)); p.Client.conn.PathStats(other.path).State == tickwire.PathActive {
			break
		}
	}
	if w.now() < p.settledAt || other.followed() {
		t.Fatal("the line has moved just now, or the server has found it at once")
	}
	if err := other.Roam(false, 0); err != nil {
		t.Fatal(err)
	}
	w.Run(5*time.Second, talk(t, w))
	if gap := w.Report().RoamGap.Max; gap > 200 || p.Roamed() || !other.followed() {
		t.Errorf("a gap of %.0f ms, still %v, the server has the player at %v", gap, p.Roamed(), p.Server.Conn().RemoteAddr())
	}
	p.lines[0].Heal()
	w.Settle(10*time.Second, nil)
	w.Close()
	wantViolations(t, w)
}

// TestPathNotBack: a line that was cut carries again, and its path is back; one that carries nothing,
// of which the world does not know, is told.
func TestPathNotBack(t *testing.T) {
	w, _, other := twoLines(t)
	other.Cut()
	w.Run(8*time.Second, talk(t, w))
	other.Heal()
	w.Run(backWithin, talk(t, w))
	if err := other.Roam(true, 0); err != nil { // which looks
		t.Fatal(err)
	}
	w.Run(2*time.Second, talk(t, w))
	wantViolations(t, w)
	for _, host := range other.hosts {
		w.net.Cut(host, serverAddr.Addr())
	}
	w.Run(backWithin-3*time.Second, talk(t, w))
	other.checkBack()
	wantViolations(t, w)
	w.Run(2*time.Second, talk(t, w))
	other.checkBack()
	wantViolations(t, w, Gap)
	w.Settle(10*time.Second, nil)
	w.Close()
}
