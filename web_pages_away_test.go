//go:build linux

package tickwire_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/internal/browser"
	"github.com/tickwire/tickwire/transport/web"
)

var pageKinds = []string{"websocket", "webrtc", "webtransport"}

// onEach opens a page for each transport, with a player of that number, and waits until all are on theirs.
func (w *pageWorld) onEach(b *browser.Browser, e entry) []*tab {
	w.t.Helper()
	var pages []*tab
	for _, kind := range pageKinds {
		pages = append(pages, w.enter(b, kind, e))
	}
	for _, p := range pages {
		p.reads("connected by " + p.name)
	}
	return pages
}

// catchesUp wants a page that is seen again to show what the server says now, and not all that is old on the way there. Nothing
// that is reliable is missing.
func (p *tab) catchesUp(before told) {
	t := p.world.t
	t.Helper()
	began := time.Now()
	due, now := p.world.tick()-3, p.tells()
	for ; now.Saw["0"].Newest < due; due, now = p.world.tick()-3, p.tells() {
		if time.Since(began) > patience {
			t.Fatalf("%s: at tick %d, %d was due, and it shows %q", p.name, now.Saw["0"].Newest, due, p.reads(""))
		}
		time.Sleep(10 * time.Millisecond)
	}
	took := time.Since(before.asked) - before.stood
	if states := now.Saw["0"].States - before.Saw["0"].States; states > 10+int(took/pageTick) {
		t.Errorf("%s: it was shown %d states before it was up to date, after %v", p.name, states, took)
	}
	browser.Eval[bool](p.Page, fmt.Sprintf(`until(() => player.saw["0"].lines > %d + 3)`, now.Saw["0"].Lines))
	if now = p.tells(); now.Wrong != "" {
		t.Errorf("%s: %s", p.name, now.Wrong)
	}
	t.Logf("%s: up to date after %v, %+v before, %+v now", p.name, took, before.Saw["0"], now.Saw["0"])
}

// TestLongPagesHidden: pages that nobody sees, whose timers go once a second, and then once a minute, stay in the game although
// the server gives everybody up after four seconds of silence; and when they are seen again they are up to date at once.
func TestLongPagesHidden(t *testing.T) {
	t.Parallel()
	inPages(t, func(b *browser.Browser) { pagesHide(t, b) })
}

func pagesHide(t *testing.T, b *browser.Browser) {
	cfg := tickwire.ServerConfig{DevelopmentTimeout: 4 * time.Second}
	w := newPageWorld(t, cfg, web.Config{})
	idle := newPageWorld(t, cfg, web.Config{})
	idle.every = 1 << 30
	// a data channel keeps the timers of all pages of a process at once a second
	pages := w.onEach(browser.Start(t), entry{})
	slow := []*tab{w.enter(b, "websocket", entry{}), w.enter(b, "websocket", entry{Frames: true})}
	idler := idle.enter(b, "websocket", entry{Silent: true, Every: 1 << 30})
	for _, p := range append(slow, idler) {
		p.reads("connected")
	}
	for _, p := range slices.Concat(pages, slow, []*tab{idler}) {
		p.Hide()
	}
	for began, said := time.Now(), -10; ; { // until timers go once a minute
		time.Sleep(3 * time.Second)
		now := slow[0].tells().Said
		if now == said {
			break
		} else if time.Since(began) > 2*time.Minute {
			t.Fatalf("a page that nobody sees says %d numbers in three seconds", now-said)
		}
		said = now
	}
	time.Sleep(cfg.DevelopmentTimeout + time.Second)
	for _, p := range append(pages, slow...) {
		before := p.tells()
		p.Show()
		p.catchesUp(before)
		if log := strings.Join(p.tells().Log, " "); strings.Contains(log, "Away") || strings.Contains(log, "Disconnected") {
			t.Errorf("%s: %s", p.name, log)
		}
	}
	idler.Show()
	if log := idler.tells().Log; log[len(log)-1] != "Connected" {
		t.Errorf("who neither says nor hears anything: %v", log)
	}
}

// TestLongPagesFrozen: pages that are frozen, and shorter than the timeout, go on where they were.
func TestLongPagesFrozen(t *testing.T) {
	t.Parallel()
	inPages(t, func(b *browser.Browser) { pagesFreeze(t, b) })
}

func pagesFreeze(t *testing.T, b *browser.Browser) {
	w := newPageWorld(t, tickwire.ServerConfig{DevelopmentTimeout: 20 * time.Second}, web.Config{})
	pages := w.onEach(b, entry{Frames: true})
	var before []told
	var frozen []time.Time
	for _, p := range pages {
		before = append(before, p.tells())
		p.Freeze()
		frozen = append(frozen, time.Now())
	}
	time.Sleep(2500 * time.Millisecond)
	for i, p := range pages {
		before[i].stood = time.Since(frozen[i])
		p.Thaw()
		p.Show()
		p.catchesUp(before[i])
		if log := p.tells().Log; slices.Contains(log, "Away") || slices.Contains(log, "Disconnected") {
			t.Errorf("%s: %v", p.name, log)
		}
	}
}

// hears waits until the server has heard of all of this.
func (w *pageWorld) hears(all ...string) {
	w.t.Helper()
	for _, note := range all {
		for ctx := patiently(w.t); !slices.Contains(w.events(), note); time.Sleep(10 * time.Millisecond) {
			if ctx.Err() != nil {
				w.t.Fatalf("%v: no %s", w.events(), note)
			}
		}
	}
}

// TestLongPagesOverslept: who is frozen longer than the server waits comes back with his ticket, where seats are kept, and is
// told what has happened where they are not.
func TestLongPagesOverslept(t *testing.T) {
	t.Parallel()
	inPages(t, func(b *browser.Browser) { pagesOversleep(t, b) })
}

func pagesOversleep(t *testing.T, b *browser.Browser) {
	cfg := tickwire.ServerConfig{DevelopmentTimeout: 4 * time.Second} // which the handshakes of a busy machine do not take
	strict := newPageWorld(t, cfg, web.Config{})
	cfg.KeepSeats = time.Minute
	kind := newPageWorld(t, cfg, web.Config{})
	out, back := strict.onEach(b, entry{}), kind.onEach(b, entry{})
	for _, p := range append(out, back...) {
		p.Freeze()
	}
	strict.hears("Disconnected 1", "Disconnected 2", "Disconnected 3")
	kind.hears("Away 1", "Away 2", "Away 3")
	time.Sleep(2 * time.Second) // what they heard last may be younger than what was heard of them
	for _, p := range out {
		p.Thaw()
		p.Show()
		// what a browser has kept for the page may be heard before it knows how late it is
		switch text := p.reads("it is over: "); text {
		case "it is over: timeout: nothing was heard for the timeout (by this side); try again with another connect token",
			"it is over: forgotten: the server forgot this connection (by this side); try again with another connect token":
		default:
			t.Errorf("%s: %s", p.name, text)
		}
	}
	for _, p := range back {
		p.Thaw()
		p.Show()
		p.reads("connected by " + p.name)
		p.catchesUp(p.tells())
	}
	kind.hears("Back 1", "Back 2", "Back 3")
}
